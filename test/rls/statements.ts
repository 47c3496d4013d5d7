/** Random reads and writes over the secured tables. Every read's rows say whose they are in `whose`. */
import type { Chance } from '../consistency/virtual-time.js'
import type { Person } from './database.js'

export interface Text {
  sql: string
  params: unknown[]
}

/** What the texts do not show of the database, as its user would declare it. */
export const DECLARED = {
  dependencies: { my_orders: ['orders'], my_ledger: ['ledger'], everybodys: ['orders'] },
  functions: { my_balance: { reads: ['ledger'], identity: true } },
} as const
export const ROW_SECURITY = ['notes', 'orders', 'messages', 'ledger', 'my_ledger'] as const

const TABLES = ['products', 'notes', 'orders', 'messages', 'ledger'] as const
const SOURCES = [...TABLES, 'my_orders', 'my_ledger', 'everybodys', 'my_balance()', 'public.notes', '"orders"'] as const
/** Things that depend on who asks, and the same for everybody. */
const WORDS = [
  'current_user::text',
  'CURRENT_ROLE::text',
  "current_setting('app.user_id', true)",
  'auth.user_id()',
  "has_table_privilege('notes', 'select')",
  "'constant'::text",
] as const
const CONDITIONS = [
  'true',
  'a.n > 0',
  'a.n >= $1',
  'a.id % 2 = $1',
  "a.whose = current_setting('app.user_id', true)",
  'a.whose IN (auth.user_id(), $1::text)',
  'a.n IN (SELECT n FROM products)',
  "EXISTS (SELECT 1 FROM messages m WHERE m.whose = 'all' AND m.n = a.n)",
  "current_user LIKE '%' || a.whose OR a.whose = 'all'",
] as const

/** A read of some shape. Few values of the parameters, so that results are asked for again. */
export function randomRead(chance: Chance): Text {
  const [one, two] = [chance.pick(SOURCES), chance.pick(SOURCES)]
  const where = chance.pick(CONDITIONS)
  const word = chance.pick(WORDS)
  const texts = [
    `SELECT a.whose, a.id, a.n FROM ${one} a WHERE ${where} ORDER BY a.id, a.whose`,
    `SELECT a.whose, a.n, ${word} AS word FROM ${one} a WHERE ${where} ORDER BY a.id, a.whose LIMIT 3`,
    `SELECT a.whose, b.whose AS whose2, a.n + b.n AS n FROM ${one} a JOIN ${two} b ON a.n = b.n WHERE ${where}`,
    `SELECT a.whose, b.n FROM ${one} a LEFT JOIN LATERAL (SELECT max(n) AS n FROM ${two} x WHERE x.id <= a.id) b ON true WHERE ${where}`,
    `WITH a AS (SELECT * FROM ${one}) SELECT a.whose, count(*)::int AS n, sum(a.n)::int AS total FROM a WHERE ${where} GROUP BY a.whose`,
    `WITH RECURSIVE a AS (SELECT whose, id, n FROM ${one} UNION SELECT whose, id, n - 1 FROM a WHERE n > 0) SELECT whose, max(n) AS n, min(n) AS least FROM a WHERE ${where} GROUP BY whose`,
    `SELECT whose, id, n FROM ${one} a WHERE ${where} UNION ALL SELECT b.whose, b.id, b.n FROM ${two} b`,
    `SELECT 'all' AS whose, (SELECT count(*)::int FROM ${one} a WHERE ${where}) AS n, ${word} AS word`,
    `SELECT a.whose, rank() OVER (PARTITION BY a.whose ORDER BY a.n, a.id)::int AS n FROM ${one} a WHERE ${where}`,
  ]
  const sql = chance.pick(texts)
  return { sql, params: paramsOf(sql, chance) }
}

function paramsOf(sql: string, chance: Chance): unknown[] {
  if (sql.includes('$1::text')) return [chance.pick(['all', 'nobody'])]
  return sql.includes('$1') ? [chance.between(0, 1)] : []
}

/** A write to the person's own rows, or to everybody's. */
export function randomWrite(chance: Chance, person: Person): Text {
  const table = chance.pick(TABLES)
  if (table === 'products')
    return { sql: 'UPDATE products SET n = n % 5 + 1 WHERE id = $1', params: [chance.between(1, 4)] }
  const n = chance.between(1, 6)
  return chance.pick([
    { sql: `UPDATE ${table} SET n = n % 7 + $2 WHERE whose = $1`, params: [person, n] },
    { sql: `INSERT INTO ${table} (whose, n) VALUES ($1, $2) RETURNING whose, id, n`, params: [person, n] },
    {
      sql: `DELETE FROM ${table} WHERE whose = $1 AND id > (SELECT min(id) + 6 FROM ${table} WHERE whose = $1)`,
      params: [person],
    },
    {
      sql: `WITH changed AS (UPDATE ${table} SET n = $2 WHERE whose = $1 AND id % 2 = 0 RETURNING whose, n) SELECT whose, n FROM changed`,
      params: [person, n],
    },
  ])
}
