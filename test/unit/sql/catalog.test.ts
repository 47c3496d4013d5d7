import { describe, expect, it } from 'vitest'
import { readSql } from '../../../src/sql/index.js'

/** All DDL changes it, and every read of the schema depends on it. */
const SCHEMA = 'pg_catalog.pg_class'

describe("reads of the server's own relations", () => {
  it.each([
    ['SELECT relname FROM pg_catalog.pg_class', []],
    ['SELECT relname FROM pg_class', ['public.pg_class']],
    ['SELECT oid FROM pg_type', ['pg_catalog.pg_type', 'public.pg_type']],
    ["SELECT 'users'::regclass", []],
    ["SELECT regtype 'int4'", []],
    ["SELECT CAST('users' AS pg_catalog.regclass)", []],
    ["SELECT to_regclass('users') IS NOT NULL", []],
    ["SELECT pg_get_viewdef('v'::regclass)", []],
    ['SELECT format_type(a, b) FROM t', ['public.t']],
    ['SELECT COLLATION FOR (a) FROM t', ['public.t']],
    ['SELECT * FROM json_populate_record(null::users, $1)', []],
    ['SELECT r.* FROM t, jsonb_populate_recordset(null::users, t.rows) r', ['public.t']],
  ])('%s depends on the schema', (sql, others) => {
    expect(readSql(sql)).toMatchObject({ stable: true, identity: false, tables: [SCHEMA, ...others] })
  })

  it('what a role may see of the schema is its own', () => {
    expect(readSql('SELECT * FROM information_schema.columns')).toMatchObject({
      stable: true,
      identity: true,
      tables: ['information_schema.columns', SCHEMA],
    })
  })

  it.each(["SELECT has_table_privilege($1, 'users', 'SELECT')", "SELECT row_security_active('users')"])(
    '%s asks for rights, which DDL changes',
    (sql) => {
      expect(readSql(sql)).toMatchObject({ stable: true, identity: true, tables: [SCHEMA] })
    },
  )

  it.each([
    'pg_stat_user_tables',
    'pg_catalog.pg_locks',
    'pg_settings',
    'pg_sequences',
    'pg_timezone_names',
    'pg_prepared_statements',
    'pg_toast.pg_toast_2619',
    'pg_temp.t',
    'pg_not_known_yet',
  ])('%s changes without a write', (relation) => {
    expect(readSql(`SELECT * FROM ${relation}`)).toMatchObject({ stable: false, volatileFunctions: [relation] })
  })

  it.each(['row_number() OVER (ORDER BY id)', 'row_to_json(users)', 'mine.has_table_privilege(id)'])(
    '%s asks for no rights',
    (call) => {
      expect(readSql(`SELECT ${call} FROM users`).tables).toEqual(['public.users'])
    },
  )

  it('a CTE of such a name is a CTE', () => {
    expect(
      readSql('WITH pg_class AS (SELECT 1), pg_locks AS (SELECT 2) SELECT * FROM pg_class, pg_locks'),
    ).toMatchObject({
      stable: true,
      tables: [],
    })
  })

  it.each([
    'CREATE TABLE t (a int)',
    'ALTER TABLE t ADD b int',
    'DROP VIEW v',
    'SELECT * INTO t FROM u',
    "COMMENT ON COLUMN t.a IS ''",
    'ANALYZE t',
    'REINDEX TABLE t',
  ])('%s changes the schema', (sql) => {
    expect(readSql(sql).writes).toContain(SCHEMA)
  })
})
