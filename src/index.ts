/**
 * The public names, and nothing else.
 * @module
 */
export { CachedQueryExecutor } from './executor.js'
export { DEFAULT_CACHE_CONFIGS } from './presets.js'
export type { Environment } from './presets.js'
export { DatabaseTimeoutError, createConnectionPool, fromPool } from './database.js'
export type { ConnectionConfig, FromPoolOptions, PoolLike } from './database.js'
export { createQueryCache } from './create.js'
export type { BatchRows, ExecuteResult, Explanation, QueryResult } from './executor-types.js'
export type { BatchQuery } from './batch.js'
export type { BypassReason, CacheInfo } from './ask.js'
export type { CleanupOptions } from './cleanup.js'
export type { WriteInfo } from './write.js'
export type { Result, Row } from './result.js'
export { setupCachedQueryExecutor } from './setup.js'
export type { CacheOverrides } from './setup.js'
export type { KeyValue } from './cache-keys.js'
export { CacheMonitoringService } from './health.js'
export type { CacheHealth } from './health.js'
export { CacheInvalidationService } from './invalidation.js'
export type { AuditEvent, DefaultEvents, InvalidationRule } from './invalidation.js'
export { QueryCacheUtils } from './cache-keys.js'
export { QueryCache } from './l1.js'
export type { EntryInfo } from './l1.js'
export { RedisQueryCache } from './l2.js'
export type { RedisInfo } from './l2.js'
export type { Named } from './names.js'
export type {
  CacheConfig,
  ConsistencySettings,
  FunctionDeclaration,
  RelationDeclaration,
  QueryCacheSettings,
  QueryOptions,
  RedisSettings,
  SqlSettings,
  WriteOptions,
} from './options.js'
export type { CacheEvent, CacheEventListener, Outcome, RedisFailure } from './events.js'
export type { CacheStats } from './stats.js'
export type { StatsRange } from './push-statistics.js'
export type { Runtime } from './runtime.js'
export type { Database, DatabaseResult, Field, Statement } from './types.js'
export {
  InvalidOptionError,
  InvalidationError,
  MissingBindingError,
  QueryCacheError,
  isInvalidationError,
  isQueryCacheError,
} from './errors.js'
export type { QueryCacheErrorCode } from './errors.js'
