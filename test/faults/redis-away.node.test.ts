import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../src/index.js'
import type { CacheEvent } from '../../src/index.js'
import { faultyEndpoint } from '../support/faulty-endpoint.js'
import type { Fault, FaultyEndpoint } from '../support/faulty-endpoint.js'

const stack = inject('stack')
const SECRET = 'parameter-that-must-not-leak'
const SQL = 'SELECT 7 AS n, $1::text AS word FROM generate_series(1, 3)'
let redis: FaultyEndpoint
let postgres: FaultyEndpoint
let events: CacheEvent[]
let prefix = 0

beforeEach(async () => {
  redis = await faultyEndpoint(stack.url)
  postgres = await faultyEndpoint(new URL(stack.fetchEndpoint).origin)
  events = []
  prefix++
})
afterEach(async () => {
  await redis.close()
  await postgres.close()
})

function isolate(timeoutMs = 100) {
  const database = createConnectionPool({
    connectionString: stack.connectionString,
    fetchEndpoint: postgres.url + new URL(stack.fetchEndpoint).pathname,
  })
  const cache = createQueryCache({
    type: 'hybrid',
    redis: { url: redis.url, token: stack.token, timeoutMs, redisKeyPrefix: `faults-${process.pid}-${prefix}` },
    onEvent: (event) => void events.push(event),
  })
  return new CachedQueryExecutor(database, cache)
}

/** An entry in Redis, so that a fault hits a reply that matters. */
async function store(): Promise<void> {
  const patient = 5_000
  const first = isolate(patient)
  await first.invalidateCache()
  await first.query(SQL, [SECRET])
  await first.flush()
  expect((await isolate(patient).queryResult(SQL, [SECRET])).cache.outcome).toBe('l2')
}

const FAULTS: [string, Fault][] = [
  ['refuses the connection', 'refuse'],
  ['hangs', 'hang'],
  ['answers 429', { status: 429, body: '{"error":"ERR max requests limit exceeded. Limit: 500000, Usage: 500000."}' }],
  ['answers 500', { status: 500, body: '{"error":"Internal Server Error"}' }],
  ['answers 401', { status: 401, body: '{"error":"WRONGPASS invalid or missing auth token."}' }],
  ['answers HTML', 'html'],
  ['answers nothing', { status: 200, body: '' }],
  ['answers another shape', { status: 200, body: '{"result":{"a":1}}' }],
  ['answers too few values', { status: 200, body: '{"result":["x"]}' }],
  ['answers numbers', { status: 200, body: '{"result":[1,2,3,4,5,6,7,8,9]}' }],
]

describe('when Redis is away', () => {
  it.each(FAULTS)('%s: every read is answered from Postgres', async (_name, fault) => {
    await store()
    redis.fault = fault
    const executor = isolate()
    for (let i = 0; i < 6; i++) {
      const { rows, cache } = await executor.queryResult<{ n: number; word: string }>(SQL, [`${SECRET}-${i}`])
      expect(rows).toHaveLength(3)
      expect(rows[0]).toEqual({ n: 7, word: `${SECRET}-${i}` })
      expect(cache.outcome).toBe('miss')
    }
    expect(events.some((event) => event.type === 'redis-failed')).toBe(true)
    expect(events).toContainEqual({ type: 'breaker', state: 'open' })
    expect(JSON.stringify(events)).not.toContain(SECRET)
    expect(JSON.stringify(events)).not.toContain(stack.token)
  })

  it('waits no longer than `redis.timeoutMs` plus the query, also when Redis answers never', async () => {
    redis.fault = 'hang'
    const executor = isolate(150)
    const bare = isolate()
    await bare.query(SQL, ['warm'], { skipCache: true })
    const startedAt = performance.now()
    await executor.query(SQL, ['x'])
    // Twice the bound: a hang guard. A second wait for Redis before the answer would pass it.
    expect(performance.now() - startedAt).toBeLessThan(300)
    expect(redis.requests).toBe(1)
  })

  it('answers rightly whatever byte the reply is cut at', async () => {
    await store()
    redis.fault = 'none'
    const whole = await isolate().queryResult(SQL, [SECRET])
    expect(redis.lastLength).toBeGreaterThan(100)
    // The length of each reply is its own: at the edge of a fence's period it names a period more.
    for (let cutAt = 0; cutAt < redis.lastLength; cutAt += 1) {
      redis.fault = { cutAt }
      const { rows, cache } = await isolate().queryResult(SQL, [SECRET])
      expect(rows).toEqual(whole.rows)
      if (cutAt < redis.lastLength) expect(cache.outcome).toBe('miss')
    }
  })

  it('answers rightly whatever byte of the reply is changed, and never with other rows', async () => {
    await store()
    const whole = await isolate().queryResult(SQL, [SECRET])
    const length = redis.lastLength
    for (let garbleAt = 0; garbleAt < length; garbleAt += 1) {
      redis.fault = { garbleAt }
      const { rows } = await isolate().queryResult(SQL, [SECRET])
      expect(rows).toEqual(whole.rows)
      redis.fault = 'none'
    }
  })

  it('still answers from memory for `maxStalenessSeconds` from each database read', async () => {
    redis.fault = 'refuse'
    const executor = isolate()
    expect((await executor.queryResult(SQL, ['a'])).cache.outcome).toBe('miss')
    expect((await executor.queryResult(SQL, ['a'])).cache.outcome).toBe('l1')
  })

  it('runs a write once, returns its result and says that it is not invalidated', async () => {
    const executor = isolate()
    await executor.execute('CREATE TABLE IF NOT EXISTS faults_written (n int)')
    redis.fault = 'refuse'
    const { rowCount, cache } = await executor.execute('INSERT INTO faults_written VALUES (1)')
    expect([rowCount, cache.invalidated]).toEqual([1, false])
    await expect(executor.invalidate({ tables: ['users'] })).rejects.toMatchObject({ code: 'INVALIDATION_FAILED' })
    redis.fault = 'none'
    await executor.flush()
    await executor.execute('DROP TABLE faults_written')
  })
})

describe('when Postgres is away', () => {
  it("throws the driver's own error, unchanged, also for followers", async () => {
    postgres.fault = 'refuse'
    const executor = isolate()
    const ends = await Promise.allSettled([executor.query(SQL, ['x']), executor.query(SQL, ['x'])])
    for (const end of ends) {
      const reason = (end as PromiseRejectedResult).reason as Error
      expect(reason.name).toBe('NeonDbError')
      expect(reason.message).toMatch(/^Error connecting to database/)
    }
  })

  it('passes an SQL error on with its code, detail and position', async () => {
    await expect(isolate().query('SELECT nothing FROM pg_temp_absent WHERE id = $1', [1])).rejects.toMatchObject({
      name: 'NeonDbError',
      code: '42P01',
      severity: 'ERROR',
    })
  })

  it('answers with `staleIfError` while Redis can vouch for the entry', async () => {
    let now = Date.now()
    const database = createConnectionPool({
      connectionString: stack.connectionString,
      fetchEndpoint: postgres.url + new URL(stack.fetchEndpoint).pathname,
    })
    const executor = new CachedQueryExecutor(
      database,
      createQueryCache({
        type: 'hybrid',
        redis: { url: redis.url, token: stack.token, redisKeyPrefix: `sie-${process.pid}` },
      }),
      { now: () => now },
    )
    await executor.invalidateCache()
    const options = { ttl: 1, staleIfError: 600 }
    expect((await executor.queryResult(SQL, ['y'], options)).cache.outcome).toBe('miss')
    await executor.flush()
    now += 5_000
    postgres.fault = 'refuse'
    expect((await executor.queryResult(SQL, ['y'], options)).cache.outcome).toBe('stale-if-error')
    await executor.invalidateCache()
    await expect(executor.query(SQL, ['y'], options)).rejects.toMatchObject({ name: 'NeonDbError' })
  })
})
