import { describe, expect, it } from 'vitest'
import { readSql } from '../../../src/sql/index.js'

describe('what makes a read volatile', () => {
  it.each([
    ['SELECT now()', 'now'],
    ['SELECT NOW ( )', 'now'],
    ['SELECT "now"()', 'now'],
    ['SELECT pg_catalog.now()', 'pg_catalog.now'],
    ["SELECT * FROM t WHERE a > now() - interval '1 day'", 'now'],
    ['SELECT * FROM t ORDER BY random()', 'random'],
    ['SELECT * FROM t JOIN u ON random() < 0.5', 'random'],
    ['SELECT DISTINCT ON (a) clock_timestamp() FROM t', 'clock_timestamp'],
    ['SELECT (((gen_random_uuid())))', 'gen_random_uuid'],
    ["SELECT nextval('s')", 'nextval'],
    ['SELECT pg_sleep(1)', 'pg_sleep'],
    ['SELECT txid_current()', 'txid_current'],
    ["SELECT set_config('a', 'b', false)", 'set_config'],
    ["SELECT query_to_xml('SELECT 1', true, true, '')", 'query_to_xml'],
    ['SELECT inet_client_addr()', 'inet_client_addr'],
    ["SELECT * FROM dblink('SELECT 1') AS d(a int)", 'dblink'],
    ["SELECT treat('s' AS nextval)", 'pg_catalog.nextval'],
    ['SELECT version()', 'version'],
    ['SELECT age(born) FROM t', 'age'],
    ['SELECT uuidv7()', 'uuidv7'],
    ['SELECT CURRENT_DATE', 'current_date'],
    ['SELECT CURRENT_TIMESTAMP(3)', 'current_timestamp'],
    ['SELECT * FROM t WHERE a = LOCALTIME', 'localtime'],
    ['SELECT * FROM current_date', 'current_date'],
    ['SELECT * FROM now() AS n', 'now'],
    ['SELECT * FROM ROWS FROM (now(), unnest($1))', 'now'],
    ["SELECT 'now'::timestamp", 'now'],
    ["SELECT TIMESTAMP 'today'", 'today'],
    ["SELECT timestamp with time zone 'Now UTC'", 'now'],
    ["SELECT DATE ' tomorrow '", 'tomorrow'],
    ["SELECT CAST('yesterday 12:00' AS date)", 'yesterday'],
    ["SELECT * FROM t WHERE at = 'NOW'", 'now'],
    ["SELECT * FROM t WHERE at > 'today 08:30'", 'today'],
    ["SELECT * FROM t WHERE at > 'now()'", 'now'],
    ["SELECT '[today,tomorrow)'::daterange", 'today'],
    ["SELECT (('now()'))::timestamp", 'now'],
    ["SELECT CAST(('now()') AS date)", 'now'],
    ["SELECT timestamptz('now()')", 'now'],
    // The server passes over what is between the words.
    ["SELECT 'now_'::date", 'now'],
    ["SELECT * FROM t WHERE d = '_today'", 'today'],
    ["SELECT 'today_PST'::timestamptz", 'today'],
    ["SELECT * FROM t WHERE d = 'tomorrow Zulu'", 'tomorrow'],
    ["SELECT * FROM t WHERE d = 'today AMT'", 'today'],
    ["SELECT * FROM t WHERE d = 'Saturday today'", 'today'],
    ["SELECT * FROM t WHERE d = 'today UTC'", 'today'],
    [`SELECT 'now()'::"date"`, 'now'],
    [`SELECT "timestamptz" 'tomorrow MEZ'`, 'tomorrow'],
    ["SELECT coalesce(ts, 'now()') FROM t", 'now'],
    ["SELECT CASE WHEN a THEN 'now()' ELSE ts END FROM t", 'now'],
    ["SELECT CASE WHEN a THEN ts ELSE 'now()' END FROM t", 'now'],
    ["SELECT at - 'now()' FROM t", 'now'],
    ["SELECT * FROM t WHERE at BETWEEN 'now()' AND until", 'now'],
    ["SELECT * FROM t WHERE at BETWEEN since AND 'tomorrow()'", 'tomorrow'],
    [`SELECT '["now()",)'::tstzrange`, 'now'],
    ["SELECT * FROM t WHERE d = 'today monday'", 'today'],
    ["SELECT U&'!006eow' UESCAPE '!'::timestamp", 'now'],
    ["SELECT E'\\x6eow'::timestamp", 'now'],
    ["SELECT U&'\\006eow'::timestamp", 'now'],
    ["SELECT 'no'\n'w'::timestamp", 'now'],
    ["SELECT E'n'\n'\\x6fw'::timestamp", 'now'],
    ['SELECT $$now$$::timestamp', 'now'],
    [`SELECT * FROM json_to_recordset('[{"a": 1, "born": "now"}]') AS x(a int, born date)`, 'now'],
    [`SELECT (jsonb_populate_record(null::t, '{"a": [{"born": "today 12:00"}]}'::jsonb)).born`, 'today'],
    [`SELECT (jsonb '{"born": "yesterday"}' ->> 'born')::date`, 'yesterday'],
    ["SELECT ('(1,some text,now)'::t).born", 'now'],
    // Inside a range or a row a backslash stands for nothing, and two quotes for none.
    ["SELECT '[n\\ow,)'::tstzrange", 'now'],
    [`SELECT '(1,n""ow)'::t`, 'now'],
    [`SELECT '{"(1,to\\morrow)"}'::t[]`, 'now'],
    // Elsewhere they are between words, as a blank is.
    [`SELECT timestamp 'sat"now'`, 'now'],
    ["SELECT 'on\\today'::date", 'today'],
    // What JSON has for a blank or a letter.
    [`SELECT * FROM json_to_recordset('[{"born": "\\tnow"}]') AS x(born date)`, 'now'],
    [`SELECT * FROM json_to_record('{"born": "to\\u0064ay"}') AS x(born date)`, 'now'],
    [`SELECT * FROM json_to_recordset('[{"born": "now()"}]') AS x(born date)`, 'now'],
    // A document in a text of another.
    [`SELECT * FROM jsonb_to_record('{"doc": "{\\"born\\": \\"now\\"}"}') AS x(doc jsonb)`, 'now'],
    ["SELECT 'on tomorrow'::birthday", 'tomorrow'],
    ["SELECT date('today on')", 'today'],
    ["SELECT (app.t '(1,some text,now)').born", 'now'],
    [`SELECT CAST('{"(1,some text,tomorrow)"}' AS app.t[])`, 'tomorrow'],
    ['SELECT (born).age FROM t', 'age'],
    ['SELECT (t.days)[1]."age" FROM t', 'age'],
    ["SELECT ('s'::regclass).nextval", 'nextval'],
  ])('%s', (sql, token) => {
    expect(readSql(sql)).toMatchObject({
      kind: 'read',
      stable: false,
      reason: 'volatile-function',
      token,
      volatileFunctions: [token],
    })
  })

  it.each([
    "SELECT 'now()' AS a, 'random()' FROM t",
    "SELECT * FROM t WHERE title = 'NOW()'",
    'SELECT 1 -- now()\nFROM t',
    'SELECT 1 /* random() */ FROM t',
    'SELECT "now()" FROM t',
    'SELECT now, t.random, t."current_date", "current_date" FROM t',
    'SELECT 1 AS now, 2 AS current_date',
    'SELECT $x$ now() $x$',
    "SELECT * FROM t WHERE title IN ('Buy now', 'today is fine', 'nowhere', 'know', 'start_now', 'now_playing', 'today_count')",
    `SELECT * FROM t WHERE path = 'C:\\now' OR doc @> '{"path": "C:\\\\now"}' OR title = 'k"now"n'`,
    `SELECT data @> '{"now": 1, "title": "Buy now"}', '{now or never}'::text[] FROM t`,
    "SELECT age(a, b), date_trunc('day', a), to_char(a, 'YYYY'), a AT TIME ZONE 'UTC', date(a), ts::date FROM t",
    "SELECT coalesce(a, 1), nullif(a, b), greatest(a, b), CASE WHEN a THEN b END, row(a), a LIKE ('x' || b), NOT a IN (1) FROM t",
    "SELECT count(*), string_agg(a, ',' ORDER BY b), json_build_object('k', v), percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
    "SELECT to_tsvector('english'::regconfig, a) @@ websearch_to_tsquery('english', $1) FROM t",
    'SELECT a OPERATOR(pg_catalog.+) b COLLATE "C" FROM t WHERE a = $1::geometry(Point, 4326)',
    'SELECT 1 FROM t JOIN u ON t.tags && ARRAY[1, 2] AND percentile_cont(0.5) WITHIN GROUP (ORDER BY a) > 1',
    "SELECT 1 FROM t WHERE a LIKE '(now is text)%' OR b SIMILAR TO '(now|then) text' OR c = '(now is text)'",
    "SELECT 1 FROM t WHERE été LIKE ('x') AND é OPERATOR(pg_catalog.=) 1",
    "SELECT a AT TIME ZONE ('UTC'), a AT TIME ZONE (SELECT tz FROM u), b LIKE 'x' ESCAPE ('!') FROM t",
    'SELECT sum(a) OVER (ORDER BY b DESC ROWS (1) PRECEDING), sum(a) OVER (ORDER BY b GROUPS (1) PRECEDING) FROM t',
    'SELECT null OPERATOR(pg_catalog.=) a, OPERATOR(pg_catalog.-) a FROM t',
    "SELECT xmlexists('//a' PASSING BY REF (doc)), xmlserialize(CONTENT (doc) AS text), xmlparse(DOCUMENT ('<a/>')) FROM t",
    "SELECT substring(a FOR key), U&'d!0061t' UESCAPE '!' FROM t",
    'SELECT (address).street, (address).date, (point)."X", (t.boxes)[1].low, (t).*, (app).version FROM t',
  ])('%s is stable', (sql) => {
    expect(readSql(sql)).toMatchObject({ kind: 'read', stable: true, volatileFunctions: [], identity: false })
  })

  it.each([
    ['SELECT my_function(1)', 'my_function'],
    ['SELECT app.lower(a)', 'app.lower'],
    ['SELECT uid()', 'uid'],
    ['SELECT app.jwt()', 'app.jwt'],
    ['SELECT "Lower"(a)', 'Lower'],
    ['SELECT over(1)', 'over'],
    ['SELECT cube(1)', 'cube'],
    ['SELECT 1 FROM t GROUP BY (cube(a))', 'cube'],
    ['SELECT 1 FROM t GROUP BY a > sets(a)', 'sets'],
    ['SELECT * FROM operator(1, 2)', 'operator'],
    ['SELECT is(1, 2)', 'is'],
    ['SELECT value(1)', 'value'],
    ['SELECT * FROM t ORDER BY isnull(a)', 'isnull'],
    ['SELECT * FROM t WHERE NOT isnull(a, false)', 'isnull'],
    ["SELECT * FROM t WHERE a LIKE isnull(b, '')", 'isnull'],
    ['SELECT * FROM t WHERE a BETWEEN isnull(b, 1) AND 2', 'isnull'],
    ['SELECT a AT TIME ZONE isnull(c) FROM t', 'isnull'],
    ["SELECT a LIKE 'x' ESCAPE ilike(c) FROM t", 'ilike'],
    ['SELECT * FROM t FETCH FIRST isnull(1) ROWS ONLY', 'isnull'],
    ['SELECT * FROM t WHERE a SIMILAR TO second(b)', 'second'],
    ['SELECT json_arrayagg(x ORDER BY value(x)) FROM t', 'value'],
    ['SELECT json_arrayagg(x ORDER BY columns(x)) FROM t', 'columns'],
    ["SELECT json_object('k' VALUE value(1))", 'value'],
    ["SELECT json_value(j, '$' PASSING passing(1) AS x) FROM t", 'passing'],
    ["SELECT xmlexists('x' PASSING BY VALUE value(1))", 'value'],
    ['SELECT * FROM t JOIN u ON NOT join(a, b) JOIN v ON true', 'join'],
    ['SELECT a OPERATOR(s.+) range(b) FROM t', 'range'],
    ['SELECT * FROM t JOIN u ON conflict(a)', 'conflict'],
    ['SELECT DISTINCT ON (a) over() FROM t', 'over'],
    ['SELECT json_array(CASE value(1) WHEN 1 THEN 2 END)', 'value'],
    ['SELECT "user"(1)', 'user'],
    ["SELECT to_regex('a'), has_our_privilege('x')", 'to_regex'],
  ])('%s calls a function that nobody declared', (sql, token) => {
    expect(readSql(sql)).toMatchObject({ kind: 'read', stable: false, reason: 'unknown-function', token, writes: [] })
  })

  it('a declared function that has the name of newer syntax is called', () => {
    const functions = { json_value: 'volatile', isnull: { writes: ['log'] } } as const
    expect(readSql('SELECT json_value(a) FROM t', { functions })).toMatchObject({ stable: false, token: 'json_value' })
    expect(readSql('SELECT a FROM t WHERE NOT isnull(a)', { functions })).toMatchObject({ writes: ['public.log'] })
  })

  it('declared functions are what they are declared to be', () => {
    const functions = {
      slug: 'stable',
      tick: 'volatile',
      'app.me': 'identity',
      mine: { reads: ['Posts'], identity: true },
    } as const
    expect(readSql('SELECT Slug(a) FROM t', { functions })).toMatchObject({ stable: true, identity: false })
    expect(readSql('SELECT public.slug(a) FROM t', { functions })).toMatchObject({ stable: true })
    expect(readSql('SELECT tick()', { functions })).toMatchObject({
      stable: false,
      reason: 'volatile-function',
      token: 'tick',
    })
    expect(readSql('SELECT app.me()', { functions })).toMatchObject({ stable: true, identity: true })
    expect(readSql('SELECT mine()', { functions })).toMatchObject({
      stable: true,
      identity: true,
      tables: ['public.posts'],
    })
    expect(readSql('SELECT now()', { functions: { now: 'stable' } })).toMatchObject({ stable: false })
  })

  it.each([
    'SELECT current_user',
    'SELECT * FROM current_user',
    'SELECT * FROM t WHERE owner = session_user',
    'SELECT user',
    'SELECT current_role, current_schema, current_catalog',
    "SELECT current_setting('app.user')",
    'SELECT * FROM t WHERE owner = auth.uid()',
    "SELECT * FROM t WHERE owner = (auth.jwt() ->> 'sub')",
    'SELECT auth.user_id()',
    "SELECT has_table_privilege('t', 'SELECT')",
    "SELECT ('app.user'::text).current_setting",
  ])('%s depends on who asks', (sql) => {
    expect(readSql(sql)).toMatchObject({ kind: 'read', stable: true, identity: true })
  })
})

describe('what a call may do besides giving a value', () => {
  const functions = { slug: 'stable', tick: 'volatile' } as const

  it.each([
    ['SELECT now(), random(), lower(a), slug(a) FROM t', undefined],
    ["SELECT set_config('app.user', '1', false)", 'session'],
    ['SELECT tick()', 'session'],
    ["SELECT dblink_exec('DELETE FROM t')", 'any'],
    ['SELECT score(1)', 'any'],
    ["SELECT score(1), set_config('app.user', '1', false), tick(), lower(a) FROM t", 'any'],
  ])('%s: %s', (sql, effects) => {
    expect(readSql(sql, { functions }).effects).toBe(effects)
  })

  it.each([
    "UPDATE pg_settings SET setting = 'joe' WHERE name = 'role'",
    "UPDATE pg_catalog.pg_settings SET setting = 'joe' WHERE name = 'role'",
    'INSERT INTO pg_temp.t VALUES (1)',
    'CREATE TEMP TABLE t (a int)',
    'CREATE LOCAL TEMPORARY TABLE t (a int)',
    'SELECT a INTO TEMP u FROM t',
  ])('%s changes the session', (sql) => {
    expect(readSql(sql)).toMatchObject({ kind: 'write', effects: 'session' })
  })
})
