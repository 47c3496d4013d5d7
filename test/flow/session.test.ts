import { beforeEach, describe, expect, it } from 'vitest'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

/** A single connection, as `fromPool` makes it of a client. */
class FakeConnection extends FakeDatabase {
  inTransaction = false
  sessionChanges = 0
  markSessionState(): void {
    this.needsScope = true
    this.sessionChanges++
  }
}

let world: World
let connection: FakeConnection
beforeEach(() => {
  world = new World()
  connection = new FakeConnection()
})

describe('a single connection with session state', () => {
  it.each([
    ['query', (e: ReturnType<World['isolate']>) => e.query('SET ROLE bob')],
    ['execute', (e: ReturnType<World['isolate']>) => e.execute('SET ROLE bob')],
    ['transaction', (e: ReturnType<World['isolate']>) => e.transaction([{ sql: 'SET ROLE bob' }])],
    ['a batch', (e: ReturnType<World['isolate']>) => e.queryBatch([{ sql: 'SET ROLE bob' }])],
    ['set_config', (e: ReturnType<World['isolate']>) => e.query("SELECT set_config('role', 'bob', false)")],
    ['several statements', (e: ReturnType<World['isolate']>) => e.query('SET ROLE bob; SELECT 1')],
    ['a block', (e: ReturnType<World['isolate']>) => e.execute('DO $$ BEGIN PERFORM 1; END $$')],
    ['RESET ALL', (e: ReturnType<World['isolate']>) => e.query('RESET ALL')],
    ['DISCARD ALL', (e: ReturnType<World['isolate']>) => e.execute('DISCARD ALL')],
    ['a procedure', (e: ReturnType<World['isolate']>) => e.execute('CALL become($1)', ['bob'])],
    ['a prepared statement', (e: ReturnType<World['isolate']>) => e.execute('EXECUTE become')],
    ['an unknown function', (e: ReturnType<World['isolate']>) => e.query('SELECT become($1)', ['bob'])],
  ])('shares nothing without a scope after %s', async (_name, change) => {
    const executor = world.isolate({}, connection)
    expect(await world.outcome(executor)).toBe('miss')
    expect(await world.outcome(executor)).toBe('l1')
    await change(executor)
    const { cache } = await executor.queryResult(SQL, [1])
    expect([cache.outcome, cache.reason]).toEqual(['bypass', 'scope-required'])
  })

  it.each([
    "SELECT pg_catalog.set_config('role', 'bob', false)",
    "INSERT INTO log SELECT set_config('role', 'bob', false)",
    "UPDATE users SET n = 1 WHERE set_config('role', 'bob', false) = 'bob'",
    "UPDATE pg_settings SET setting = 'bob' WHERE name = 'search_path'",
    "UPDATE pg_catalog.pg_settings SET setting = 'bob' WHERE name = 'search_path'",
    "SELECT now(), become('bob')",
    "INSERT INTO log VALUES (become('bob'))",
    "EXPLAIN ANALYZE SELECT become('bob')",
    "COPY (SELECT become('bob')) TO STDOUT",
    "SELECT query_to_xml('SELECT become()', true, true, '')",
    "SELECT * FROM ts_stat('SELECT become()')",
    "SELECT declared_volatile('bob')",
    "SELECT login('bob')",
    "INSERT INTO log SELECT login('bob')",
    "SELECT assume_uuid('bob')",
    'CREATE EXTENSION becoming',
    'CREATE TEMP TABLE users AS SELECT 1 AS n',
    'CREATE TEMPORARY TABLE IF NOT EXISTS users (n int)',
    'CREATE LOCAL TEMP TABLE users (n int)',
    'CREATE GLOBAL TEMPORARY TABLE users (n int)',
    'CREATE OR REPLACE TEMP VIEW users AS SELECT 1 AS n',
    'CREATE TEMP RECURSIVE VIEW users (n) AS SELECT 1',
    'CREATE TEMP SEQUENCE users',
    'CREATE TABLE pg_temp.users (n int)',
    'CREATE VIEW "pg_temp".users AS SELECT 1 AS n',
    'SELECT 1 AS n INTO TEMP users',
    'SELECT n INTO LOCAL TEMPORARY TABLE users FROM people',
    'SELECT n INTO pg_temp.users FROM people',
    'EXPLAIN ANALYZE CREATE TEMP TABLE users AS SELECT 1 AS n',
    'DISCARD TEMP',
  ])('shares nothing without a scope after %s', async (sql) => {
    const login = { writes: ['logins'], volatile: true }
    const executor = world.isolate({ sql: { functions: { declared_volatile: 'volatile', login } } }, connection)
    await executor.execute(sql)
    expect((await executor.queryResult(SQL, [1])).cache.reason).toBe('scope-required')
  })

  it.each([
    'SELECT now(), clock_timestamp(), random(), gen_random_uuid(), version(), current_date',
    "SELECT nextval('ids'), pg_sleep(1), pg_advisory_xact_lock(1), txid_current(), inet_client_addr()",
    'SELECT * FROM pg_catalog.pg_class, information_schema.tables',
    "INSERT INTO log VALUES (now(), nextval('ids'), lower('X'), declared('x'))",
    "SELECT logs('x')",
    'SELECT n FROM users WHERE owner = current_user FOR UPDATE',
    'DELETE FROM users',
    'CREATE TABLE temp (pg_temp int)',
    'SELECT n INTO temp FROM users',
  ])('goes on after %s', async (sql) => {
    const executor = world.isolate(
      { sql: { functions: { declared: 'stable', logs: { writes: ['log'] } } } },
      connection,
    )
    await executor.query(sql)
    expect(connection.sessionChanges).toBe(0)
    expect(await world.outcome(executor)).toBe('miss')
  })

  it('takes no unknown function for harmless where queries with one are cached', async () => {
    const executor = world.isolate({ sql: { onUnknown: 'ttl-only' } }, connection)
    expect((await executor.queryResult("SELECT become('bob')")).cache.reason).toBe('scope-required')
    expect((await executor.queryResult(SQL, [1])).cache.reason).toBe('scope-required')
  })

  it('stores nothing for a scope that was loaded in the background after the session had become another', async () => {
    const executor = world.isolate({}, connection)
    let person = 'alice'
    connection.answer = () => [[['whose', 25, person]]]
    const lives = { ttl: 5, staleWhileRevalidate: 60, scope: 'alice' }
    await executor.execute('SET ROLE alice')
    await world.warm(executor)
    expect(await world.outcome(executor, lives)).toBe('miss')
    world.now += 6_000
    // The answer is there, and the next one is under way in the background.
    let ask!: () => void
    connection.answer = () => new Promise((resolve) => (ask = () => resolve([[['whose', 25, person]]])))
    expect((await executor.queryResult(SQL, [1], lives)).cache.outcome).toBe('stale')
    await until('the load in the background', () => ask !== undefined)
    connection.answer = () => [[['whose', 25, person]]]
    await executor.execute('SET ROLE bob')
    person = 'bob'
    ask()
    await executor.flush()
    person = 'nobody'
    world.now += 1_000
    for (const isolate of [executor, world.isolate({}, connection)])
      expect(await isolate.query(SQL, [1], lives)).not.toEqual([{ whose: 'bob' }])
  })

  it('stores nothing for a scope that was asked for before the session became another', async () => {
    const executor = world.isolate({}, connection)
    await executor.execute('SET ROLE alice')
    await world.warm(executor)
    let reply!: () => void
    world.redis.after = () => new Promise((resolve) => (reply = resolve))
    const asked = executor.queryResult(SQL, [1], { scope: 'alice' })
    await until('the trip to Redis', () => reply !== undefined)
    world.redis.after = () => {}
    await executor.execute('SET ROLE bob')
    reply()
    expect((await asked).cache).toMatchObject({ outcome: 'bypass', reason: 'scope-required' })
    await executor.flush()
    expect(executor.core.cache.getEntries()).toEqual([])
    expect([...world.redis.data.keys()].filter((key) => key.includes(':e:'))).toEqual([])
  })

  it.each([
    ['the session changed', () => connection.markSessionState()],
    ['a transaction was opened', () => void (connection.inTransaction = true)],
  ])('keeps what was read while %s from everybody else', async (_what, change) => {
    const executor = world.isolate({}, connection)
    await world.warm(executor)
    connection.answer = async () => {
      change()
      return [[['n', 23, '7']]]
    }
    expect(await executor.query(SQL, [1])).toEqual([{ n: 7 }])
    await executor.flush()
    expect([...world.redis.data.keys()].filter((key) => key.includes(':e:'))).toEqual([])
    expect(executor.core.cache.getEntries()).toEqual([])
  })

  it('does not end a transaction that begins while a batch waits for Redis', async () => {
    const executor = world.isolate({}, connection)
    const ends: string[] = []
    connection.transaction = async (statements) => {
      ends.push('COMMIT')
      return Promise.all(statements.map((statement) => connection.run(statement)))
    }
    let reply!: () => void
    world.redis.after = () => new Promise((resolve) => (reply = resolve))
    const batch = executor.queryBatch([{ sql: SQL, params: [1] }, { sql: 'SELECT n FROM orders' }])
    await until('the trip to Redis', () => reply !== undefined)
    world.redis.after = () => {}
    await executor.execute('BEGIN')
    reply()
    expect(await batch).toHaveLength(2)
    expect(ends).toEqual([])
  })

  it('caches nothing inside a transaction, and invalidates everything at its commit', async () => {
    const executor = world.isolate({}, connection)
    const scoped = { scope: 'own' }
    await world.warm(executor)
    expect(await world.outcome(executor, scoped)).toBe('miss')
    await executor.execute('BEGIN')
    await executor.execute('UPDATE users SET n = 99')
    const { cache } = await executor.queryResult(SQL, [1], scoped)
    expect([cache.outcome, cache.reason]).toEqual(['bypass', 'in-transaction'])
    await executor.execute('ROLLBACK TO SAVEPOINT a')
    expect((await executor.queryResult(SQL, [1], scoped)).cache.reason).toBe('in-transaction')
    world.redis.reset()
    await executor.query('COMMIT')
    expect(world.redis.trips.map(({ commands }) => commands[0]![1])).toEqual([expect.stringMatching(/:\*$/)])
    expect(await world.outcome(executor, scoped)).toBe('miss')
    expect(await world.outcome(executor, scoped)).toBe('l1')
  })
})

describe('a transaction of a single connection', () => {
  const scoped = { scope: 'own' }
  const reason = async (executor: ReturnType<World['isolate']>) =>
    (await executor.queryResult(SQL, [1], { ...scoped, refreshCache: true })).cache.reason
  const begun = async () => {
    const executor = world.isolate({}, connection)
    await executor.execute('BEGIN')
    return executor
  }

  it.each([
    'ROLLBACK TO SAVEPOINT s',
    'ROLLBACK WORK TO s',
    'ABORT TRANSACTION TO SAVEPOINT s',
    '/* traceparent=1 */ ROLLBACK TO SAVEPOINT s',
    'ROLLBACK /* x */ TO s',
    'ROLLBACK -- all\n TO s',
    ';ROLLBACK TO s',
    'COMMIT AND CHAIN',
    'COMMIT WORK AND /* x */ CHAIN',
    'ROLLBACK AND CHAIN; SELECT 1',
    "COMMIT PREPARED 'x'",
    "ROLLBACK PREPARED 'x'",
    'PREPARE commit AS SELECT 1',
    'COMMIT; BEGIN',
    'INSERT INTO users VALUES (CASE WHEN true THEN 1 END); SELECT 1',
    "INSERT INTO users SELECT 1 WHERE 'rollback' <> ''; SELECT 'commit'",
    'INSERT INTO users VALUES (1); SELECT 1 -- commit comes later',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END',
    "SELECT E'\\x'; COMMIT; SELECT 'unterminated",
  ])('is open after %s', async (sql) => {
    const executor = await begun()
    await executor.execute(sql)
    expect(await reason(executor)).toBe('in-transaction')
  })

  it.each([
    'COMMIT',
    'COMMIT WORK;',
    'end transaction',
    'ROLLBACK AND NO CHAIN',
    '/* traceparent=1 */ ABORT',
    "PREPARE TRANSACTION 'x'",
    'SELECT 1; COMMIT',
    'COMMIT; SELECT 1;',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; COMMIT',
    'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC END; COMMIT',
  ])('is over after %s', async (sql) => {
    const executor = await begun()
    await executor.execute(sql)
    expect(await reason(executor)).toBeUndefined()
  })

  it.each([
    'BEGIN; INSERT INTO users VALUES (CASE WHEN true THEN 1 END)',
    "START TRANSACTION; INSERT INTO users SELECT 1 WHERE 'rollback' <> ''",
    'BEGIN; INSERT INTO users VALUES (1) -- commit comes later',
    'BEGIN; INSERT INTO users VALUES (1); SAVEPOINT s; ROLLBACK TO s',
    'BEGIN; INSERT INTO users VALUES (1); COMMIT AND CHAIN; INSERT INTO users VALUES (2)',
    'BEGIN; COMMIT AND CHAIN',
    'SELECT 1; /* x */ begin',
    "BEGIN; SELECT 'unterminated",
  ])('is opened by %s', async (sql) => {
    const executor = world.isolate({}, connection)
    await executor.execute(sql)
    expect(await reason(executor)).toBe('in-transaction')
  })

  it.each([
    ['COMMIT', { code: '23505' }, undefined],
    ['COMMIT', { code: '08006' }, 'in-transaction'],
    ['COMMIT', {}, 'in-transaction'],
    ['SELECT 1; COMMIT', { code: '23505' }, 'in-transaction'],
    ['COMMIT; BEGIN', { code: '23505' }, 'in-transaction'],
  ])('where %s fails with %o is taken for open unless it is known to be over', async (sql, error, expected) => {
    const executor = await begun()
    const { answer } = connection
    connection.answer = () => Promise.reject(Object.assign(new Error('failed'), error))
    await expect(executor.execute(sql)).rejects.toThrow('failed')
    connection.answer = answer
    expect(await reason(executor)).toBe(expected)
  })

  it.each(['COMMIT', 'END', 'END TRANSACTION', 'COMMIT AND CHAIN', "PREPARE TRANSACTION 'x'"])(
    'makes everything visible that it has written with %s',
    async (sql) => {
      const executor = await begun()
      world.redis.reset()
      await executor.execute(sql)
      expect(world.redis.trips.map(({ commands }) => commands[0]![1])).toEqual([expect.stringMatching(/:\*$/)])
    },
  )

  it('is open from when its BEGIN is sent: what is asked behind it is asked within it', async () => {
    const executor = world.isolate({}, connection)
    let reply!: () => void
    const { answer } = connection
    connection.answer = ({ sql }) =>
      sql === 'BEGIN' ? new Promise((resolve) => (reply = () => resolve([]))) : [[['n', 23, '7']]]
    const begin = executor.execute('BEGIN')
    await until('BEGIN', () => reply !== undefined)
    expect(await reason(executor)).toBe('in-transaction')
    reply()
    await begin
    connection.answer = answer
  })

  it('is open when a COMMIT that was sent before its BEGIN ends after it was asked for', async () => {
    const executor = await begun()
    await Promise.all([executor.execute('COMMIT'), executor.execute('BEGIN')])
    expect(await reason(executor)).toBe('in-transaction')
  })
})

it("invalidates everything at COMMIT PREPARED, whatever the database's shape", async () => {
  for (const database of [world.database, connection]) {
    const executor = world.isolate({}, database)
    const other = world.isolate({}, world.database)
    await world.warm(other)
    await world.outcome(other)
    await executor.query("/* two phases */ COMMIT PREPARED 'x'")
    await other.flush()
    world.now += 5_000
    expect(await world.outcome(other)).toBe('miss')
  }
})

describe('a database without a session', () => {
  it('takes no notice of session statements', async () => {
    const executor = world.isolate()
    await world.warm(executor)
    await world.outcome(executor)
    await executor.query('BEGIN')
    await executor.query('COMMIT')
    expect(await world.outcome(executor)).toBe('l1')
  })
})
