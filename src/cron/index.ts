/**
 * The clean-up on a schedule: a `scheduled` handler for Cloudflare, a route for Vercel cron.
 * @module
 */
import type { Context, Handler } from 'hono'
import { aCache, executors, variable } from '../bindings.js'
import { CLEANUP } from '../cleanup.js'
import type { CleanupOptions } from '../cleanup.js'
import { database } from '../configure.js'
import { isQueryCacheError } from '../errors.js'
import type { CachedQueryExecutor } from '../executor.js'
import { digest } from '../key.js'
import type { QueryCache } from '../l1.js'
import type { CacheConfig } from '../options.js'
import { aFunction, readOptions, text } from '../rules.js'
import type { Rules } from '../rules.js'
import type { Runtime } from '../runtime.js'
import type { Database } from '../types.js'

export interface CronOptions extends CleanupOptions {
  /** Default: Neon, from the binding `DATABASE_URL`. It is not asked; its name is part of the keys. */
  database?: Database | undefined
  /** A cache or its configuration: the same as the application's. Default: from the bindings. */
  cache?: QueryCache | CacheConfig | undefined
  /** Told how many entries a run removed. The run is not over before it is. */
  onCleanup?: ((removed: number) => void | Promise<void>) | undefined
}

export interface CronRouteOptions extends CronOptions {
  /** Name of the variable that holds the secret. Default `CRON_SECRET`. */
  secretVariable?: string | undefined
  /** Keeps background work alive where the platform passes no execution context: `waitUntil` of `@vercel/functions`. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined
}

const CRON: Rules<CronOptions> = { ...CLEANUP, database, cache: aCache, onCleanup: aFunction }
const ROUTE: Rules<CronRouteOptions> = { ...CRON, secretVariable: text, waitUntil: aFunction }

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void
}

/**
 * A Worker's `scheduled` handler: `export default { fetch: app.fetch, scheduled: scheduledCleanup() }`. Rejects when a variable is missing
 * or Redis gives no answer, so that the platform shows the run as failed.
 * @throws InvalidOptionError
 */
export function scheduledCleanup(
  given?: CronOptions,
): (controller: unknown, env: unknown, ctx: ExecutionContext) => Promise<void> {
  const options = readOptions(given, CRON)
  return async (_controller, env, ctx) => {
    const run = clean(env, ctx, options)
    ctx.waitUntil(run)
    await run
  }
}

async function clean(env: unknown, runtime: Runtime, options: CronOptions): Promise<number> {
  const { database, cache, onCleanup, maxCommands, maxMs } = options
  const executor: CachedQueryExecutor = executors.get(env, database, cache).bind(runtime)
  const removed = await executor.cleanupCache({ maxCommands, maxMs })
  await onCleanup?.(removed)
  return removed
}

/**
 * A route for Vercel cron, which calls it with `Authorization: Bearer $CRON_SECRET`. Answers `{ removed }`, 401 for a wrong secret,
 * 500 when the secret is not configured, 503 when Redis gives no answer.
 * @throws InvalidOptionError
 */
export function cronRoute(given?: CronRouteOptions): Handler {
  const options = readOptions(given, ROUTE)
  const name = options.secretVariable ?? 'CRON_SECRET'
  return async function cronRouteHandler(c: Context) {
    const secret = variable(c.env, name)
    if (secret === undefined) return c.json({ error: `${name} is not set in the environment variables.` }, 500)
    if (!(await sameText(c.req.header('Authorization') ?? '', `Bearer ${secret}`)))
      return c.json({ error: 'Unauthorized' }, 401)
    try {
      return c.json({
        removed: await clean(c.env, { waitUntil: options.waitUntil }, options),
      })
    } catch (error) {
      if (!isQueryCacheError(error)) throw error
      return c.json({ error: error.message }, error.code === 'REDIS_FAILED' ? 503 : 500)
    }
  }
}

/** Compares digests to the end, so that the time tells nothing of where two texts differ. */
async function sameText(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all([digest(a), digest(b)])
  let different = 0
  for (let i = 0; i < x.length; i++) different |= x.charCodeAt(i) ^ y.charCodeAt(i)
  return different === 0
}
