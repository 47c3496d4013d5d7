import { Redis } from '@upstash/redis'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { describe, expect, it, vi } from 'vitest'
import { cronRoute, scheduledCleanup } from '../../src/cron/index.js'
import { cachedQuery, queryCache } from '../../src/hono/index.js'
import { AnswerLog } from '../../src/hono/response-headers.js'
import { createQueryCache } from '../../src/index.js'
import type { CacheConfig, CacheInfo } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'
import { SQL } from '../support/isolates.js'

function application(options: Parameters<typeof queryCache>[0] = {}) {
  const database = new FakeDatabase()
  const cache = createQueryCache({ type: 'local' })
  const app = new Hono()
  app.use(queryCache({ database, cache, ...options }))
  app.get('/one', async (c) => c.json(await cachedQuery<{ n: number }>(c, SQL, [1])))
  app.get('/two', async (c) =>
    c.json(
      await c.var.queryCache.queryBatch([
        { sql: SQL, params: [1] },
        { sql: SQL, params: [2] },
      ]),
    ),
  )
  app.get('/volatile', async (c) => c.json(await cachedQuery(c, 'SELECT now() AS n')))
  app.get('/none', (c) => c.text('nothing asked'))
  return { app, database }
}

describe('queryCache()', () => {
  it('tells in Cache-Status and Server-Timing how an answer came about', async () => {
    const { app } = application()
    const status = async (path: string) => (await app.request(path)).headers.get('Cache-Status')
    expect(await status('/one')).toBe('edge-query-cache; fwd=miss; detail=miss')
    expect(await status('/one')).toMatch(/^edge-query-cache; hit; ttl=\d+; detail=l1$/)
    expect(await status('/two')).toBe('edge-query-cache; fwd=miss; detail="l1=1 miss=1"')
    expect(await status('/volatile')).toBe('edge-query-cache; fwd=bypass; detail=volatile-function')
    expect(await status('/none')).toBeNull()
    expect((await app.request('/two')).headers.get('Server-Timing')).toBe('query-cache;desc="l1=2"')
  })

  it.each([
    ['a read', SQL, 'fwd=miss; detail=miss', 'miss'],
    ['a read that is not cached', 'SELECT now() AS n', 'fwd=bypass; detail=volatile-function', 'bypass'],
    ['a write', 'UPDATE users SET n = 1', 'fwd=bypass; detail=write', 'bypass'],
  ])('tells it of %s that the database failed, too', async (_what, sql, status, outcome) => {
    const { app, database } = application()
    app.get('/failing', async (c) => c.json(await cachedQuery(c, sql)))
    app.onError((error, c) => c.text(error.message, 500))
    database.answer = () => Promise.reject(new Error('the database is away'))
    const { headers } = await app.request('/failing')
    expect(headers.get('Cache-Status')).toBe(`edge-query-cache; ${status}`)
    expect(headers.get('Server-Timing')).toMatch(new RegExp(`^query-cache;desc="${outcome}=1";dur=[\\d.]+$`))
  })

  it('hands `nowBucket` on with the other options', async () => {
    const { app, database } = application()
    const sql = 'SELECT n FROM users WHERE at < now()'
    app.get('/recent', async (c) => c.json(await cachedQuery(c, sql, [], { nowBucket: 86_400, ttl: 60 })))
    await app.request('/recent')
    const { headers } = await app.request('/recent')
    expect(headers.get('Cache-Status')).toMatch(/^edge-query-cache; hit; ttl=\d+; detail=l1$/)
    expect(database.log).toEqual(['SELECT n FROM users WHERE at < ($1::timestamptz)'])
  })

  it('keeps nothing of what is asked after the headers, by a stream or a socket, for hours', () => {
    const context = { res: new Response('body') } as Context
    const log = new AnswerLog()
    const infos = ['miss', 'l1'].map(
      (outcome) => ({ outcome, key: '', age: 0, ttl: 1, tables: [], tags: [] }) as CacheInfo,
    )
    log.add(infos[0]!, 1)
    log.writeTo(context)
    const written = context.res.headers.get('Cache-Status')
    log.add(infos[1]!, 1)
    log.writeTo(context)
    expect(context.res.headers.get('Cache-Status')).toBe(written)
  })

  it.each([
    [3_600, /^3(5\d\d|600)$/],
    [Infinity, /^999999999$/],
  ])('tells in Cache-Status how long an answer is fresh, with a `ttl` of %d', async (ttl, told) => {
    const { app } = application({ cache: createQueryCache({ type: 'local', queryCache: { ttlJitter: 0 } }) })
    app.get('/long', async (c) => c.json(await cachedQuery(c, SQL, [1], { ttl })))
    await app.request('/long')
    const status = (await app.request('/long')).headers.get('Cache-Status')
    expect(/ttl=(.*);/.exec(status!)![1]).toMatch(told)
  })

  it('tells of several hits how long all of them are fresh', async () => {
    const { app } = application()
    app.get('/both', async (c) => {
      for (const ttl of [50, 30, 40]) await cachedQuery(c, SQL, [ttl], { ttl })
      return c.text('done')
    })
    await app.request('/both')
    const status = (await app.request('/both')).headers.get('Cache-Status')
    expect(status).toMatch(/^edge-query-cache; hit; ttl=(29|30); detail="l1=3"$/)
  })

  it('tells how an answer came about that is cached by its TTL alone', async () => {
    const cache = createQueryCache({ type: 'local', sql: { onUnknown: 'ttl-only' } })
    const { app } = application({ cache })
    app.get('/unknown', async (c) => c.json(await cachedQuery(c, 'SELECT my_function(n) FROM users')))
    const status = async () => (await app.request('/unknown')).headers.get('Cache-Status')
    expect(await status()).toBe('edge-query-cache; fwd=miss; detail=miss')
    expect(await status()).toMatch(/^edge-query-cache; hit; ttl=\d+; detail=l1$/)
  })

  it('leaves the headers out when told to', async () => {
    const { app } = application({ headers: false })
    const { headers } = await app.request('/one')
    expect([headers.get('Cache-Status'), headers.get('Server-Timing')]).toEqual([null, null])
  })

  it('adds its headers to those of a response that was fetched, and cannot be changed', async () => {
    const { app } = application()
    app.get('/fetched', async (c) => {
      await cachedQuery(c, SQL, [1])
      return fetch('data:text/plain,fetched')
    })
    for (const outcome of ['miss', 'l1']) {
      const response = await app.request('/fetched')
      expect(response.headers.get('Cache-Status')).toMatch(new RegExp(`^edge-query-cache; .*detail=${outcome}$`))
      expect(response.headers.get('Server-Timing')).toContain(`desc="${outcome}=1"`)
      expect(await response.text()).toBe('fetched')
    }
  })

  it('adds its headers to those that the application has set, and says of each request what it asked', async () => {
    const { app } = application()
    app.get('/own', async (c) => {
      c.header('Server-Timing', 'own;dur=1')
      return c.json(await cachedQuery(c, SQL, [Number(c.req.query('n'))]))
    })
    const timing = async (n: number) => (await app.request(`/own?n=${n}`)).headers.get('Server-Timing')
    expect([await timing(1), await timing(1), await timing(2)].map((text) => text?.replace(/\d+\.\d$/, '0'))).toEqual([
      'own;dur=1, query-cache;desc="miss=1";dur=0',
      'own;dur=1, query-cache;desc="l1=1"',
      'own;dur=1, query-cache;desc="miss=1";dur=0',
    ])
  })

  it('works without an execution context, and hands work to `waitUntil` where there is one', async () => {
    const { app } = application()
    expect((await app.request('/one')).status).toBe(200)
    const held: unknown[] = []
    class Context {
      #own = true
      props = {}
      exports = {}
      waitUntil(promise: Promise<unknown>) {
        if (this.#own) held.push(promise)
      }
      passThroughOnException() {}
    }
    await app.request('/one?x', {}, {}, new Context())
    const { app: other } = application()
    await other.request('/one', {}, {}, new Context())
    expect(held.length).toBeGreaterThan(0)
  })

  it('hands work to the `waitUntil` that it was given, also where there is a context', async () => {
    const held: unknown[] = []
    const { app } = application({ waitUntil: (promise) => void held.push(promise) })
    const unused = () => expect.unreachable()
    const context = { waitUntil: unused, passThroughOnException() {}, props: {}, exports: {} }
    await app.request('/one')
    await app.request('/two', {}, {}, context)
    expect(held).toHaveLength(2)
  })

  it('separates scopes', async () => {
    const { app } = application({ scope: (c) => c.req.header('X-User') })
    const ask = async (user: string) => (await app.request('/one', { headers: { 'X-User': user } })).json()
    const first = await ask('ada')
    expect(await ask('ada')).toEqual(first)
    expect(await ask('bob')).not.toEqual(first)
  })

  it('builds one cache per set of bindings', async () => {
    const app = new Hono()
    const database = new FakeDatabase()
    const redis = new FakeRedis()
    app.use(
      queryCache({
        database,
        cache: (c) => ({ type: 'hybrid', epoch: (c.env as { EPOCH?: string }).EPOCH, redis: { client: redis.sdk } }),
      }),
    )
    app.get('/', async (c) => c.json((await c.var.queryCache.queryResult(SQL, [1])).cache.outcome))
    const ask = async (EPOCH: string) => (await app.request('/', {}, { EPOCH })).json()
    expect([await ask('1'), await ask('1'), await ask('2'), await ask('2')]).toEqual(['miss', 'l1', 'miss', 'l1'])
  })

  it('asks the database of the request, where the bindings of two requests differ', async () => {
    const app = new Hono()
    app.use(queryCache({ cache: { type: 'local' } }))
    app.get('/', (c) => c.text(c.var.queryCache.core.database.identity))
    const [DATABASE_URL, NEON_FETCH_ENDPOINT] = ['postgres://u:p@db.example.com/one', 'https://db.example.com/sql']
    const sets = [
      { DATABASE_URL },
      { DATABASE_URL: 'postgres://u:p@db.example.com/two' },
      { DATABASE_URL, NEON_FETCH_ENDPOINT },
    ]
    const asked = async () => Promise.all(sets.map(async (env) => (await app.request('/', {}, env)).text()))
    const identities = await asked()
    expect(new Set(identities).size).toBe(3)
    expect(await asked()).toEqual(identities)
  })

  it('adds the credentials of the bindings to a configuration, and leaves the rest of it', async () => {
    const app = new Hono()
    const redis = { redisKeyPrefix: 'mine', url: 'https://another.upstash.io' }
    const held: Promise<unknown>[] = []
    const waitUntil = (promise: Promise<unknown>) => void held.push(promise)
    app.use(queryCache({ database: new FakeDatabase(), cache: { type: 'hybrid', redis }, waitUntil }))
    app.get('/', async (c) => c.json(await cachedQuery(c, SQL, [1])))
    const sent: [string, RequestInit][] = []
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => (sent.push([url, init]), Response.json({})))
    await app.request('/', {}, { UPSTASH_REDIS_REST_URL: 'https://own.upstash.io', UPSTASH_REDIS_REST_TOKEN: 'token' })
    await Promise.allSettled(held)
    vi.unstubAllGlobals()
    const [[url, init]] = sent as [[string, RequestInit]]
    expect(url).toMatch(/^https:\/\/another\.upstash\.io/)
    expect(new Headers(init.headers).get('Authorization')).toBe('Bearer token')
    expect(init.body).toContain('"mine:v:')
  })

  it('reads the bindings once, where every request is given the same', async () => {
    const app = new Hono()
    app.use(queryCache({ cache: createQueryCache({ type: 'local' }) }))
    app.get('/', (c) => c.text('nothing asked'))
    let reads = 0
    const env = Object.defineProperty({}, 'DATABASE_URL', {
      get: () => (reads++, 'postgres://u:p@db.example.com/app'),
    })
    await app.request('/', {}, env)
    const first = reads
    expect(first).toBeGreaterThan(0)
    await app.request('/', {}, env)
    expect(reads).toBe(first)
  })

  it('builds no cache for each request where its configuration is made for each, with a client and a listener', async () => {
    const app = new Hono()
    const database = new FakeDatabase()
    const listeners: unknown[] = []
    const config = (token: string): CacheConfig => ({
      type: 'hybrid',
      redis: { client: new Redis({ url: 'http://localhost:1', token }) },
      onEvent: (event) => listeners.push(event),
    })
    app.use(queryCache({ database, cache: (c) => config((c.env as { TOKEN: string }).TOKEN) }))
    app.get('/', async (c) => c.json((await c.var.queryCache.queryResult(SQL, [1])).cache.outcome))
    const ask = async (TOKEN: string) => (await app.request('/', {}, { TOKEN })).json()
    expect([await ask('a'), await ask('a'), await ask('b'), await ask('b')]).toEqual(['miss', 'l1', 'miss', 'l1'])
    expect(listeners.length).toBeGreaterThan(3)
  })

  it('builds one cache for a client that the application uses too, whose headers change with each use', async () => {
    let answers = 0
    vi.stubGlobal('fetch', () =>
      Promise.resolve(Response.json([{ result: null }], { headers: { 'upstash-sync-token': `${++answers}` } })),
    )
    const client = new Redis({ url: 'http://localhost:1', token: 'a' })
    const app = new Hono()
    app.use(queryCache({ database: new FakeDatabase(), cache: { type: 'hybrid', redis: { client } } }))
    app.get('/', async (c) => c.json((await c.var.queryCache.queryResult(SQL, [1])).cache.outcome))
    const outcomes: unknown[] = []
    for (let i = 0; i < 3; i++) {
      // The bindings are other objects with each request, as they are in Node.
      outcomes.push(await (await app.request('/', {}, {})).json())
      for (let use = 0; use < 2; use++) await client.get('limit')
    }
    vi.unstubAllGlobals()
    expect(outcomes).toEqual(['miss', 'l1', 'l1'])
  })

  it('builds one cache for all databases, which share its memory and its trips', async () => {
    const app = new Hono()
    const redis = new FakeRedis()
    app.use(
      queryCache({
        database: (c) => Object.assign(new FakeDatabase(), { identity: `fake/db/${c.req.query('role')}` }),
        cache: { type: 'hybrid', redis: { client: redis.sdk } },
      }),
    )
    app.get('/', async (c) => {
      const { cache } = await c.var.queryCache.queryResult(SQL, [1])
      return c.json([cache.outcome, c.var.queryCache.getCacheStats().totalQueries])
    })
    const ask = async (role: string) => (await app.request(`/?role=${role}`)).json()
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([
      ['miss', 1],
      ['miss', 2],
      ['l1', 3],
    ])
  })

  it('is one cache for all parts of an application, so that none of them serves what another has changed', async () => {
    const redis = new FakeRedis()
    const database = new FakeDatabase()
    const part = () => {
      const app = new Hono()
      app.use(queryCache({ database, cache: () => ({ type: 'hybrid', redis: { client: redis.sdk } }) }))
      app.get('/read', async (c) => c.json((await c.var.queryCache.queryResult(SQL, [1])).cache.outcome))
      app.get('/write', async (c) =>
        c.json((await c.var.queryCache.execute('UPDATE users SET n = 1')).cache.invalidated),
      )
      return app
    }
    const app = new Hono().route('/a', part()).route('/b', part())
    const ask = async (path: string) => (await app.request(path)).json()
    expect([await ask('/a/read'), await ask('/b/read'), await ask('/b/write'), await ask('/a/read')]).toEqual([
      'miss',
      'l1',
      true,
      'miss',
    ])
  })

  it('names the missing variables and the commands that set them at the first request', async () => {
    const app = new Hono()
    app.onError((error, c) => c.text(error.message, 500))
    app.use(queryCache())
    app.get('/', async (c) => c.json(await cachedQuery(c, SQL, [1])))
    const message = await (await app.request('/', {}, {})).text()
    expect(message).toContain('DATABASE_URL is not set')
    expect(message).toContain('npx wrangler secret put DATABASE_URL')
    const half = {
      DATABASE_URL: 'postgres://u:p@db.example.com/app',
      UPSTASH_REDIS_REST_URL: 'https://secret-host.upstash.io',
    }
    const second = await (await app.request('/', {}, half)).text()
    expect(second).toContain('wrangler secret put UPSTASH_REDIS_REST_TOKEN')
    expect(second).not.toContain('secret-host')
  })

  it('refuses the promise of a configuration instead of running without it', async () => {
    const cache = (async () => ({ type: 'local', epoch: '2' })) as never
    expect(() => scheduledCleanup({ cache: Promise.resolve({ type: 'local' }) as never })).toThrow('`cache`')
    const app = new Hono()
    app.use(queryCache({ database: new FakeDatabase(), cache }))
    app.get('/', async (c) => c.json(await cachedQuery(c, SQL, [1])))
    app.onError((error, c) => c.text(error.message))
    expect(await (await app.request('/')).text()).toBe('`cache` is a promise. Allowed: an object.')
  })

  it('runs as `local` without Upstash variables and says so once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const app = new Hono()
    app.use(queryCache())
    app.get('/', (c) => c.text(c.var.queryCache.explain(SQL, [1]).key))
    const env = { DATABASE_URL: 'postgres://u:p@db.example.com/app' }
    expect((await app.request('/', {}, env)).status).toBe(200)
    await app.request('/', {}, env)
    expect(warn).toHaveBeenCalledTimes(1)
    expect(String(warn.mock.calls[0]![0])).toContain('UPSTASH_REDIS_REST_URL')
    warn.mockRestore()
  })

  it('says what is missing when cachedQuery has no middleware', async () => {
    const app = new Hono()
    app.onError((error, c) => c.text(error.message, 500))
    app.get('/', async (c) => c.json(await cachedQuery(c, SQL)))
    expect(await (await app.request('/')).text()).toContain('app.use(queryCache())')
  })
})

describe('cron', () => {
  it('refuses a wrong secret, cleans with the right one, and says when none is set', async () => {
    const app = new Hono()
    app.get('/cron', cronRoute({ database: new FakeDatabase(), cache: { type: 'local' } }))
    const ask = async (authorization: string | undefined, env = { CRON_SECRET: 'right' }) =>
      app.request('/cron', { headers: authorization ? { Authorization: authorization } : {} }, env)
    expect((await ask(undefined)).status).toBe(401)
    expect((await ask('Bearer wrong')).status).toBe(401)
    expect((await ask('Bearer right ')).status).toBe(200)
    expect(await (await ask('Bearer right')).json()).toEqual({ removed: 0 })
    const unset = await ask('Bearer ', { CRON_SECRET: '' })
    expect([unset.status, await unset.text()]).toEqual([500, expect.stringContaining('CRON_SECRET')])
  })

  it('answers 503 and rejects a scheduled run when Redis gives no answer', async () => {
    const redis = new FakeRedis()
    redis.before = () => {
      throw new Error('secret in the message')
    }
    const options = { database: new FakeDatabase(), cache: { type: 'hybrid', redis: { client: redis.sdk } } } as const
    const app = new Hono().get('/cron', cronRoute(options))
    const response = await app.request('/cron', { headers: { Authorization: 'Bearer s' } }, { CRON_SECRET: 's' })
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('secret')
    const held: Promise<unknown>[] = []
    const context = { waitUntil: (promise: Promise<unknown>) => void held.push(promise.catch(() => undefined)) }
    await expect(scheduledCleanup(options)({}, {}, context)).rejects.toMatchObject({ code: 'REDIS_FAILED' })
    expect(held).toHaveLength(1)
  })

  it('is not over before what it tells its end to', async () => {
    const told: number[] = []
    const onCleanup = async (removed: number) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      told.push(removed)
    }
    const options = { database: new FakeDatabase(), cache: createQueryCache({ type: 'local' }) }
    const context = { waitUntil: () => {} }
    await scheduledCleanup({ ...options, onCleanup })({}, {}, context)
    expect(told).toEqual([0])
    const failing = scheduledCleanup({ ...options, onCleanup: () => Promise.reject(new Error('metrics are away')) })
    await expect(failing({}, {}, context)).rejects.toThrow('metrics are away')
  })
})
