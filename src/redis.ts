/**
 * One trip to Redis over HTTP: bounded in time, made once, every reply looked at, and nothing of the SDK's messages let through,
 * because they hold the whole command with its values.
 * @module
 */
import { Redis } from '@upstash/redis'
import type { Pipeline } from '@upstash/redis'
import { Breaker } from './breaker.js'
import { CHECK_REDIS, QueryCacheError } from './errors.js'
import type { CacheEvent, Events, RedisFailure } from './events.js'
import type { RedisSettings, ResolvedConfig } from './options.js'
import { clock, withTimeout } from './runtime.js'
import type { Runtime } from './runtime.js'
import type { Counters } from './stats.js'

export type RedisOperation = Extract<CacheEvent, { type: 'redis-failed' }>['operation']

/** Redis gave no usable answer. `failure` says why in one word. */
export class RedisError extends QueryCacheError {
  override readonly name = 'RedisError'
  readonly failure: RedisFailure

  constructor(failure: RedisFailure) {
    super('REDIS_FAILED', `Redis gave no usable answer (${failure}). ${CHECK_REDIS}`)
    this.failure = failure
  }
}

const REFUSED = 'Redis refuses the token, or a command to it: `redis.token` is wrong, or its rights do not suffice.'

/** `undefined`: it failed, or took longer than `ms`. */
export const answerInTime = <T>(trip: Promise<T>, ms: number): Promise<T | undefined> =>
  withTimeout(trip, ms, () => new RedisError('timeout')).catch(() => undefined)

export interface Reply {
  result: unknown
  error?: string
}

/** The part of the SDK's client that is set from here; its class keeps it from TypeScript only. */
export interface Internals {
  client: {
    baseUrl?: string
    retry?: unknown
    options?: { cache?: unknown }
    headers?: Record<string, string>
    request?(request: { body: unknown }): Promise<{ result?: unknown }>
  }
  opts?: Record<string, unknown>
}

/** What it needs of a cache. */
interface CacheOfLink {
  readonly config: ResolvedConfig
  readonly events: Events
  readonly counters: Counters
}

export class RedisLink {
  readonly breaker = new Breaker()
  readonly #settings: RedisSettings
  readonly #cache: CacheOfLink
  #client: Redis | undefined
  /** The request that is being sent: the SDK asks for its signal in the same synchronous step. */
  #request: AbortController | undefined

  constructor(settings: RedisSettings, cache: CacheOfLink) {
    this.#settings = settings
    this.#cache = cache
  }

  /** Reads texts in one command. Rejects with `RedisError`; a reply of another shape is one too. */
  async mget(runtime: Runtime, keys: readonly string[], operation: RedisOperation): Promise<(string | null)[]> {
    try {
      const values = this.texts({ result: await this.#trip(1, (client) => client.mget(...keys)) }, keys.length)
      if (this.breaker.succeeded()) this.#cache.events.emit({ type: 'breaker', state: 'closed' })
      return values
    } catch (error) {
      const failed = this.#failed(operation, error)
      if (this.breaker.failed(clock(runtime))) this.#cache.events.emit({ type: 'breaker', state: 'open' })
      throw failed
    }
  }

  /** The texts of an MGET's reply. @throws RedisError for one of another shape. */
  texts({ result }: Reply, count: number): (string | null)[] {
    if (!Array.isArray(result) || result.length !== count) throw new RedisError('nonsense')
    let bytes = 0
    for (let i = 0; i < count; i++) {
      const value: unknown = result[i]
      if (typeof value === 'string') bytes += value.length
      // The sum of raises comes last: a client of the user's own may parse it.
      else if (value !== null && !(i === count - 1 && Number.isSafeInteger(value))) throw new RedisError('nonsense')
    }
    this.#cache.counters.total.bytesIn += bytes
    return result as (string | null)[]
  }

  /** What only this application and its Redis know: the token, for signing. '' when a client of the user's own does not show it. */
  get secret(): string {
    const headers = (this.#settings.client as unknown as Partial<Internals> | undefined)?.client?.headers
    return this.#settings.token ?? headers?.['authorization'] ?? ''
  }

  /** Sends commands in one trip, none in no trip, and returns each reply, failed ones too. Rejects with `RedisError` when the trip failed. */
  async pipeline(operation: RedisOperation, build: (pipeline: Pipeline) => void): Promise<Reply[]> {
    try {
      const prepared = this.#redis().pipeline()
      build(prepared)
      const count = prepared.length()
      if (count === 0) return []
      const replies: unknown = await this.#trip(count, () => prepared.exec({ keepErrors: true }))
      if (!Array.isArray(replies) || replies.length !== count) throw new RedisError('nonsense')
      const failure = (replies as Reply[]).find((reply) => reply.error)
      if (failure) this.#tell(operation, classify(failure.error!))
      return replies as Reply[]
    } catch (error) {
      throw this.#failed(operation, error)
    }
  }

  /** Sends one command, for a third less than a pipeline of one. Rejects with `RedisError`, also where Redis refuses it. */
  async single<T>(operation: RedisOperation, send: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#trip(1, send)
    } catch (error) {
      throw this.#failed(operation, error)
    }
  }

  /** Sends one command for which the SDK has no method. */
  command(operation: RedisOperation, body: string[]): Promise<unknown> {
    return this.single(operation, async (client) => {
      const requester = (client as unknown as Partial<Internals>).client
      if (!requester?.request) throw new RedisError('refused')
      return (await requester.request({ body })).result
    })
  }

  /** What a failed trip is known as here. */
  #failed(operation: RedisOperation, error: unknown): RedisError {
    const failed = scrubbed(error)
    this.#cache.counters.add('errors', 1)
    this.#tell(operation, failed.failure)
    return failed
  }

  #tell(operation: RedisOperation, failure: RedisFailure): void {
    const { events } = this.#cache
    events.emit({ type: 'redis-failed', operation, failure })
    // No request fails because of it, and it does not pass: nobody would look for it.
    if (failure === 'unauthorized') events.once(REFUSED)
  }

  #trip<T>(commands: number, send: (client: Redis) => Promise<T>): Promise<T> {
    const { total } = this.#cache.counters
    total.redisTrips++
    total.redisCommands += commands
    const sent = send(this.#redis())
    const request = this.#request
    this.#request = undefined
    // The timer also bounds a client that knows no signal. `AbortSignal.timeout` would go off later even where the answer has come.
    return withTimeout(sent, this.#cache.config.redisTimeoutMs, () => {
      request?.abort()
      return new RedisError('timeout')
    })
  }

  /** Made at the first trip: a Worker's module scope allows neither timers nor signals. */
  #redis(): Redis {
    if (this.#client) return this.#client
    const { url, token, client } = this.#settings
    const signal = () => (this.#request = new AbortController()).signal
    return (this.#client = hardened(
      client ??
        new Redis({
          // As the connection string: pasted into a secret, a line's end comes along.
          url: url?.trim(),
          token: token?.trim(),
          enableAutoPipelining: false,
          enableTelemetry: false,
          responseEncoding: false,
          keepAlive: false,
        }),
      signal,
    ))
  }
}

/**
 * A client without retries (a version that is sent twice may arrive late and revive old entries) and without deserialisation
 * (texts that look like JSON would come back as something else), bounded in time. A user's own object is not touched.
 */
function hardened(client: Redis, signal: () => AbortSignal): Redis {
  const inner = (client as unknown as Partial<Internals>).client
  if (typeof inner?.request !== 'function') return client
  const options = { ...inner.options, signal }
  try {
    void new Request('https://localhost', { cache: 'no-store' })
  } catch {
    // Workers before compatibility date 2024-11-11 throw on any cache mode.
    options.cache = undefined
  }
  const requester = Object.create(inner, {
    retry: { value: { attempts: 0 } },
    options: { value: options },
  }) as ConstructorParameters<typeof Redis>[0]
  const copy = new Redis(requester)
  ;(copy as unknown as Internals).opts = { automaticDeserialization: false }
  return copy
}

function scrubbed(error: unknown): RedisError {
  if (error instanceof RedisError) return error
  const { name, message } = Object(error) as Error
  return new RedisError(
    /^(Timeout|Abort)E/.test(name)
      ? 'timeout'
      : /JSON|Syntax/.test(name)
        ? 'nonsense'
        : name === 'UpstashError'
          ? classify(message)
          : 'network',
  )
}

/** By Redis' words alone: behind them the SDK puts the command, in which a table may have any name. */
function classify(message: string): RedisFailure {
  const [words] = message.split(', command') as [string]
  if (/^(wrongpass|no(auth|perm))|unauthorized/i.test(words)) return 'unauthorized'
  if (/^OOM|max (data\w*|storage) size|quota/i.test(words)) return 'full'
  if (/rate.?limit|requests? limit|too many/i.test(words)) return 'rate-limited'
  return /^[A-Z]+ /.test(words) ? 'refused' : 'server-error'
}
