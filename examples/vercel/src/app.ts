/**
 * The same cache on Vercel, in a Node function.
 * @module
 */
import { waitUntil } from '@vercel/functions'
import { cronRoute } from 'edge-query-cache/cron'
import { cachedQuery, queryCache } from 'edge-query-cache/hono'
import { Hono } from 'hono'

interface Country {
  country: string
  cities: number
}

interface User {
  id: number
  name: string
}

export const app = new Hono().basePath('/api')

// Before the middleware: the clean-up opens the cache by itself. Vercel sends `Authorization: Bearer $CRON_SECRET`.
app.get('/cron/cleanup', cronRoute({ waitUntil }))

// Vercel hands Hono no execution context, so the function that keeps background work alive is named.
app.use(queryCache({ waitUntil }))

app.get('/countries', async (c) => {
  const countries = await cachedQuery<Country>(
    c,
    'select country, count(*)::int as cities from cities group by country order by cities desc',
    [],
    { ttl: 3_600, staleWhileRevalidate: 86_400 },
  )
  return c.json(countries)
})

app.get('/users/:id{[0-9]{1,9}}', async (c) => {
  const id = Number(c.req.param('id'))
  const [user] = await cachedQuery<User>(c, 'select id, name from users where id = $1', [id], {
    cacheKey: `user:${id}`,
  })
  return user ? c.json(user) : c.json({ error: 'there is no such user' }, 404)
})

app.post('/users/:id{[0-9]{1,9}}', async (c) => {
  const { name } = await c.req.json<{ name?: unknown }>()
  if (typeof name !== 'string' || name === '') return c.json({ error: '`name` must be a text' }, 400)
  const id = Number(c.req.param('id'))
  const write = await c.var.queryCache.execute<User>('update users set name = $2 where id = $1 returning id, name', [
    id,
    name,
  ])
  return write.rows[0] ? c.json(write.rows[0]) : c.json({ error: 'there is no such user' }, 404)
})
