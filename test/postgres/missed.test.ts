/**
 * Writes that caches in front of Postgres were seen to miss, each carried out: read on two isolates, written through one, read on both. And
 * what they were seen to cache although it writes, or belongs to somebody else.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPostgres } from '../../src/dev/postgres.js'
import type { LocalDatabase } from '../../src/dev/local-database.js'
import { serveNeon } from '../../src/dev/neon.js'
import type { Endpoint } from '../../src/dev/serve.js'
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../src/index.js'
import type { SqlSettings } from '../../src/index.js'
import { FakeRedis } from '../support/fake-redis.js'

const SCHEMA = `
  CREATE SCHEMA app;
  CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE posts (id serial PRIMARY KEY, author int REFERENCES users ON DELETE CASCADE, n int NOT NULL);
  CREATE TABLE counters (what text PRIMARY KEY, n int NOT NULL);
  CREATE TABLE app.posts (id serial PRIMARY KEY, n int NOT NULL);
  CREATE VIEW authors AS SELECT u.id, u.name, count(p.id)::int AS n FROM users u LEFT JOIN posts p ON p.author = u.id GROUP BY u.id;
  CREATE VIEW busy AS SELECT * FROM authors WHERE n > 0;
  CREATE FUNCTION add_post(int) RETURNS int LANGUAGE sql AS 'INSERT INTO posts (author, n) VALUES (1, $1) RETURNING n';
  CREATE FUNCTION total() RETURNS int LANGUAGE sql STABLE AS 'SELECT sum(n)::int FROM posts';
  CREATE FUNCTION count_post() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN UPDATE counters SET n = n + 1 WHERE what = 'posts'; RETURN NULL; END $$;
  CREATE TRIGGER counted AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION count_post();`
const ROWS = `
  TRUNCATE users, posts, counters, app.posts;
  INSERT INTO users VALUES (1, 'ann'), (2, 'ben');
  INSERT INTO counters VALUES ('posts', 0);
  INSERT INTO posts (author, n) VALUES (1, 10), (2, 20);
  INSERT INTO app.posts (n) VALUES (100)`
/** What the texts do not show, as its user declares it. */
const DECLARED: SqlSettings = {
  dependencies: {
    authors: { reads: ['users', 'posts'] },
    busy: { reads: ['authors'] },
    users: { writes: ['posts'] },
    posts: { writes: ['counters'] },
  },
  functions: { add_post: { writes: ['posts'] }, total: { reads: ['posts'] } },
}

let database: LocalDatabase
let endpoint: Endpoint
let redis: FakeRedis
let now: number
beforeAll(async () => {
  database = await openPostgres(undefined, undefined)
  endpoint = await serveNeon(database, undefined, () => {})
  await database.exec(SCHEMA)
}, 60_000)
afterAll(async () => {
  await endpoint.close()
  await database.close()
})
beforeEach(async () => {
  await database.exec(ROWS)
  redis = new FakeRedis()
  now = 1_800_000_000_000
})

function isolate(sql = DECLARED, authToken?: string): CachedQueryExecutor {
  const pool = createConnectionPool({
    connectionString: 'postgres://app:secret@db.example.com/app',
    fetchEndpoint: `${endpoint.url}/sql`,
    authToken,
  })
  const cache = createQueryCache({ type: 'hybrid', sql, redis: { client: redis.sdk, timeoutMs: 10_000 } })
  return new CachedQueryExecutor(pool, cache, { now: () => now })
}

async function ask(executor: CachedQueryExecutor, sql: string) {
  const { rows, cache } = await executor.queryResult(sql)
  await executor.flush()
  return { rows, outcome: cache.outcome }
}

/** Reads on two isolates until both have it, writes through one, and sees that both have what the database has. */
async function seen(read: string, write: (executor: CachedQueryExecutor) => Promise<unknown>): Promise<void> {
  const [a, b] = [isolate(), isolate()]
  const before = (await ask(a, read)).rows
  await ask(a, read)
  await ask(b, read)
  for (const executor of [a, b]) expect(await ask(executor, read)).toEqual({ rows: before, outcome: 'l1' })
  await write(a)
  const after = (await a.queryResult(read, [], { skipCache: true })).rows
  expect(after).not.toEqual(before)
  // The isolate that wrote sees it at once, another one within two seconds, and one that has just begun.
  expect((await ask(a, read)).rows).toEqual(after)
  now += 2_001
  expect((await ask(b, read)).rows).toEqual(after)
  expect(await ask(isolate(), read)).toEqual({ rows: after, outcome: 'l2' })
}

const MORE = 'INSERT INTO posts (author, n) VALUES (1, 1)'
const executes = (sql: string) => (executor: CachedQueryExecutor) => executor.execute(sql)

describe("what Drizzle's cache misses", () => {
  it('a table in a CTE', () =>
    seen(
      'WITH p AS (SELECT author, n FROM posts) SELECT u.name, p.n FROM users u JOIN p ON p.author = u.id ORDER BY n',
      executes(MORE),
    ))
  it('a table in a subquery of WHERE', () =>
    seen(
      'SELECT name FROM users WHERE id IN (SELECT author FROM posts WHERE n > 10) ORDER BY name',
      executes('UPDATE posts SET n = 11'),
    ))
  it('a table behind a view', () => seen('SELECT name, n FROM authors ORDER BY name', executes(MORE)))
  it('a table of a pgSchema', () =>
    seen('SELECT n FROM app.posts ORDER BY n', executes('UPDATE "app"."posts" SET n = n + 1')))
  it('invalidating a table of a pgSchema by its name', () =>
    seen('SELECT n FROM app.posts ORDER BY n', async (executor) => {
      await database.exec('UPDATE app.posts SET n = n + 1')
      await executor.invalidate({ tables: ['app.posts'] })
    }))
  it('a raw execute', () =>
    seen('SELECT n FROM posts ORDER BY n', executes('/* raw */ Update "public" . "posts" Set n = n + 1;')))
  it('a write in a batch', () =>
    seen('SELECT n FROM posts ORDER BY n', (executor) =>
      executor.queryBatch([{ sql: 'SELECT 1 AS one' }, { sql: MORE }, { sql: 'SELECT 2 AS two' }]),
    ))
  it('a write in a settled batch beside one that fails', () =>
    seen('SELECT n FROM posts ORDER BY n', (executor) =>
      executor.queryBatchSettled([{ sql: 'SELECT 1/0' }, { sql: MORE }, { sql: 'SELECT nothing' }]),
    ))
  it('a write in a transaction', () =>
    seen('SELECT n FROM posts ORDER BY n', (executor) => executor.transaction([{ sql: 'SELECT 1' }, { sql: MORE }])))
  it('a write in a CTE', () =>
    seen('SELECT n FROM posts ORDER BY n', (executor) =>
      executor.query('WITH gone AS (DELETE FROM posts WHERE n = 10 RETURNING n) SELECT n FROM gone'),
    ))
  it('$withAuth: one token is never given the rows of another', async () => {
    const read = 'SELECT n FROM posts ORDER BY n'
    const [a, b] = [isolate(DECLARED, 'token a'), isolate(DECLARED, 'token b')]
    for (const executor of [a, b, a, b]) expect((await ask(executor, read)).outcome).toBe('bypass')
    expect([...redis.data.keys()].filter((key) => key.includes(':e:'))).toEqual([])
    for (const [executor, scope] of [
      [a, 'a'],
      [b, 'b'],
    ] as const)
      expect((await executor.queryResult(read, [], { scope })).cache.outcome).toBe('miss')
  })
})

describe('gap N6: what a text depends on, or not cached', () => {
  it('a CTE that hides a table, and one of that name outside it', () =>
    seen(
      'SELECT (WITH posts AS (SELECT 1 AS n) SELECT n FROM posts) AS own, max(n) AS n FROM posts',
      executes('UPDATE posts SET n = 99'),
    ))
  it('a subquery in the select list', () =>
    seen('SELECT name, (SELECT max(n) FROM posts) AS n FROM users ORDER BY name', executes('UPDATE posts SET n = 99')))
  it('a lateral subquery', () =>
    seen(
      'SELECT u.name, p.n FROM users u CROSS JOIN LATERAL (SELECT max(n) AS n FROM posts WHERE author = u.id) p ORDER BY name',
      executes('UPDATE posts SET n = 99'),
    ))
  it('a view of a view', () =>
    seen('SELECT name, n FROM busy ORDER BY name', executes('DELETE FROM posts WHERE author = 2')))
  it('a function that reads', () => seen('SELECT total() AS n', executes(MORE)))
  it('the second half of a UNION', () =>
    seen('SELECT id FROM users UNION ALL SELECT n FROM posts ORDER BY 1', executes(MORE)))
  it('a name with its schema, and one without', () =>
    seen('SELECT n FROM "public".posts ORDER BY n', executes('DELETE FROM ONLY Posts WHERE n = 10')))
  it('a cascade of a foreign key', () =>
    seen('SELECT n FROM posts ORDER BY n', executes('DELETE FROM users WHERE id = 2')))
  it('a cascade of a foreign key, behind a view', () =>
    seen('SELECT n FROM authors ORDER BY n', executes('DELETE FROM users WHERE id = 2')))
  it('a trigger', () => seen("SELECT n FROM counters WHERE what = 'posts'", executes(MORE)))
  it('a trigger of a table that a cascade or function reaches', () =>
    seen("SELECT n FROM counters WHERE what = 'posts'", (executor) => executor.query('SELECT add_post(5)')))
  it('a function that writes, declared, by query', () =>
    seen('SELECT n FROM posts ORDER BY n', (executor) => executor.query('SELECT add_post(5)')))
  it('a function that writes, declared, in a batch', () =>
    seen('SELECT n FROM posts ORDER BY n', (executor) => executor.queryBatch([{ sql: 'SELECT add_post(5)' }])))
  it('a block, a rename: what nobody can read changes everything', () =>
    seen('SELECT n FROM posts ORDER BY n', executes("DO $$ BEGIN EXECUTE 'UPDATE po' || 'sts SET n = n + 1'; END $$")))

  it.each([
    'SELECT add_post(5)',
    'SELECT now(), add_post(5)',
    'EXPLAIN ANALYZE SELECT add_post(5)',
    'INSERT INTO app.posts (n) VALUES (add_post(5))',
    'UPDATE app.posts SET n = add_post(5)',
  ])('a function that nobody declared, executed, changes everything: %s', async (sql) => {
    const [a, b] = [isolate({}), isolate({})]
    const read = 'SELECT n FROM posts ORDER BY n'
    for (const executor of [a, b, a, b]) await ask(executor, read)
    await a.execute(sql)
    now += 2_001
    for (const executor of [a, b]) expect((await ask(executor, read)).rows).toHaveLength(3)
  })

  it.each([
    ['INSERT ... RETURNING', 'INSERT INTO posts (author, n) VALUES (1, 5) RETURNING n', DECLARED],
    [
      'a data-modifying CTE',
      'WITH p AS (INSERT INTO posts (author, n) VALUES (1, 5) RETURNING n) SELECT n FROM p',
      DECLARED,
    ],
    ['a function that writes, declared', 'SELECT add_post(5) AS n', DECLARED],
    ['a function that nobody declared', 'SELECT add_post(5) AS n', {}],
    ['one in FROM', 'SELECT * FROM add_post(5) AS n', {}],
    ['one in a subquery', 'SELECT (SELECT max(add_post(5)) FROM users WHERE id = 1) AS n', {}],
  ])('%s is carried out every time', async (_name, sql, declared) => {
    const executor = isolate(declared)
    for (let i = 0; i < 3; i++) expect(await executor.query(sql, [], { ttl: 600 })).toEqual([{ n: 5 }])
    await executor.queryBatch([{ sql }, { sql }])
    expect((await database.query('SELECT count(*) FROM posts WHERE n = 5')).rows).toEqual([['5']])
    expect(executor.core.cache.getEntries()).toEqual([])
  })
})

describe('gap N9: who asks is a part of the key where it matters', () => {
  const read = 'SELECT n FROM posts ORDER BY n'

  it('with a token nothing is shared without a scope, and explain says so', async () => {
    const executor = isolate(DECLARED, 'token')
    expect(executor.explain(read)).toMatchObject({ cacheable: false, reason: 'scope-required' })
    expect(executor.explain(read, [], { scope: 'tenant 1' })).toMatchObject({ cacheable: true })
  })

  it('without one it is where the text, or the map of row security, says that it matters', () => {
    const executor = isolate({ ...DECLARED, rowSecurity: ['posts'] })
    for (const sql of [
      'SELECT current_user',
      "SELECT current_setting('app.tenant')",
      'SELECT auth.uid()',
      read,
      'SELECT * FROM busy',
      'SELECT total()',
    ])
      expect([sql, executor.explain(sql)]).toMatchObject([sql, { cacheable: false, reason: 'scope-required' }])
    expect(executor.explain('SELECT name FROM users')).toMatchObject({ cacheable: true })
  })

  it('tenants with one key, one tag and one parameter have their own results, and lose them together', async () => {
    const [a, b] = [isolate(), isolate()]
    const of = async (executor: CachedQueryExecutor, scope: string) => {
      const { cache } = await executor.queryResult(read, [], { scope, cacheKey: 'report', tags: ['tenant'] })
      await executor.flush()
      return cache.outcome
    }
    await of(a, 'warm')
    expect([await of(a, 't1'), await of(b, 't2'), await of(b, 't1'), await of(a, 't2')]).toEqual([
      'miss',
      'miss',
      'l2',
      'l2',
    ])
    await a.invalidate({ tags: ['tenant'] })
    now += 2_001
    expect([await of(b, 't1'), await of(b, 't2')]).toEqual(['miss', 'miss'])
  })
})
