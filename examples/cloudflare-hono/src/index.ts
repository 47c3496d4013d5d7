/**
 * An API on Cloudflare Workers whose Postgres reads are cached: isolate memory, then Redis over HTTP, then Neon over HTTP.
 * @module
 */
import { isQueryCacheError } from 'edge-query-cache'
import { scheduledCleanup } from 'edge-query-cache/cron'
import { queryCache } from 'edge-query-cache/hono'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from './env.ts'
import { cities } from './routes/cities.ts'
import { dashboard } from './routes/dashboard.ts'
import { events } from './routes/events.ts'
import { live } from './routes/live.ts'
import { operations } from './routes/operations.ts'
import { page } from './routes/page.ts'
import { users } from './routes/users.ts'

const app = new Hono<AppEnv>()

// Before the middleware: the page needs neither a database nor a cache.
app.route('/', page)

// One line: the executor is in `c.var.queryCache`, built once per isolate from the bindings.
app.use(queryCache<AppEnv>())

app.route('/', cities)
app.route('/', dashboard)
app.route('/', events)
app.route('/', live)
app.route('/', operations)
app.route('/', users)

app.notFound((c) => c.json({ error: 'there is no such route' }, 404))
app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status)
  // What the cache says of itself names variables and options, never their values: it helps whoever deploys this.
  if (isQueryCacheError(error)) return c.json({ error: error.message }, 500)
  // A message may quote the values of a row: it goes nowhere. Its name, code and place go to the log.
  const code = (error as { code?: unknown }).code
  // SQLSTATE class 23: a constraint, so it is the request that cannot be right, as with an order for a user who does not exist.
  if (typeof code === 'string' && /^23...$/.test(code))
    return c.json({ error: 'the database refused this as inconsistent' }, 409)
  const place = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '))
  console.error(`${c.req.method} failed: ${error.name}${typeof code === 'string' ? ` (${code})` : ''}${place ?? ''}`)
  return c.json({ error: 'the database did not answer as it should; see the log' }, 500)
})

export default { fetch: app.fetch, scheduled: scheduledCleanup() }
