import { beforeEach, describe, expect, it } from 'vitest'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

describe('cached', () => {
  it('caches what a function returns, with its types, for memory and for Redis', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a, [], [], ['report', 'report:*'])
    let calls = 0
    const load = async () => ({ calls: ++calls, at: new Date(5), big: 12n, none: undefined, list: [1, NaN] })
    const first = await a.cached('report', load)
    await a.flush()
    expect(first).toEqual({ calls: 1, at: new Date(5), big: 12n, none: undefined, list: [1, NaN] })
    expect(await a.cached('report', load)).toEqual(first)
    expect(await b.cached('report', load)).toEqual(first)
    expect(calls).toBe(1)
  })

  it('gives every caller a value of his own', async () => {
    const a = world.isolate()
    const load = async () => ({ list: [1] })
    const first = await a.cached('x', load)
    first.list.push(2)
    expect(await a.cached('x', load)).toEqual({ list: [1] })
  })

  it('gives the loader an executor that skips caches', async () => {
    const a = world.isolate()
    await world.warm(a)
    const before = await a.query(SQL, [1])
    const inside = await a.cached('sum', async (executor) => executor.query(SQL, [1]), { tables: ['users'] })
    expect(inside).not.toEqual(before)
  })

  it('is invalidated by its tables, tags and key', async () => {
    const a = world.isolate()
    let calls = 0
    const read = () => a.cached('user:42:sum', async () => ++calls, { tables: ['users'], tags: ['sums'] })
    for (const invalidate of [
      () => a.execute('UPDATE users SET n = 1'),
      () => a.invalidate({ tags: ['sums'] }),
      () => a.invalidate({ keys: ['user:42:sum'] }),
      () => a.invalidateCache('user:*'),
    ]) {
      const before = await read()
      expect(await read()).toBe(before)
      await invalidate()
      expect(await read()).toBe(before + 1)
    }
  })

  it('passes on what the loader throws and caches nothing', async () => {
    const a = world.isolate()
    const failure = new Error('no')
    await expect(a.cached('x', () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await a.cached('x', async () => 5)).toBe(5)
  })

  it('returns a value that cannot be stored to the one who loaded it, and loads again for the next', async () => {
    const a = world.isolate()
    class Odd {
      #secret = 1
      get value() {
        return this.#secret
      }
    }
    const load = async () => new Odd()
    const [one, two] = await Promise.all([a.cached('odd', load), a.cached('odd', load)])
    expect([one.value, two.value]).toEqual([1, 1])
    expect(one).not.toBe(two)
    expect(world.events).toContainEqual({ type: 'not-stored', reason: 'not-serialisable' })
  })

  it('keeps a value of nothing for `emptyTtl` only', async () => {
    const a = world.isolate({ type: 'local' })
    let calls = 0
    const read = () => a.cached('maybe', async () => (calls++, null), { ttl: 600 })
    await read()
    world.now += 9_000
    await read()
    expect(calls).toBe(1)
    world.now += 2_000
    await read()
    expect(calls).toBe(2)
  })
})

describe('many custom keys', () => {
  it('stay in memory, however many there are', async () => {
    const a = world.isolate({ type: 'local' })
    let calls = 0
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 1_000; i++) {
        await a.cached(`user:${i}`, async () => ++calls)
        await a.query(SQL, [1], { cacheKey: `user:${i}:rows`, tags: [`user:${i}`] })
      }
    expect([calls, world.database.trips]).toEqual([1_000, 1_000])
  })
})
