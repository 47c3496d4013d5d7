import { cachedQuery, queryCache } from 'edge-query-cache/hono'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { FakeDatabase } from '../support/fake-database.js'
import { blocks, page } from './pages.js'

const [shown] = blocks(page('README.md')).filter(({ language }) => language === 'http')

test('a second request gets the headers that the README shows', async () => {
  const app = new Hono()
  app.use(queryCache({ database: new FakeDatabase(), cache: { type: 'local' } }))
  app.get('/', async (c) => c.json(await cachedQuery(c, 'SELECT n FROM users', [], { ttl: 57 })))
  const outcomes = [await app.request('/'), await app.request('/')].map(({ headers }) => ({
    status: headers.get('Cache-Status')!,
    timing: headers.get('Server-Timing')!,
  }))
  expect(outcomes[0]!.status).toContain('detail=miss')
  const { status, timing } = outcomes[1]!
  expect([`Cache-Status: ${status.replace(/ttl=\d+/, 'ttl=57')}`, `Server-Timing: ${timing}`]).toEqual(shown!.code)
})
