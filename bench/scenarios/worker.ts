/** The running Worker: CPU of a hot route, latencies behind slow services, a stampede on expiry. */
import type { Report, Scenario, Settings } from '../lib/types.ts'
import { startContestants } from '../worker/contestants.ts'
import { hotRoute } from '../worker/hot-route.ts'
import { KEYS, latencies } from '../worker/latency.ts'
import { stampedes } from '../worker/stampede.ts'

export const scenario: Scenario = {
  id: 'worker',
  async run(settings) {
    const hot = await hotRoute(settings)
    const rest = await besideOthers(settings)
    return { tables: [...hot.tables, ...rest.tables], budgets: [...hot.budgets, ...rest.budgets] }
  },
}

async function besideOthers(settings: Settings): Promise<Report> {
  const contestants = await startContestants(20, KEYS)
  try {
    const traffic = await latencies(contestants, settings)
    const { tables, budgets } = await stampedes(contestants, settings)
    return { tables: [...traffic, ...tables], budgets }
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()))
  }
}
