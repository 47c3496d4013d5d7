import { beforeEach, describe, expect, it } from 'vitest'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import type { Trip } from '../support/fake-redis.js'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

const isPush = ({ commands }: Trip) => commands.some(([name]) => name === 'bitfield')
const pushes = () => world.redis.trips.filter(isPush)
const named = (error: string) => Object.assign(new Error(error), { name: 'UpstashError' })

/** Answers that come while a push is due: by a trip of its own, or with what is stored. */
const WAYS: [string, (a: CachedQueryExecutor) => Promise<unknown>][] = [
  ['in a trip of its own', (a) => world.outcome(a)],
  ['with what is stored', (a) => world.outcome(a, {}, [world.now])],
]

describe.each(WAYS)('a push %s', (_way, answer) => {
  let a: CachedQueryExecutor
  /** Hits until now, and a push that is due with the next answer. */
  beforeEach(async () => {
    a = world.isolate()
    await world.warm(a)
    for (let i = 0; i < 4; i++) await world.outcome(a)
    world.now += 10_000
  })
  /** What all isolates read, when all is over. */
  const total = async () => {
    world.now += 10_000
    await answer(a)
    await a.getGlobalStats()
    return (await world.isolate().getGlobalStats()).totalQueries
  }

  it('that arrives is counted once', async () => {
    await answer(a)
    expect(pushes()).toHaveLength(1)
    expect(await total()).toBe(6)
  })

  it('that a full Redis refuses goes with the next one', async () => {
    world.redis.full = true
    await answer(a)
    expect(pushes()).toHaveLength(1)
    world.redis.full = false
    expect(await total()).toBe(6)
  })

  it('is one command, and once an hour says how long to keep it, also when that was refused', async () => {
    const isKept = ([name, , seconds]: string[]) => name === 'expire' && seconds === String(31 * 86_400)
    const kept = () => pushes().map(({ commands }) => commands.filter(isKept).length)
    const counted = () => pushes().map(({ commands }) => commands.filter(([name]) => name === 'bitfield').length)
    world.redis.before = (trip) => {
      if (isPush(trip)) trip.commands.find(([name]) => name === 'expire')![0] = 'refused'
    }
    await answer(a)
    world.redis.before = () => {}
    for (let i = 0; i < 3; i++) {
      world.now += 10_000
      await answer(a)
    }
    expect(kept()).toEqual([0, 1, 0, 0])
    world.now += 3_600_000
    await answer(a)
    expect(kept()).toEqual([0, 1, 0, 0, 1])
    expect(counted()).toEqual([1, 1, 1, 1, 1])
  })

  it.each(['ERR max requests limit exceeded', 'WRONGPASS invalid or missing auth token', 'OOM too full'])(
    'that is refused as a whole goes with the next one (%s)',
    async (message) => {
      world.redis.before = (trip) => {
        if (isPush(trip)) throw named(message)
      }
      await answer(a)
      expect(pushes()).toHaveLength(1)
      world.redis.before = () => {}
      expect(await total()).toBe(6)
    },
  )

  it('whose reply is lost is not counted again, however often that happens', async () => {
    world.redis.after = (trip) => {
      if (isPush(trip)) throw new Error('fetch failed')
    }
    await answer(a)
    world.now += 10_000
    await answer(a)
    expect(pushes()).toHaveLength(2)
    world.redis.after = () => {}
    expect(await total()).toBe(7)
  })
})

it.each(['Internal error', 'SyntaxError'])(
  'a push of which nobody knows whether it arrived is made once (%s)',
  async (name) => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    world.now += 10_000
    world.redis.after = (trip) => {
      if (isPush(trip)) throw name === 'SyntaxError' ? Object.assign(new Error('x'), { name }) : named(name)
    }
    await world.outcome(a)
    world.redis.after = () => {}
    await a.getGlobalStats()
    expect((await world.isolate().getGlobalStats()).totalQueries).toBe(2)
  },
)

describe('a push is due', () => {
  const due = async (a: CachedQueryExecutor, options = {}) => {
    world.redis.reset()
    await world.outcome(a, options)
    return pushes().length
  }

  it.each([
    ['bypassed', { skipCache: true }],
    ['answered from memory', {}],
  ])('where all that was asked was %s, also when the clock was set back', async (_what, options) => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    await a.getGlobalStats()
    world.now += 9_999
    expect(await due(a, options)).toBe(0)
    world.now += 1
    expect(await due(a, options)).toBe(1)
    world.now -= 3_600_000
    expect(await due(a, options)).toBe(1)
  })

  it('only while Redis is asked at all', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.redis.before = () => {
      throw new Error('down')
    }
    for (let i = 0; i < 20; i++) await world.outcome(a, {}, [i])
    expect(a.core.cache).toHaveProperty('link.breaker.open', true)
    world.now += 10_000
    expect(await due(a, { skipCache: true })).toBe(0)
  })
})

it('a client of another make that knows no BITFIELD stores all the same', async () => {
  const { redis } = world
  const pipeline = redis.pipeline.bind(redis)
  redis.pipeline = () => ({ ...(pipeline() as object), bitfield: undefined })
  const a = world.isolate()
  await world.warm(a)
  await world.outcome(a)
  world.now += 10_000
  await world.outcome(a, {}, [2])
  expect(await world.outcome(world.isolate(), {}, [2])).toBe('l2')
  world.redis.reset()
  world.now += 10_000
  await world.outcome(a, {}, [2])
  expect(world.redis.trips.filter(({ commands }) => commands.length === 0)).toEqual([])
  expect(world.events.filter(({ type }) => type === 'redis-failed')).toEqual([])
})

describe('the figures of all isolates', () => {
  it('lose nothing by being asked for while Redis is away', async () => {
    const a = world.isolate()
    await world.warm(a)
    for (let i = 0; i < 3; i++) await world.outcome(a)
    world.redis.before = () => {
      throw new Error('away')
    }
    for (let i = 0; i < 3; i++) await expect(a.getGlobalStats()).rejects.toMatchObject({ code: 'REDIS_FAILED' })
    world.redis.before = () => {}
    expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 3, l1Hits: 2, cacheMisses: 1 })
    expect(await world.isolate().getGlobalStats()).toMatchObject({ totalQueries: 3, l1Hits: 2, cacheMisses: 1 })
  })

  it('are of the hours that hold the two times, and of 31 days at most', async () => {
    const a = world.isolate()
    await world.warm(a)
    const hour = 3_600_000
    const ten = (world.now = Date.UTC(2027, 0, 15, 10))
    world.now += 600_000
    await world.outcome(a)
    await a.getGlobalStats()
    world.now += 5 * hour
    const reader = world.isolate()
    const total = async (since: number, until: number) => (await reader.getGlobalStats({ since, until })).totalQueries
    expect(await total(ten + hour / 2, ten + hour / 2)).toBe(1)
    expect(await total(ten, ten)).toBe(1)
    expect(await total(ten + hour - 1, ten + 2 * hour)).toBe(1)
    expect(await total(ten + hour, ten + 2 * hour)).toBe(0)
    expect(await total(ten - hour, ten - 1)).toBe(0)
    world.redis.reset()
    expect(await total(0, ten + 400 * 24 * hour)).toBe(1)
    expect(world.redis.trips[0]!.commands).toHaveLength(31)
    await expect(total(ten, ten - 1)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('cost one trip where there is nothing to push, and are whole numbers', async () => {
    const a = world.isolate()
    world.database.answer = () => {
      world.now += 1.25
      return [[['n', 23, '1']]]
    }
    await world.warm(a)
    await world.outcome(a)
    await a.getGlobalStats()
    const added = pushes().flatMap(({ commands }) => commands[0]!.filter((_, i, words) => words[i - 3] === 'incrby'))
    expect(added.length).toBeGreaterThan(0)
    for (const value of added) expect(value).toMatch(/^\d+$/)
    world.redis.reset()
    const idle = world.isolate()
    await idle.getGlobalStats()
    expect(world.redis.trips).toHaveLength(1)
  })

  it("without Redis are this isolate's", async () => {
    const a = world.isolate({ type: 'local' })
    await world.outcome(a)
    await world.outcome(a)
    expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 2, l1Hits: 1, cacheMisses: 1 })
  })

  it('hold what this isolate counted just now, whether Redis takes it or not', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    world.redis.full = true
    for (let i = 0; i < 2; i++) expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 1 })
    expect(await a.getGlobalStats({ until: world.now - 3_600_000 })).toMatchObject({ totalQueries: 0 })
    world.redis.full = false
    expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 1 })
  })

  it('are not lost where what was read with them is too large to be stored, or takes several trips', async () => {
    const isolates = [{ maxEntryMB: 1e-5 }, { enableCompression: false }].map((redis) => world.isolate({ redis }))
    world.database.answer = ({ params }) => [[['n', 25, String(params[0]).repeat(2_500_000)]]]
    let asked = 0
    for (const a of isolates) {
      await world.warm(a)
      for (const round of [0, 10_000]) {
        world.now += round
        const params = [asked, asked + 1].map((id) => [id % 10])
        await a.queryBatch(params.map((one) => ({ sql: SQL, params: one })))
        await a.flush()
        asked += 2
      }
      // Of the latest round nothing is pushed yet: who was asked says so himself.
      expect(await a.getGlobalStats()).toMatchObject({ totalQueries: asked, dbQueries: asked })
    }
    expect(pushes().length).toBeGreaterThanOrEqual(2)
    expect(
      world.redis.trips.filter(({ commands }) => commands.some(([name]) => name === 'set')).length,
    ).toBeGreaterThan(2)
  })

  it('are those of the cache, whichever of its databases is asked', async () => {
    const a = world.isolate()
    const other = new FakeDatabase()
    other.identity = other.invalidationIdentity = 'another/db'
    const b = new CachedQueryExecutor(other, a.core.cache, { now: () => world.now })
    await world.warm(a)
    for (let i = 0; i < 3; i++) await world.outcome(a)
    await world.outcome(b)
    world.now += 10_000
    await world.outcome(b)
    for (const executor of [a, b, world.isolate(), world.isolate({}, other)])
      expect(await executor.getGlobalStats()).toMatchObject({ totalQueries: 5, dbQueries: 3 })
  })

  it.each<Partial<CacheConfig>>([{ redis: { redisKeyPrefix: 'mine' } }, { queryCache: { keyPrefix: 'mine:' } }])(
    'are kept apart by their prefix',
    async (config) => {
      const a = world.isolate(config)
      await world.outcome(a)
      expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 1 })
      expect(await world.isolate().getGlobalStats()).toMatchObject({ totalQueries: 0 })
      expect(await world.isolate(config).getGlobalStats()).toMatchObject({ totalQueries: 1 })
    },
  )

  it('are pushed once every 10 s by an isolate with two databases', async () => {
    const cache = createQueryCache({ type: 'hybrid', redis: { client: world.redis.sdk } })
    const other = new FakeDatabase()
    other.identity = other.invalidationIdentity = 'another/db'
    const both = [world.database, other].map((db) => new CachedQueryExecutor(db, cache, { now: () => world.now }))
    for (let i = 0; i < 40; i++) {
      for (const executor of both) await world.outcome(executor)
      world.now += 1_000
    }
    expect(pushes().length).toBeGreaterThan(1)
    expect(pushes().length).toBeLessThanOrEqual(4)
  })
})
