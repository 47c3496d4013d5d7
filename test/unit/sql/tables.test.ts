import { describe, expect, it } from 'vitest'
import { canonicalTable, readSql } from '../../../src/sql/index.js'

/** Each text is a stable read of these tables and no others. */
const reads: [sql: string, tables: string][] = [
  ['SELECT 1', ''],
  ['SELECT 1;', ''],
  ['select * from users', 'public.users'],
  ['SELECT * FROM Users u, "Users" v, APP.users w', 'app.users public."Users" public.users'],
  ['SELECT * FROM db.app.users', 'app.users'],
  ['SELECT * FROM "my.schema"."a ""b"""', '"my.schema"."a ""b"""'],
  // 63 bytes are kept of a name, quoted or not.
  [`SELECT * FROM "${'x'.repeat(70)}", ${'X'.repeat(64)}`, `public.${'x'.repeat(63)}`],
  ['SELECT * FROM größe, ÄB', 'public.größe public.Äb'],
  ['SELECT * FROM U&"d\\0061ta"', 'public.data'],
  ['SELECT * FROM ONLY a, ONLY (b), c *', 'public.a public.b public.c'],
  ['SELECT * FROM a set, ONLY (b) c, d', 'public.a public.b public.d'],
  ['SELECT * FROM a x JOIN b AS y ON x.id = y.id LEFT OUTER JOIN c USING (id) AS j', 'public.a public.b public.c'],
  [
    'SELECT * FROM a NATURAL LEFT JOIN b CROSS JOIN c INNER JOIN d ON true FULL JOIN e ON true',
    'public.a public.b public.c public.d public.e',
  ],
  ['SELECT * FROM a JOIN b JOIN c ON b.x = c.x ON a.x = b.x, d', 'public.a public.b public.c public.d'],
  ['SELECT * FROM ((a JOIN b ON (true)) CROSS JOIN (c)) AS j (x, y)', 'public.a public.b public.c'],
  [
    'SELECT * FROM a JOIN b ON left(a.x, 1) = right(b.x, 1) AND a.y = b.y LEFT JOIN c ON true',
    'public.a public.b public.c',
  ],
  ['SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.x = a.x) l', 'public.a public.b'],
  [
    'SELECT * FROM ((SELECT 1 FROM a UNION SELECT 2 FROM b) UNION ALL (TABLE c) ORDER BY 1 LIMIT 1) q',
    'public.a public.b public.c',
  ],
  [
    '((SELECT x FROM a) INTERSECT SELECT x FROM b) EXCEPT VALUES (1), ((SELECT x FROM c))',
    'public.a public.b public.c',
  ],
  ['SELECT (SELECT max(x) FROM a), ARRAY(SELECT x FROM b), EXISTS (TABLE c)', 'public.a public.b public.c'],
  [
    'SELECT * FROM a WHERE x IN (SELECT x FROM b) AND y = ANY (SELECT y FROM c) ORDER BY (SELECT 1 FROM d)',
    'public.a public.b public.c public.d',
  ],
  ['SELECT ((SELECT x FROM a) UNION (SELECT x FROM b))', 'public.a public.b'],
  [
    'SELECT x FROM a GROUP BY GROUPING SETS ((x), CUBE (y, z), ROLLUP (w)) HAVING count(*) > (SELECT 1 FROM b)',
    'public.a public.b',
  ],
  [
    'SELECT sum(x) FILTER (WHERE y) OVER (PARTITION BY (z) ORDER BY (w) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM a',
    'public.a',
  ],
  ['SELECT rank() OVER w FROM a WINDOW w AS (PARTITION BY x ORDER BY (SELECT 1 FROM b))', 'public.a public.b'],
  ['SELECT DISTINCT ON (x, lower(y)) x FROM a FETCH FIRST (2) ROWS WITH TIES', 'public.a'],
  ['SELECT * FROM generate_series(1, 3) AS g(x) WITH ORDINALITY', ''],
  [
    "SELECT * FROM CAST('{1,2}' AS int[]) AS c(x), a, ROWS FROM (CAST((SELECT d FROM b) AS text)) r",
    'public.a public.b',
  ],
  ['SELECT * FROM ROWS FROM (unnest($1::int[]), json_to_record(j) AS (a int, b numeric(10,2))) WITH ORDINALITY r', ''],
  [
    'SELECT JSON_ARRAY(SELECT x FROM a ORDER BY 1 FORMAT JSON RETURNING jsonb), JSON_ARRAY((SELECT 1 FROM b) RETURNING numeric(3)) FROM c',
    'public.a public.b public.c',
  ],
  [
    "SELECT * FROM a, XMLTABLE('/x' PASSING (SELECT d FROM b) COLUMNS id int PATH '@id', n numeric(10,2)) x",
    'public.a public.b',
  ],
  [
    "SELECT * FROM a, JSON_TABLE(a.j, '$[*]' COLUMNS (n FOR ORDINALITY, v int PATH '$.v', NESTED PATH '$.k' COLUMNS (w text))) t",
    'public.a',
  ],
  ['SELECT FROM a', 'public.a'],
  ['SELECT a.* FROM a WHERE x IS NOT DISTINCT FROM y AND y IS DISTINCT FROM (SELECT 1 FROM b)', 'public.a public.b'],
  [
    "SELECT EXTRACT(year FROM ts), SUBSTRING(x FROM 1 FOR 2), TRIM(BOTH 'x' FROM y), OVERLAY(x PLACING 'y' FROM 2), POSITION('a' IN x) FROM a",
    'public.a',
  ],
  [
    "SELECT INTERVAL '1' SECOND(2), x::interval DAY TO SECOND(2), '5'::numeric(10,2), CAST(x AS varchar(20)) FROM a",
    'public.a',
  ],
  ["SELECT x #>> '{a,b}', y @> '{}'::jsonb, z ? 'k', a*-1 FROM a -- FROM b", 'public.a'],
  ['SELECT 1 FROM a /* FROM b /* nested */ FROM c */', 'public.a'],
  ["SELECT ' FROM b ', E'\\' FROM c', $$ FROM d $$, $q$ $$ FROM e $q$ FROM a", 'public.a'],
  ['SELECT 2+--FROM b\n1 FROM a', 'public.a'],
  ['SELECT 1 AS "from", t."select", t.table FROM a t', 'public.a'],
  ['WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM b', 'public.b'],
  ['WITH a AS (SELECT * FROM a) SELECT * FROM a', 'public.a'],
  ['WITH a AS MATERIALIZED (TABLE b), c(x) AS NOT MATERIALIZED (SELECT 1) SELECT * FROM a, c, app.a', 'app.a public.b'],
  ['WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1 UNION ALL SELECT * FROM b) SELECT * FROM a', ''],
  ['WITH RECURSIVE a AS (SELECT * FROM x, (WITH x AS (SELECT 1) SELECT * FROM x) q) SELECT * FROM a', 'public.x'],
  ['(WITH a AS (TABLE b) SELECT * FROM a) UNION SELECT * FROM a', 'public.a public.b'],
  ['SELECT * FROM (WITH a AS (TABLE b) SELECT * FROM a) q, a', 'public.a public.b'],
  ['WITH a AS (SELECT 1) SELECT * FROM "a", "A"', 'public."A"'],
  [
    'WITH RECURSIVE t AS (SELECT 1) SEARCH DEPTH FIRST BY a, b SET o CYCLE a SET c TO true DEFAULT false USING p, u AS (TABLE v) SELECT * FROM t, u',
    'public.v',
  ],
  ['VALUES (1, (SELECT x FROM a)), (2, 3)', 'public.a'],
  ['TABLE a', 'public.a'],
]

describe('tables of a read', () => {
  it.each(reads)('%s', (sql, tables) => {
    const facts = readSql(sql)
    expect(facts).toMatchObject({ kind: 'read', stable: true, writes: [], volatileFunctions: [], identity: false })
    expect(facts.tables.join(' ')).toBe(tables)
  })

  it('names without a schema are in the default schema', () => {
    expect(readSql('SELECT * FROM t, public.t', { defaultSchema: 'app' }).tables).toEqual(['app.t', 'public.t'])
  })

  it('views, functions and cascades bring the tables behind them, transitively and without end', () => {
    const options = {
      dependencies: {
        active: ['recent'],
        'public.recent': ['Users', 'active'],
        users: ['app.orders'],
        total: ['sums'],
      },
      functions: { total: 'stable', 'app.top': { reads: ['scores'] } } as const,
    }
    expect(readSql('SELECT total(1), app.top() FROM active', options)).toMatchObject({
      stable: true,
      tables: ['app.orders', 'public.active', 'public.recent', 'public.scores', 'public.sums', 'public.users'],
    })
    expect(readSql('DELETE FROM users', options).writes).toEqual(['app.orders', 'public.users'])
  })
})

describe('canonical names', () => {
  it.each([
    ['users', 'public.users'],
    ['Users', 'public.users'],
    ['"Users"', 'public."Users"'],
    ['"users"', 'public.users'],
    ['app.users', 'app.users'],
    [' App . Users ', 'app.users'],
    ['"my.schema"."t"', '"my.schema".t'],
    ['a."b.c"', 'a."b.c"'],
    ['"a.b".c', '"a.b".c'],
    ['db.app.users', 'app.users'],
    ['"a""b"', 'public."a""b"'],
    ['ÄB', 'public.Äb'],
    ['', 'public.""'],
    ['"open', 'public."""open"'],
    ['x'.repeat(70), `public.${'x'.repeat(63)}`],
    ['é'.repeat(40), `public.${'é'.repeat(31)}`],
  ])('%s', (name, canonical) => {
    expect(canonicalTable(name)).toBe(canonical)
    expect(canonicalTable(canonical)).toBe(canonical)
  })

  it('the default schema is taken as it is', () => {
    expect(canonicalTable('t', 'My')).toBe('"My".t')
  })
})
