/** A Worker that makes everything at module scope, where workerd allows no timer, no randomness and no I/O. */
import { Hono } from 'hono'
import {
  CacheInvalidationService,
  CacheMonitoringService,
  CachedQueryExecutor,
  createConnectionPool,
  createQueryCache,
} from 'edge-query-cache'
import { cronRoute, scheduledCleanup } from 'edge-query-cache/cron'
import { cachedQuery, queryCache } from 'edge-query-cache/hono'
import type { QueryCacheBindings } from 'edge-query-cache/hono'

const database = createConnectionPool({
  connectionString: 'postgres://user:password@db.example.com/app',
  fetchEndpoint: 'http://127.0.0.1:1/sql',
})
const cache = createQueryCache({ type: 'hybrid', redis: { url: 'http://127.0.0.1:1', token: 'token' } })
const executor = new CachedQueryExecutor(database, cache)
export const services = [new CacheMonitoringService(executor), new CacheInvalidationService(executor)]
executor.explain('SELECT id FROM users WHERE id = $1', [1])

const app = new Hono<{ Bindings: QueryCacheBindings }>()
app.use('/cached/*', queryCache())
app.get('/cached/numbers/:n', async (c) =>
  c.json(await cachedQuery<{ n: number }>(c, 'SELECT $1::int AS n', [Number(c.req.param('n'))])),
)
app.get('/cached/twice', async (c) => {
  const sql = "SELECT 'twice'::text AS word"
  await c.var.queryCache.query(sql)
  const { cache: info } = await c.var.queryCache.queryResult(sql)
  return c.json(info)
})
app.get('/cron', cronRoute())

export default { fetch: app.fetch, scheduled: scheduledCleanup() }
