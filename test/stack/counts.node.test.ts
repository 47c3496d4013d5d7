import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLocalStack } from '../../src/dev/index.js'
import type { LocalStack } from '../../src/dev/index.js'
import { cachedQuery, queryCache } from '../../src/hono/index.js'
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../src/index.js'
import type { CacheConfig } from '../../src/index.js'

/** Counted where they arrive: at the protocol endpoints, with the unmodified clients. */
let stack: LocalStack
let prefix = 0
const tables = ['a', 'b', 'c', 'd', 'e'].map((name) => `counts_${name}`)

beforeAll(async () => {
  const real = process.env['TEST_BACKENDS'] === 'real'
  stack = await startLocalStack(real ? { databaseUrl: process.env['TEST_DATABASE_URL'] } : { embedded: true })
  await stack.database.exec(
    tables.map((table) => `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (n int)`).join(';'),
  )
})
afterAll(async () => {
  await stack.database.exec(tables.map((table) => `DROP TABLE ${table}`).join(';'))
  await stack.stop()
})
beforeEach(() => void prefix++)

const config = (): CacheConfig => ({
  type: 'hybrid',
  redis: { ...stack.upstash, timeoutMs: 5_000, redisKeyPrefix: `counts-${process.pid}-${prefix}` },
})
const isolate = (extra: Partial<CacheConfig> = {}) =>
  new CachedQueryExecutor(createConnectionPool(stack.neon), createQueryCache({ ...config(), ...extra }))

/** What `work` costs, and what its background work costs afterwards. */
async function costs(executor: CachedQueryExecutor, work: () => Promise<unknown>) {
  stack.resetCounts()
  await work()
  const answer = stack.counts()
  await executor.flush()
  const all = stack.counts()
  const [redis, db, commands] = [answer.upstashTrips, answer.neonTrips, answer.upstashCommands]
  return {
    redis,
    db,
    commands,
    after: all.upstashTrips - redis,
    commandsAfter: all.upstashCommands - commands,
    dbAfter: all.neonTrips - db,
  }
}

async function warmed(extra: Partial<CacheConfig> = {}): Promise<CachedQueryExecutor> {
  const executor = isolate(extra)
  await executor.invalidate({ tables })
  await executor.invalidateCache()
  return executor
}

const WIDE = `SELECT count(*) AS n FROM ${tables.join(', ')}`

describe('what it costs', () => {
  it('nothing on an L1 hit; one trip and one command on an L2 hit, any number of tables', async () => {
    const [a, b] = [await warmed(), isolate()]
    expect(await costs(a, () => a.query(WIDE))).toEqual({
      redis: 1,
      commands: 1,
      db: 1,
      after: 1,
      commandsAfter: 1,
      dbAfter: 0,
    })
    expect(await costs(a, () => a.query(WIDE))).toEqual({
      redis: 0,
      commands: 0,
      db: 0,
      after: 0,
      commandsAfter: 0,
      dbAfter: 0,
    })
    expect(await costs(b, () => b.query(WIDE))).toEqual({
      redis: 1,
      commands: 1,
      db: 0,
      after: 0,
      commandsAfter: 0,
      dbAfter: 0,
    })
  })

  it('one trip of one command more for names that have no version yet', async () => {
    const a = isolate()
    expect(await costs(a, () => a.query(WIDE))).toEqual({
      redis: 1,
      commands: 1,
      db: 1,
      after: 1,
      commandsAfter: 1,
      dbAfter: 0,
    })
  })

  it('one MGET and one database trip for a cold batch of five, one trip to store it', async () => {
    const a = await warmed()
    const batch = tables.map((table) => ({ sql: `SELECT n FROM ${table}` }))
    expect(await costs(a, () => a.queryBatch(batch))).toEqual({
      redis: 1,
      commands: 1,
      db: 1,
      after: 1,
      commandsAfter: 5,
      dbAfter: 0,
    })
    const b = isolate()
    expect(await costs(b, () => b.queryBatch(batch))).toMatchObject({ redis: 1, commands: 1, db: 0, after: 0 })
  })

  it('one MGET for what a request asks in one tick; the database is asked for each', async () => {
    const a = await warmed()
    const handler = (executor: CachedQueryExecutor) =>
      costs(executor, () => Promise.all(tables.map((table) => executor.query(`SELECT n FROM ${table}`))))
    const cold = await handler(a)
    expect(cold).toMatchObject({ db: 5, dbAfter: 0 })
    // One MGET, and five results to store: what lands together is stored together, and nothing waits for a slower one, nor for the answer.
    expect(cold.commands + cold.commandsAfter).toBe(6)
    expect(cold.redis + cold.after).toBeLessThanOrEqual(6)
    expect(await handler(isolate())).toMatchObject({ redis: 1, commands: 1, db: 0, after: 0 })
    expect(await handler(a)).toMatchObject({ redis: 0, commands: 0, db: 0, after: 0 })
    const behindHono = new Hono()
    behindHono.use(queryCache({ database: createConnectionPool(stack.neon), cache: createQueryCache(config()) }))
    behindHono.get('/', async (c) =>
      c.json(await Promise.all(tables.map((table) => cachedQuery(c, `SELECT n FROM ${table}`)))),
    )
    stack.resetCounts()
    await behindHono.request('/')
    expect(stack.counts()).toMatchObject({ upstashTrips: 1, upstashCommands: 1, neonTrips: 0 })
  })

  it('no trip more for statistics that are due when something is stored', async () => {
    let now = Date.now()
    const a = (await warmed()).bind({ now: () => now })
    await a.query(`SELECT n FROM ${tables[0]}`)
    await a.flush()
    now += 11_000
    const { after, commandsAfter } = await costs(a, () => a.query(`SELECT n FROM ${tables[1]}`))
    expect(after).toBe(1)
    expect(commandsAfter).toBeGreaterThan(2)
    expect(await a.getGlobalStats()).toMatchObject({ cacheMisses: 2, dbQueries: 2 })
  })

  it('one database trip and one command for a write, however many names', async () => {
    const a = await warmed()
    const work = () => a.execute(`INSERT INTO ${tables[0]} VALUES (1)`, [], { tables, tags: ['x', 'y', 'z'] })
    expect(await costs(a, work)).toEqual({ redis: 1, commands: 1, db: 1, after: 0, commandsAfter: 0, dbAfter: 0 })
  })

  it('one trip more for a fenced write', async () => {
    const a = await warmed({ consistency: { invalidate: 'fenced' } })
    const work = () => a.execute(`INSERT INTO ${tables[0]} VALUES (1)`)
    expect(await costs(a, work)).toMatchObject({ redis: 2, commands: 7, db: 1, after: 0, commandsAfter: 0 })
  })

  it('the same for a transaction, one invalidation of one command after its commit', async () => {
    const a = await warmed()
    const statements = tables.map((table) => ({ sql: `INSERT INTO ${table} VALUES (1)` }))
    const work = () => a.transaction(statements)
    expect(await costs(a, work)).toEqual({ redis: 1, commands: 1, db: 1, after: 0, commandsAfter: 0, dbAfter: 0 })
  })

  it('at most two MGETs to check versions in each span of maxStalenessSeconds under traffic, none without', async () => {
    let now = Date.now()
    const clocked = (executor: CachedQueryExecutor) => executor.bind({ now: () => now })
    const a = clocked(await warmed())
    await a.query(WIDE)
    for (const table of tables) await a.query(`SELECT n FROM ${table}`)
    await a.flush()
    // Statistics have trips of their own; they are pushed once, before what is counted.
    now += 11_000
    await a.query(WIDE)
    await a.flush()
    stack.resetCounts()
    const spans = 4
    for (let step = 0; step < spans * 20; step++) {
      now += 100
      const answers = await Promise.all(tables.map((table) => a.queryResult(`SELECT n FROM ${table}`)))
      expect(answers.map(({ cache }) => cache.outcome).filter((outcome) => outcome !== 'l1' && step > 0)).toEqual([])
      await a.flush()
    }
    const { upstashTrips, upstashCommands, neonTrips } = stack.counts()
    expect(upstashTrips).toBeGreaterThanOrEqual(spans)
    expect(upstashTrips).toBeLessThanOrEqual(2 * spans + 1)
    expect([upstashCommands, neonTrips]).toEqual([upstashTrips, 0])
    stack.resetCounts()
    now += 60_000
    await a.flush()
    expect(stack.counts()).toMatchObject({ upstashTrips: 0, neonTrips: 0 })
  })

  it.each([
    ['global', 1],
    ['isolate', 8],
  ] as const)(
    'for a cold key, asked 125 times at once on each of 8 isolates, coalesce: %s: %i queries',
    async (coalesce, queries) => {
      const isolates = Array.from({ length: 8 }, () => isolate())
      stack.resetCounts()
      const all = isolates.flatMap((one) => Array.from({ length: 125 }, () => one.query(WIDE, [], { coalesce })))
      const rows = await Promise.all(all)
      expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(1)
      expect(stack.counts().neonTrips).toBe(queries)
      await Promise.all(isolates.map((one) => one.flush()))
    },
  )

  it('one query of the database for a hundred requests at once', async () => {
    const a = await warmed()
    const work = () => Promise.all(Array.from({ length: 100 }, () => a.query(WIDE)))
    expect(await costs(a, work)).toMatchObject({ redis: 1, commands: 1, db: 1 })
  })

  it('what the statistics of all isolates say', async () => {
    const [a, b] = [await warmed(), isolate()]
    for (let i = 0; i < 3; i++) await a.query(WIDE)
    await a.flush()
    await b.query(WIDE)
    await b.getGlobalStats()
    expect(await a.getGlobalStats()).toMatchObject({
      totalQueries: 4,
      cacheMisses: 1,
      l1Hits: 2,
      l2Hits: 1,
      dbQueries: 1,
    })
  })

  it('the same behind a Hono handler', async () => {
    const app = new Hono()
    const cache = createQueryCache(config())
    const database = createConnectionPool(stack.neon)
    app.use(queryCache({ database, cache }))
    app.get('/', async (c) => c.json(await c.var.queryCache.query(WIDE)))
    const executor = new CachedQueryExecutor(database, cache)
    await executor.invalidate({ tables })
    await executor.invalidateCache()
    expect(await costs(executor, async () => app.request('/'))).toMatchObject({
      redis: 1,
      commands: 1,
      db: 1,
      after: 1,
      commandsAfter: 1,
    })
    expect(await costs(executor, async () => app.request('/'))).toMatchObject({ redis: 0, db: 0, after: 0 })
  })
})
