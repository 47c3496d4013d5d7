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
const QUICK: Pace = { rounds: 5, roundMs: 12, warmMs: 60, keys: keys(200, 20) }
const FULL: Pace = { rounds: 21, roundMs: 50, warmMs: 400, keys: keys(1000, 100) }

export const scenario: Scenario = {
  id: 'tiers-node',
  run: ({ quick }) => tierReport(nodePlace(), quick ? QUICK : FULL),
}
