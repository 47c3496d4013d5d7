/** Who is how fast at each tier, in Node. */
import { nodePlace } from '../lib/tier-node.ts'
import { tierReport } from '../lib/tier-tables.ts'
import type { Pace } from '../lib/tier-tables.ts'
import type { Scenario } from '../lib/types.ts'

/** Parameters by number of rows. */
const keys = (ofFifty: number, ofFiveHundred: number) =>
  new Map([
    [1, 1000],
    [50, ofFifty],
    [500, ofFiveHundred],
  ])
const QUICK: Pace = { rounds: 5, roundMs: 10, warm: 0.7, warmOperations: 0, keys: keys(100, 10), typed: false }
const FULL: Pace = { rounds: 15, roundMs: 50, warm: 3, warmOperations: 30_000, keys: keys(1000, 100), typed: true }

export const scenario: Scenario = {
  id: 'tiers-node',
  run: ({ quick }) => tierReport(nodePlace(), quick ? QUICK : FULL),
}
