import { describe, expect, it } from 'vitest'
import { CachedQueryExecutor, QueryCacheUtils, createQueryCache } from '../../../src/index.js'
import { FakeDatabase } from '../../support/fake-database.js'
import { FakeRedis } from '../../support/fake-redis.js'

// The environment leaks Buffer and node:zlib: what proves the absence of Node is the neutral bundle in test/package.
describe('in the edge runtime', () => {
  it('misses, then hits in memory, then in Redis from another isolate', async () => {
    expect((globalThis as { EdgeRuntime?: string }).EdgeRuntime).toBe('edge-runtime')
    const redis = new FakeRedis()
    const isolate = () =>
      new CachedQueryExecutor(new FakeDatabase(), createQueryCache({ type: 'hybrid', redis: { client: redis.sdk } }))
    const [a, b] = [isolate(), isolate()]
    await a.invalidate({ tables: ['users'] })
    await a.invalidateCache()
    const outcome = async (executor: CachedQueryExecutor) =>
      (await executor.queryResult('SELECT n FROM users WHERE id = $1', [1])).cache.outcome
    expect(await outcome(a)).toBe('miss')
    await a.flush()
    expect([await outcome(a), await outcome(b)]).toEqual(['l1', 'l2'])
    expect(QueryCacheUtils.createTableCacheKey('users', { active: true })).toBe('table:users:filter:active=true')
  })
})
