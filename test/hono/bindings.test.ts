/** What the variables of a platform make: caches, and the clean-up of them. */
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { variable, withCredentials } from '../../src/bindings.js'
import { cronRoute } from '../../src/cron/index.js'
import type { CronRouteOptions } from '../../src/cron/index.js'
import { queryCache } from '../../src/hono/index.js'
import { createQueryCache } from '../../src/index.js'
import type { CacheConfig, QueryCache } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'

beforeEach(() => vi.stubGlobal('process', { env: {} }))
afterEach(() => void vi.unstubAllGlobals())

describe('credentials', () => {
  const UPSTASH = { UPSTASH_REDIS_REST_URL: 'https://u.example', UPSTASH_REDIS_REST_TOKEN: 'u' }
  const KV = { KV_REST_API_URL: 'https://kv.example', KV_REST_API_TOKEN: 'kv' }
  const read = (env: object, redis = {}) => withCredentials({ type: 'redis', redis }, env).redis

  it("are Upstash's, else Vercel's, and never in place of those given", () => {
    expect(read({ ...KV, ...UPSTASH })).toEqual({ url: 'https://u.example', token: 'u' })
    expect(read(KV)).toEqual({ url: 'https://kv.example', token: 'kv' })
    expect(read(KV, { url: 'https://own.example', token: 'own' })).toEqual({ url: 'https://own.example', token: 'own' })
    const client = new FakeRedis().sdk
    expect(read(KV, { client })).toEqual({ client })
    expect(withCredentials({ type: 'local' }, KV)).toEqual({ type: 'local' })
  })

  it('that are empty are none', () => {
    vi.stubGlobal('process', { env: { A: 'of the process', B: '' } })
    expect([variable({ A: '' }, 'A'), variable({}, 'B'), variable({ A: 'bound' }, 'A')]).toEqual([
      'of the process',
      undefined,
      'bound',
    ])
  })

  it('of other Redis make another cache, and the same ones the same', async () => {
    const cacheOf = async (env: object, given?: CacheConfig) => {
      let cache: QueryCache | undefined
      const app = new Hono()
      app.use(queryCache({ database: new FakeDatabase(), cache: given }))
      app.get('/', (c) => ((cache = c.var.queryCache.core.cache), c.text('ok')))
      await app.request('/', {}, env)
      return cache
    }
    const first = await cacheOf({ ...UPSTASH })
    expect(first!.config.l1Bytes).toBeGreaterThan(0)
    expect(await cacheOf({ ...UPSTASH })).toBe(first)
    for (const other of [{ UPSTASH_REDIS_REST_URL: 'https://v.example' }, { UPSTASH_REDIS_REST_TOKEN: 'v' }])
      expect(await cacheOf({ ...UPSTASH, ...other })).not.toBe(first)
    const listening = (onEvent: () => void) => cacheOf({}, { type: 'local', onEvent })
    expect(await listening(() => undefined)).not.toBe(await listening(() => undefined))
    const asking = (baseUrl: string) =>
      cacheOf({}, { type: 'redis', redis: { client: { mget() {}, client: { baseUrl, headers: {} } } as never } })
    expect(await asking('https://a.example')).toBe(await asking('https://a.example'))
    expect(await asking('https://a.example')).not.toBe(await asking('https://b.example'))
  })
})

describe('the route of the clean-up', () => {
  const redis = new FakeRedis()
  async function ask(options: CronRouteOptions, env: object, authorization = 'Bearer right') {
    const cache = createQueryCache({ type: 'hybrid', redis: { client: redis.sdk } })
    const app = new Hono()
    app.get('/', cronRoute({ database: new FakeDatabase(), cache, ...options }))
    app.onError((error, c) => c.text(error.message, 599 as 500))
    redis.reset()
    return (await app.request('/', { headers: { Authorization: authorization } }, env)).status
  }
  const CRON_SECRET = 'right'
  afterEach(() => void (redis.before = () => {}))

  it.each(['Bearer wrong', 'Bearer righT', 'bearer right', 'right', 'Bearer', 'Bearer right ight', ''])(
    'refuses %j',
    async (authorization) => {
      expect(await ask({}, { CRON_SECRET }, authorization)).toBe(401)
      expect(redis.trips).toEqual([])
    },
  )

  it('takes the secret of the variable that it is told', async () => {
    expect(await ask({}, { CRON_SECRET })).toBe(200)
    expect(await ask({}, { OTHER: 'right' })).toBe(500)
    expect(await ask({ secretVariable: 'OTHER' }, { OTHER: 'right', CRON_SECRET: 'wrong' })).toBe(200)
  })

  it('says whose fault it is: 503 for Redis, 500 for a variable, and what the application throws as it is', async () => {
    redis.before = () => {
      throw new Error('down')
    }
    expect(await ask({}, { CRON_SECRET })).toBe(503)
    expect(await ask({ cache: { type: 'hybrid' } }, { CRON_SECRET })).toBe(500)
    redis.before = () => {}
    const onCleanup = () => Promise.reject(new Error('mine'))
    expect(await ask({ onCleanup }, { CRON_SECRET })).toBe(599)
  })

  it('works within the budget that it is given', async () => {
    for (let i = 0; i < 50; i++) redis.data.set(`eqc:e:query:0::${i}`, 'old')
    redis.page = 1
    expect(await ask({ maxCommands: 5 }, { CRON_SECRET })).toBe(200)
    expect(redis.commands).toBeLessThanOrEqual(5)
    const now = vi.spyOn(Date, 'now')
    let time = 1_800_000_000_000
    now.mockImplementation(() => (time += 1_000))
    expect(await ask({ maxMs: 3_000 }, { CRON_SECRET })).toBe(200)
    now.mockRestore()
    expect(redis.commands).toBeLessThanOrEqual(8)
  })
})
