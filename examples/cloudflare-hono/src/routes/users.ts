import { Hono } from 'hono'
import { answer, answerOne } from '../answer.ts'
import type { AppEnv } from '../env.ts'
import { integer, jsonBody, text } from '../input.ts'
import { statements } from '../statements.ts'

interface User {
  id: number
  name: string
  email: string
  country: string
  created_at: Date
}

interface Order {
  id: number
  status: string
  /** numeric: the driver keeps it as text, digit by digit. */
  total: string
  created_at: Date
}

const idOf = (value: string) => integer(value, 'id', { min: 1, max: 2_147_483_647 })

// Anyone may call these routes. In an application of your own, authenticate first, and give `scope` to what belongs to one person.
export const users = new Hono<AppEnv>()
  .get('/users/:id', async (c) => {
    const id = idOf(c.req.param('id'))
    // The key and the tag are two more names to invalidate this entry by: `invalidateCache('user:42')`, `invalidate({ tags: [...] })`.
    const options = { ttl: 300, cacheKey: `user:${id}`, tags: [`user:${id}`] }
    return answerOne(c, await c.var.queryCache.queryResult<User>(statements.user, [id], options), 'user')
  })
  .get('/users/:id/orders', async (c) => {
    const params = [idOf(c.req.param('id')), integer(c.req.query('limit'), 'limit', { min: 1, max: 100, fallback: 20 })]
    return answer(c, await c.var.queryCache.queryResult<Order>(statements.ordersOfUser, params, { ttl: 120 }))
  })
  // `execute` finds the tables in the SQL: whatever was read from `users` is asked again, on every isolate.
  .post('/users/:id', async (c) => {
    const id = idOf(c.req.param('id'))
    const name = text((await jsonBody(c)).name, 'name', { min: 1, max: 80 })
    const write = await c.var.queryCache.execute(statements.renameUser, [id, name], { tags: [`user:${id}`] })
    if (write.rows.length === 0) return c.json({ error: 'there is no such user', cache: write.cache }, 404)
    return c.json({ data: write.rows[0], cache: write.cache })
  })
  .post('/orders', async (c) => {
    const body = await jsonBody(c)
    const userId = integer(body.user_id, 'user_id', { min: 1, max: 2_147_483_647 })
    const cents = integer(body.cents, 'cents', { min: 1, max: 100_000_000 })
    const write = await c.var.queryCache.execute(statements.addOrder, [userId, (cents / 100).toFixed(2)])
    return c.json({ data: write.rows[0], cache: write.cache }, 201)
  })
