/** Isolates that answer requests: applications on one Redis and one database, and clients with cookie jars. */
import { Hono } from 'hono'
import { expect } from 'vitest'
import { queryCache } from '../../src/hono/index.js'
import type { QueryCacheOptions } from '../../src/hono/index.js'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig, QueryCache } from '../../src/index.js'
import { FakeDatabase } from './fake-database.js'
import { FakeRedis } from './fake-redis.js'
import { SQL } from './isolates.js'

export const POSTS = 'SELECT n FROM posts'

export class Site {
  readonly redis = new FakeRedis()
  readonly database = new FakeDatabase()
  readonly #caches: QueryCache[] = []
  /** What `/run` does. */
  run: (executor: CachedQueryExecutor) => unknown = () => undefined

  /** An isolate's application, with a cache of its own. */
  isolate(options: QueryCacheOptions = {}, config: Partial<CacheConfig> = {}) {
    const app = new Hono()
    const cache = createQueryCache({ type: 'hybrid', ...config, redis: { client: this.redis.sdk, ...config.redis } })
    this.#caches.push(cache)
    app.use(queryCache({ database: this.database, cache, ...options }))
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
    app.all('/run', async (c) => {
      await this.run(c.var.queryCache)
      return c.text('done')
    })
    return app
  }

  /** Waits for what the responses left to be done. */
  async flushed(): Promise<void> {
    await Promise.all(this.#caches.map((cache) => new CachedQueryExecutor(this.database, cache).flush()))
  }

  /** Gets users, posts and what has a key into the memory of these isolates. */
  async warm(...apps: App[]): Promise<void> {
    const client = new Client()
    const paths = ['/', '/posts', '/key']
    for (const path of paths)
      for (let i = 0; i < 3; i++) {
        for (const app of apps) await client.ask(app, path)
        await this.flushed()
      }
    for (const app of apps) for (const path of paths) expect(await client.ask(app, path)).toBe('l1')
  }
}

export type App = ReturnType<Site['isolate']>

/** A client with a cookie jar. */
export class Client {
  jar = new Map<string, string>()
  last: string[] = []

  /** How the answer's last query came about. */
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
