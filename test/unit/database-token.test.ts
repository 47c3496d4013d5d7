/** Whose token a query is sent with, when it is sent later than it was asked. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../src/index.js'
import type { QueryCache } from '../../src/index.js'
import { FakeRedis } from '../support/fake-redis.js'
import { answerOf, neonEndpoint } from '../support/neon-endpoint.js'
import type { NeonEndpoint, NeonRequest } from '../support/neon-endpoint.js'

const connectionString = 'postgresql://app:secret@db.example.com/main'
const SQL = 'SELECT who FROM people WHERE id = $1'

let endpoint: NeonEndpoint
let redis: FakeRedis
let cache: QueryCache
let current: string
let asked: number
beforeEach(async () => {
  // The row is whose token it was.
  const answer = ({ headers, body }: NeonRequest) => {
    const one = answerOf([['who', 25]], [[(headers.authorization ?? 'nobody').replace('Bearer ', '')]])
    return body.queries ? { results: body.queries.map(() => one) } : one
  }
  endpoint = await neonEndpoint(answer)
  redis = new FakeRedis()
  cache = createQueryCache({ type: 'hybrid', redis: { client: redis.sdk }, consistency: { invalidate: 'fenced' } })
  current = 'nobody'
  asked = 0
})
afterEach(() => endpoint.close())

const authToken = () => (asked++, current)
const pool = (more: object = {}) =>
  createConnectionPool({ connectionString, fetchEndpoint: endpoint.url, authToken, ...more })

/** Lets both ask before either is sent. */
async function both<T>(ask: (who: string) => Promise<T>): Promise<T[]> {
  const asking = ['alice', 'bob'].map((who) => ((current = who), ask(who)))
  current = 'nobody'
  return Promise.all(asking)
}

describe('a token from a function is that of the moment at which the query was asked', () => {
  it.each<[string, (executor: CachedQueryExecutor, scope: string) => Promise<unknown>]>([
    ['query', (e, scope) => e.query(SQL, [1], { scope })],
    ['query without a scope', (e) => e.query(SQL, [1])],
    ['query that skips the caches', (e, scope) => e.query(SQL, [1], { scope, skipCache: true })],
    ['queryResult', async (e, scope) => (await e.queryResult(SQL, [1], { scope, coalesce: 'global' })).rows],
    [
      'queryBatch',
      async (e, scope) =>
        (await e.queryBatch([SQL, `${SQL} AND true`].map((sql) => ({ sql, params: [1], options: { scope } }))))[1],
    ],
    [
      'queryBatch with a write',
      async (e) => (await e.queryBatch([{ sql: 'UPDATE people SET n = 1' }, { sql: SQL, params: [1] }]))[1],
    ],
    [
      'cached',
      (e, scope) => e.cached('k', async (inner) => (await inner.query('SELECT 1'), inner.query(SQL, [1])), { scope }),
    ],
    [
      'cached without a scope',
      (e) => e.cached('k', async (inner) => (await inner.query('SELECT 1'), inner.query(SQL, [1]))),
    ],
    ['execute', async (e) => (await e.execute('UPDATE people SET n = 1 RETURNING who')).rows],
    [
      'transaction',
      async (e) => (await e.transaction([{ sql: 'UPDATE people SET n = 1 RETURNING who' }])).results[0]!.rows,
    ],
  ])('%s', async (_name, ask) => {
    const executor = new CachedQueryExecutor(pool(), cache)
    for (let i = 0; i < 3; i++) {
      const rows = await both((who) => ask(executor, who))
      expect(rows).toEqual([[{ who: 'alice' }], [{ who: 'bob' }]])
    }
  })

  it.each([
    ['memory', 1_500],
    ['Redis', 6_000],
  ])('also in what a stale answer from %s starts', async (_name, pauseMs) => {
    let now = 1_800_000_000_000
    const executor = new CachedQueryExecutor(pool(), cache, { now: () => now })
    const lives = { ttl: 1, staleWhileRevalidate: 3_000 }
    for (let i = 0; i < 4; i++) {
      const rows = await both((scope) => executor.query(SQL, [1], { ...lives, scope }))
      expect(rows).toEqual([[{ who: 'alice' }], [{ who: 'bob' }]])
      await executor.flush()
      now += pauseMs
    }
  })

  it('and nobody is asked for one by a hit', async () => {
    const executor = new CachedQueryExecutor(pool(), cache)
    current = 'alice'
    await executor.query(SQL, [1], { scope: 'alice' })
    const before = asked
    await executor.query(SQL, [1], { scope: 'alice' })
    expect(asked).toBe(before)
  })
})

it('a token that nobody could get is told to whoever sends it, and else to nobody', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', note)
  const pinned = pool({ authToken: () => Promise.reject(new Error('mine')) }).pinned!()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
  await expect(pinned.run({ sql: SQL, params: [1] })).rejects.toThrow('mine')
})

describe('a token that is none', () => {
  it.each([[''], [undefined], [null], [42]])('is refused where a function gives it: %s', async (none) => {
    const executor = new CachedQueryExecutor(pool({ authToken: () => none as unknown as string }), cache)
    await expect(executor.query(SQL, [1], { scope: 'alice' })).rejects.toThrow('`authToken`')
    await expect(executor.query(SQL, [1])).rejects.toThrow('`authToken`')
    const bare = pool({ authToken: () => none as unknown as string })
    await expect(bare.run({ sql: SQL, params: [1] })).rejects.toThrow('`authToken`')
    expect(endpoint.requests).toEqual([])
  })

  it('is as empty as it was given, and shares nothing with those who have one', async () => {
    const scope = 'alice'
    const empty = new CachedQueryExecutor(pool({ authToken: '' }), cache)
    const none = new CachedQueryExecutor(pool({ authToken: undefined }), cache)
    const held = new CachedQueryExecutor(pool({ authToken: 'alice' }), cache)
    for (const executor of [empty, none]) expect(await executor.query(SQL, [1], { scope })).toEqual([{ who: 'nobody' }])
    expect(await held.query(SQL, [1], { scope })).toEqual([{ who: 'alice' }])
    expect((await empty.queryResult(SQL, [1])).cache.reason).toBe('scope-required')
  })
})
