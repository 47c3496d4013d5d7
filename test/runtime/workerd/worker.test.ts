/// <reference types="@cloudflare/vitest-plugin/types" />
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { inject } from 'vitest'
import { describe, expect, it } from 'vitest'
import worker from './worker.js'

const stack = inject('stack')
const bindings = {
  DATABASE_URL: stack.connectionString,
  NEON_FETCH_ENDPOINT: stack.fetchEndpoint,
  UPSTASH_REDIS_REST_URL: stack.url,
  UPSTASH_REDIS_REST_TOKEN: stack.token,
  CRON_SECRET: 'cron-secret',
}

async function get(path: string, headers: Record<string, string> = {}, env: object = bindings): Promise<Response> {
  const ctx = createExecutionContext()
  const response = await worker.fetch(new Request(`http://worker.test${path}`, { headers }), env, ctx)
  await waitOnExecutionContext(ctx)
  return response
}

describe('in workerd', () => {
  it('runs in the real runtime', () => {
    expect(navigator.userAgent).toBe('Cloudflare-Workers')
  })

  it('builds caches, executors, services and handlers at module scope', async () => {
    expect((await get('/cron')).status).toBe(401)
  })

  it('answers from Postgres, then from memory, and says so', async () => {
    const first = await get('/cached/numbers/41')
    expect(await first.json()).toEqual([{ n: 41 }])
    expect(first.headers.get('Cache-Status')).toBe('edge-query-cache; fwd=miss; detail=miss')
    const second = await get('/cached/numbers/41')
    expect(second.headers.get('Cache-Status')).toMatch(/^edge-query-cache; hit; ttl=\d+; detail=l1$/)
    expect(second.headers.get('Server-Timing')).toBe('query-cache;desc="l1=1"')
  })

  it('gives the same rows and times within one request', async () => {
    expect(await (await get('/cached/twice')).json()).toMatchObject({ outcome: 'l1', tables: [] })
  })

  it('cleans up on schedule, and by a route that knows the secret', async () => {
    const ctx = createExecutionContext()
    await worker.scheduled(createScheduledController(), bindings, ctx)
    await waitOnExecutionContext(ctx)
    expect((await get('/cron', { Authorization: 'Bearer wrong' })).status).toBe(401)
    const answer = await get('/cron', { Authorization: 'Bearer cron-secret' })
    expect([answer.status, await answer.json()]).toEqual([200, { removed: 0 }])
  })

  it('names the variables and the commands that set them, and no value', async () => {
    const failure = get('/cached/numbers/1', {}, { ...bindings, DATABASE_URL: undefined })
    const response = await failure
    expect(response.status).toBe(500)
  })
})
