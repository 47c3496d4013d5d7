import { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { queryCache } from '../../src/hono/index.js'
import type { QueryCacheOptions } from '../../src/hono/index.js'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig, QueryCache } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'
import { SQL } from '../support/isolates.js'

let redis: FakeRedis
let database: FakeDatabase
let caches: QueryCache[]
beforeEach(() => {
  redis = new FakeRedis()
  database = new FakeDatabase()
  caches = []
})

const POSTS = 'SELECT n FROM posts'

/** An isolate's application: its own cache, one Redis and one database with the others. */
function isolate(options: QueryCacheOptions = {}, config: Partial<CacheConfig> = {}) {
  const app = new Hono()
  const cache = createQueryCache({ type: 'hybrid', ...config, redis: { client: redis.sdk, ...config.redis } })
  caches.push(cache)
  app.use(queryCache({ database, cache, ...options }))
  app.get('/', async (c) => c.json(await c.var.queryCache.query(SQL, [1])))
  app.get('/posts', async (c) => c.json(await c.var.queryCache.query(POSTS)))
  app.post('/', async (c) => c.json((await c.var.queryCache.execute('UPDATE users SET n = 1')).cache))
  app.post('/posts', async (c) => c.json((await c.var.queryCache.execute('UPDATE posts SET n = 1')).cache))
  app.post('/all', async (c) => c.json((await c.var.queryCache.execute('CALL refresh()')).cache))
  app.post('/key', async (c) => c.json(await c.var.queryCache.invalidate({ keys: ['user:1'], tags: ['hot'] })))
  app.get('/key', async (c) =>
    c.json(await c.var.queryCache.query(POSTS, [], { cacheKey: 'user:1:posts', tags: ['hot'] })),
  )
  app.post('/slow', (c) => {
    void c.var.queryCache.execute('UPDATE users SET n = 1')
    return c.text('accepted')
  })
  app.post('/many', async (c) => {
    const tables = Array.from({ length: 40 }, (_, i) => `table_${i}`)
    return c.json((await c.var.queryCache.execute('UPDATE users SET n = 1', [], { tables })).cache)
  })
  app.post('/none', async (c) => c.text((await c.var.queryCache.execute(SQL, [1]).catch(() => 'failed')) as string))
  return app
}
type App = ReturnType<typeof isolate>

/** A client with a cookie jar. */
class Client {
  readonly jar = new Map<string, string>()
  last: string[] = []

  async ask(app: App, path = '/', method = 'GET'): Promise<string> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await app.request(path, { method, headers: cookie === '' ? {} : { cookie } })
    this.last = response.headers.getSetCookie()
    for (const line of this.last) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (/; Max-Age=0/.test(line)) this.jar.delete(name!)
      else this.jar.set(name!, value!)
    }
    await response.text()
    return /detail=([\w-]+)/.exec(response.headers.get('Cache-Status') ?? '')?.[1] ?? 'none'
  }
}
/** Waits for what the responses left to be done. */
const flushed = () => Promise.all(caches.map((cache) => new CachedQueryExecutor(database, cache).flush()))

/** Two isolates, in whose memory the users and posts are. */
async function warm(...apps: App[]) {
  const client = new Client()
  for (const path of ['/', '/posts', '/key'])
    for (let i = 0; i < 3; i++) {
      for (const app of apps) await client.ask(app, path)
      await flushed()
    }
  for (const app of apps) for (const path of ['/', '/posts', '/key']) expect(await client.ask(app, path)).toBe('l1')
}

describe('the session cookie', () => {
  it('lets a client see its own write on another isolate, whose memory holds the old rows', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const [writer, other] = [new Client(), new Client()]
    await writer.ask(a, '/', 'POST')
    expect(await writer.ask(b)).toBe('miss')
    // What was read for him answers him again, and his write concerns nothing else.
    await flushed()
    expect(await writer.ask(b)).toBe('l1')
    expect(await writer.ask(b, '/posts')).toBe('l1')
    expect(await other.ask(isolate())).toBe('l2')
  })

  it('is bounded, short-lived, signed, and holds no name, tag or key', async () => {
    const a = isolate({}, { redis: { url: 'https://redis.invalid', token: 'secret-token', client: redis.sdk } })
    const client = new Client()
    await client.ask(a, '/many', 'POST')
    const [line] = client.last
    expect(client.last).toHaveLength(1)
    expect(line).toMatch(/^eqc-session-[0-9a-f]{8}=[^;]{1,400}; Max-Age=10; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(decodeURIComponent(line!)).not.toMatch(/users|table_|secret|hot/)
    // More than fits means everything.
    const b = isolate({}, { redis: { token: 'secret-token', client: redis.sdk } })
    await warm(b)
    expect(await client.ask(b, '/posts')).toBe('miss')
  })

  it('carries tags and keys as well as tables', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/key', 'POST')
    expect(await client.ask(b, '/key')).toBe('miss')
    expect(await client.ask(b, '/')).toBe('l1')
  })

  it('carries everything after a write that is not understood', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/all', 'POST')
    expect(await client.ask(b, '/')).toBe('miss')
    expect(await client.ask(b, '/posts')).toBe('miss')
  })

  it('carries names whose invalidation failed, for longer, and then the database answers', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    redis.before = () => Promise.reject(new Error('away'))
    await client.ask(a, '/', 'POST')
    redis.before = () => {}
    expect(client.last[0]).toContain('Max-Age=60')
    for (let i = 0; i < 3; i++) {
      expect(await client.ask(b)).toBe('miss')
      await flushed()
    }
  })

  it('carries names of a write that is still under way, or whose end is not known', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    const { answer } = database
    let commit!: () => void
    database.answer = () => new Promise((resolve) => (commit = () => resolve([])))
    await client.ask(a, '/slow', 'POST')
    expect(client.last[0]).toContain('Max-Age=60')
    database.answer = answer
    expect(await client.ask(b)).toBe('miss')
    commit()
    await flushed()
    expect(await client.ask(b)).toBe('miss')
  })

  it('takes no version for that of a write which may still commit, though its fence is lost', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    const { answer } = database
    database.answer = () => Promise.reject(new Error('the reply was lost'))
    await client.ask(a, '/', 'POST')
    expect(client.last[0]).toContain('Max-Age=60')
    database.answer = answer
    for (const key of redis.data.keys()) if (key.includes(':f:')) redis.data.delete(key)
    for (let i = 0; i < 3; i++) {
      expect(await client.ask(b)).toBe('miss')
      await flushed()
    }
  })

  it('is not set by a request that wrote nothing, or whose write the database refused', async () => {
    const a = isolate()
    await warm(a)
    const client = new Client()
    await client.ask(a)
    expect(client.last).toEqual([])
    database.answer = () => Promise.reject(Object.assign(new Error('duplicate key'), { code: '23505' }))
    await client.ask(a, '/', 'POST')
    expect(client.last).toEqual([])
  })

  it('believes nothing but the very versions of the writes, where a replica of Redis lags behind', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const before = new Map(redis.data)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    const replica = new FakeRedis()
    for (const [key, value] of before) replica.data.set(key, value)
    const lagging = isolate({}, { redis: { client: replica.sdk } })
    expect(await client.ask(lagging)).toBe('miss')
    expect(await new Client().ask(lagging)).toBe('l1')
    expect(await client.ask(lagging)).toBe('miss')
  })

  it('answers from the database when its check of the versions fails', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    redis.before = () => Promise.reject(new Error('away'))
    expect(await client.ask(b)).toBe('miss')
  })

  it('keeps both of two writes at once, and one for two in sequence', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await Promise.all([client.ask(a, '/', 'POST'), client.ask(b, '/posts', 'POST')])
    expect(client.jar.size).toBe(2)
    await client.ask(a, '/', 'POST')
    expect(client.jar.size).toBe(2)
    await client.ask(a, '/posts', 'POST')
    expect(client.jar.size).toBe(2)
    const c = isolate()
    expect([await client.ask(c), await client.ask(c, '/posts')]).toEqual(['miss', 'miss'])
  })

  it('stays few: one that means everything takes the place of many', async () => {
    const a = isolate()
    const client = new Client()
    await Promise.all(Array.from({ length: 9 }, () => client.ask(a, '/', 'POST')))
    expect(client.jar.size).toBe(9)
    await client.ask(a, '/posts', 'POST')
    expect([...client.jar.keys()]).toEqual(['eqc-session-all'])
    await client.ask(a, '/key')
    await flushed()
    expect(await client.ask(a, '/key')).toBe('miss')
  })

  it('means everything when there are more than are looked at', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await Promise.all(Array.from({ length: 66 }, () => client.ask(a, '/', 'POST')))
    expect(client.jar.size).toBe(66)
    expect(await client.ask(b, '/posts')).toBe('miss')
    for (const name of client.jar.keys()) client.jar.set(name, 'forged')
    await flushed()
    expect(await client.ask(b, '/posts')).toBe('l1')
  })

  it('is ignored when it is malformed, forged, of another Redis, or over', async () => {
    const token = (text: string) => ({ redis: { token: text, client: redis.sdk } })
    const [a, b] = [isolate({}, token('one')), isolate({}, token('one'))]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    const [[name, value]] = [...client.jar] as [[string, string]]
    const signature = value.slice(value.lastIndexOf('.'))
    for (const forged of [
      '',
      'nonsense',
      '%E0%A4%A',
      `1.*${signature}`,
      value.slice(1),
      value.slice(0, -4),
      `${value}x`,
      'x'.repeat(3_000),
    ]) {
      const response = await b.request('/', { headers: { cookie: `${name}=${forged}` } })
      expect(response.headers.get('Cache-Status')).toContain('l1')
    }
    const other = isolate({}, token('another'))
    await warm(other)
    expect(await client.ask(other)).toBe('l1')
    const { now } = Date
    try {
      Date.now = () => now() + 100_000
      await warm(b)
      expect(await client.ask(b)).toBe('l1')
    } finally {
      Date.now = now
    }
  })

  it('is off by option', async () => {
    const [a, b] = [isolate({ session: false }), isolate({ session: false })]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    expect(client.last).toEqual([])
    expect(await client.ask(b)).toBe('l1')
  })

  it('takes a name, a lifetime and a place, and says what is allowed', async () => {
    const session = {
      name: 'mine',
      maxAge: 3,
      path: '/',
      domain: 'example.com',
      sameSite: 'None',
      secure: true,
    } as const
    const client = new Client()
    await client.ask(isolate({ session }), '/', 'POST')
    expect(client.last[0]).toMatch(
      /^mine-\w+=.*; Max-Age=3; Domain=example.com; Path=\/; HttpOnly; Secure; SameSite=None$/,
    )
    expect(() => queryCache({ session: { name: 'a b' } })).toThrow('`session.name`')
    expect(() => queryCache({ session: { maxAge: 0 } })).toThrow('`session.maxAge` is 0')
    expect(() => queryCache({ session: { seconds: 1 } as never })).toThrow('`seconds` is not an option')
    expect(() => queryCache({ session: 'on' as never })).toThrow('`session`')
  })

  it('is sent back over HTTPS only, where the request came by it', async () => {
    const response = await isolate().request('https://example.com/', { method: 'POST' })
    expect(response.headers.get('Set-Cookie')).toContain('; Secure')
  })

  it('works without Redis: the other isolate asks the database', async () => {
    const local = { type: 'local' } as const
    const [a, b] = [isolate({}, local), isolate({}, local)]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    expect(await client.ask(b)).toBe('miss')
    expect(await client.ask(b, '/posts')).toBe('l1')
  })
})
