/**
 * Gives everything that the example's queries depend on a fresh version in Redis: nothing that an earlier run left is served after a
 * reload, and the first answer of every route can be stored for other isolates (a result is stored only under a version that was there
 * before its read).
 * @module
 */
import { CachedQueryExecutor, createConnectionPool } from 'edge-query-cache'
import type { LocalStack } from 'edge-query-cache/dev'
import { USER_COUNT } from './audit-rows.ts'
import { TABLE_NAMES } from './schema.ts'

export async function bumpVersions({ neon, upstash }: Pick<LocalStack, 'neon' | 'upstash'>): Promise<void> {
  // Prefixes are the middleware's defaults: the same keys as the Worker's.
  const executor = new CachedQueryExecutor(createConnectionPool(neon), {
    type: 'redis',
    redis: { ...upstash, timeoutMs: 5_000 },
  })
  const users = Array.from({ length: USER_COUNT }, (_, i) => `user:${i + 1}`)
  await executor.invalidateCache()
  await executor.invalidate({ tables: TABLE_NAMES, tags: ['audit', ...users], keys: ['user:*', ...users] })
  await executor.flush()
}
