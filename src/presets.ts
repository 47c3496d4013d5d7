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

/** The presets behind `setupCachedQueryExecutor`. Redis credentials are added from its overrides or the environment. */
export const DEFAULT_CACHE_CONFIGS = frozen({
  development: {
    type: 'local',
    queryCache: { enabled: true, maxSizeMB: 16, defaultTTL: 60, maxQueries: 1_000, keyPrefix: 'dev_query' },
  },
  staging: {
    type: 'hybrid',
    queryCache: { enabled: true, maxSizeMB: 24, defaultTTL: 300, maxQueries: 5_000, keyPrefix: 'staging_query' },
    redis: {
      redisKeyPrefix: 'staging_cache',
      enableLocalCache: true,
      localCacheSizeMB: 24,
      enableCompression: true,
      serializationFormat: 'json',
    },
  },
  production: {
    type: 'hybrid',
    queryCache: { enabled: true, maxSizeMB: 32, defaultTTL: 600, maxQueries: 10_000, keyPrefix: 'prod_query' },
    redis: {
      redisKeyPrefix: 'prod_cache',
      enableLocalCache: true,
      localCacheSizeMB: 32,
      enableCompression: true,
      serializationFormat: 'json',
    },
  },
  test: {
    type: 'local',
    queryCache: { enabled: true, maxSizeMB: 4, defaultTTL: 60, maxQueries: 100, keyPrefix: 'test_query' },
  },
} as const satisfies Record<Environment, CacheConfig>)
