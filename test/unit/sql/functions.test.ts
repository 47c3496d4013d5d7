import { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { functionNatures } from '../../oracle/functions.ts'
import { allowed, FUNCTION_QUERY, STATEFUL } from '../../../scripts/generate-functions.ts'
import { SCHEMA_FUNCTION } from '../../../src/sql/catalog.js'
import { verdict } from '../../../src/sql/functions.js'
import { PURE_FUNCTIONS } from '../../../src/sql/functions.generated.js'

type CatalogRow = { name: string; fine: boolean; called: boolean }

it('every function that may be called is immutable or stable in all its overloads, and reads no state', async () => {
  const database = await PGlite.create()
  const { rows } = await database.query<CatalogRow>(FUNCTION_QUERY)
  const { rows: kinds } = await database.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace AND (provolatile = 'v' OR prokind = 'p' OR prorettype::regtype::text IN ('internal', 'trigger'))`,
  )
  await database.close()
  const names = PURE_FUNCTIONS.split(' ')
  expect(names.length).toBeGreaterThan(350)
  expect(names).toEqual([...new Set(names)].sort())
  expect(names.filter((name) => verdict(undefined, name, 1) !== 'pure')).toEqual([])
  expect(names.filter((name) => STATEFUL.test(name))).toEqual([])
  const volatile = new Set(kinds.map(({ name }) => name))
  expect(names.filter((name) => volatile.has(name))).toEqual([])
  // Nothing is missing that this server would allow: the file was generated after the last change of the rules.
  expect(allowed([rows]).filter((name) => !names.includes(name))).toEqual([])
})

const url = process.env['TEST_DATABASE_URL']
if (url)
  it('the list is what this script prints from PGlite and a real PostgreSQL', async () => {
    const lite = await PGlite.create()
    const client = new Client({ connectionString: url })
    await client.connect()
    const catalogs = [
      (await lite.query<CatalogRow>(FUNCTION_QUERY)).rows,
      (await client.query<CatalogRow>(FUNCTION_QUERY)).rows,
    ]
    await Promise.all([lite.close(), client.end()])
    expect(PURE_FUNCTIONS.split(' ')).toEqual(allowed(catalogs))
  })

it('a real PostgreSQL is there where one is required', () => {
  expect(url !== undefined || process.env['REQUIRE_REAL_BACKENDS'] !== '1').toBe(true)
})

it('no function with a state of its own is pure, of the schema, or unknown, whatever `onUnknown` says', async () => {
  const natures = [...(await functionNatures())]
  expect(natures.filter(([, nature]) => nature === 'state').length).toBeGreaterThan(400)
  const verdicts = natures
    .filter(([, nature]) => nature === 'state')
    .map(([name]) => [name, verdict(undefined, name, 1)] as const)
  expect(verdicts.filter(([, found]) => found !== 'volatile')).toEqual([])
})

it('every function that tells who asks is known to', async () => {
  const natures = [...(await functionNatures())].filter(([, nature]) => nature === 'identity')
  expect(natures.length).toBeGreaterThan(15)
  expect(natures.filter(([name]) => verdict(undefined, name, 1) !== 'identity')).toEqual([])
})

it('functions of the schema are stable in all their overloads, and there are some of each kind', async () => {
  const natures = [...(await functionNatures())].filter(([name]) => SCHEMA_FUNCTION.test(name))
  expect(natures.length).toBeGreaterThan(50)
  expect(natures.filter(([, nature]) => nature !== 'catalog' && nature !== 'arguments')).toEqual([])
})
