/** Isolates on one Redis and one database, with one clock. */
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig, CacheEvent, QueryOptions } from '../../src/index.js'
import { FakeDatabase } from './fake-database.js'
import { FakeRedis } from './fake-redis.js'

export const SQL = 'SELECT n FROM users WHERE id = $1'

export class World {
  readonly redis = new FakeRedis()
  readonly database = new FakeDatabase()
  readonly events: CacheEvent[] = []
  now = 1_800_000_000_000

  /** An isolate of its own. */
  isolate(config: Partial<CacheConfig> = {}, database = this.database): CachedQueryExecutor {
    const cache = createQueryCache({
      type: 'hybrid',
      ...config,
      redis: { client: this.redis.sdk, ...config.redis },
      onEvent: (event) => void this.events.push(event),
    })
    return new CachedQueryExecutor(database, cache, { now: () => this.now })
  }

  /** Creates the versions that a first read would create, and forgets what that cost. */
  async warm(
    executor: CachedQueryExecutor,
    tables = ['users'],
    tags: string[] = [],
    keys: string[] = [],
  ): Promise<void> {
    await executor.invalidate({ tables, tags, keys })
    await executor.invalidateCache()
    this.redis.reset()
    this.database.trips = 0
  }

  /** How one read came about; its background work is done when it resolves. */
  async outcome(
    executor: CachedQueryExecutor,
    options: QueryOptions = {},
    params: unknown[] = [1],
    sql = SQL,
  ): Promise<string> {
    const { cache } = await executor.queryResult(sql, params, options)
    await executor.flush()
    return cache.outcome
  }
}
