/**
 * Hono middleware: `app.use(queryCache())`, then `cachedQuery(c, sql, params)`.
 * @module
 */
import type { Context, Env, MiddlewareHandler } from 'hono'
import { aCache, databaseOf, executors } from '../bindings.js'
import { database } from '../configure.js'
import { SessionCookie } from './session-cookie.js'
import type { SessionCookieOptions } from './session-cookie.js'
import type { CachedQueryExecutor } from '../executor.js'
import type { QueryCache } from '../l1.js'
import type { CacheConfig, QueryOptions } from '../options.js'
import type { Row } from '../result.js'
import { InvalidOptionError, MissingBindingError } from '../errors.js'
import type { Runtime } from '../runtime.js'
import type { Database } from '../types.js'
import { AnswerLog } from './response-headers.js'
import { aFunction, anything, bool, isObject, orFunction, readOptions } from '../rules.js'
import type { Rules } from '../rules.js'

export type { QueryCacheBindings } from '../bindings.js'
export type { SessionCookieOptions } from './session-cookie.js'

declare module 'hono' {
  interface ContextVariableMap {
    /** The executor of this request. Set by `queryCache()`. */
    queryCache: CachedQueryExecutor
  }
}

type Awaitable<T> = T | Promise<T>

export interface QueryCacheOptions<E extends Env = Env> {
  /** Default: Neon, from the binding `DATABASE_URL` (and `NEON_FETCH_ENDPOINT`). */
  database?: Database | ((c: Context<E>) => Database) | undefined
  /**
   * A cache or its configuration. Of a function whose configurations differ in their functions alone one cache is made, which tells the first
   * `onEvent`. Default: `hybrid` with `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`, without them `local`.
   */
  cache?: QueryCache | CacheConfig | ((c: Context<E>) => QueryCache | CacheConfig) | undefined
  /** Whose rows these are. Nothing is shared between scopes. Default: everybody's. */
  scope?: ((c: Context<E>) => Awaitable<string | undefined>) | undefined
  /**
   * The caller's database token, for Neon's row-level security. With a token nothing is shared unless `scope` says whose it is, nor with an
   * empty one. `undefined` or null: none, and the query runs as the role of `DATABASE_URL`.
   */
  authToken?: ((c: Context<E>) => Awaitable<string | null | undefined>) | undefined
  /** Keeps background work alive where the platform passes no execution context: `waitUntil` of `@vercel/functions`. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined
  /**
   * The cookie that lets a client see its own writes on any isolate: set after a write, for seconds. `false`: none. Default true, with the
   * defaults of `SessionCookieOptions`.
   */
  session?: boolean | SessionCookieOptions | undefined
  /** `Cache-Status` (RFC 9211) and `Server-Timing` on every response that queried. Default true. */
  headers?: boolean | undefined
}

const OPTIONS: Rules<QueryCacheOptions> = {
  database: orFunction(database),
  cache: orFunction(aCache),
  scope: aFunction,
  authToken: aFunction,
  waitUntil: aFunction,
  // What is neither true nor false is looked at by the cookie.
  session: anything,
  headers: bool,
}

/**
 * Gives every request an executor, `c.var.queryCache`. The cache is built once per isolate and set of bindings; the first request
 * throws a `MissingBindingError` when a variable is missing.
 * @throws InvalidOptionError
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as Hono's own: where `app.use` tells nothing of its types, `c.get` of any name is allowed.
export function queryCache<E extends Env = any>(given?: QueryCacheOptions<E>): MiddlewareHandler<E> {
  const options: QueryCacheOptions<E> = readOptions(given, OPTIONS as Rules<QueryCacheOptions<E>>)
  if (options.database && options.authToken)
    throw new InvalidOptionError(
      'authToken',
      'given together with `database`',
      'Give the token to the database instead, and leave `authToken` out.',
    )
  const { session = true } = options
  const cookie = session === false ? undefined : new SessionCookie(session === true ? {} : session)
  const sharedOf = remembering(options)
  // Waits for nothing that was not asked for: every request comes through here.
  return async function queryCacheMiddleware(c, next) {
    const database = typeof options.database === 'function' ? options.database(c) : options.database
    const shared = sharedOf(c, database)
    const { cache } = shared.core
    const authToken = (options.authToken && (await options.authToken(c))) ?? undefined
    const scope = options.scope && (await options.scope(c))
    const visit = cookie?.isSent(c) ? await cookie.read(c, cache) : cookie?.begin(cache)
    const log = options.headers === false ? undefined : new AnswerLog()
    // A function of the request may give another Database object for the same cache: the request's own is the one to ask.
    const asked = authToken === undefined ? database : databaseOf(c.env, authToken)
    c.set('queryCache', shared.with({ runtime: runtimeOf(c, options), scope, log, own: visit?.own }, asked))
    await next()
    log?.writeTo(c)
    if (visit?.own.wrote) await cookie!.write(c, cache, visit)
  }
}

/** The isolate's executor for a request. A Worker is given the same bindings object with every request: they are read once. */
function remembering<E extends Env>(
  options: QueryCacheOptions<E>,
): (c: Context<E>, database: Database | undefined) => CachedQueryExecutor {
  let latest:
    { env: unknown; database: Database | undefined; cache: unknown; executor: CachedQueryExecutor } | undefined
  return (c, database) => {
    const { env } = c
    const maker = typeof options.cache === 'function' ? options.cache : undefined
    const cache = maker ? maker(c) : (options.cache as QueryCache | CacheConfig | undefined)
    if (latest && latest.env === env && latest.database === database && latest.cache === cache) return latest.executor
    const executor = executors.get(env, database, cache, maker)
    latest = isObject(env) ? { env, database, cache, executor } : undefined
    return executor
  }
}

/** The platform's execution context, where there is one. Hono throws when it is absent. */
function runtimeOf<E extends Env>(c: Context<E>, options: QueryCacheOptions<E>): Runtime {
  const { waitUntil } = options
  if (waitUntil) return { waitUntil: (promise) => waitUntil(promise) }
  try {
    return c.executionCtx
  } catch {
    return {}
  }
}

/**
 * Rows of a query, from the nearest tier that has them.
 * @throws MissingBindingError when `queryCache()` is not in use; else the driver's own error.
 */
export function cachedQuery<R = Row>(
  c: Context,
  sql: string,
  params?: readonly unknown[],
  options?: QueryOptions,
): Promise<R[]> {
  const executor = c.get('queryCache') as CachedQueryExecutor | undefined
  return executor ? executor.query<R>(sql, params, options) : Promise.reject(new MissingBindingError(NO_CACHE))
}

const NO_CACHE = 'cachedQuery has no cache in this route: add `app.use(queryCache())` before it.'
