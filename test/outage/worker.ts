/** What is asked while Redis fails: reads from memory, Redis and Postgres, a read past the cache to compare with, and writes. */
import { Hono } from 'hono'
import type { CacheEvent } from 'edge-query-cache'
import { cachedQuery, queryCache } from 'edge-query-cache/hono'
import type { QueryCacheBindings } from 'edge-query-cache/hono'
import { LOCAL_MB, TIMEOUT_MS } from './settings.ts'

/** How often each kind of event happened in this isolate. */
const events: Record<string, number> = {}

function onEvent(event: CacheEvent): void {
  const name = nameOf(event)
  if (name !== undefined) events[name] = (events[name] ?? 0) + 1
}

function nameOf(event: CacheEvent): string | undefined {
  if (event.type === 'breaker') return `breaker-${event.state}`
  if (event.type === 'redis-failed') return `${event.operation}-${event.failure}`
  return event.type === 'not-stored' ? `not-stored-${event.reason}` : undefined
}

const app = new Hono<{ Bindings: QueryCacheBindings }>()
app.use(
  queryCache({
    cache: { type: 'hybrid', redis: { timeoutMs: TIMEOUT_MS, localCacheSizeMB: LOCAL_MB }, onEvent },
    session: false,
  }),
)
const id = (text: string) => [Number(text)]
app.get('/items/:id', async (c) =>
  c.json(await cachedQuery(c, 'SELECT id, body FROM items WHERE id = $1', id(c.req.param('id')), { ttl: 60 })),
)
app.get('/notes/:id', async (c) =>
  c.json(await cachedQuery(c, 'SELECT id, seen FROM notes WHERE id = $1', id(c.req.param('id')), { ttl: 1 })),
)
app.get('/direct/:id', async (c) => {
  const options = { skipCache: true }
  return c.json(await cachedQuery(c, 'SELECT id, body FROM items WHERE id = $1', id(c.req.param('id')), options))
})
app.post('/notes/:id', async (c) => {
  const sql = 'UPDATE notes SET seen = seen + 1 WHERE id = $1'
  const { rowCount, cache } = await c.var.queryCache.execute(sql, id(c.req.param('id')))
  return c.json({ rowCount, invalidated: cache.invalidated })
})
app.get('/stats', (c) => c.json({ trips: c.var.queryCache.getCacheStats().redisTrips, events }))

export default app
