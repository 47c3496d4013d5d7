/** Statements that between them return every Postgres type whose value could come back different from a cache. */
export interface TypeCase {
  name: string
  /** An expression, or a whole SELECT. */
  expr: string
}

const cases: Record<string, string> = {
  bool: `true, false, NULL::bool`,
  int2: `32767::int2, (-32768)::int2`,
  int4: `0, 2147483647, (-2147483648)::int4`,
  int8: `9223372036854775807::int8, (-9223372036854775808)::int8, 42::int8, 9007199254740993::int8`,
  numeric: `1.10::numeric, 'NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric, 123456789012345678901234567890.123456789::numeric, 0::numeric`,
  float4: `1.5::float4, 'NaN'::float4, '-0'::float4, 'Infinity'::float4`,
  float8: `0.1::float8 + 0.2::float8, 'NaN'::float8, '-0'::float8, '-Infinity'::float8, 1e308::float8, 5e-324::float8`,
  money: `12.34::money`,
  oid: `4294967295::oid`,
  text: `'', ' ', 'null', 'NULL', '123', '{"a":1}', 'ünïcode 🦊 \u2028', E'line\\nbreak\\ttab\\\\back"quote', repeat('x', 3000)`,
  'varchar, char, name': `'abc'::varchar(10), 'ab'::char(5), 'n'::name, 'x'::"char"`,
  bytea: `'\\x'::bytea, '\\x00ff7f80'::bytea, NULL::bytea, decode(repeat('ab', 600), 'hex')`,
  date: `'2024-02-29'::date, 'infinity'::date, '-infinity'::date, '0044-03-15 BC'::date, '0001-01-01'::date, '99999-12-31'::date`,
  timestamp: `'2024-02-29 12:34:56.789012'::timestamp, 'infinity'::timestamp, '0044-03-15 01:02:03 BC'::timestamp, '1969-12-31 23:59:59.999'::timestamp`,
  timestamptz: `'2024-02-29 12:34:56.789012+00'::timestamptz, '2024-07-01 00:00:00+05:30'::timestamptz, 'infinity'::timestamptz, '-infinity'::timestamptz, '0044-03-15 01:02:03+00 BC'::timestamptz`,
  time: `'12:34:56.789'::time, '24:00:00'::time, '12:34:56+02'::timetz`,
  interval: `'1 year 2 mons 3 days 04:05:06.789'::interval, '-1 day'::interval, '0'::interval, NULL::interval`,
  json: `'{"b":1,"a":[1,2,{"c":null}],"a":3}'::json, 'null'::json, '"text"'::json, '12345678901234567890'::json, '[]'::json, '{"__proto__":{"polluted":1},"constructor":2}'::json`,
  jsonb: `'{"b":1,"a":[1,2,{"c":null}]}'::jsonb, 'null'::jsonb, '1.50'::jsonb, 'true'::jsonb, '{"__proto__":{"polluted":1}}'::jsonb`,
  xml: `'<a>x &amp; y</a>'::xml`,
  domain: `5::information_schema.cardinal_number, 'd'::information_schema.sql_identifier`,
  jsonpath: `'$.a[*]'::jsonpath`,
  uuid: `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid`,
  network: `'192.168.0.1/24'::inet, '::1'::inet, '10.0.0.0/8'::cidr, '08:00:2b:01:02:03'::macaddr, '08:00:2b:01:02:03:04:05'::macaddr8`,
  bits: `B'101'::bit(3), B'10101'::varbit`,
  geometry: `'(1.5,-2)'::point, '<(1,2),3>'::circle, '{1,2,3}'::line, '[(0,0),(1,1)]'::lseg, '((0,0),(1,1))'::box, '((0,0),(1,1),(2,0))'::path, '((0,0),(1,1),(2,0))'::polygon`,
  ranges: `'[1,5)'::int4range, 'empty'::int8range, '[1.5,)'::numrange, '[2024-01-01,2024-02-01)'::daterange, '["2024-01-01 00:00","2024-02-01 00:00"]'::tsrange, tstzrange('2024-01-01 00:00+00', NULL)`,
  multirange: `'{[1,3),[5,7)}'::int4multirange`,
  'text search': `'a fat cat'::tsvector, 'fat & rat'::tsquery`,
  system: `'1:1:'::txid_snapshot, '0/16B3748'::pg_lsn, '(0,1)'::tid, 'pg_class'::regclass`,
  composite: `ROW(1, 'two', NULL), ROW(ROW(1), 'a,b "c"')`,
  'int arrays': `ARRAY[1,2,NULL]::int4[], '{}'::int4[], ARRAY[[1,2],[3,4]], ARRAY[1::int2], ARRAY[9223372036854775807::int8, NULL], NULL::int4[], '[0:1]={7,8}'::int4[]`,
  'number arrays': `ARRAY[1.5, 'NaN']::float8[], ARRAY[1.10, NULL]::numeric[], ARRAY['-0']::float4[], ARRAY[4294967295::oid]`,
  'text arrays': `ARRAY['a', 'with "quotes"', 'comma,', 'back\\slash', '{brace}', '', 'NULL', NULL, ' sp ', 'ü🦊']::text[], ARRAY[['a','b'],['c','d']]::varchar[]`,
  'bool, bytea and uuid arrays': `ARRAY[true, false, NULL], ARRAY['\\x00ff'::bytea, NULL], ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]`,
  'date arrays': `ARRAY['2024-02-29'::date, NULL], ARRAY['2024-02-29 12:34:56'::timestamp], ARRAY['2024-02-29 12:34:56+00'::timestamptz, 'infinity'], ARRAY['12:00'::time]`,
  'json arrays': `ARRAY['{"a":[1]}'::json, 'null'::json, NULL], ARRAY['{"a":"x"}'::jsonb]`,
  'other arrays': `ARRAY['1 day'::interval, NULL], ARRAY['(1,2)'::point], ARRAY['10.0.0.1'::inet], ARRAY['10.0.0.0/8'::cidr], ARRAY['[1,2)'::int4range], ARRAY['[1,2)'::numrange], ARRAY[12.34::money]`,
  'nulls of many types': `NULL::text, NULL::int4, NULL::timestamptz, NULL::jsonb, NULL::text[], NULL::point, NULL`,
  'no rows': `SELECT 1 AS a, now() AS b, '{}'::jsonb AS c WHERE false`,
  'no columns': `SELECT FROM generate_series(1, 3)`,
  'neither rows nor columns': `SELECT WHERE false`,
  'duplicate column names': `SELECT 1 AS a, 'x' AS b, 2 AS a, 3 AS c, 'y' AS b`,
  'names of the object prototype': `SELECT 1 AS "__proto__", 2 AS "constructor", 3 AS "toString", 4 AS "hasOwnProperty", 5 AS "prototype", 6 AS "valueOf"`,
  'an object as __proto__': `SELECT '{"polluted":1}'::jsonb AS "__proto__", 'x' AS a`,
  'odd column names': `SELECT 1 AS " ", 2 AS "a.b", 3 AS "ü🦊", 4 AS "\\", 5 AS """q""", 6 AS "length", 7 AS "then"`,
  'names like numbers': `SELECT 'z' AS z, 'ten' AS "10", 'two' AS "2", 'minus' AS "-1", 'lead' AS "01", 'one' AS "1"`,
  'unnamed columns': `SELECT 1, 2, 'x'`,
  'mixed rows': `SELECT i, CASE WHEN i % 2 = 0 THEN NULL ELSE i::text END AS half, make_interval(days => i) AS every, ('2024-01-01'::timestamptz + make_interval(days => i)) AS at, jsonb_build_object('i', i) AS doc, array_fill(i, ARRAY[2]) AS list, i / 3.0::float8 AS f FROM generate_series(1, 40) i`,
  'many columns': `SELECT ${Array.from({ length: 60 }, (_, i) => `${i} AS c${i}`).join(', ')}`,
}

export const TYPES: readonly TypeCase[] = Object.entries(cases).map(([name, expr]) => ({ name, expr }))

/** The whole statement of a case. Expressions become columns `v0`, `v1`, ... of one row. */
export function statementOf({ expr }: TypeCase): string {
  if (/^SELECT\b/.test(expr)) return expr
  return `SELECT * FROM (SELECT ${expr}) AS v(${expressions(expr)
    .map((_, i) => `v${i}`)
    .join(', ')})`
}

/** The expressions of a list, separated at the commas outside quotes and brackets. */
function expressions(list: string): string[] {
  const found: string[] = []
  let depth = 0
  let quote = ''
  let from = 0
  for (let i = 0; i < list.length; i++) {
    const sign = list[i]!
    if (quote) quote = sign === quote ? '' : quote
    else if (sign === "'" || sign === '"') quote = sign
    else if ('([{'.includes(sign)) depth++
    else if (')]}'.includes(sign)) depth--
    else if (sign === ',' && depth === 0) {
      found.push(list.slice(from, i))
      from = i + 1
    }
  }
  return [...found, list.slice(from)]
}
