/**
 * Environment variables -> executor. One per set of bindings, because a Worker's bindings come with the request.
 * @module
 */
import { CachedQueryExecutor } from './executor.js'
import { createQueryCache } from './create.js'
import { createConnectionPool } from './database.js'
import { MissingBindingError } from './errors.js'
import { database as aDatabase, readConfig } from './configure.js'
import { QueryCache } from './l1.js'
import type { CacheConfig } from './options.js'
import type { Internals } from './redis.js'
import { check, isObject } from './rules.js'
import type { Rule } from './rules.js'
import type { Database } from './types.js'

const DATABASE = 'DATABASE_URL'
const ENDPOINT = 'NEON_FETCH_ENDPOINT'
const REDIS_URL = ['UPSTASH_REDIS_REST_URL', 'KV_REST_API_URL'] as const
const REDIS_TOKEN = ['UPSTASH_REDIS_REST_TOKEN', 'KV_REST_API_TOKEN'] as const

/** The variables that the default setup reads. */
export interface QueryCacheBindings {
  /** Neon connection string. */
  DATABASE_URL?: string | undefined
  /** Neon's SQL-over-HTTP address, where it is not the one of the connection string's host: a local stack, a proxy. */
  NEON_FETCH_ENDPOINT?: string | undefined
  UPSTASH_REDIS_REST_URL?: string | undefined
  UPSTASH_REDIS_REST_TOKEN?: string | undefined
  KV_REST_API_URL?: string | undefined
  KV_REST_API_TOKEN?: string | undefined
}

/** Bindings sets that one isolate meets; more than a few mean that something else is wrong. */
const MOST_SETS = 32

/** Reads a variable from the platform's bindings, else from `process.env`. An empty text is not set. */
export function variable(env: unknown, name: string): string | undefined {
  const bound = typeof env === 'object' && env !== null ? (env as Record<string, unknown>)[name] : undefined
  if (typeof bound === 'string' && bound !== '') return bound
  return (
    (globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } }).process?.env?.[name] ||
    undefined
  )
}

const anyOf = (env: unknown, names: readonly string[]): string | undefined =>
  names.map((name) => variable(env, name)).find(Boolean)

/** What is made once for each key. */
function made<T>(all: Map<string, T>, key: string, make: () => T): T {
  let one = all.get(key)
  if (!one) {
    one = make()
    if (all.size >= MOST_SETS) all.delete(all.keys().next().value!)
    all.set(key, one)
  }
  return one
}

/** Executors and their caches, one per set of bindings. A cache serves all databases. */
class Executors {
  readonly #executors = new Map<string, CachedQueryExecutor>()
  readonly #caches = new Map<string, QueryCache>()

  /**
   * The executor of these bindings. `maker`: what makes the configuration for each request, with functions that are others each time.
   * @throws MissingBindingError, InvalidOptionError
   */
  get(
    env: unknown,
    database: Database | undefined,
    given: QueryCache | CacheConfig | undefined,
    maker?: object,
  ): CachedQueryExecutor {
    if (database !== undefined) check('database', database, aDatabase)
    const cache = readCache(given)
    const which = JSON.stringify(
      cache instanceof QueryCache
        ? idOf(cache)
        : [configKey(cache, maker), anyOf(env, REDIS_URL), anyOf(env, REDIS_TOKEN)],
    )
    const who = database?.identity ?? [variable(env, DATABASE), variable(env, ENDPOINT)]
    return made(
      this.#executors,
      JSON.stringify([who, which]),
      () =>
        new CachedQueryExecutor(
          database ?? databaseOf(env),
          cache instanceof QueryCache ? cache : made(this.#caches, which, () => cacheOf(env, cache)),
        ),
    )
  }
}

/** A cache as it is, a configuration in a copy. @throws InvalidOptionError */
const readCache = (given: QueryCache | CacheConfig | undefined): typeof given =>
  given === undefined || given instanceof QueryCache ? given : (readConfig(given, 'cache') as CacheConfig)

/** Refuses by itself what is wrong within a configuration. */
export const aCache: Rule = [(value) => Boolean(readCache(value as CacheConfig)), '']

const IDS = new WeakMap<object, number>()
let nextId = 0

/** Objects that JSON cannot tell apart: clients, listeners, caches. */
function idOf(object: object): number {
  let id = IDS.get(object)
  if (id === undefined) IDS.set(object, (id = nextId++))
  return id
}

/** A client is known by the Redis that it speaks to, where it tells. Its other headers change: with each use, the SDK's for reading one's own writes. */
const configKey = (config: CacheConfig | undefined, maker: object | undefined): string =>
  JSON.stringify(config, (name, value: unknown) => {
    if (typeof value === 'function') return `#${idOf(maker ?? value)}`
    if (name !== 'client' || !isObject(value)) return value
    const { baseUrl, headers } = (value as unknown as Internals).client ?? {}
    return baseUrl ? [baseUrl, headers?.['authorization']] : `#${idOf(value)}`
  })

/** The database of the bindings. @throws MissingBindingError */
export function databaseOf(env: unknown, authToken?: string): Database {
  const connectionString = variable(env, DATABASE)
  if (connectionString === undefined) throw new MissingBindingError(missing([DATABASE]))
  return createConnectionPool({ connectionString, fetchEndpoint: variable(env, ENDPOINT), authToken })
}

/** The configuration with the credentials of the variables, where it has none of its own and needs them. */
export function withCredentials(config: CacheConfig, env: unknown): CacheConfig {
  if (config.type === 'local' || config.redis?.client) return config
  const redis = { ...config.redis }
  redis.url ||= anyOf(env, REDIS_URL)
  redis.token ||= anyOf(env, REDIS_TOKEN)
  return { ...config, redis }
}

function cacheOf(env: unknown, given: CacheConfig | undefined): QueryCache {
  const config = withCredentials({ ...given, type: given?.type ?? 'hybrid' }, env)
  const { url, token, client } = config.redis ?? {}
  const absent = [...(url ? [] : [REDIS_URL[0]]), ...(token ? [] : [REDIS_TOKEN[0]])]
  if (config.type === 'local' || client || absent.length === 0) return createQueryCache(config)
  if (given || absent.length === 1) throw new MissingBindingError(missing(absent))
  const cache = createQueryCache({ type: 'local' })
  cache.events.once(`${missing(absent)} Until then each isolate caches for itself.`)
  return cache
}

function missing(names: readonly string[]): string {
  const commands = names.map((name) => `npx wrangler secret put ${name}`).join(' && ')
  return `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} not set. Run \`${commands}\`; locally use .dev.vars, on Vercel the environment variables.`
}

/** The isolate's: every middleware and cron handler with the same bindings and configuration works on one cache. */
export const executors = new Executors()
