import { CachedQueryExecutor, createQueryCache } from 'edge-query-cache'
import type { CacheEvent } from 'edge-query-cache'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'
import { faultyEndpoint } from '../support/faulty-endpoint.js'
import type { Fault, FaultyEndpoint } from '../support/faulty-endpoint.js'
import { page, tableRows } from './pages.js'

const PAGE = page('docs/failure-modes.md')

/** What each row of the page's table about Redis does to it. */
const FAULTS: Record<string, Fault> = {
  'refuses or drops the connection': 'refuse',
  'does not answer within `redis.timeoutMs`': 'hang',
  'answers 401': { status: 401, body: '{"error":"WRONGPASS invalid or missing auth token"}' },
  'answers 429': { status: 429, body: '{"error":"ERR max requests limit exceeded. Limit: 500000, Usage: 500000."}' },
  'answers 500': { status: 500, body: '{"error":"Internal Server Error"}' },
  'answers HTML, or no JSON': 'html',
  'answers JSON of another shape': { status: 200, body: '{"result":{"a":1}}' },
  'answers JSON that is no reply, as `null`': { status: 200, body: 'null' },
  'refuses the command': { status: 400, body: '{"error":"ERR unknown command"}' },
}

/** A kind that is missing here does not compile. */
const KINDS: Record<CacheEvent['type'], true> = {
  query: true,
  'redis-failed': true,
  breaker: true,
  'entry-rejected': true,
  'not-stored': true,
  invalidation: true,
  write: true,
  notice: true,
}

let redis: FaultyEndpoint
let events: CacheEvent[]

beforeEach(async () => {
  redis = await faultyEndpoint('http://127.0.0.1:1')
  events = []
})
afterEach(() => redis.close())

const onEvent = (event: CacheEvent) => void events.push(event)

describe('the table about Redis', () => {
  const rows = tableRows(PAGE, '### While reading').map(([fault, failure]) => ({ fault: fault!, failure: failure! }))

  test('every row is tried here', () => {
    expect(rows.map(({ fault }) => fault).sort()).toEqual(Object.keys(FAULTS).sort())
  })

  test.each(rows)('Redis $fault: a miss, and $failure', async ({ fault, failure }) => {
    redis.fault = FAULTS[fault]!
    // Short where it must end the wait, and out of the way where something else must.
    const timeoutMs = redis.fault === 'hang' ? 20 : 10_000
    const cache = createQueryCache({ type: 'hybrid', redis: { url: redis.url, token: 'x', timeoutMs }, onEvent })
    const executor = new CachedQueryExecutor(new FakeDatabase(), cache)
    const { rows: answer, cache: info } = await executor.queryResult('SELECT n FROM users')
    expect(info.outcome).toBe('miss')
    expect(answer).toHaveLength(1)
    expect(events).toContainEqual({ type: 'redis-failed', operation: 'read', failure: failure.replaceAll('`', '') })
  })

  test('a full Redis is told as `full`, and the write is invalidated all the same', async () => {
    const fake = new FakeRedis()
    fake.full = true
    const cache = createQueryCache({ type: 'hybrid', redis: { client: fake.sdk }, onEvent })
    const { cache: info } = await new CachedQueryExecutor(new FakeDatabase(), cache).execute('UPDATE users SET n = 1')
    expect(info.invalidated).toBe(true)
    expect(events).toContainEqual({ type: 'redis-failed', operation: 'invalidate', failure: 'full' })
  })

  test.each([
    ['of a cacheable read', {}, 'database-error'],
    ['of one that is not cached', { skipCache: true }, 'skip-cache'],
  ])('the failure %s is told', async (_name, options, reason) => {
    const told = tableRows(PAGE, '## Postgres').find(([what]) => what === 'a read fails otherwise')![2]
    expect(told).toBe("`query`, `reason: 'database-error'`, or why it is not cached")
    const database = new FakeDatabase()
    database.answer = () => Promise.reject(new Error('refused'))
    const executor = new CachedQueryExecutor(database, createQueryCache({ type: 'local', onEvent }))
    await expect(executor.query('SELECT n FROM users', [], options)).rejects.toThrow('refused')
    expect(events).toContainEqual(expect.objectContaining({ type: 'query', reason }))
  })

  test('every kind of event is explained', () => {
    const explained = tableRows(PAGE, '## Events').map(([kind]) => kind!.replaceAll('`', ''))
    expect(explained.sort()).toEqual(Object.keys(KINDS).sort())
  })
})
