import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor, QueryOptions } from '../../src/index.js'
import { World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

const ENDLESS = { ttl: Infinity }
const entries = () => [...world.redis.data.keys()].filter((key) => key.includes(':e:'))
const sent = () => world.redis.trips.flatMap(({ commands }) => commands)
const store = async (a: CachedQueryExecutor, table: string, count: number, options: QueryOptions = ENDLESS) => {
  for (let i = 0; i < count; i++) await world.outcome(a, options, [i], `SELECT n FROM ${table} WHERE id = $1`)
}
/** As many runs as it may take, each of an isolate of its own. */
const clean = async (maxCommands: number, runs: number) => {
  let removed = 0
  for (let run = 0; run < runs; run++) {
    world.redis.reset()
    removed += await world.isolate().cleanupCache({ maxCommands })
    expect(world.redis.commands).toBeLessThanOrEqual(maxCommands)
  }
  return removed
}

describe('cleanup by content', () => {
  it('removes what it has found dead before it looks at the next page', async () => {
    const a = world.isolate()
    await world.warm(a)
    await store(a, 'users', 10)
    await a.invalidate({ tables: ['users'] })
    const [first] = entries()
    world.redis.page = 6
    let pages = 0
    world.redis.before = async ({ commands }) => {
      if (commands[0]![0] === 'getrange' && ++pages === 2) await store(world.isolate(), 'users', 1)
    }
    await world.isolate().cleanupCache()
    expect(pages).toBeGreaterThanOrEqual(2)
    expect(entries()).toContain(first)
    expect(await world.outcome(world.isolate(), ENDLESS, [0], 'SELECT n FROM users WHERE id = $1')).toBe('l2')
  })

  it('removes nothing of what is gone when it looks: by then another may have stored it anew', async () => {
    const a = world.isolate()
    await world.warm(a)
    await store(a, 'users', 3)
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'getrange') for (const key of entries()) world.redis.data.delete(key)
    }
    world.redis.reset()
    await world.isolate().cleanupCache()
    expect(sent().filter(([name]) => name === 'getrange')).toHaveLength(3)
    expect(sent().filter(([name]) => name === 'unlink')).toEqual([])
  })

  it('uses a thousand commands where no other number is given', async () => {
    const a = world.isolate()
    await world.warm(a)
    await store(a, 'users', 1_200)
    world.redis.page = 100
    world.redis.reset()
    await world.isolate().cleanupCache()
    expect(world.redis.commands).toBeGreaterThan(900)
    expect(world.redis.commands).toBeLessThanOrEqual(1_000)
  })

  it.each([
    ['pages of one key', 1, 110],
    ['a page that holds more than was asked for', Infinity, 80],
  ])('gets on with the least budget, in %s', async (_what, page, runs) => {
    const a = world.isolate()
    await world.warm(a, ['users', 'orders'])
    for (let i = 0; i < 4; i++) {
      const [dead, alive] = ['users', 'orders'].map((table) => `SELECT n FROM ${table} WHERE id = $1`)
      await world.outcome(a, ENDLESS, [i], alive)
      await world.outcome(a, ENDLESS, [i], dead)
    }
    await a.invalidate({ tables: ['users'] })
    world.redis.page = page
    expect(await clean(6, runs)).toBe(4)
    expect(entries()).toHaveLength(4)
  })

  it.each([4, 5])('goes on with names alone where %s commands do not suffice for more', async (maxCommands) => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a, ENDLESS, [1])
    for (const next of ['first', 'second']) {
      for (let run = 0; run < 3; run++) expect(await a.cleanupCache({ maxCommands })).toBe(0)
      world.redis.data.set(`eqc:e:query:0::${next}`, 'an older format')
      const removed: number[] = []
      for (let run = 0; run < 3; run++) {
        world.redis.reset()
        removed.push(await a.cleanupCache({ maxCommands }))
        expect(world.redis.commands).toBeLessThanOrEqual(maxCommands)
      }
      expect(removed.filter((count) => count > 0)).toEqual([1])
    }
  })

  it.each([3, 1, 0.5, 4.5, Number.NaN])(
    'refuses a budget of %s, which would do nothing, and names the least',
    async (maxCommands) => {
      const run = world.isolate().cleanupCache({ maxCommands })
      await expect(run).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/`maxCommands`.*4/),
      })
      expect(world.redis.trips).toEqual([])
    },
  )

  it('names at most 500 keys in one command, whatever the entries depend on', async () => {
    const a = world.isolate()
    const tagsOf = (i: number) => Array.from({ length: 6 }, (_, tag) => `${i}:${tag}`)
    await world.warm(a, ['users'], Array.from({ length: 200 }, (_, i) => tagsOf(i)).flat())
    for (let i = 0; i < 200; i++) await world.outcome(a, { ...ENDLESS, tags: tagsOf(i) }, [i])
    expect(entries()).toHaveLength(200)
    await a.invalidate({ tags: ['7:5'] })
    world.redis.reset()
    expect(await world.isolate().cleanupCache()).toBeGreaterThan(0)
    expect(Math.max(...sent().map((command) => command.length))).toBeLessThanOrEqual(501)
    expect(sent().length).toBeLessThanOrEqual(200 + 10)
  })

  it('and by name take turns when one run is too short for both', async () => {
    const a = world.isolate()
    await world.warm(a)
    await store(a, 'users', 3)
    await a.invalidate({ tables: ['users'] })
    for (let i = 0; i < 20; i++) world.redis.data.set(`eqc:e:other:0::${i}`, 'of another prefix')
    world.redis.page = 4
    expect(await clean(8, 12)).toBe(3)
    world.redis.data.set('eqc:e:query:0::late', 'an older format')
    expect(await clean(8, 12)).toBe(1)
  })

  it('gets on for each of two caches under one prefix, though they clean up by turns', async () => {
    const caches = ['users', 'orders'].map((table) => ({
      table,
      isolate: () => world.isolate({ queryCache: { keyPrefix: table } }),
    }))
    for (const { table, isolate } of caches) {
      const a = isolate()
      await world.warm(a, [table])
      await store(a, table, 3)
      await a.invalidate({ tables: [table] })
    }
    const removed = [0, 0]
    for (let run = 0; run < 40; run++)
      removed[run % 2]! += await caches[run % 2]!.isolate().cleanupCache({ maxCommands: 6 })
    expect(removed).toEqual([3, 3])
  })
})

describe('a run', () => {
  const refuse = (name: string) => {
    world.redis.garble = (replies, { commands }) =>
      commands.some(([command]) => command === name) ? replies.map(() => ({ error: 'NOPERM' })) : replies
  }

  it('tells how many it has removed, not how many it has asked to', async () => {
    const a = world.isolate({ epoch: 'old' })
    await world.warm(a)
    await store(a, 'users', 3)
    world.redis.before = ({ commands: [command] }) => {
      if (command![0] === 'unlink') world.redis.data.delete(command![1]!)
    }
    expect(await world.isolate({ epoch: 'new' }).cleanupCache()).toBe(2)
  })

  it('removes what nobody could read', async () => {
    const a = world.isolate()
    await world.warm(a)
    await store(a, 'users', 2)
    const [damaged, whole] = entries()
    world.redis.data.set(damaged!, 'eqc')
    expect(await clean(1_000, 2)).toBe(1)
    expect(entries()).toEqual([whole])
  })

  it.each(['scan', 'getrange', 'mget'])('removes nothing that is alive where Redis refuses %s', async (name) => {
    const a = world.isolate()
    await world.warm(a)
    await store(a, 'users', 3)
    refuse(name)
    const run = world.isolate().cleanupCache()
    if (name === 'getrange') expect(await run).toBe(0)
    else await expect(run).rejects.toMatchObject({ code: 'REDIS_FAILED' })
    expect(entries()).toHaveLength(3)
  })

  it('knows its own keys, whatever signs of a pattern are in the prefix', async () => {
    for (const redisKeyPrefix of ['app[1]', 'a*b', 'a?', 'a\\b', '[^a-c]', '[a-c]']) {
      const redis = { redisKeyPrefix }
      const a = world.isolate({ redis, epoch: 'old' })
      await world.warm(a)
      await store(a, 'users', 2)
      expect(await world.isolate({ redis, epoch: 'new' }).cleanupCache(), redisKeyPrefix).toBe(2)
    }
    expect(entries()).toEqual([])
  })

  it('looks at the names of its own entries alone', async () => {
    const a = world.isolate({ redis: { redisKeyPrefix: 'a*' } })
    world.redis.page = 1
    const seen: number[] = []
    world.redis.garble = (replies, { commands }) => {
      if (commands[0]![0] === 'scan') seen.push((replies[0]!.result as [string, string[]])[1].length)
      return replies
    }
    for (const key of ['ab:e:query:0::x', 'a*:v:x', 'a*:e:query:0::x']) world.redis.data.set(key, 'x')
    expect(await a.cleanupCache({ maxCommands: 4 })).toBe(0)
    expect(await a.cleanupCache()).toBe(1)
    expect(seen.reduce((sum, count) => sum + count)).toBe(1)
  })

  it('takes 20 s where no other time is given', async () => {
    for (let i = 0; i < 50; i++) world.redis.data.set(`eqc:e:other:0::${i}`, 'of another prefix')
    world.redis.page = 1
    world.redis.before = ({ commands }) => void (world.now += commands[0]![0] === 'scan' ? 1_000 : 0)
    await world.isolate().cleanupCache()
    expect(sent().filter(([name]) => name === 'scan')).toHaveLength(20)
  })

  it('leaves in memory what may still answer: stale, or when the database fails', async () => {
    for (const kept of ['staleWhileRevalidate', 'staleIfError']) {
      const a = world.isolate({ type: 'local', queryCache: { ttlJitter: 0 } })
      await world.outcome(a, { ttl: 10, [kept]: 60 })
      for (const [after, left] of [
        [69_999, 1],
        [1, 0],
      ] as const) {
        world.now += after
        await a.cleanupCache()
        expect(a.core.cache.getEntries(), kept).toHaveLength(left)
      }
    }
  })

  it('leaves in memory nothing that nobody vouches for any more', async () => {
    const a = world.isolate({ consistency: { maxStalenessSeconds: 2 } })
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mget' && commands[0]![1]!.includes(':e:')) throw new Error('down')
    }
    await world.outcome(a)
    expect(a.core.cache.getEntries()).toHaveLength(1)
    world.redis.before = () => {}
    world.now += 2_001
    await a.cleanupCache()
    expect(a.core.cache.getEntries()).toEqual([])
  })
})

it.each([0, -1, Number.NaN, '1'])('refuses to take %s ms', async (maxMs) => {
  const run = world.isolate().cleanupCache({ maxMs: maxMs as number })
  await expect(run).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('`maxMs`') })
})
