/**
 * Is the cache doing its work?
 * @module
 */
import { anExecutor } from './configure.js'
import { CHECK_REDIS, UNACKNOWLEDGED } from './errors.js'
import type { CachedQueryExecutor } from './executor.js'
import { isRedisCache } from './l2.js'
import type { RedisInfo } from './l2.js'
import { check } from './rules.js'
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

  /** @throws InvalidOptionError */
  constructor(executor: CachedQueryExecutor) {
    check('executor', executor, anExecutor)
    this.#executor = executor
  }

  /** Asks Redis for its state and judges this isolate's figures. Never rejects: a Redis that is away is a finding. */
  async checkCacheHealth(): Promise<CacheHealth> {
    const { cache } = this.#executor.core
    const stats = this.#executor.getCacheStats()
    const linked = isRedisCache(cache)
    const redis = linked ? await cache.getRedisInfo().catch(() => null) : null
    const away = linked && !redis
    const asked = stats.cacheHits + stats.cacheMisses
    const enough = asked >= ENOUGH_QUERIES
    const issues = [
      away && `Redis gives no answer. ${CHECK_REDIS}`,
      linked && cache.unacknowledged.size > 0 && `${UNACKNOWLEDGED}.`,
      enough && stats.hitRatio < LOW_HIT_RATIO && 'The hit ratio is low: see `executor.explain`, and raise `ttl`.',
      enough &&
        stats.errors / stats.totalQueries > HIGH_ERROR_RATIO &&
        'Many queries or Redis calls fail: see `onEvent`.',
      cache.bytes > cache.config.l1Bytes * 0.95 &&
        stats.evictions > asked / 2 &&
        'Isolate memory is full: raise `localCacheSizeMB` (`maxSizeMB` without Redis).',
    ].filter((issue) => issue !== false)
    return { health: { status: away ? 'unhealthy' : issues.length > 0 ? 'degraded' : 'healthy', issues }, stats, redis }
  }
}
