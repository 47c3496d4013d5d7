import { createConnectionPool } from 'edge-query-cache'
import { startLocalStack } from 'edge-query-cache/dev'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { app } from '../../examples/vercel/src/app.ts'

type Stack = Awaited<ReturnType<typeof startLocalStack>>

describe('the Vercel example', () => {
  let stack: Stack

  beforeAll(async () => {
    stack = await startLocalStack({ embedded: true })
    const database = createConnectionPool(stack.neon)
    const run = (sql: string) => database.run({ sql, params: [] })
    await run('create table cities (id integer primary key, country text not null)')
    await run("insert into cities values (1, 'SE'), (2, 'SE'), (3, 'NO')")
    await run('create table users (id integer primary key, name text not null)')
    await run("insert into users values (42, 'Ada')")
    vi.stubEnv('DATABASE_URL', stack.neon.connectionString)
    vi.stubEnv('NEON_FETCH_ENDPOINT', stack.neon.fetchEndpoint)
    vi.stubEnv('KV_REST_API_URL', stack.upstash.url)
    vi.stubEnv('KV_REST_API_TOKEN', stack.upstash.token)
    vi.stubEnv('CRON_SECRET', 'a secret of this test')
  }, 60_000)

  afterAll(async () => {
    vi.unstubAllEnvs()
    await stack.stop()
  })

  it('reads its variables from the environment and answers from memory the second time', async () => {
    const miss = await app.request('/api/countries')
    expect(await miss.json()).toEqual([
      { country: 'SE', cities: 2 },
      { country: 'NO', cities: 1 },
    ])
    expect(miss.headers.get('cache-status')).toContain('fwd=miss')
    const hit = await app.request('/api/countries')
    expect(hit.headers.get('cache-status')).toContain('detail=l1')
    expect(await hit.json()).toHaveLength(2)
  })

  it('shows a write to the next read', async () => {
    expect(await (await app.request('/api/users/42')).json()).toEqual({ id: 42, name: 'Ada' })
    const body = JSON.stringify({ name: 'Grace' })
    const write = await app.request('/api/users/42', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(await write.json()).toEqual({ id: 42, name: 'Grace' })
    expect(await (await app.request('/api/users/42')).json()).toEqual({ id: 42, name: 'Grace' })
    expect((await app.request('/api/users/7')).status).toBe(404)
  })

  it('cleans up for whoever knows the secret', async () => {
    expect((await app.request('/api/cron/cleanup')).status).toBe(401)
    const run = await app.request('/api/cron/cleanup', { headers: { authorization: 'Bearer a secret of this test' } })
    expect([run.status, await run.json()]).toEqual([200, { removed: expect.any(Number) as number }])
  })
})
