import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLocalStack } from '../../src/dev/index.js'
import type { LocalStack, StackRequest } from '../../src/dev/index.js'
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../src/index.js'
import type { CacheConfig } from '../../src/index.js'

/** What is sent, in the order in which it arrives at the protocol endpoints, from the unmodified clients. */
let stack: LocalStack
let requests: StackRequest[] = []
let prefix = 0
let now = Date.now()
const tables = Array.from({ length: 30 }, (_, at) => `counts_more_${at}`)

beforeAll(async () => {
  const real = process.env['TEST_BACKENDS'] === 'real'
  const backends = real ? { databaseUrl: process.env['TEST_DATABASE_URL'] } : { embedded: true }
  stack = await startLocalStack({ ...backends, onRequest: (request) => void requests.push(request) })
  await stack.database.exec(
    tables.map((table) => `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (n int)`).join(';'),
  )
})
afterAll(async () => {
  await stack.database.exec(tables.map((table) => `DROP TABLE ${table}`).join(';'))
  await stack.stop()
})
beforeEach(() => {
  prefix++
  now = Date.now()
})

const isolate = (extra: Partial<CacheConfig> = {}) =>
  new CachedQueryExecutor(
    createConnectionPool(stack.neon),
    createQueryCache({
      type: 'hybrid',
      redis: { ...stack.upstash, timeoutMs: 5_000, redisKeyPrefix: `more-${process.pid}-${prefix}` },
      ...extra,
    }),
    { now: () => now },
  )

async function warmed(extra: Partial<CacheConfig> = {}): Promise<CachedQueryExecutor> {
  const executor = isolate(extra)
  await executor.invalidate({ tables })
  await executor.invalidateCache()
  return executor
}

/** `upstash mget`, `neon select`: the requests of some work and of what goes on after it, one line each. */
async function sent(executor: CachedQueryExecutor, work: () => Promise<unknown>): Promise<string[]> {
  requests = []
  await work()
  await executor.flush()
  return requests.map(({ service, commands }) => `${service} ${commands.join(' ')}`)
}

describe('what is sent, and in which order', () => {
  it('for a miss: the lookup, the query, then the entry', async () => {
    const a = await warmed()
    expect(await sent(a, () => a.query(`SELECT n FROM ${tables[0]}`))).toEqual([
      'upstash mget',
      'neon select',
      'upstash set',
    ])
  })

  it('for an L2 hit on thirty tables: one MGET', async () => {
    const [a, b] = [await warmed(), isolate()]
    const wide = `SELECT count(*) AS n FROM ${tables.join(', ')}`
    await sent(a, () => a.query(wide))
    expect(await sent(b, () => b.query(wide))).toEqual(['upstash mget'])
  })

  it('for a batch of thirty: one MGET, one transaction, one pipeline', async () => {
    const [a, b] = [await warmed(), isolate()]
    const batch = tables.map((table) => ({ sql: `SELECT n FROM ${table}` }))
    const select = tables.map(() => 'select').join(' ')
    const set = tables.map(() => 'set').join(' ')
    expect(await sent(a, () => a.queryBatch(batch))).toEqual(['upstash mget', `neon ${select}`, `upstash ${set}`])
    expect(await sent(b, () => b.queryBatch(batch))).toEqual(['upstash mget'])
  })

  it('for a write of thirty tables: the write, then one MSET; fenced, the fences before it', async () => {
    const a = await warmed()
    const insert = `INSERT INTO ${tables[0]} VALUES (1)`
    expect(await sent(a, () => a.execute(insert, [], { tables }))).toEqual(['neon insert', 'upstash mset'])
    const fenced = isolate({ consistency: { invalidate: 'fenced' } })
    expect(await sent(fenced, () => fenced.execute(insert))).toEqual([
      'upstash incrby incrby expire mset',
      'neon insert',
      'upstash mset incrby expire',
    ])
  })

  it('for a cold key on two isolates with one lease: one query', async () => {
    const [a, b] = [await warmed(), isolate()]
    const read = (one: CachedQueryExecutor) => one.query(`SELECT n FROM ${tables[1]}`, [], { coalesce: 'global' })
    const requests = await sent(a, () => Promise.all([read(a), read(a), read(b), read(b)]))
    expect(requests.filter((request) => request.startsWith('neon'))).toEqual(['neon select'])
    await b.flush()
  })
})

describe('what is sent in the background', () => {
  const three = tables.slice(0, 3).map((table) => `SELECT count(*) AS n FROM ${table}`)

  /** Hits of L1, three at once, so many seconds long; the time of each request. */
  async function traffic(executor: CachedQueryExecutor, seconds: number, stepMs: number) {
    const times: { at: number; what: string }[] = []
    for (let at = 0; at < seconds * 1000; at += stepMs) {
      now += stepMs
      const step = await sent(executor, () => Promise.all(three.map((sql) => executor.query(sql))))
      times.push(...step.map((what) => ({ at: now, what })))
    }
    return times
  }

  /** The most of them within any span of so many milliseconds. */
  const most = (times: readonly { at: number }[], spanMs: number) =>
    Math.max(...times.map(({ at }) => times.filter((other) => other.at >= at && other.at < at + spanMs).length))

  const isCheck = ({ what }: { what: string }) => what === 'upstash mget'
  const isPush = ({ what }: { what: string }) => what.startsWith('upstash bitfield')

  it('at most two MGETs in any two seconds, one for three reads that are due at once', async () => {
    const a = await warmed()
    await traffic(a, 5, 250)
    const checks = (await traffic(a, 20, 250)).filter(isCheck)
    expect(checks.length).toBeGreaterThanOrEqual(10)
    expect(most(checks, 2_000)).toBe(2)
    // Nothing at all for a minute: the three that come back then share one check.
    now += 60_000
    expect(
      (await sent(a, () => Promise.all(three.map((sql) => a.query(sql))))).filter((what) => !isPush({ what })),
    ).toEqual(['upstash mget'])
  })

  it('at most one push of statistics in any ten seconds, with one command for any traffic', async () => {
    const a = await warmed()
    await traffic(a, 15, 1_000)
    const slow = (await traffic(a, 40, 1_000)).filter(isPush)
    const fast = (await traffic(a, 40, 100)).filter(isPush)
    expect(slow.length).toBeGreaterThanOrEqual(3)
    expect([most(slow, 10_000), most(fast, 10_000)]).toEqual([1, 1])
    // The first of an hour has told Redis how long to keep them.
    expect(new Set([...slow, ...fast].map(({ what }) => what))).toEqual(new Set(['upstash bitfield']))
    now += 60_000
    expect(await sent(a, async () => undefined)).toEqual([])
  })
})
