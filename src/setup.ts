/**
 * An executor for an environment, from its preset.
 * @module
 */
import { check, oneOf } from './configure.js'
import { CachedQueryExecutor } from './executor.js'
import type { CacheConfig } from './options.js'
import { DEFAULT_CACHE_CONFIGS } from './presets.js'
import type { Environment } from './presets.js'
import { withCredentials } from './bindings.js'
import type { Database } from './types.js'

/** A preset's settings, each group merged over the preset's own. */
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
  return new CachedQueryExecutor(database, presetWith(environment, overrides))
}

/** The preset with overrides; explicit `undefined` leaves the preset's value. */
export function presetWith(environment: Environment, overrides: CacheOverrides): CacheConfig {
  const preset: CacheConfig = DEFAULT_CACHE_CONFIGS[environment]
  const config: CacheConfig = { ...preset, ...defined(overrides) }
  config.queryCache = { ...preset.queryCache, ...defined(overrides.queryCache) }
  config.redis = { ...preset.redis, ...defined(overrides.redis) }
  return withCredentials(config, {})
}

/** An object's properties that are set. */
export function defined<T extends object>(object: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(object ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>
}
