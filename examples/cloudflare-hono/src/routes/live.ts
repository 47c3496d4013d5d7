import { Hono } from 'hono'
import { answer } from '../answer.ts'
import type { AppEnv } from '../env.ts'
import { statements } from '../statements.ts'

export const live = new Hono<AppEnv>()
  // Asked not to be cached.
  .get('/live', async (c) => {
    return answer(c, await c.var.queryCache.queryResult(statements.latestEvents, [10], { skipCache: true }))
  })
  // Cannot be cached, and says why: now() is another value every time.
  .get('/clock', async (c) => {
    return answer(c, await c.var.queryCache.queryResult<{ database_time: Date }>(statements.clock))
  })
