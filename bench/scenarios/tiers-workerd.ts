/** Who is how fast at each tier, in real workerd. */
import { tierReport } from '../lib/tier-tables.ts'
import type { Pace } from '../lib/tier-tables.ts'
import { workerdPlace } from '../lib/tier-workerd.ts'
import type { Scenario } from '../lib/types.ts'

/** Parameters by number of rows: an isolate has 128 MB. */
const keys = (ofFifty: number, ofFiveHundred: number) =>
  new Map([
    [1, 1000],
    [50, ofFifty],
    [500, ofFiveHundred],
  ])
const QUICK: Pace = { rounds: 4, roundMs: 8, warm: 0.4, warmOperations: 0, keys: keys(100, 10), typed: false }
const FULL: Pace = { rounds: 15, roundMs: 50, warm: 3, warmOperations: 30_000, keys: keys(500, 50), typed: true }

export const scenario: Scenario = {
  id: 'tiers-workerd',
  run: async ({ quick }) => tierReport(await workerdPlace(), quick ? QUICK : FULL),
}
