import { describe, expect, it } from 'vitest'
import { readSql } from '../../../src/sql/index.js'

type Row = [sql: string, kind: string, reason: string, token: string, reads: string, writes: string | undefined]

/** Never cached. `undefined` as what it writes: the text does not tell. */
const statements: Row[] = [
  ['INSERT INTO t VALUES (1)', 'write', 'write', 'insert', '', 'public.t'],
  [
    'INSERT INTO t AS z (a, b[1]) OVERRIDING SYSTEM VALUE SELECT * FROM q RETURNING *',
    'write',
    'write',
    'insert',
    'public.q',
    'public.t',
  ],
  ['INSERT INTO t DEFAULT VALUES', 'write', 'write', 'insert', '', 'public.t'],
  [
    'INSERT INTO t SELECT * FROM q JOIN r ON q.x = r.x ON CONFLICT (a) DO UPDATE SET a = 1, b = (SELECT 1 FROM s) WHERE true',
    'write',
    'write',
    'insert',
    'public.q public.r public.s',
    'public.t',
  ],
  ['INSERT INTO t (WITH t AS (TABLE u) SELECT * FROM t)', 'write', 'write', 'insert', 'public.u', 'public.t'],
  [
    'INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x ON CONFLICT (a) DO UPDATE SET (a, b) = (SELECT 1, 2 FROM x) RETURNING (TABLE y)',
    'write',
    'write',
    'insert',
    'public.x public.y',
    'public.t',
  ],
  ['WITH t AS (TABLE q) INSERT INTO t SELECT * FROM t', 'write', 'write', 'insert', 'public.q', 'public.t'],
  [
    'UPDATE ONLY t SET a = (SELECT 1 FROM q) FROM r, s JOIN u ON true WHERE t.x = r.x',
    'write',
    'write',
    'update',
    'public.q public.r public.s public.u',
    'public.t',
  ],
  ['UPDATE t z SET (a, b) = (1, 2) RETURNING (SELECT 1 FROM q)', 'write', 'write', 'update', 'public.q', 'public.t'],
  [
    'DELETE FROM t USING a, b WHERE x IN (TABLE c)',
    'write',
    'write',
    'delete',
    'public.a public.b public.c',
    'public.t',
  ],
  [
    'MERGE INTO t USING (TABLE s) x ON x.i = t.i WHEN MATCHED THEN UPDATE SET a = 1, b = 2 WHEN NOT MATCHED THEN INSERT (a, b) VALUES (1, 2)',
    'write',
    'write',
    'merge',
    'public.s',
    'public.t',
  ],
  [
    'WITH x AS (DELETE FROM a RETURNING *), y AS (INSERT INTO b TABLE x) SELECT * FROM x, c',
    'write',
    'data-modifying-cte',
    'delete',
    'public.c',
    'public.a public.b',
  ],
  ['SELECT x INTO TEMP z FROM t', 'write', 'select-into', 'into', 'public.t', 'pg_catalog.pg_class public.z'],
  ['SELECT x INTO TEMP été FROM t', 'write', 'select-into', 'into', 'public.t', 'pg_catalog.pg_class public.été'],
  ['SELECT x INTO TEMP FROM t', 'write', 'select-into', 'into', 'public.t', 'pg_catalog.pg_class public.temp'],
  ['TRUNCATE TABLE a, ONLY app.b RESTART IDENTITY', 'write', 'write', 'truncate', '', 'app.b public.a'],
  ['TRUNCATE a CASCADE', 'write', 'write', 'truncate', '', undefined],
  ['COPY t (a, b) FROM STDIN', 'write', 'write', 'copy', '', 'public.t'],
  ['COPY (DELETE FROM t RETURNING *) TO STDOUT', 'write', 'write', 'delete', '', 'public.t'],
  ['COPY t TO STDOUT', 'read', 'session-statement', 'copy', 'public.t', ''],
  ['CALL work(1)', 'write', 'write', 'call', '', undefined],
  ['DO $$ BEGIN DELETE FROM t; END $$', 'write', 'write', 'do', '', undefined],
  ['EXPLAIN DELETE FROM t', 'read', 'session-statement', 'explain', '', ''],
  ['EXPLAIN ANALYZE DELETE FROM t', 'write', 'write', 'delete', '', 'public.t'],
  ['EXPLAIN ANALYSE DELETE FROM t', 'write', 'write', 'delete', '', 'public.t'],
  ['EXPLAIN (VERBOSE, ANALYZE) UPDATE t SET a = 1', 'write', 'write', 'update', '', 'public.t'],
  ['EXPLAIN (FORMAT json, "analyze") DELETE FROM t', 'write', 'write', 'delete', '', 'public.t'],
  ['EXPLAIN (COSTS off) SELECT * FROM t', 'read', 'session-statement', 'explain', 'public.t', ''],
  ['PREPARE p (int) AS SELECT * FROM t', 'session', 'session-statement', 'prepare', 'public.t', ''],
  ['PREPARE p AS DELETE FROM t', 'write', 'write', 'delete', '', 'public.t'],
  ["COMMIT PREPARED 'a'", 'write', 'write', 'commit', '', undefined],
  ['EXECUTE p(1)', 'write', 'write', 'execute', '', undefined],
  [
    'CREATE TABLE IF NOT EXISTS x (a int GENERATED ALWAYS AS (1) STORED)',
    'write',
    'ddl',
    'create',
    '',
    'pg_catalog.pg_class public.x',
  ],
  // What was prepared may be `WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone`.
  ['CREATE TABLE x (a) AS EXECUTE p(1)', 'write', 'ddl', 'create', '', undefined],
  ['CREATE OR REPLACE VIEW x AS SELECT * FROM t', 'write', 'ddl', 'create', 'public.t', 'pg_catalog.pg_class public.x'],
  ['ALTER TABLE IF EXISTS ONLY app.x ADD COLUMN a int', 'write', 'ddl', 'alter', '', 'app.x pg_catalog.pg_class'],
  ['ALTER TABLE x RENAME TO y', 'write', 'ddl', 'alter', '', undefined],
  ['DROP TABLE IF EXISTS a, b', 'write', 'ddl', 'drop', '', 'pg_catalog.pg_class public.a public.b'],
  ['DROP TABLE a CASCADE', 'write', 'ddl', 'drop', '', undefined],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$', 'write', 'ddl', 'create', '', undefined],
  ['GRANT SELECT ON t TO joe', 'write', 'ddl', 'grant', '', undefined],
  ['REFRESH MATERIALIZED VIEW CONCURRENTLY app.m', 'write', 'write', 'refresh', '', 'app.m pg_catalog.pg_class'],
  ['SELECT * FROM t FOR UPDATE OF t SKIP LOCKED', 'read', 'locking', 'for update', 'public.t', ''],
  ['SELECT * FROM (SELECT * FROM t FOR NO KEY UPDATE) q', 'read', 'locking', 'for no', 'public.t', ''],
  ['SELECT * FROM t FOR SHARE', 'read', 'locking', 'for share', 'public.t', ''],
  ['SELECT * FROM t FOR KEY SHARE', 'read', 'locking', 'for key', 'public.t', ''],
  ['SELECT * FROM t TABLESAMPLE system (10) REPEATABLE (1)', 'read', 'tablesample', 'tablesample', 'public.t', ''],
  [
    'SELECT * FROM pg_stat_activity',
    'read',
    'volatile-function',
    'pg_stat_activity',
    'pg_catalog.pg_stat_activity public.pg_stat_activity',
    '',
  ],
  [
    'DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT * FROM t',
    'session',
    'session-statement',
    'declare',
    'public.t',
    '',
  ],
  ['VACUUM (ANALYZE) t', 'write', 'ddl', 'vacuum', '', 'pg_catalog.pg_class'],
  ["COMMENT ON TABLE t IS 'x'", 'write', 'ddl', 'comment', '', 'pg_catalog.pg_class'],
  ['SELECT 1; SELECT 2', 'unknown', 'multiple-statements', 'select', '', undefined],
  ['SELECT 1; DELETE FROM t;', 'unknown', 'multiple-statements', 'select', '', undefined],
  ['-- nothing', 'unknown', 'empty', '', '', ''],
  [' ; ', 'unknown', 'empty', '', '', ''],
]

describe('statements that are not cached', () => {
  it.each(statements)('%s', (sql, kind, reason, token, reads, writes) => {
    const facts = readSql(sql)
    expect(facts).toMatchObject({ kind, reason, stable: false })
    expect(facts.token ?? '').toBe(token)
    expect(facts.tables.join(' ')).toBe(reads)
    expect(facts.writes?.join(' ')).toBe(writes)
  })

  it.each(
    'SET a = 1|RESET a|SHOW a|BEGIN|COMMIT|ROLLBACK TO s|SAVEPOINT s|LISTEN c|NOTIFY c|DISCARD ALL|LOCK TABLE t|FETCH 1 FROM c|PREPARE TRANSACTION $$a$$'.split(
      '|',
    ),
  )('%s is about the session', (sql) => {
    expect(readSql(sql)).toMatchObject({
      kind: 'session',
      reason: 'session-statement',
      stable: false,
      writes: [],
      statement: sql.split(' ')[0]?.toLowerCase(),
    })
  })

  it.each([
    'FROM t',
    'SELECT * FROM a FROM b',
    'SELECT (SELECT 1',
    'SELECT 1)',
    "SELECT 'open",
    'SELECT "open',
    'SELECT $$open',
    'SELECT /* open /* */ 1',
    "SELECT E'a\\'",
    'SELECT * FROM a JOIN',
    'SELECT * FROM a LEFT OUTER b',
    'SELECT x FROM',
    'SELECT x, SELECT y FROM a',
    'WITH a (SELECT 1) SELECT 1',
    'SELECT 1from t',
    "SELECT $$a$$ 'b' FROM t",
    "SELECT U&'a'\n'!0062' UESCAPE '!' FROM t",
    "SELECT U&'!006eow' /* then */ UESCAPE '!'::timestamp",
    'BLAH',
    '\\d users',
    'SELECT \0',
  ])('%s is not understood', (sql) => {
    expect(readSql(sql)).toMatchObject({
      kind: 'unknown',
      stable: false,
      reason: 'not-understood',
      tables: [],
      writes: undefined,
    })
  })

  it.each([
    'INSERT INTO t (a) VALUES (1) ON CONFLICT (a, (lower(b))) WHERE c DO UPDATE SET (a, b) = (1, 2) RETURNING *',
    'MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET (a) = (1) WHEN NOT MATCHED THEN INSERT (a, b) VALUES (1, 2)',
    'UPDATE t SET (a, b) = (1, 2) WHERE c LIKE (d)',
  ])('%s calls nothing that is not known', (sql) => {
    const { unknownFunction, effects, writes } = readSql(sql)
    expect({ unknownFunction, effects, writes }).toEqual({
      unknownFunction: undefined,
      effects: undefined,
      writes: ['public.t'],
    })
  })

  it.each([
    'CREATE TABLE f PARTITION OF p FOR VALUES IN (1)',
    'ALTER TABLE p ATTACH PARTITION f FOR VALUES IN (1)',
    'ALTER TABLE p DETACH PARTITION f',
    'ALTER TABLE f INHERIT p',
    'ALTER TABLE t SET SCHEMA app',
    'VACUUM (FULL) t',
    'VACUUM FULL t',
    'CLUSTER t',
  ])('%s may change rows of other names', (sql) => {
    expect(readSql(sql).writes).toBeUndefined()
  })

  it.each(['EXPLAIN ', 'PREPARE a AS '])('many a %s inside another is not understood', (piece) => {
    expect(readSql(piece.repeat(6_144) + 'SELECT 1').reason).toBe('not-understood')
  })

  it('the token is never a literal, a parameter or a number', () => {
    for (const sql of [
      "SELECT 1) 'secret'",
      "SELECT * FROM 'secret'",
      'SELECT * FROM 42',
      'SELECT * FROM a JOIN "secret" b c d',
    ])
      expect(readSql(sql).token ?? '').not.toMatch(/secret|42/)
  })

  it('a declared procedure tells what it writes', () => {
    expect(readSql('CALL work(1)', { functions: { work: { writes: ['jobs'] } } }).writes).toEqual(['public.jobs'])
    expect(readSql('SELECT (a).work FROM t', { functions: { work: { writes: ['jobs'] } } })).toMatchObject({
      kind: 'write',
      writes: ['public.jobs'],
    })
    expect(readSql('SELECT work(1)', { functions: { work: { writes: ['jobs'] } } })).toMatchObject({
      kind: 'write',
      writes: ['public.jobs'],
    })
  })
})
