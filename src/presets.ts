/**
 * Configurations per environment, sized for a 128 MB isolate. The names are the predecessor's.
 * @module
 */
import type { CacheConfig } from './options.js'

export type Environment = 'development' | 'staging' | 'production' | 'test'

/** For everybody: whoever changed one would change it for the others. */
function frozen<T extends object>(tree: T): T {
  for (const branch of Object.values(tree)) if (typeof branch === 'object') frozen(branch as object)
  return Object.freeze(tree)
}

const queries = <P extends string>(prefix: P, maxSizeMB: number, defaultTTL: number, maxQueries: number) =>
  ({ enabled: true, maxSizeMB, defaultTTL, maxQueries, keyPrefix: `${prefix}_query` }) as const

const hybrid = <P extends string>(prefix: P, megabytes: number, defaultTTL: number, maxQueries: number) =>
  ({
    type: 'hybrid',
    queryCache: queries(prefix, megabytes, defaultTTL, maxQueries),
    redis: {
      redisKeyPrefix: `${prefix}_cache`,
      enableLocalCache: true,
      localCacheSizeMB: megabytes,
      enableCompression: true,
      serializationFormat: 'json',
    },
  }) as const

/** The presets behind `setupCachedQueryExecutor`. Redis credentials are added from its overrides or the environment. */
export const DEFAULT_CACHE_CONFIGS = frozen({
  development: { type: 'local', queryCache: queries('dev', 16, 60, 1_000) },
  staging: hybrid('staging', 24, 300, 5_000),
  production: hybrid('prod', 32, 600, 10_000),
  test: { type: 'local', queryCache: queries('test', 4, 60, 100) },
} as const satisfies Record<Environment, CacheConfig>)
