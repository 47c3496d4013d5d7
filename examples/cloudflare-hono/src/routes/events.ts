import { Hono } from 'hono'
import { answer } from '../answer.ts'
import { lastDays } from '../days.ts'
import type { AppEnv } from '../env.ts'
import { integer, jsonBody, text } from '../input.ts'
import { statements } from '../statements.ts'

interface EventsOfDay {
  day: string
  events: number
  users: number
}

export const events = new Hono<AppEnv>()
  .get('/events/daily', async (c) => {
    const days = integer(c.req.query('days'), 'days', { min: 1, max: 90, fallback: 30 })
    const options = { ttl: 600, staleWhileRevalidate: 60, tags: ['audit'] }
    return answer(c, await c.var.queryCache.queryResult<EventsOfDay>(statements.eventsByDay, lastDays(days), options))
  })
  .post('/events', async (c) => {
    const body = await jsonBody(c)
    const userId = integer(body.user_id, 'user_id', { min: 1, max: 2_147_483_647 })
    const action = text(body.action, 'action', { min: 1, max: 40 })
    const detail = JSON.stringify({ source: 'example' })
    const write = await c.var.queryCache.execute(statements.addEvent, [userId, action, detail])
    return c.json({ data: write.rows[0], cache: write.cache }, 201)
  })
