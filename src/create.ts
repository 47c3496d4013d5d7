/**
 * Caches and executors from configurations.
 * @module
 */
import { QueryCache } from './l1.js'
import { RedisQueryCache } from './l2.js'
import type { CacheConfig } from './options.js'

/**
 * One isolate's cache. Works at a Worker's module scope: no clock, no randomness, no I/O before the first request.
 * @throws InvalidOptionError naming the option, what was given and what is allowed.
 */
export function createQueryCache(config: CacheConfig & { type: 'redis' | 'hybrid' }): RedisQueryCache
export function createQueryCache(config: CacheConfig & { type: 'local' }): QueryCache
export function createQueryCache(config: CacheConfig): QueryCache | RedisQueryCache
export function createQueryCache(config: CacheConfig): QueryCache | RedisQueryCache {
  return config?.type === 'redis' || config?.type === 'hybrid' ? new RedisQueryCache(config) : new QueryCache(config)
}
