/** One app: a hot route behind the cache, and a route that serialises the same rows from a constant. */
import { Hono } from 'hono'
import { cachedQuery, queryCache } from '../../dist/hono/index.js'
import type { QueryCacheBindings } from '../../dist/hono/index.js'
import { SQL, typedRows, wireRows } from '../lib/workload.ts'
import type { TypedRow } from '../lib/workload.ts'

const TTL = { ttl: 3600 }
declare const ROWS: number
const constant = typedRows(wireRows(ROWS, 0))

const app = new Hono<{ Bindings: QueryCacheBindings }>()
app.get('/constant', (c) => c.json(constant))
app.use('/cached/*', queryCache())
app.get('/cached/renewed', async (c) =>
  c.json(await cachedQuery<TypedRow>(c, SQL, [0], { ...TTL, refreshCache: true })),
)
app.get('/cached', async (c) => c.json(await cachedQuery<TypedRow>(c, SQL, [0], TTL)))
export default app
