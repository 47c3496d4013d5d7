import { Hono } from 'hono'
import { lastDays } from '../days.ts'
import type { AppEnv } from '../env.ts'
import { statements } from '../statements.ts'

const SHORT = { ttl: 60, staleWhileRevalidate: 60 }

export const dashboard = new Hono<AppEnv>()
  // Five reads: one command to Redis for all of them, and one trip to the database for those that are not cached.
  .get('/dashboard', async (c) => {
    const week = lastDays(7)
    const [topCities, usersByCountry, ordersByStatus, eventsByDay, eventsByAction] = await c.var.queryCache.queryBatch([
      { sql: statements.topCities, params: [5], options: { ttl: 3_600 } },
      { sql: statements.usersByCountry, params: [5], options: SHORT },
      { sql: statements.ordersByStatus, options: SHORT },
      { sql: statements.eventsByDay, params: week, options: SHORT },
      { sql: statements.eventsByAction, params: week, options: SHORT },
    ])
    return c.json({ data: { topCities, usersByCountry, ordersByStatus, eventsByDay, eventsByAction } })
  })
