import { beforeEach, describe, expect, it } from 'vitest'
import { CachedQueryExecutor } from '../../src/index.js'
import { weakHash } from '../../src/key.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

describe('nothing is shared that is not the same', () => {
  it.each([
    ['scope', { scope: 'a' }, { scope: 'b' }],
    ['a scope and none', { scope: '' }, {}],
    ['tags', { tags: ['x'] }, {}],
    ['tables', { tables: ['orders'] }, {}],
    ['custom keys', { cacheKey: 'a:1' }, { cacheKey: 'a:2' }],
  ])('tells %s apart, in memory and in Redis', async (_name, first, second) => {
    const [a, b] = [world.isolate(), world.isolate()]
    for (let i = 0; i < 3; i++) {
      await world.outcome(a, first)
      world.now += 3_000
    }
    expect(await world.outcome(b, second)).toBe('miss')
    expect(await world.outcome(world.isolate(), first)).toBe('l2')
    expect(await world.outcome(a, second)).not.toBe('l1')
  })

  it('tells databases, roles and epochs apart, and types of parameters', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    const role = new FakeDatabase()
    role.identity = 'fake/db/other-role'
    expect(await world.outcome(world.isolate({}, role))).toBe('miss')
    expect(await world.outcome(world.isolate({ epoch: '2' }))).toBe('miss')
    expect(await world.outcome(world.isolate(), {}, ['1'])).toBe('miss')
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('tells texts apart that are too long to be remembered, in memory and on their way', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.database.answer = ({ sql }) => [[['last', 25, sql.slice(-1)]]]
    const texts = ['a', 'b'].map((last) => `SELECT last FROM users WHERE id = $1 -- ${'x'.repeat(20_000)}${last}`)
    for (let round = 0; round < 2; round++)
      expect(await Promise.all(texts.map((sql) => a.query(sql, [1])))).toEqual([[{ last: 'a' }], [{ last: 'b' }]])
    expect(a.getCacheStats()).toMatchObject({ l1Hits: 2, cacheMisses: 2 })
  })

  it('tells two roles apart that share the cache object, in memory too', async () => {
    const a = world.isolate()
    await world.warm(a)
    const other = new FakeDatabase()
    other.identity = 'fake/db/other-role'
    other.answer = () => [[['n', 23, '777']]]
    const b = new CachedQueryExecutor(other, a.core.cache, { now: () => world.now })
    await world.outcome(a)
    expect(await b.query(SQL, [1])).toEqual([{ n: 777 }])
    expect(await b.query(SQL, [1])).toEqual([{ n: 777 }])
    expect(await a.query(SQL, [1])).not.toEqual([{ n: 777 }])
  })

  it('tells values of `cached` apart whose keys share a bucket', async () => {
    const buckets = new Map<number, string>()
    let pair: [string, string] | undefined
    for (let i = 0; !pair; i++) {
      const bucket = weakHash(`=k${i}`) % 1_024
      const found = buckets.get(bucket)
      if (found !== undefined) pair = [found, `k${i}`]
      buckets.set(bucket, `k${i}`)
    }
    const a = world.isolate()
    await world.warm(a, [], [], pair)
    for (const key of pair) {
      await a.cached(key, async () => `value of ${key}`)
      await a.flush()
    }
    const b = world.isolate()
    for (const key of pair) expect(await b.cached(key, async () => 'another')).toBe(`value of ${key}`)
  })

  it('shows a custom key and invalidates by it, while two queries under one key keep apart', async () => {
    const a = world.isolate()
    const options = { cacheKey: 'user:42:orders' }
    await world.warm(a, ['users', 'orders'], [], ['user:42:orders', 'user:*', 'user:42:*'])
    expect(await world.outcome(a, options)).toBe('miss')
    expect(await world.outcome(a, options, [1], 'SELECT n FROM orders WHERE id = $1')).toBe('miss')
    expect(a.core.cache.getEntries().map(({ key }) => key)).toEqual(['user:42:orders', 'user:42:orders'])
  })

  it.each([
    ['user:*', 2],
    ['user:42:*', 1],
    ['user:42', 2],
    ['user:4', 0],
    ['us:*', 0],
    [undefined, 3],
  ])('drops by pattern %s', async (pattern, dropped) => {
    const a = world.isolate()
    for (const cacheKey of ['user:42', 'user:42:orders', 'other']) await world.outcome(a, { cacheKey })
    expect(await a.invalidateCache(pattern)).toBe(dropped)
  })

  it('refuses patterns that it cannot invalidate, and says what works', async () => {
    const a = world.isolate()
    for (const pattern of ['us*', '*:42', 'user:?', ''])
      await expect(a.invalidateCache(pattern)).rejects.toThrow("'user:42:*'")
  })

  it('shares nothing without a scope when the database or the query depends on who asks', async () => {
    const a = world.isolate()
    const secured = new FakeDatabase()
    secured.needsScope = true
    const b = world.isolate({}, secured)
    for (const [executor, sql] of [
      [a, 'SELECT n FROM users WHERE name = current_user'],
      [b, SQL],
    ] as const) {
      for (let i = 0; i < 2; i++) {
        const { cache } = await executor.queryResult(sql, [])
        expect([cache.outcome, cache.reason]).toEqual(['bypass', 'scope-required'])
      }
      expect((await executor.queryResult(sql, [], { scope: 'u1' })).cache.outcome).toBe('miss')
      expect((await executor.queryResult(sql, [], { scope: 'u1' })).cache.outcome).toBe('l1')
      expect((await executor.queryResult(sql, [], { scope: 'u2' })).cache.outcome).toBe('miss')
    }
  })

  it('asks the database with the parameters of the call, whatever the caller does to them meanwhile', async () => {
    const a = world.isolate()
    const seen: unknown[] = []
    world.database.answer = ({ params }) => {
      seen.push(structuredClone(params))
      return [[['n', 23, '1']]]
    }
    const params = [[1, 2], new Date(5)]
    const pending = a.query(SQL, params)
    ;(params[0] as number[])[0] = 99
    params.length = 0
    await pending
    expect(seen).toEqual([[[1, 2], new Date(5)]])
  })

  it('never gives an entry of another question: it is a miss, and removed', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    await world.outcome(a, {}, [2])
    const entries = [...world.redis.data.keys()].filter((key) => key.includes(':e:'))
    expect(entries).toHaveLength(2)
    const [x, y] = entries.map((key) => world.redis.data.get(key)!)
    // 128 bits of its key, so that no two questions have the same.
    for (const key of entries) expect(world.redis.data.get(key)).toContain(`"${key.slice(-32)}"`)
    world.redis.data.set(entries[0]!, y!)
    world.redis.data.set(entries[1]!, x!)
    expect(await world.outcome(b)).toBe('miss')
    expect(world.events).toContainEqual({ type: 'entry-rejected', reason: 'wrong-key' })
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('takes what the driver cannot parse for a miss, and replaces it', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    const { answer } = world.database
    const json = 114
    world.database.answer = () => [[['n', json, '{']]]
    await expect(a.query(SQL, [1])).rejects.toThrow(SyntaxError)
    await a.flush()
    world.database.answer = answer
    expect(await world.outcome(b)).toBe('miss')
    expect(world.events).toContainEqual({ type: 'entry-rejected', reason: 'undecodable' })
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('removes what cannot be decoded when nothing takes its place', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    const key = [...world.redis.data.keys()].find((key) => key.includes(':e:'))!
    world.redis.data.set(key, 'null')
    world.database.answer = () => Promise.reject(new Error('down'))
    await expect(b.query(SQL, [1])).rejects.toThrow('down')
    await b.flush()
    expect(world.redis.data.has(key)).toBe(false)
  })
})
