/** One isolate: a cache, an executor on it, and the middleware in front of it. */
import { Hono } from 'hono'
import type { CachedQueryExecutor, CacheConfig } from '../../src/index.js'
import type { Database } from '../../src/types.js'
import type { Client } from './clients.ts'
import type { Sources } from './load-sources.ts'
import type { Op } from './requests.ts'
import type { Context } from './virtual-time.ts'
import type { World } from './world.ts'

export type Code<T> = (executor: CachedQueryExecutor) => Promise<T>

interface Bindings {
  run: (executor: CachedQueryExecutor) => Promise<void>
}

export class Isolate implements Context {
  dead = false
  readonly id: number
  readonly slot: number
  readonly fenced: boolean
  readonly epoch: string
  readonly identity: string
  /** Milliseconds by which its clock is ahead of the true time. */
  readonly skew: number
  readonly #world: World
  readonly #executor: CachedQueryExecutor
  readonly #app = new Hono<{ Bindings: Bindings }>()

  constructor(
    world: World,
    sources: Sources,
    config: CacheConfig,
    database: Database,
    { id, slot, skew }: { id: number; slot: number; skew: number },
  ) {
    this.#world = world
    this.id = id
    this.slot = slot
    this.skew = skew
    this.fenced = config.consistency?.invalidate === 'fenced'
    this.epoch = config.epoch!
    this.identity = database.identity
    const cache = sources.createQueryCache({ ...config, redis: { client: world.redis.client(this), ...config.redis } })
    this.#executor = new sources.CachedQueryExecutor(database, cache)
    this.#app.use(sources.queryCache({ database, cache }) as never)
    this.#app.all('*', async (c) => {
      await c.env.run(c.get('queryCache'))
      return c.text('answered')
    })
  }

  /** Runs a request's code; by a client it comes through the middleware, with its cookies. */
  async run<T>(op: Op, code: Code<T>): Promise<T> {
    const runtime = this.#runtime(op)
    if (!op.client) return code(this.#executor.bind(runtime))
    let end: Promise<T> | undefined
    const run = async (executor: CachedQueryExecutor) => {
      end = code(executor.bind(runtime))
      await end.catch(() => undefined)
    }
    const headers = this.#cookie(op.client)
    const response = await this.#app.request('/', { headers }, { run })
    if (op.disconnected) return end!
    op.cookieUntil = op.client.take(response.headers, this.#world.time.now)
    if (op.client.size > 2) this.#world.count('session: several cookies of one client')
    return end!
  }

  #cookie(client: Client): Record<string, string> {
    const cookie = client.header(this.#world.time.now)
    return cookie === '' ? {} : { cookie }
  }

  /** What the request lends. What was handed to `waitUntil` keeps it alive after its client has gone. */
  #runtime(op: Op): Parameters<CachedQueryExecutor['bind']>[0] {
    const { time, chance } = this.#world
    return {
      now: () => time.now + this.skew,
      random: () => chance.next(),
      waitUntil: (promise) => {
        op.held++
        const release = () => {
          op.held--
          if (op.disconnected && op.held === 0) op.dead = true
        }
        promise.then(release, release)
      },
    }
  }
}
