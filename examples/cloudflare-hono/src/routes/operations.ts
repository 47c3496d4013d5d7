import { CacheMonitoringService } from 'edge-query-cache'
import { Hono } from 'hono'
import type { AppEnv } from '../env.ts'
import { oneOf } from '../input.ts'
import { statements, type StatementName } from '../statements.ts'

const names = Object.keys(statements) as StatementName[]

// For operators. In an application of your own, put these behind authentication.
export const operations = new Hono<AppEnv>()
  .get('/stats', async (c) => {
    const executor = c.var.queryCache
    // The sum of all isolates is in Redis: while it is away there is this isolate's own.
    const everywhere = await executor.getGlobalStats().catch(() => null)
    return c.json({ data: { isolate: executor.getCacheStats(), everywhere } })
  })
  // What the page shows all the time: no trip, no command.
  .get('/stats/isolate', (c) => c.json({ data: c.var.queryCache.getCacheStats() }))
  .get('/health', async (c) => {
    const report = await new CacheMonitoringService(c.var.queryCache).checkCacheHealth()
    return c.json({ data: report }, report.health.status === 'unhealthy' ? 503 : 200)
  })
  // Explains this Worker's own statements by name. It takes no SQL from outside.
  .get('/explain', (c) => {
    const asked = c.req.query('statement')
    const chosen = asked === undefined ? names : [oneOf(asked, 'statement', names)]
    const data = chosen.map((name) => {
      const { cacheable, reason, advice, statement, tables, volatileFunctions } = c.var.queryCache.explain(
        statements[name],
      )
      return { name, cacheable, reason, advice, statement, tables, volatileFunctions }
    })
    return c.json({ data })
  })
  .get('/isolates', (c) => c.json({ data: c.env.ISOLATE_URLS?.split(',') ?? [] }))
