/** Who is how fast at each tier, in Node. */
import { RACERS } from '../lib/tier-budgets.ts'
import { nodePlace } from '../lib/tier-node.ts'
import { tierReport } from '../lib/tier-tables.ts'
import type { Pace } from '../lib/tier-tables.ts'
import type { Scenario } from '../lib/types.ts'

/** How many parameters, by number of rows. */
const keys = (ofFifty: number, ofFiveHundred: number) =>
  new Map([
    [1, 1000],
    [50, ofFifty],
    [500, ofFiveHundred],
  ])
const QUICK: Pace = { rounds: 5, roundMs: 10, warm: 0.7, warmOperations: 0, keys: keys(100, 10), typed: false }
const FULL: Pace = { rounds: 15, roundMs: 50, warm: 3, warmOperations: 30_000, keys: keys(1000, 100), typed: true }
/**
 * What the ratios need, as in the whole run: code that V8 has not compiled yet has another ratio, and so have rounds so short that their
 * garbage is left to the next.
 */
const GUARD: Pace = {
  ...FULL,
  rounds: 25,
  keys: new Map([
    [1, 1000],
    [50, 1000],
  ]),
  tiers: ['l1'],
  players: RACERS,
}

export const scenario: Scenario = {
  id: 'tiers-node',
  run: ({ quick, guard }) => tierReport(nodePlace(), guard ? GUARD : quick ? QUICK : FULL),
}
