/** One isolate: a cache, an executor on it, and the middleware in front of it. */
import { Hono } from 'hono'
import type { CachedQueryExecutor, CacheConfig } from '../../src/index.js'
import type { Database } from '../../src/types.js'
import type { Client } from './clients.ts'
import type { Sources } from './load-sources.ts'
import type { Op } from './requests.ts'
import { alive } from './virtual-time.ts'
import type { Context } from './virtual-time.ts'
import type { World } from './world.ts'

export type Code<T> = (executor: CachedQueryExecutor) => Promise<T>

interface Bindings {
  database: Database
  run: (executor: CachedQueryExecutor) => Promise<void>
}

export class Isolate implements Context {
  dead = false
  readonly id: number
  readonly slot: number
  readonly fenced: boolean
  readonly epoch: string
  /** Of its cache: one database under two roles. Most requests ask as the first. */
  readonly databases: readonly Database[]
  readonly remembers: boolean
  /** Its platform ends what a request began and did not hand to `waitUntil`. */
  readonly endsRequests: boolean
  /** Milliseconds by which its clock is ahead of the true time. */
  readonly skew: number
  readonly #world: World
  readonly #executors: Map<Database, CachedQueryExecutor>
  readonly #app = new Hono<{ Bindings: Bindings }>()

  constructor(
    world: World,
    sources: Sources,
    config: CacheConfig,
    databases: readonly Database[],
    { id, slot, skew, endsRequests }: Pick<Isolate, 'id' | 'slot' | 'skew' | 'endsRequests'>,
  ) {
    this.#world = world
    this.id = id
    this.slot = slot
    this.skew = skew
    this.fenced = config.consistency?.invalidate === 'fenced'
    this.epoch = config.epoch!
    this.remembers = config.type !== 'redis'
    this.databases = databases
    this.endsRequests = endsRequests
    const cache = sources.createQueryCache({ ...config, redis: { client: world.redis.client(this), ...config.redis } })
    this.#executors = new Map(databases.map((one) => [one, new sources.CachedQueryExecutor(one, cache)]))
    this.#app.use(sources.queryCache<{ Bindings: Bindings }>({ database: (c) => c.env.database, cache }) as never)
    this.#app.onError((_, c) => c.text('failed', 500))
    this.#app.all('*', async (c) => {
      await c.env.run(c.get('queryCache'))
      return c.text('answered')
    })
  }

  /** Runs a request's code; by a client it comes through the middleware, with its cookies. */
  async run<T>(op: Op, code: Code<T>): Promise<T> {
    const runtime = this.#runtime(op)
    if (!op.client) return code(this.#executors.get(op.database)!.bind(runtime))
    let end: Promise<T> | undefined
    const run = async (executor: CachedQueryExecutor) => {
      end = code(executor.bind(runtime))
      await end
    }
    const headers = this.#cookie(op.client)
    const response = await this.#app.request('/', { headers }, { database: op.database, run })
    const { time, count } = this.#world
    if (op.disconnected || !alive(op)) return end!
    op.cookieUntil = op.client.take(response.headers, time.now)
    op.answered = { order: time.mark(), at: time.now }
    if (response.status === 500) count('session: the handler failed')
    if (op.client.size > 2) count('session: several cookies of one client')
    if (op.client.size > 7) count('session: more cookies than the bound')
    if (op.client.overflowed) count('session: one cookie that means everything')
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
          if ((op.disconnected || op.over) && op.held === 0) op.dead = true
        }
        promise.then(release, release)
      },
    }
  }
}
