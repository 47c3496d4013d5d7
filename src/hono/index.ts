/**
 * Hono middleware: `app.use(queryCache())`, then `cachedQuery(c, sql, params)`.
 * @module
 */
import type { Context, Env, MiddlewareHandler } from 'hono'
import { databaseOf, executors } from '../bindings.js'
import { refuseUnknown } from '../configure.js'
import { InvalidOptionError, MissingBindingError } from '../errors.js'
import type { CachedQueryExecutor } from '../executor.js'
import type { QueryCache } from '../l1.js'
import type { CacheConfig, QueryOptions } from '../options.js'
import type { Row } from '../result.js'
import type { Runtime } from '../runtime.js'
import type { Database } from '../types.js'
import { AnswerLog } from './response-headers.js'
import { SessionCookie } from './session-cookie.js'
import type { SessionCookieOptions, Visit } from './session-cookie.js'

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
  database?: Database | ((c: Context<E>) => Database)
  /** A cache or its configuration. Default: `hybrid` with `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`, without them `local`. */
  cache?: QueryCache | CacheConfig | ((c: Context<E>) => QueryCache | CacheConfig)
  /** Whose rows these are. Nothing is shared between scopes. Default: everybody's. */
  scope?: (c: Context<E>) => Awaitable<string | undefined>
  /** The caller's database token, for Neon's row-level security. With a token nothing is shared unless `scope` says whose it is. */
  authToken?: (c: Context<E>) => Awaitable<string | undefined>
  /** Keeps background work alive where the platform passes no execution context: `waitUntil` of `@vercel/functions`. */
  waitUntil?: (promise: Promise<unknown>) => void
  /**
   * The cookie that lets a client see its own writes on any isolate: set after a write, for seconds. `false`: none. Default true, with the
   * defaults of `SessionCookieOptions`.
   */
  session?: boolean | SessionCookieOptions
  /** `Cache-Status` (RFC 9211) and `Server-Timing` on every response that queried. Default true. */
  headers?: boolean
}

const OPTIONS = ['database', 'cache', 'scope', 'authToken', 'waitUntil', 'session', 'headers']

/**
 * Gives every request an executor, `c.var.queryCache`. The cache is built once per isolate and set of bindings; the first request
 * throws a `MissingBindingError` when a variable is missing.
 * @throws InvalidOptionError
 */
export function queryCache<E extends Env = Env>(options: QueryCacheOptions<E> = {}): MiddlewareHandler<E> {
  refuseUnknown(options, OPTIONS)
  if (options.database && options.authToken)
    throw new InvalidOptionError(
      'authToken',
      'given together with `database`',
      'Give the token to the database instead, and leave `authToken` out.',
    )
  const { session = true } = options
  const cookie = session === false ? undefined : new SessionCookie(session === true ? {} : session)
  return async function queryCacheMiddleware(c, next) {
    const log = options.headers === false ? undefined : new AnswerLog()
    const { executor, visit } = await begin(c, options, log, cookie)
    c.set('queryCache', executor)
    await next()
    log?.writeTo(c)
    if (visit) await cookie!.write(c, executor.core.cache, visit)
  }
}

/** The request's own executor, and what its client has written before. */
async function begin<E extends Env>(
  c: Context<E>,
  options: QueryCacheOptions<E>,
  log: AnswerLog | undefined,
  cookie: SessionCookie | undefined,
): Promise<{ executor: CachedQueryExecutor; visit: Visit | undefined }> {
  const database = typeof options.database === 'function' ? options.database(c) : options.database
  const cache = typeof options.cache === 'function' ? options.cache(c) : options.cache
  const shared = executors.get(c.env, database, cache)
  const authToken = await options.authToken?.(c)
  const scope = await options.scope?.(c)
  const observe = log && ((...answer: Parameters<AnswerLog['add']>) => log.add(...answer))
  // A function of the request may give another Database object for the same cache: the request's own is the one to ask.
  const asked = authToken === undefined ? database : databaseOf(c.env, authToken)
  const visit = await cookie?.read(c, shared.core.cache)
  const executor = shared.with({ runtime: runtimeOf(c, options), scope, observe, own: visit?.own }, asked)
  return { executor, visit }
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
export async function cachedQuery<R = Row>(
  c: Context,
  sql: string,
  params?: readonly unknown[],
  options?: QueryOptions,
): Promise<R[]> {
  const executor = c.get('queryCache') as CachedQueryExecutor | undefined
  if (!executor)
    throw new MissingBindingError('cachedQuery has no cache in this route: add `app.use(queryCache())` before it.')
  return executor.query<R>(sql, params, options)
}
