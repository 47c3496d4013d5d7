/** One app: a hot route behind the cache, and routes that serialise the same rows from a constant. */
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
app.get('/cached', async (c) => c.json(await cachedQuery<TypedRow>(c, SQL, [0], TTL)))
app.get('/cached/renewed', async (c) =>
  c.json(await cachedQuery<TypedRow>(c, SQL, [0], { ...TTL, refreshCache: true })),
)

/** The least that keeps the promises of a cached route: a promise of rows of the caller's own, and two headers that say where they come from. */
app.use('/by-hand', async (c, next) => {
  await next()
  const { headers } = c.res
  headers.append('Cache-Status', 'by-hand; hit; ttl=3600; detail=constant')
  headers.append('Server-Timing', 'by-hand;desc="constant=1"')
})
app.get('/by-hand', async (c) => c.json(await Promise.resolve(constant.map(copied))))

function copied(row: TypedRow): TypedRow {
  const { created_at, attributes } = row
  return {
    ...row,
    created_at: new Date(created_at.getTime()),
    attributes: { ...attributes, tags: attributes.tags.slice() },
  }
}

export default app
