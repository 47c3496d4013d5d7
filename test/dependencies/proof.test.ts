/** That the printed map does what it is for: with it a write is seen, and without it the same reads stay old. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalogs } from '../../src/dev/dependencies/catalogs.js'
import { dependencyMap } from '../../src/dev/dependencies/map.js'
import { asSettings } from '../../src/dev/dependencies/print.js'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { QueryOptions, SqlSettings } from '../../src/index.js'
import { FakeRedis } from '../support/fake-redis.js'
import { pglite } from './databases.js'
import { ROWS } from './schema.js'

type Lite = Awaited<ReturnType<typeof pglite>>

let lite: Lite
let printed: SqlSettings
beforeAll(async () => {
  lite = await pglite()
  await lite.exec(ROWS)
  printed = asSettings(dependencyMap(await readCatalogs(lite.database), { defaultSchema: 'eqc_map', schemas: [] }))
}, 120_000)
afterAll(() => lite.close())

/** What somebody has who declares his functions, so that they are cached, and nothing behind anything. */
const bare = (): SqlSettings => ({
  defaultSchema: 'eqc_map',
  functions: Object.fromEntries(Object.keys(printed.functions!).map((name) => [name, 'stable' as const])),
})

/** Two isolates on one Redis, of which one reads and the other writes. */
function isolates(sql: SqlSettings): { reader: CachedQueryExecutor; writer: CachedQueryExecutor } {
  const redis = new FakeRedis()
  const isolate = () =>
    new CachedQueryExecutor(lite.database, createQueryCache({ type: 'redis', redis: { client: redis.sdk }, sql }))
  return { reader: isolate(), writer: isolate() }
}

const direct = async (sql: string): Promise<unknown> => (await lite.pglite.query(sql)).rows

/** Asks until the answer comes from the cache, lets the other isolate write, and asks again. */
async function answers(sql: SqlSettings, read: string, write: string, options: QueryOptions = {}) {
  const { reader, writer } = isolates(sql)
  const ask = async () => {
    const { rows, cache } = await reader.queryResult(read, [], options)
    await reader.flush()
    return { rows, outcome: cache.outcome }
  }
  await ask()
  await ask()
  const before = await ask()
  await writer.query(write)
  await writer.flush()
  const after = await ask()
  return { before, after, truth: await direct(read) }
}

const CASES: [name: string, read: string, write: string, prepare?: string][] = [
  ['a view', 'SELECT count(*)::int AS n FROM named', "INSERT INTO users (name) VALUES ('new')"],
  [
    'a view over a view',
    'SELECT max(name) AS name FROM named_orders',
    "UPDATE users SET name = name || 'z' WHERE id = 9",
  ],
  ['a view of another schema', 'SELECT count(*)::int AS n FROM eqc_app.odd', 'INSERT INTO "Odd ""Name""" VALUES (1)'],
  [
    'a view that calls a function',
    'SELECT total FROM by_function',
    'UPDATE orders SET total = total + 1 WHERE user_id = 1',
  ],
  [
    'a view that uses an operator',
    'SELECT touched FROM by_operator',
    'DELETE FROM log',
    "INSERT INTO log VALUES ('x')",
  ],
  [
    'a materialized view behind a view',
    'SELECT max(total)::int AS n FROM over_summary',
    'REFRESH MATERIALIZED VIEW summary',
    'UPDATE orders SET total = total + 1000',
  ],
  ['an updatable view', 'SELECT count(*)::int AS n FROM users', "INSERT INTO named (name) VALUES ('new')"],
  [
    'a volatile view that is written',
    'SELECT count(*)::int AS n FROM users',
    "INSERT INTO recent (name) VALUES ('new')",
  ],
  ['a function', 'SELECT order_total(1)::int AS n', 'UPDATE orders SET total = total + 1 WHERE user_id = 1'],
  ['an overload', "SELECT order_total('x')::int AS n", 'INSERT INTO lines VALUES (99)'],
  [
    'a function that calls others',
    'SELECT indirect(1)::int AS n',
    'UPDATE orders SET total = total + 1 WHERE user_id = 1',
  ],
  ['a body in SQL', 'SELECT atomic_total(2)::int AS n', 'INSERT INTO orders SELECT max(id) + 1, 2, 5 FROM orders'],
  ['an aggregate', 'SELECT logged_of(id) AS n FROM base', "INSERT INTO log VALUES ('x')"],
  [
    'a function called as a column',
    'SELECT u.label FROM users u WHERE u.id = 3',
    "UPDATE eqc_app.settings SET value = value || 'w'",
  ],
  [
    'a function called as a column, with a default of its own',
    'SELECT u.highest AS n FROM users u WHERE u.id = 3',
    'UPDATE numbers SET n = n + 1',
  ],
  ['a function that writes', 'SELECT sum(n)::int AS n, count(*)::int AS m FROM totals', 'SELECT bump(5)'],
  [
    'a fixed text that is executed',
    'SELECT count(*)::int AS n FROM log',
    'SELECT fixed_text()',
    "INSERT INTO log VALUES ('x')",
  ],
  [
    'a cascade',
    'SELECT count(*)::int AS n FROM orders',
    'DELETE FROM users WHERE id = (SELECT max(user_id) FROM orders)',
  ],
  [
    'a cascade behind a cascade',
    'SELECT count(order_id)::int AS n FROM lines',
    'DELETE FROM users WHERE id = (SELECT max(user_id) FROM orders WHERE id IN (SELECT order_id FROM lines))',
  ],
  ['a trigger', 'SELECT count(*)::int AS n FROM log', 'DELETE FROM orders WHERE id = (SELECT max(id) FROM orders)'],
  [
    'a trigger that calls a function',
    'SELECT count(*)::int AS n, sum(n)::int AS m FROM totals',
    'INSERT INTO orders SELECT max(id) + 1, 3, 5 FROM orders',
  ],
  [
    'a trigger in the place of a write',
    'SELECT count(*)::int AS n FROM log',
    "INSERT INTO named_orders (name) VALUES ('x')",
  ],
  [
    "a trigger's condition",
    'SELECT sum(n)::int AS m FROM totals',
    'INSERT INTO visits VALUES (1)',
    'INSERT INTO totals VALUES (1, 1)',
  ],
  ['a default that writes', 'SELECT n FROM numbers', "INSERT INTO bills (for_whom) VALUES ('x')"],
  ['a rule', 'SELECT count(*)::int AS n FROM log', 'INSERT INTO totals VALUES (1, 1)'],
  ['a partition that is written', 'SELECT count(*)::int AS n FROM events', 'INSERT INTO events_1a VALUES (1, 10)'],
  ['a partition that is read', 'SELECT count(*)::int AS n FROM events_1a', 'INSERT INTO events VALUES (1, 10)'],
  ['a partition between', 'SELECT count(*)::int AS n FROM events_1', 'INSERT INTO events_1a VALUES (1, 10)'],
  ['a trigger of a partition', 'SELECT count(*)::int AS n FROM log', 'INSERT INTO events VALUES (1, 10)'],
  ['a child that is written', 'SELECT count(*)::int AS n FROM base', 'INSERT INTO derived VALUES (1)'],
  [
    'a child that is read',
    'SELECT count(*)::int AS n FROM derived',
    'DELETE FROM base WHERE id = (SELECT max(id) FROM derived)',
  ],
  [
    'a child of two parents',
    'SELECT count(*)::int AS n FROM other_base',
    'DELETE FROM base WHERE id = (SELECT max(id) FROM shared)',
  ],
]

describe('a write from another isolate is seen', () => {
  it.each(CASES)('%s', async (_name, read, write, prepare = '') => {
    await lite.exec(prepare)
    const without = await answers(bare(), read, write)
    expect(without.before.outcome).toBe('l2')
    expect(without.after.outcome).toBe('l2')
    expect(without.after.rows, 'without the map it is old').not.toEqual(without.truth)
    await lite.exec(prepare)
    const withMap = await answers(printed, read, write)
    expect(withMap.before.outcome).toBe('l2')
    expect(withMap.before.rows, 'the write changes something').not.toEqual(withMap.truth)
    expect(withMap.after).toEqual({ rows: withMap.truth, outcome: 'miss' })
  })

  it('a table that a policy reads, for somebody who is subject to it', async () => {
    await lite.exec(
      "GRANT USAGE ON SCHEMA eqc_map TO pg_monitor; GRANT ALL ON ALL TABLES IN SCHEMA eqc_map TO pg_monitor; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eqc_map TO pg_monitor; SELECT set_config('app.user', 'ada', false); SET ROLE pg_monitor",
    )
    try {
      const read = 'SELECT count(*)::int AS n FROM accounts'
      const without = await answers(bare(), read, "INSERT INTO teams VALUES (1, 'ada')", { scope: 'ada' })
      expect(without.after).toEqual({ ...without.before, outcome: 'l2' })
      expect(without.after.rows).not.toEqual(without.truth)
      const withMap = await answers(printed, read, 'DELETE FROM teams', { scope: 'ada' })
      expect(withMap.before).toMatchObject({ rows: [{ n: 1 }], outcome: 'l2' })
      expect(withMap.after).toEqual({ rows: [{ n: 0 }], outcome: 'miss' })
    } finally {
      await lite.exec('RESET ROLE')
    }
  })
})

describe('what a map says of reads alone', () => {
  const outcomes = async (sql: SqlSettings, read: string, options: QueryOptions = {}) => {
    const { reader } = isolates(sql)
    for (let i = 0; i < 2; i++) {
      await reader.query(read, [], options)
      await reader.flush()
    }
    const { cache } = await reader.queryResult(read, [], options)
    return cache.reason ?? cache.outcome
  }

  it.each([
    'SELECT count(*) FROM recent',
    'SELECT count(*) FROM sessions',
    'SELECT last_value FROM users_id_seq',
    'SELECT n FROM by_unknown',
    'SELECT count(*) FROM random_view',
  ])('is not cached, because it changes without a write: %s', async (read) => {
    expect(await outcomes(bare(), read)).toBe('l2')
    expect(await outcomes(printed, read)).toBe('volatile-function')
  })

  it.each([
    'SELECT count(*) FROM accounts',
    'SELECT count(*) FROM team_accounts',
    'SELECT count(*) FROM mine',
    'SELECT p.liked_by_me FROM posts p',
    'SELECT me()',
    'SELECT count(*) FROM my_orders()',
  ])('needs a scope, because it depends on who asks: %s', async (read) => {
    expect(await outcomes(bare(), read)).toBe('l2')
    expect(await outcomes(printed, read)).toBe('scope-required')
    expect(await outcomes(printed, read, { scope: 'ada' })).toBe('l2')
  })

  it('keeps reads of a parent while its cascade writes the child', async () => {
    const { reader, writer } = isolates(printed)
    const read = 'SELECT count(*)::int AS n FROM orders'
    for (let i = 0; i < 2; i++) {
      await reader.query(read)
      await reader.flush()
    }
    await writer.query('DELETE FROM lines WHERE id = 1')
    await writer.flush()
    expect((await reader.queryResult(read)).cache.outcome).toBe('l2')
  })
})
