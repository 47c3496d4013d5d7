/**
 * An executor for an environment, from its preset.
 * @module
 */
import { DEFAULT_CACHE_CONFIGS } from './presets.js'
import type { Environment } from './presets.js'
import { readConfig } from './configure.js'
import type { CacheConfig } from './options.js'
import { CachedQueryExecutor } from './executor.js'
import { check, oneOf } from './rules.js'
import { withCredentials } from './bindings.js'
import type { Database } from './types.js'

/** A preset's settings, each group merged over the preset's own; explicit `undefined` leaves the preset's value. */
export type CacheOverrides = Partial<CacheConfig>

/**
 * An executor with the preset of an environment. Redis credentials come from `overrides.redis`, else from `UPSTASH_REDIS_REST_URL` and
 * `UPSTASH_REDIS_REST_TOKEN` (or `KV_REST_API_URL` and `KV_REST_API_TOKEN`) of `process.env`.
 * @throws InvalidOptionError
 */
export function setupCachedQueryExecutor(
  database: Database,
  environment: Environment,
  overrides: CacheOverrides = {},
): CachedQueryExecutor {
  check('environment', environment, oneOf(...Object.keys(DEFAULT_CACHE_CONFIGS)))
  const preset: CacheConfig = DEFAULT_CACHE_CONFIGS[environment]
  const own = readConfig(overrides, 'overrides')
  const queryCache = { ...preset.queryCache, ...own.queryCache }
  const redis = { ...preset.redis, ...own.redis }
  return new CachedQueryExecutor(database, withCredentials({ ...preset, ...own, queryCache, redis }, {}))
}
