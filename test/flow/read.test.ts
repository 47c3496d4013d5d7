import { beforeEach, describe, expect, it, vi } from 'vitest'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig, CacheEvent } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'

const SQL = 'SELECT n FROM users WHERE id = $1'
let redis: FakeRedis
let database: FakeDatabase
let now: number

beforeEach(() => {
  redis = new FakeRedis()
  database = new FakeDatabase()
  now = 1_800_000_000_000
})

/** An isolate of its own on the same Redis and database. */
function isolate(config: Partial<CacheConfig> = {}, events: CacheEvent[] = []) {
  const cache = createQueryCache({
    type: 'hybrid',
    ...config,
    redis: { client: redis.sdk, ...config.redis },
    onEvent: (event) => void events.push(event),
  })
  return new CachedQueryExecutor(database, cache, { now: () => now })
}

/** Versions exist after a first read of the names. */
async function warm(...executors: CachedQueryExecutor[]) {
  for (const executor of executors) {
    await executor.invalidate({ tables: ['users'] })
    await executor.invalidateCache()
  }
  redis.reset()
  database.trips = 0
}

const outcome = async (executor: CachedQueryExecutor, sql = SQL, params: unknown[] = [1], options = {}) =>
  (await executor.queryResult(sql, params, options)).cache.outcome

describe('the way of a read', () => {
  it('misses, stores, and then hits in memory here and in Redis elsewhere', async () => {
    const a = isolate()
    const b = isolate()
    await warm(a)
    expect(await outcome(a)).toBe('miss')
    await a.flush()
    expect(redis.trips.map((trip) => trip.commands.map(([name]) => name))).toEqual([['mget'], ['set']])
    redis.reset()
    expect(await outcome(a)).toBe('l1')
    expect(redis.trips).toHaveLength(0)
    expect(await outcome(b)).toBe('l2')
    expect(redis.commands).toBe(1)
    expect(await outcome(b)).toBe('l1')
    expect(database.trips).toBe(1)
  })

  it('says how old an answer is, from the start of its read: 0 for the one whose read it is', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a)
    database.answer = () => ((now += 40), [[['n', 23, '1']]])
    const ages: unknown[] = []
    for (const one of [a, a, b, b]) {
      const { cache } = await one.queryResult(SQL, [1])
      ages.push([cache.outcome, cache.age])
      await a.flush()
      now += 1_000
    }
    expect(ages).toEqual([
      ['miss', 0],
      ['l1', 1.04],
      ['l2', 2.04],
      ['l1', 3.04],
    ])
  })

  it('creates missing versions after the answer and stores at the next read', async () => {
    const a = isolate()
    expect(await outcome(a)).toBe('miss')
    await a.flush()
    expect(redis.trips.map((trip) => trip.commands.map(([name]) => name))).toEqual([['mget'], ['msetnx']])
    const b = isolate()
    expect(await outcome(b)).toBe('miss')
    await b.flush()
    expect(await outcome(isolate())).toBe('l2')
  })

  it.each([
    ['and of everything', true, 'l2'],
    ['alone, in an empty Redis', false, 'miss'],
  ])(
    'keeps the first read for others after an invalidation of its tables %s: $2',
    async (_name, everything, elsewhere) => {
      const a = isolate()
      if (everything) await a.invalidateCache()
      await a.invalidate({ tables: ['users'] })
      expect(await outcome(a)).toBe('miss')
      await a.flush()
      expect(await outcome(isolate())).toBe(elsewhere)
    },
  )

  it('keeps a result without versions for the staleness bound only', async () => {
    const a = isolate()
    expect(await outcome(a)).toBe('miss')
    expect(await outcome(a)).toBe('l1')
    now += 2_001
    expect(await outcome(a)).toBe('miss')
  })

  it('keeps a result without rows for ten seconds', async () => {
    const a = isolate()
    await warm(a)
    database.answer = () => []
    const { cache } = await a.queryResult(SQL, [1], { ttl: 600 })
    expect(cache).toMatchObject({ outcome: 'miss', ttl: 10 })
  })

  it('keeps a result without rows no longer than its ttl', async () => {
    const a = isolate()
    await warm(a)
    database.answer = () => []
    await a.query(SQL, [1], { ttl: 1, emptyTtl: 60 })
    now += 999
    expect(await outcome(a)).toBe('l1')
    now += 1
    expect(await outcome(a)).toBe('miss')
  })

  it('joins a load that is under way', async () => {
    const a = isolate()
    await warm(a)
    let release!: () => void
    const gate = new Promise<void>((resolve) => (release = resolve))
    database.answer = async () => {
      await gate
      return [[['n', 23, '7']]]
    }
    const all = Array.from({ length: 20 }, () => a.queryResult(SQL, [1]))
    release()
    const outcomes = (await Promise.all(all)).map(({ cache }) => cache.outcome)
    expect(outcomes.filter((o) => o === 'miss')).toHaveLength(1)
    expect(outcomes.filter((o) => o === 'coalesced')).toHaveLength(19)
    expect(database.trips).toBe(1)
  })

  it('gives every caller rows of his own', async () => {
    const a = isolate()
    await warm(a)
    const [first] = await a.query(SQL, [1])
    first!['n'] = 'changed'
    const [second] = await a.query(SQL, [1])
    expect(second!['n']).not.toBe('changed')
  })

  it('asks the database for a batch of five in one trip, and Redis with one command', async () => {
    const a = isolate()
    await warm(a)
    const rows = await a.queryBatch([1, 2, 3, 4, 5].map((id) => ({ sql: SQL, params: [id] })))
    expect(rows).toHaveLength(5)
    expect(redis.commands).toBe(1)
    expect(database.trips).toBe(1)
    await a.flush()
    expect(redis.trips).toHaveLength(2)
  })

  it('stores a batch of large results in trips that Upstash takes', async () => {
    const a = isolate({ redis: { enableCompression: false } })
    await warm(a)
    database.answer = ({ params }) => [[['n', 25, String(params[0]).repeat(3_000_000)]]]
    redis.before = ({ commands }) => {
      if (JSON.stringify(commands).length > 10 * 1024 * 1024) throw new Error('max request size exceeded')
    }
    const ids = [1, 2, 3, 4]
    await a.queryBatch(ids.map((id) => ({ sql: SQL, params: [id] })))
    await a.flush()
    for (const id of ids) expect(await outcome(isolate(), SQL, [id])).toBe('l2')
  })

  it.each([
    ['a result', [1], 1],
    ['results that need several trips', [1, 2], 3_000_000],
  ])('creates the version that one query of a batch misses beside %s', async (_name, ids, size) => {
    const [a, b] = [isolate({ redis: { enableCompression: false } }), isolate()]
    await warm(a)
    database.answer = ({ params }) => [[['n', 25, String(params[0]).repeat(size)]]]
    await a.queryBatch([...ids.map((id) => ({ sql: SQL, params: [id] })), { sql: 'SELECT n FROM posts' }])
    await a.flush()
    expect(await outcome(b, 'SELECT n FROM posts')).toBe('miss')
    await b.flush()
    expect(await outcome(isolate(), 'SELECT n FROM posts')).toBe('l2')
  })

  it('shares a trip to the database among those only that wait equally long', async () => {
    const a = isolate()
    await warm(a)
    const calls: unknown[][] = vi.spyOn(database, 'run').mock.calls
    await a.queryBatch([
      { sql: SQL, params: [1], options: { timeoutMs: 50 } },
      { sql: SQL, params: [2], options: { timeoutMs: 5_000 } },
    ])
    expect(calls.map(([, options]) => options)).toEqual([{ timeoutMs: 50 }, { timeoutMs: 5_000 }])
  })

  it('asks for a batch read-only, as long as its caller waits, and not again when the trip was lost', async () => {
    const a = isolate()
    await warm(a)
    const calls: unknown[][] = vi.spyOn(database, 'transaction').mock.calls
    const batch = [1, 2, 3].map((id) => ({ sql: SQL, params: [id], options: { timeoutMs: 50 } }))
    database.answer = () => Promise.reject(new Error('the reply was lost'))
    await expect(a.queryBatch(batch)).rejects.toThrow('lost')
    expect(database.trips).toBe(1)
    expect(calls.map(([, options]) => options)).toEqual([{ readOnly: true, timeoutMs: 50 }])
    expect(a.getCacheStats().dbQueries).toBe(3)
  })

  it('sees a write of its own at once, and one of another isolate within the bound', async () => {
    const a = isolate()
    const b = isolate()
    await warm(a)
    await outcome(a)
    await a.flush()
    expect(await outcome(b)).toBe('l2')
    const { cache } = await a.execute('UPDATE users SET n = 1 WHERE id = $1', [1])
    expect(cache).toEqual({ tables: ['public.users'], tags: [], invalidated: true })
    expect(await outcome(a)).toBe('miss')
    expect(await outcome(b)).toBe('l1')
    now += 2_001
    await a.flush()
    expect(await outcome(b)).toBe('l2')
  })

  it.each([{}, { tags: ['t'] }])(
    'keeps what is read again when memory is full, not what is read once: %j',
    async (options) => {
      const a = isolate({ queryCache: { maxQueries: 10 } })
      for (let i = 0; i < 2; i++) await outcome(a, SQL, [0], options)
      for (let id = 1; id <= 30; id++) {
        await outcome(a, SQL, [id], options)
        expect(await outcome(a, SQL, [0], options)).toBe('l1')
      }
      await a.flush()
    },
  )

  it('checks hot names at most twice per bound, in the background', async () => {
    const a = isolate()
    await warm(a)
    await outcome(a)
    await a.flush()
    redis.reset()
    for (let i = 0; i < 100; i++) {
      now += 100
      expect(await outcome(a)).toBe('l1')
      await a.flush()
    }
    const checks = redis.trips.filter((trip) => trip.commands[0]![0] === 'mget')
    expect(checks.length).toBeGreaterThan(0)
    expect(checks.length).toBeLessThanOrEqual(10)
  })

  it('answers from the database when Redis throws, and stops asking it', async () => {
    const events: CacheEvent[] = []
    const a = isolate({}, events)
    redis.before = () => {
      throw new Error('secret-token in the message')
    }
    const opened = () => events.filter(({ type }) => type === 'breaker')
    for (let i = 0; i < 10; i++) {
      expect(await outcome(a, SQL, [i])).toBe('miss')
      expect(opened()).toEqual(i < 2 ? [] : [{ type: 'breaker', state: 'open' }])
    }
    expect(redis.trips).toHaveLength(3)
    expect(JSON.stringify(events)).not.toContain('secret')
    redis.before = () => {}
    now += 1_001
    await outcome(a, SQL, [99])
    await a.flush()
    expect(events).toContainEqual({ type: 'breaker', state: 'closed' })
  })

  it('looks whether Redis is back after a second, then after twice the pause, at most thirty seconds', async () => {
    const a = isolate()
    redis.before = () => {
      throw new Error('away')
    }
    for (let i = 0; i < 3; i++) await outcome(a, SQL, [-i])
    const probes: number[] = []
    for (let second = 1; second <= 100; second++) {
      now += 1_000
      redis.reset()
      await outcome(a, SQL, [second])
      await a.flush()
      if (redis.trips.length > 0) probes.push(second)
    }
    expect(probes).toEqual([1, 3, 7, 15, 31, 61, 91])
  })

  it('probes a Redis that was away with one request, however many reads come meanwhile', async () => {
    const a = isolate()
    redis.before = () => {
      throw new Error('away')
    }
    for (let i = 0; i < 3; i++) await outcome(a, SQL, [i])
    now += 1_001
    redis.reset()
    let answer!: () => void
    redis.before = () => new Promise((resolve) => (answer = resolve))
    for (let i = 10; i < 20; i++) expect(await outcome(a, SQL, [i])).toBe('miss')
    expect(redis.trips).toHaveLength(1)
    redis.before = () => {}
    answer()
    await a.flush()
  })

  it('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const a = isolate()
      await warm(a)
      for (const expected of ['miss', 'l1']) expect(await outcome(a)).toBe(expected)
      await a.flush()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('waits for Redis also where `redis.timeoutMs` is longer than any timer', async () => {
    const a = isolate({ redis: { timeoutMs: 2 ** 31 } })
    await warm(a)
    redis.before = () => new Promise((resolve) => setTimeout(resolve, 20))
    expect(await outcome(a)).toBe('miss')
    await a.flush()
    expect(await outcome(isolate({ redis: { timeoutMs: 2 ** 31 } }))).toBe('l2')
  })

  it('sends no checks for what is in memory while Redis is away', async () => {
    const a = isolate()
    await warm(a)
    await outcome(a)
    await a.flush()
    redis.before = () => {
      throw new Error('away')
    }
    for (let i = 0; i < 3; i++) await outcome(a, SQL, [10 + i])
    await a.flush()
    redis.reset()
    now += 1_500
    for (let i = 0; i < 3; i++) expect(await outcome(a)).toBe('l1')
    await a.flush()
    expect(redis.trips).toEqual([])
  })

  it('serves stale while it refreshes, once', async () => {
    const a = isolate()
    await warm(a)
    await outcome(a, SQL, [1], { ttl: 1, staleWhileRevalidate: 60 })
    await a.flush()
    now += 1_500
    const before = database.trips
    expect(await outcome(a, SQL, [1], { ttl: 1, staleWhileRevalidate: 60 })).toBe('stale')
    expect(await outcome(a, SQL, [1], { ttl: 1, staleWhileRevalidate: 60 })).toBe('stale')
    await a.flush()
    expect(database.trips).toBe(before + 1)
    expect(await outcome(a, SQL, [1], { ttl: 1, staleWhileRevalidate: 60 })).toBe('l1')
  })
})
