import { expect, it } from 'vitest'
import { neonSuite } from './neon-suite.js'

const url = process.env['TEST_DATABASE_URL']
if (url) neonSuite('PostgreSQL', url)

it('runs on a real PostgreSQL where one is required', () => {
  expect(url !== undefined || process.env['REQUIRE_REAL_BACKENDS'] !== '1').toBe(true)
})
