import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../src/dev/command-line.js'
import { readCatalogs } from '../../src/dev/dependencies/catalogs.js'
import { startLocalStack } from '../../src/dev/index.js'
import type { LocalStack } from '../../src/dev/index.js'
import type { Database, Statement } from '../../src/index.js'
import { readSql } from '../../src/sql/index.js'
import { postgres } from './databases.js'

const SECRET = 'hunter2'
const ADDRESS = `postgres://user:${SECRET}@db.example.com/app`

async function command(args: string[], env: Record<string, string> = {}) {
  let out = ''
  let err = ''
  const code = await run(args, env, { out: (text) => void (out += text), err: (text) => void (err += text) })
  return { code, out, err }
}

describe('edge-query-cache dependencies', () => {
  let stack: LocalStack
  beforeAll(async () => {
    stack = await startLocalStack({ embedded: true })
    await stack.database.exec(`
      CREATE TABLE users (id int); CREATE VIEW named AS SELECT id FROM users;
      CREATE SCHEMA app; CREATE VIEW app.named AS SELECT id FROM users;
      CREATE FUNCTION any_sql(q text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE q; END'`)
  }, 120_000)
  afterAll(() => stack.stop())
  const endpoint = () => ({ NEON_FETCH_ENDPOINT: stack.neon.fetchEndpoint })

  it('prints a module, and says apart from it what needs a look', async () => {
    const { code, out, err } = await command(['dependencies'], { DATABASE_URL: ADDRESS, ...endpoint() })
    expect(code).toBe(0)
    expect(out).toContain("import type { SqlSettings } from 'edge-query-cache'\n\nexport const sql: SqlSettings = {\n")
    expect(out).toContain("    named: ['users'],\n")
    expect(err).toBe('edge-query-cache: 1 of the lines need a look: search for UNKNOWN.\n')
    expect(out).not.toContain(SECRET)
  })

  it('takes its options from the command line first', async () => {
    const args = ['--database-url', ADDRESS, '--fetch-endpoint', stack.neon.fetchEndpoint]
    const { code, out } = await command(
      ['dependencies', ...args, '--schema', 'app', '--default-schema', 'app', '--json'],
      { DATABASE_URL: 'postgres://nobody@nowhere.example/none' },
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      sql: { defaultSchema: 'app', dependencies: { named: ['public.users'] }, functions: {}, rowSecurity: [] },
      unknown: [],
      notes: [],
    })
  })

  it('says that a schema has nothing in it', async () => {
    const { code, out, err } = await command(['dependencies', '--schema', 'publik'], {
      DATABASE_URL: ADDRESS,
      ...endpoint(),
    })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe('edge-query-cache: --schema publik: nothing is in it, or it does not exist.\n')
  })

  it.each([
    ['an address that is none', `mysql://user:${SECRET}@host/db`, {}, /`connectionString` .* Postgres database/],
    ['half an address', `postgres://user:${SECRET}@`, {}, /connectionString/],
    ['a Neon endpoint that is away', ADDRESS, { NEON_FETCH_ENDPOINT: 'http://127.0.0.1:1/sql' }, /fetch failed/],
    ['a server that is away', `postgres://user:${SECRET}@127.0.0.1:1/db`, {}, /ECONNREFUSED/],
  ])('fails with a reason and without the password: %s', async (_name, address, env, reason) => {
    const { code, out, err } = await command(['dependencies'], { DATABASE_URL: address, ...env })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(reason)
    expect(err).not.toContain(SECRET)
  })
})

describe('the command line', () => {
  it.each([
    [[], /no command/],
    [['dependancies', SECRET], /not a command/],
    [['dependencies', '--databse-url', SECRET], /--databse-url/],
    [['dependencies', '--schema'], /--schema/],
    [['dependencies'], /--database-url, or set DATABASE_URL/],
  ])('does nothing with words that make no sense: %j', async (args, reason) => {
    const { code, out, err } = await command(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(reason)
    expect(err).not.toContain(SECRET)
  })

  it('tells its options and its version', async () => {
    const manifest = readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8')
    expect(await command(['--version'])).toEqual({
      code: 0,
      out: `${(JSON.parse(manifest) as { version: string }).version}\n`,
      err: '',
    })
    const { code, out } = await command(['dependencies', '--help'])
    expect(code).toBe(0)
    for (const option of ['database-url', 'fetch-endpoint', 'schema', 'default-schema', 'json', 'help', 'version'])
      expect(out).toContain(`--${option}`)
  })
})

describe('what it asks', () => {
  it('is one read-only transaction over catalogs, and no row of a table', async () => {
    const asked: { statements: readonly Statement[]; options: unknown }[] = []
    const transaction: Database['transaction'] = async (statements, options) => {
      asked.push({ statements, options })
      return statements.map(() => ({ raw: true, rows: [['[]']], fields: [], rowCount: 1, command: 'SELECT' }))
    }
    await readCatalogs({ transaction } as Database)
    expect(asked).toHaveLength(1)
    expect(asked[0]!.options).toEqual({ readOnly: true, isolationLevel: 'RepeatableRead' })
    for (const { sql } of asked[0]!.statements) {
      const { kind, tables, statement } = readSql(sql)
      expect({ kind, statement }).toEqual({ kind: 'read', statement: 'select' })
      expect(tables.filter((table) => !/^(public|pg_catalog)\.pg_/.test(table))).toEqual([])
    }
  })
})

const url = process.env['TEST_DATABASE_URL']
if (url)
  it('asks a real PostgreSQL through node-postgres', async () => {
    const server = await postgres(url)
    try {
      const { code, out } = await command(['dependencies', '--default-schema', 'eqc_map'], { DATABASE_URL: server.url })
      expect(code).toBe(0)
      expect(out).toContain("    users: { reads: ['eqc_app.settings', 'numbers'], writes: ['orders'] },\n")
    } finally {
      await server.close()
    }
  }, 120_000)

it('asks a real PostgreSQL where one is required', () => {
  expect(url !== undefined || process.env['REQUIRE_REAL_BACKENDS'] !== '1').toBe(true)
})
