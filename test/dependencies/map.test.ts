import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalogs } from '../../src/dev/dependencies/catalogs.js'
import type { Catalogs } from '../../src/dev/dependencies/catalogs.js'
import { dependencyMap } from '../../src/dev/dependencies/map.js'
import { asJson, asSettings, asTypeScript } from '../../src/dev/dependencies/print.js'
import { createQueryCache } from '../../src/index.js'
import type { SqlSettings } from '../../src/index.js'
import { complaints } from '../docs/compile-blocks.js'
import { pglite, postgres } from './databases.js'
import type { TestDatabase } from './databases.js'
import { EXPECTED } from './expected.js'
import { SCHEMAS } from './schema.js'

const OPTIONS = { defaultSchema: 'eqc_map', schemas: SCHEMAS }
const url = process.env['TEST_DATABASE_URL']
const servers: [string, () => Promise<TestDatabase>][] = [['PGlite', pglite]]
if (url) servers.push(['PostgreSQL', () => postgres(url)])

it('reads a real PostgreSQL where one is required', () => {
  expect(url !== undefined || process.env['REQUIRE_REAL_BACKENDS'] !== '1').toBe(true)
})

/** The settings that the module exports, by JavaScript's own reading of it. */
function evaluate(module: string): SqlSettings {
  const [, literal] = /export const sql: SqlSettings = (\{.*\})\s*$/s.exec(module)!
  return structuredClone(runInNewContext(`(${literal})`) as SqlSettings)
}

describe.each(servers)('the map of %s', (_name, open) => {
  let server: TestDatabase
  let catalogs: Catalogs
  beforeAll(async () => {
    server = await open()
    catalogs = await readCatalogs(server.database)
  }, 120_000)
  afterAll(() => server.close())

  it('says what stands behind each table, view and function', () => {
    expect(asSettings(dependencyMap(catalogs, OPTIONS))).toEqual(EXPECTED)
  })

  it('is printed as it is, and taken by createQueryCache', () => {
    const map = dependencyMap(catalogs, OPTIONS)
    const sql = evaluate(asTypeScript(map))
    expect(sql).toEqual(EXPECTED)
    expect(() => createQueryCache({ type: 'local', sql })).not.toThrow()
    expect((JSON.parse(asJson(map)) as { sql: SqlSettings }).sql).toEqual(EXPECTED)
  })

  it('says where each line comes from, and what could not be found out', () => {
    const text = asTypeScript(dependencyMap(catalogs, OPTIONS))
    for (const line of [
      '// foreign key lines_order of eqc_map.lines, ON DELETE SET NULL, ON UPDATE CASCADE\n',
      '// trigger leaf, function eqc_map.log_event, on eqc_map.events_1a\n    events: ',
      '// partition of eqc_map.events_1\n',
      '// policy own\n',
      '// rule also\n    totals: ',
      '// view, uses now\n    recent: ',
      "// sequence: nextval() changes it without a write\n    users_id_seq: 'volatile'",
      "// view eqc_map.mine uses current_setting\n    'mine'",
      '// function, uses pg_catalog.set_config\n    login: ',
      '// NOTE: trigger leaf, function eqc_map.log_event, on eqc_map.events_1a may change the session (set_config): give',
      '// NOTE: function eqc_map.age_of, which can be called as t.age_of',
      '// NOTE: function eqc_map.settings_of, which can be called as t.settings_of for a row t of any table, reads tables',
      "// function eqc_map.liked_by_me, which can be called as t.liked_by_me\n    'posts'",
      '// default of number, function eqc_map.next_number\n    bills: ',
      '// trigger checked, function eqc_map.counted\n    visits: ',
      '// NOTE: operator eqc_map.~~~(integer,integer) calls eqc_map.touches',
    ])
      expect(text).toContain(line)
    const { unknown } = JSON.parse(asJson(dependencyMap(catalogs, OPTIONS))) as {
      unknown: { name: string; what: string }[]
    }
    expect(unknown.map(({ name }) => name)).toEqual([
      'by_unknown',
      'kept',
      'dynamic_read',
      'dynamic_write',
      'foreign_stable',
      'foreign_volatile',
    ])
    for (const { what } of unknown) expect(what).toMatch(/(EXECUTE|its body, in internal).*write/)
  })

  it('is the same each time, in whatever order the catalogs come', () => {
    const reversed = Object.fromEntries(
      Object.entries(catalogs).map(([name, rows]) => [name, (rows as unknown[]).toReversed()]),
    ) as unknown as Catalogs
    expect(asTypeScript(dependencyMap(reversed, OPTIONS))).toBe(asTypeScript(dependencyMap(catalogs, OPTIONS)))
  })

  it('of one schema holds its own names only, with what is behind them elsewhere', () => {
    const { dependencies, functions, rowSecurity } = asSettings(
      dependencyMap(catalogs, { ...OPTIONS, schemas: ['eqc_app'] }),
    )
    expect(dependencies).toEqual({ 'eqc_app.odd': ['"Odd ""Name"""'] })
    expect(Object.keys(functions!).every((name) => name.startsWith('eqc_app.'))).toBe(true)
    expect(rowSecurity).toEqual([])
  })

  it('names every table with its schema when the default is another', () => {
    const { dependencies } = asSettings(dependencyMap(catalogs, { defaultSchema: 'other', schemas: ['eqc_map'] }))
    expect(dependencies!['eqc_map.orders']).toEqual({ writes: ['eqc_map.lines', 'eqc_map.log', 'eqc_map.totals'] })
  })
})

const NOTHING: Catalogs = {
  relations: [],
  routines: [],
  foreignKeys: [],
  triggers: [],
  defaults: [],
  rules: [],
  policies: [],
  parents: [],
  viewUses: [],
  policyUses: [],
  operators: [],
}

describe('functions whose body nobody can read', () => {
  const routine = (name: string, given: Partial<Catalogs['routines'][number]>): Catalogs['routines'][number] => ({
    oid: name,
    schema: 'public',
    name,
    rowOf: null,
    kind: 'f',
    volatility: 's',
    language: 'c',
    hidden: false,
    extension: 'some',
    source: '',
    sqlBody: null,
    defaults: null,
    searchPath: null,
    parts: [],
    ...given,
  })

  it('are taken at their label, by the strictest of a name, after those of the user', () => {
    const routines = [
      routine('a_stable', {}),
      routine('b_volatile', { volatility: 'v' }),
      routine('both', {}),
      routine('both', { oid: 'other', volatility: 'v' }),
      routine('aggregated', { kind: 'a', volatility: 'i', parts: ['step'] }),
      routine('step', { hidden: true, volatility: 'v' }),
      routine('uid', { schema: 'auth' }),
      routine('z_own', { extension: null, language: 'sql', source: 'SELECT b_volatile(), auth.uid()' }),
    ]
    const { functions } = asSettings(dependencyMap({ ...NOTHING, routines }, { defaultSchema: 'public', schemas: [] }))
    expect(functions).toEqual({
      z_own: 'volatile',
      a_stable: 'stable',
      aggregated: 'stable',
      'auth.uid': 'identity',
      b_volatile: 'volatile',
      both: 'volatile',
    })
    expect(Object.keys(functions!)[0]).toBe('z_own')
  })
})

describe('names that mean something to TypeScript', () => {
  const relation = (oid: string, name: string, kind: 'r' | 'S') => ({
    oid,
    schema: 'public',
    name,
    kind,
    rowSecurity: kind === 'r',
    updatable: true,
    definition: null,
    server: null,
  })
  const catalogs: Catalogs = {
    ...NOTHING,
    relations: ['__proto__', "it's", 'a\nb */ }, x: [', 'a\\"b', '\u2028', '*'].flatMap((name, i) => [
      relation(`${i}`, name, 'r'),
      relation(`s${i}`, `${name}_s`, 'S'),
      relation(`t${i}`, name, 'S'),
    ]),
    foreignKeys: [{ name: 'x\n}, evil: [', parent: '0', child: '2', onDelete: 'c', onUpdate: 'a' }],
  }
  const map = dependencyMap(catalogs, { defaultSchema: 'public', schemas: [] })

  it('stay names', async () => {
    const text = asTypeScript(map)
    expect(evaluate(text)).toEqual(asSettings(map))
    expect(Object.keys(evaluate(text).dependencies!)).toContain('__proto__')
    expect(Object.keys(evaluate(text).dependencies!)).not.toContain('evil')
    const code = text.split('\n')
    expect(await complaints([{ file: 'map', line: 2, language: 'ts', code }])).toEqual([])
  }, 120_000)
})
