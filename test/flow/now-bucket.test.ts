import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor, QueryOptions } from '../../src/index.js'
import { SQL, World } from '../support/isolates.js'

const LAST_DAY = "SELECT n FROM users WHERE id = $1 AND at > now() - interval '24 hours'"
const GIVEN = "SELECT n FROM users WHERE id = $1 AND at > ($2::timestamptz) - interval '24 hours'"
const HOUR = { nowBucket: 3_600, ttl: 86_400 }

let world: World
let a: CachedQueryExecutor
/** What the database was asked. */
let asked: { sql: string; params: readonly unknown[] }[]
beforeEach(async () => {
  world = new World()
  // A quarter past.
  world.now = Date.parse('2027-01-15T08:15:00Z')
  asked = []
  const { answer } = world.database
  world.database.answer = (statement) => {
    asked.push({ sql: statement.sql, params: statement.params })
    return answer(statement)
  }
  a = world.isolate()
  await world.warm(a)
})

const outcome = (options: QueryOptions = HOUR, sql = LAST_DAY, params: unknown[] = [1], executor = a) =>
  world.outcome(executor, options, params, sql)

describe('gap N13: a query that reads the clock is cached', () => {
  it('asks the database once for each bucket, whatever the number of isolates', async () => {
    const b = world.isolate()
    expect(await outcome()).toBe('miss')
    expect(await outcome()).toBe('l1')
    expect(await outcome(HOUR, LAST_DAY, [1], b)).toBe('l2')
    world.now += 44 * 60_000
    expect(await outcome()).toBe('l2')
    expect(await outcome()).toBe('l1')
    expect(asked).toEqual([{ sql: GIVEN, params: [1, '2027-01-15T08:00:00.000Z'] }])
    world.now += 60_000
    expect(await outcome(HOUR, LAST_DAY, [1], b)).toBe('miss')
    expect(await outcome()).toBe('l2')
    expect(asked.slice(1)).toEqual([{ sql: GIVEN, params: [1, '2027-01-15T09:00:00.000Z'] }])
  })

  it('takes no comment, string or column for a clock', async () => {
    for (const sql of [
      'SELECT n FROM users -- at > now()',
      "SELECT n FROM users WHERE name = 'now()'",
      'SELECT n FROM users /* now() */ WHERE now = $$now()$$',
      'SELECT users.now, n AS now, "now()" FROM users',
    ]) {
      expect(await outcome({}, sql, [])).toBe('miss')
      // The option changes nothing: not even the key.
      expect(await outcome(HOUR, sql, [])).toBe('l1')
      expect(asked.at(-1)).toEqual({ sql, params: [] })
    }
  })

  it.each([
    [1e-300, '2027-01-15T08:15:00.000Z'],
    [Number.MAX_VALUE, '1970-01-01T00:00:00.000Z'],
  ])('has a start for a bucket of %f seconds too', async (nowBucket, start) => {
    expect(await outcome({ nowBucket })).toBe('miss')
    expect(asked).toEqual([{ sql: GIVEN, params: [1, start] }])
  })

  it('is told apart by the number of parameters, of which the time is the last', async () => {
    await outcome(HOUR, LAST_DAY, [1, 2])
    await outcome()
    expect(asked.at(-1)).toEqual({ sql: GIVEN, params: [1, '2027-01-15T08:00:00.000Z'] })
  })

  it('does not cache it without the option', async () => {
    expect(await outcome({})).toBe('bypass')
    expect(asked).toEqual([{ sql: LAST_DAY, params: [1] }])
  })
})

describe('nowBucket', () => {
  it('keeps nothing beyond its bucket: not in memory, not in Redis, not as stale', async () => {
    const options = { nowBucket: 3_600, ttl: Infinity, staleWhileRevalidate: 86_400, staleIfError: 86_400 }
    const { cache } = await a.queryResult(LAST_DAY, [1], options)
    await a.flush()
    expect(cache.ttl).toBe(45 * 60)
    const stored = world.redis.trips.flatMap(({ commands }) => commands.filter(([name]) => name === 'set'))
    expect(stored.map(([, , , ...expiry]) => expiry)).toEqual([['ex', '2700']])
    world.now += 45 * 60_000
    expect(await outcome(options)).toBe('miss')
  })

  it('leaves a shorter TTL as it is, and refreshes what is stale with the time of its bucket', async () => {
    const options = { nowBucket: 3_600, ttl: 10, staleWhileRevalidate: 60 }
    await outcome(options)
    world.now += 11_000
    expect(await outcome(options)).toBe('stale')
    expect(await outcome(options)).toBe('l1')
    expect(asked).toEqual([1, 2].map(() => ({ sql: GIVEN, params: [1, '2027-01-15T08:00:00.000Z'] })))
  })

  it('answers from its bucket when the database fails, and not from the one before', async () => {
    const options = { nowBucket: 3_600, ttl: 10, staleIfError: 86_400 }
    await outcome(options)
    world.database.answer = () => Promise.reject(new Error('database down'))
    world.now += 60_000
    expect(await outcome(options)).toBe('stale-if-error')
    world.now += 3_600_000
    await expect(outcome(options)).rejects.toThrow('database down')
  })

  it('loads no hot result anew that nobody will ask for', async () => {
    const a = world.isolate({ queryCache: { refreshAhead: 0.5 } })
    await world.warm(a)
    for (let i = 0; i < 20; i++) await outcome(HOUR, LAST_DAY, [1], a)
    world.now = Date.parse('2027-01-15T08:59:59Z')
    await outcome(HOUR, LAST_DAY, [1], a)
    for (let i = 0; i < 300; i++) await a.query(LAST_DAY, [1], HOUR)
    await a.flush()
    expect(asked).toHaveLength(1)
  })

  it('keeps buckets of different lengths, scopes and parameters apart', async () => {
    const calls: [QueryOptions, unknown[]][] = [
      [HOUR, [1]],
      [{ ...HOUR, nowBucket: 600 }, [1]],
      [{ ...HOUR, scope: 'user:1' }, [1]],
      [HOUR, ['1']],
    ]
    for (const [options, params] of calls) expect(await outcome(options, LAST_DAY, params)).toBe('miss')
    for (const [options, params] of calls) expect(await outcome(options, LAST_DAY, params)).toBe('l1')
  })

  it('is invalidated by its table, tag and key as any result', async () => {
    const options = { ...HOUR, tags: ['day'], cacheKey: 'users:day' }
    const named = [
      () => a.invalidate({ tables: ['users'] }),
      () => a.invalidate({ tags: ['day'] }),
      () => a.invalidateCache('users:*'),
    ]
    for (const invalidate of named) {
      await outcome(options)
      await outcome(options)
      expect(await outcome(options)).toBe('l1')
      await invalidate()
      expect(await outcome(options)).toBe('miss')
    }
  })

  it('loads anew for `refreshCache`, and once for all isolates with `coalesce`', async () => {
    await outcome()
    expect(await outcome({ ...HOUR, refreshCache: true })).toBe('miss')
    const isolates = [world.isolate(), world.isolate(), world.isolate()]
    asked.length = 0
    const options = { ...HOUR, coalesce: 'global' } as const
    await Promise.all(isolates.map((executor) => executor.query(LAST_DAY, [2], options)))
    await Promise.all(isolates.map((executor) => executor.flush()))
    expect(asked).toEqual([{ sql: GIVEN, params: [2, '2027-01-15T08:00:00.000Z'] }])
  })

  it('goes with each query of a batch', async () => {
    const queries = [
      { sql: LAST_DAY, params: [1], options: HOUR },
      { sql: SQL, params: [1], options: HOUR },
      { sql: LAST_DAY, params: [1] },
      { sql: 'SELECT n, random() FROM users WHERE at > now()', options: HOUR },
    ]
    await a.queryBatch(queries)
    expect(asked.map(({ sql }) => sql).sort()).toEqual([LAST_DAY, SQL, GIVEN, queries[3]!.sql].sort())
    await a.flush()
    asked.length = 0
    await a.queryBatchSettled(queries)
    expect(asked.map(({ sql }) => sql).sort()).toEqual([LAST_DAY, queries[3]!.sql].sort())
  })

  it('leaves a query that is not cached as it was written', async () => {
    const off = world.isolate({ queryCache: { enabled: false } })
    const scoped = 'SELECT now() AS n, current_user FROM users'
    for (const [options, sql, params, executor] of [
      [{ skipCache: true }, LAST_DAY, [1], a],
      [{ ttl: 0 }, LAST_DAY, [1], a],
      [{}, LAST_DAY, [1], off],
      [{}, scoped, [], a],
      [{}, LAST_DAY, ['yesterday'], a],
      [{}, 'SELECT n FROM users WHERE at > now() FOR UPDATE', [], a],
      [{}, 'SELECT n, clock_timestamp() FROM users WHERE at > now()', [], a],
      [{}, "SELECT n FROM users WHERE at > now() AND day > 'yesterday'::date", [], a],
      [{}, 'SELECT n FROM users, now()', [], a],
      [{}, 'EXPLAIN SELECT n FROM users WHERE at > now()', [], a],
      [{}, 'COPY (SELECT now() FROM users) TO STDOUT', [], a],
    ] as const) {
      expect(await outcome({ ...HOUR, ...options }, sql, [...params], executor)).toBe('bypass')
      expect(asked.at(-1)).toEqual({ sql, params })
    }
  })

  it('never changes a write or a definition', async () => {
    for (const sql of [
      'UPDATE users SET at = now()',
      'WITH gone AS (DELETE FROM users WHERE at < now() RETURNING n) SELECT n, now() FROM gone',
      'SELECT n, now() INTO copied FROM users',
      'CREATE VIEW recent AS SELECT n FROM users WHERE at > now()',
      'CREATE TABLE log (at timestamptz DEFAULT now())',
      'PREPARE recent AS SELECT n FROM users WHERE at > now()',
      'SELECT now(); SELECT now()',
    ]) {
      await a.query(sql, [], HOUR)
      expect(asked.at(-1)).toEqual({ sql, params: [] })
      const { advice, ...told } = a.explain(sql, [], HOUR)
      expect(a.explain(sql)).toMatchObject(told)
      expect(advice).not.toContain('set `nowBucket`')
    }
  })

  it('does nothing for `cached`, whose loader asks as it is written', async () => {
    const load = () => a.cached('day', (executor) => executor.query(LAST_DAY, [1], HOUR), HOUR)
    await load()
    await load()
    expect(asked).toEqual([{ sql: LAST_DAY, params: [1] }])
  })

  it('is explained without asking anybody', async () => {
    world.redis.reset()
    const { key, ...rest } = a.explain(LAST_DAY, [1], HOUR)
    expect(rest).toEqual({
      cacheable: true,
      reason: undefined,
      token: undefined,
      statement: 'select',
      tables: ['public.users'],
      volatileFunctions: [],
    })
    const explained = (sql: string) => {
      const { cacheable, reason, token } = a.explain(sql, [], HOUR)
      return [cacheable, reason, token]
    }
    expect(explained('SELECT n, now(), clock_timestamp() FROM users')).toEqual([
      false,
      'volatile-function',
      'clock_timestamp',
    ])
    expect(explained('SELECT now(), age(at) FROM users')).toEqual([false, 'volatile-function', 'age'])
    expect(explained('SELECT n FROM now() AS n')).toEqual([false, 'volatile-function', 'now'])
    expect(explained('SELECT n FROM users WHERE at > now() FOR SHARE')).toEqual([false, 'locking', 'for share'])
    expect(explained('SELECT n, f(now()) FROM users')).toEqual([false, 'unknown-function', 'f'])
    expect([world.redis.commands, asked.length]).toEqual([0, 0])
    expect(key).toBe((await a.queryResult(LAST_DAY, [1], HOUR)).cache.key)
  })

  it('lets `onUnknown` decide about functions, and nothing else', async () => {
    const lenient = world.isolate({ sql: { onUnknown: 'ttl-only' } })
    await world.warm(lenient)
    const sql = 'SELECT f(n) FROM users WHERE at > now()'
    const { cache } = await lenient.queryResult(sql, [], HOUR)
    expect(cache).toMatchObject({ outcome: 'miss', reason: 'unknown-function' })
    expect(await outcome(HOUR, sql, [], lenient)).toBe('l1')
    expect(await outcome({}, sql, [], lenient)).toBe('bypass')
    expect(await outcome(HOUR, 'SELECT f(n), random() FROM users WHERE at > now()', [], lenient)).toBe('bypass')
    expect(await outcome(HOUR, 'SELECT f(n) FROM users WHERE at > now() FOR UPDATE', [], lenient)).toBe('bypass')
  })

  it('works out a text once, and forgets it with the text', () => {
    const { core } = a
    const { statements } = core.cache
    const record = statements.record(core.statements, core.database, LAST_DAY)
    const made = statements.withoutClock(core.statements, core.database, record, 1)
    expect(made?.key).toBe(GIVEN)
    expect(statements.withoutClock(core.statements, core.database, record, 1)).toBe(made)
    expect(core.statements.get(GIVEN)).toBe(made)
  })

  it.each([0, -1, Infinity, NaN, '60', true])('refuses %s', async (nowBucket) => {
    await expect(a.query(LAST_DAY, [1], { nowBucket } as never)).rejects.toThrow('`nowBucket`')
  })
})
