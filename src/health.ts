/**
 * Is the cache doing its work?
 * @module
 */
import type { CachedQueryExecutor } from './executor.js'
import { isRedisCache } from './l2.js'
import type { RedisInfo } from './l2.js'
import type { CacheStats } from './stats.js'

export interface CacheHealth {
  health: { status: 'healthy' | 'degraded' | 'unhealthy'; issues: string[] }
  stats: CacheStats
  /** `null` without Redis, or when it gives no answer. */
  redis: RedisInfo | null
}

/** Hit ratios say little before this many queries. */
const ENOUGH_QUERIES = 100
const LOW_HIT_RATIO = 0.3
const HIGH_ERROR_RATIO = 0.05

export class CacheMonitoringService {
  readonly #executor: CachedQueryExecutor

  constructor(executor: CachedQueryExecutor) {
    this.#executor = executor
  }

  /** Asks Redis for its state and judges this isolate's figures. Never rejects: a Redis that is away is a finding. */
  async checkCacheHealth(): Promise<CacheHealth> {
    const { cache } = this.#executor.core
    const stats = this.#executor.getCacheStats()
    const redis = isRedisCache(cache) ? await cache.getRedisInfo().catch(() => null) : null
    const issues: string[] = []
    const away = isRedisCache(cache) && redis === null
    if (away)
      issues.push(
        "Redis gives no answer: every isolate asks the database. Check `redis.url`, `redis.token` and the database's limits.",
      )
    if (isRedisCache(cache) && cache.unacknowledged.size > 0)
      issues.push('Redis has not acknowledged an invalidation yet: other isolates may serve older rows until it has.')
    const asked = stats.cacheHits + stats.cacheMisses
    if (asked >= ENOUGH_QUERIES && stats.hitRatio < LOW_HIT_RATIO)
      issues.push(
        'The hit ratio is low: see `executor.explain` for why a query is not cached, and the `ttl` of those that are.',
      )
    if (asked >= ENOUGH_QUERIES && stats.errors / stats.totalQueries > HIGH_ERROR_RATIO)
      issues.push('Many queries or Redis calls fail: `onEvent` tells which.')
    if (cache.bytes > cache.config.l1Bytes * 0.95 && stats.evictions > asked / 2)
      issues.push(
        'Isolate memory is full and evicts most of what it stores: raise `localCacheSizeMB` (`maxSizeMB` without Redis) or cache less.',
      )
    return { health: { status: away ? 'unhealthy' : issues.length > 0 ? 'degraded' : 'healthy', issues }, stats, redis }
  }
}
