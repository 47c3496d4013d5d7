/** Queries that read the clock in many places, as arbitraries. What PostgreSQL refuses of them is for the tests to leave out. */
import { array, constantFrom, letrec, oneof, tuple } from 'fast-check'
import type { Arbitrary } from 'fast-check'

/** Every way to write the start of the transaction as a `timestamptz`. */
const MOMENTS = [
  'now()',
  'NOW ( )',
  '"now"()',
  'pg_catalog.now()',
  '"pg_catalog" . "now" ()',
  'now/* now() */()',
  'now -- now()\n()',
  'current_timestamp',
  'CURRENT_TIMESTAMP (3)',
  'transaction_timestamp()',
]
/** The same as other types, for items. */
const OTHERS = ['current_date', 'Current_Time', 'current_time(2)', 'localtime', 'localtime(0)', 'localtimestamp(1)']
/** What looks like a clock and is none. */
const DECOYS = ["'now() current_date'", '$q$ now() $q$', "E'\\'now()'", 't.now', '"current_date"', '$1', '$2::text']

const list = (item: Arbitrary<string>, most = 3): Arbitrary<string> =>
  array(item, { minLength: 1, maxLength: most }).map((items) => items.join(', '))
/** Fills `?` with the parts in turn. */
const filled = (pattern: string, ...parts: Arbitrary<string>[]): Arbitrary<string> =>
  tuple(...parts).map((values) => values.reduce((text, value) => text.replace('?', () => value), pattern))

type Parts = {
  moment: string
  condition: string
  item: string
  table: string
  query: string
}

const parts = letrec<Parts>((tie) => {
  const moment = tie('moment')
  const condition = tie('condition')
  const item = tie('item')
  const table = tie('table')
  const query = tie('query')
  const flat = constantFrom(...MOMENTS, 'at', '$3::timestamptz')
  return {
    moment: oneof(
      { maxDepth: 3 },
      flat,
      filled('(?)', moment),
      filled("? - interval '1 day'", moment),
      filled("date_trunc('hour', ?)", moment),
      filled('coalesce(?, ?)', moment, moment),
      filled('greatest(?, ?)', moment, moment),
      filled('CASE WHEN ? THEN ? ELSE ? END', condition, moment, moment),
      filled('CASE ? WHEN ? THEN ? END', moment, moment, moment),
      filled('(SELECT ?)', moment),
      filled('CAST(? AS timestamptz)', moment),
      filled('(?)::date::timestamptz', moment),
      filled('(?)::timestamptz(2)', moment),
      filled('(ARRAY[?, ?])[1]', moment, moment),
      filled("? AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'", flat),
      filled('(SELECT max(x) FROM (SELECT ? AS x FROM t WHERE ?) s)', moment, condition),
    ),
    condition: oneof(
      { maxDepth: 3 },
      filled('? > ?', moment, moment),
      filled('? BETWEEN ? AND ?', moment, moment, moment),
      filled('? NOT BETWEEN ? AND ?', flat, flat, flat),
      filled('? IN (?, ?)', moment, moment, moment),
      filled('? IN (?)', moment, moment),
      filled('? IS NOT DISTINCT FROM ?', moment, moment),
      filled('extract(year FROM ?) > 2000', moment),
      filled("(?, interval '1 day') OVERLAPS (?, ?)", moment, moment, moment),
      filled('NOT (?)', condition),
      filled('(? AND ?)', condition, condition),
      filled('(? OR ?)', condition, condition),
      filled('EXISTS (SELECT ? FROM t WHERE ?)', moment, condition),
      filled('at::date = ?', constantFrom('current_date', 'CURRENT_DATE')),
    ),
    item: oneof(
      filled('?', moment),
      filled('? AS moment', moment),
      filled('? "now"', flat),
      filled('? label', flat),
      filled('?', constantFrom(...OTHERS)),
      filled('?', constantFrom(...DECOYS)),
      filled('(?)::text COLLATE "C"', moment),
      filled('?::date', flat),
      filled('?::text', constantFrom(...OTHERS)),
      filled('CAST(? AS date)', moment),
      filled('CASE WHEN ? THEN NULL ELSE ? END', condition, moment),
      filled('row_to_json((SELECT s FROM (SELECT ?, ?) s))::text', moment, moment),
      filled('to_char(?, ?)', moment, constantFrom("'YYYY'", "'now()'")),
      filled('(?)', condition),
      constantFrom('id current_date', 'id AS current_date', 'id AS now', 't.*'),
    ),
    table: oneof(
      { maxDepth: 2 },
      constantFrom('t', 't', 't', 't CROSS JOIN (SELECT id AS n FROM t AS s) AS u'),
      filled("t, generate_series(? - interval '1 day', ?, '6 hours') AS g(hour)", flat, flat),
      filled("t, ROWS FROM (generate_series(?, ?, '1 day'), unnest(ARRAY[?])) AS g", flat, flat, flat),
      filled('t LEFT JOIN (SELECT ?, id AS n FROM t AS s) AS u ON ?', item, condition),
      filled('t, LATERAL (SELECT ? FROM (VALUES (?), (?)) AS v(a)) AS u', moment, moment, moment),
      // These are tables of their own.
      constantFrom('t, now() AS n', 't, current_date', 't, CAST(now() AS date) AS c', 't, coalesce(now(), at)'),
    ),
    query: oneof(
      { maxDepth: 1 },
      filled('SELECT ? FROM ? WHERE ?', list(item), table, condition),
      filled('SELECT ? FROM ?', list(item), table),
      filled('SELECT DISTINCT ? FROM t', moment),
      moment.map((e) => `SELECT DISTINCT ON (${e}) ${e}, id FROM t ORDER BY ${e}, id`),
      tuple(moment, condition).map(
        ([e, c]) => `SELECT ${e}, count(*) FROM t WHERE ${c} GROUP BY ${e} HAVING ${e} > $3 ORDER BY ${e}`,
      ),
      moment.map((e) => `SELECT DISTINCT ${e} FROM t ORDER BY ${e} DESC`),
      moment.map((e) => `SELECT ${e}, count(*) FROM t GROUP BY ROLLUP (${e}) ORDER BY 1, 2`),
      moment.map((e) => `SELECT id, rank() OVER (PARTITION BY ${e} ORDER BY ${e}, id) FROM t`),
      filled('SELECT ?, id FROM t ORDER BY ?, id LIMIT extract(day FROM ?)::int', moment, moment, flat),
      filled('SELECT ? UNION ALL SELECT ? FROM t', constantFrom(...MOMENTS), moment),
      filled('SELECT count(*) FILTER (WHERE ?), max(?) FROM t', condition, moment),
      filled(
        'SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ?), ? FROM (?) AS q(at)',
        flat,
        constantFrom(...MOMENTS),
        flat.map((e) => `SELECT ${e} FROM t`),
      ),
      filled('WITH c AS (?) SELECT *, ? FROM c', query, constantFrom(...MOMENTS, ...OTHERS)),
      filled('SELECT * FROM (?) AS q', query),
      filled('VALUES (?), (?)', constantFrom(...MOMENTS), constantFrom(...MOMENTS)),
      filled('(?) LIMIT 500', query),
    ),
  }
})

/** A query over `t (id int, at timestamptz, now text, "current_date" text)` with the parameters `PARAMETERS`. */
export const clockQuery: Arbitrary<string> = parts.query.map((sql) => {
  const given = 'WITH given AS (SELECT $1::int, $2::text, $3::timestamptz)'
  return `${given}${sql.startsWith('WITH') ? `,${sql.slice(4)}` : ` ${sql}`} -- $4 now()`
})

export const PARAMETERS: readonly unknown[] = [1, 'now()', '2020-01-01T00:00:00Z']
