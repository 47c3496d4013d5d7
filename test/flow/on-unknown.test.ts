import { beforeEach, describe, expect, it } from 'vitest'
import type { SqlSettings } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

const SCORE = 'SELECT score(1) AS n FROM users'
const ttlOnly = (sql: SqlSettings = {}): { sql: SqlSettings } => ({ sql: { onUnknown: 'ttl-only', ...sql } })

describe("onUnknown: 'ttl-only'", () => {
  it('caches what calls an unknown function for its TTL and says so', async () => {
    const isolate = world.isolate(ttlOnly())
    await world.warm(isolate)
    for (const [outcome, age] of [
      ['miss', 0],
      ['l1', 1],
    ] as const) {
      const { cache } = await isolate.queryResult(SCORE, [], { ttl: 60 })
      await isolate.flush()
      expect(cache).toMatchObject({ outcome, reason: 'unknown-function', age, tables: ['public.users'] })
      world.now += 1_000
    }
    world.now += 60_000
    expect(await world.outcome(isolate, { ttl: 60 }, [], SCORE)).toBe('miss')
  })

  it('sees writes to the tables that the text shows', async () => {
    const isolate = world.isolate(ttlOnly())
    await world.warm(isolate)
    await world.outcome(isolate, {}, [], SCORE)
    await isolate.execute('UPDATE users SET n = 1')
    expect(await world.outcome(isolate, {}, [], SCORE)).toBe('miss')
  })

  it('asks once, and in a trip of its own, what may do something each time', async () => {
    const isolate = world.isolate(ttlOnly())
    await world.warm(isolate)
    const { answer } = world.database
    world.database.answer = (statement) => {
      if (statement.sql === SQL) throw Object.assign(new Error('division by zero'), { code: '22012' })
      return answer(statement)
    }
    const settled = await isolate.queryBatchSettled([
      { sql: SCORE },
      { sql: SQL, params: [1] },
      { sql: 'SELECT n FROM orders' },
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(world.database.log.filter((sql) => sql === SCORE)).toHaveLength(1)
  })

  it('the default asks the database each time', async () => {
    const isolate = world.isolate()
    for (let i = 0; i < 2; i++)
      expect((await isolate.queryResult(SCORE)).cache).toMatchObject({ outcome: 'bypass', reason: 'unknown-function' })
    expect(world.database.trips).toBe(2)
  })

  it.each([
    ['SELECT score(now()) FROM users', 'volatile-function'],
    ['SELECT random(), score(1)', 'volatile-function'],
    ['SELECT score(1), ticks()', 'volatile-function'],
    ['SELECT score(1) FROM recent', 'volatile-function'],
    ['SELECT score(1) FROM users FOR UPDATE', 'locking'],
    ['SELECT score(1) FROM users TABLESAMPLE system (1)', 'tablesample'],
    ['SELECT score(audit(1))', 'write'],
    ['UPDATE users SET n = score(1)', 'write'],
    ['WITH gone AS (DELETE FROM users RETURNING score(1)) SELECT * FROM gone', 'data-modifying-cte'],
    ['SELECT score(1) INTO copy', 'select-into'],
    ['SELECT score(1); SELECT 1', 'multiple-statements'],
    ['SELECT score(1) FROM WHERE )', 'not-understood'],
    ['EXPLAIN SELECT score(1)', 'session-statement'],
    ['CALL score(1)', 'write'],
  ])('never caches what is known to be wrong: %s', async (sql, reason) => {
    const isolate = world.isolate(
      ttlOnly({ functions: { audit: { writes: ['log'] }, ticks: 'volatile' }, dependencies: { recent: 'volatile' } }),
    )
    for (let i = 0; i < 2; i++) {
      const { cache } = await isolate.queryResult(sql)
      expect(cache).toMatchObject({ outcome: 'bypass', reason })
    }
    expect(world.database.trips).toBe(2)
  })

  it('gives everybody the same unless something that is declared depends on who asks', async () => {
    const others = [{ rowSecurity: ['accounts'] }, { functions: { me: 'identity' } as const }]
    for (const sql of others) {
      const isolate = world.isolate(ttlOnly(sql))
      const { cache } = await isolate.queryResult(SCORE)
      expect(cache).toMatchObject({ outcome: 'bypass', reason: 'scope-required' })
      await world.warm(isolate)
      expect(await world.outcome(isolate, { scope: 'a' }, [], SCORE)).toBe('miss')
      expect(await world.outcome(isolate, { scope: 'b' }, [], SCORE)).toBe('miss')
      expect(await world.outcome(isolate, { scope: 'a' }, [], SCORE)).toBe('l1')
    }
  })

  it('invalidates everything when it is executed, whatever else makes it uncacheable', async () => {
    const isolate = world.isolate()
    await world.warm(isolate)
    for (const sql of ['SELECT score(1)', 'SELECT now(), score(1)', 'SELECT score(now()) FROM t FOR UPDATE']) {
      expect(await world.outcome(isolate)).toBe('miss')
      expect(await world.outcome(isolate)).toBe('l1')
      await isolate.execute('EXPLAIN ' + sql)
      expect(await world.outcome(isolate)).toBe('l1')
      await isolate.execute(sql)
    }
    expect(await world.outcome(isolate)).toBe('miss')
  })

  it('needs a scope on a single connection once it has called something unknown there', async () => {
    let marked = 0
    const database = Object.assign(new FakeDatabase(), { markSessionState: () => void marked++ })
    const isolate = world.isolate(ttlOnly(), database)
    await isolate.queryResult('SELECT n FROM users')
    expect(marked).toBe(0)
    await isolate.queryResult(SCORE)
    expect(marked).toBe(1)
  })
})

describe('tables that a call names', () => {
  const sql: SqlSettings = {
    dependencies: { active: ['users'], users: { writes: ['orders'] }, recent: 'volatile', anything: { writes: ['*'] } },
    rowSecurity: ['accounts'],
  }
  const read = (tables: string[]) => ({ tables })

  it('bring what is behind them: views for a read, cascades for a write', async () => {
    const isolate = world.isolate({ sql })
    const { cache } = await isolate.queryResult('SELECT 1', [], read(['active']))
    expect(cache.tables).toEqual(['public.active', 'public.users'])
    const written = await isolate.execute('SELECT 1', [], { tables: ['users'] })
    expect(written.cache.tables).toEqual(['public.orders', 'public.users'])
    await world.warm(isolate, ['users', 'orders'])
    const ORDERS = 'SELECT n FROM orders'
    for (const invalidate of [
      () => isolate.invalidate({ tables: ['users'] }),
      () => isolate.invalidate({ tables: ['anything'] }),
      () => isolate.execute('INSERT INTO anything VALUES (1)'),
    ]) {
      expect(await world.outcome(isolate, {}, [], ORDERS)).toBe('miss')
      expect(await world.outcome(isolate, {}, [], ORDERS)).toBe('l1')
      await invalidate()
    }
    expect(await world.outcome(isolate, {}, [], ORDERS)).not.toBe('l1')
  })

  it('say whether a loader may be shared', async () => {
    const isolate = world.isolate({ sql })
    let loads = 0
    const load = (tables: string[], scope?: string) =>
      isolate.cached('key', async () => ++loads, { tables, ...(scope && { scope }) })
    for (let i = 0; i < 2; i++) await load(['accounts'])
    for (let i = 0; i < 2; i++) await load(['recent'], 'a')
    expect(loads).toBe(4)
    for (let i = 0; i < 2; i++) await load(['accounts'], 'a')
    expect(loads).toBe(5)
  })
})
