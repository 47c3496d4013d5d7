/** The exact counts of trips and commands: the budget's, and each operation's beside the peers'. */
import { OWN } from '../lib/types.ts'
import type { Scenario } from '../lib/types.ts'
import { background } from '../trace/counts/background.ts'
import { byContent, byName } from '../trace/counts/cleanup.ts'
import { cold } from '../trace/counts/cold.ts'
import { Meter } from '../trace/counts/meter.ts'
import { operations } from '../trace/counts/operations.ts'
import { sideBySide } from '../trace/counts/side-by-side.ts'
import { bentocache } from '../trace/participants/bentocache.ts'
import { cachifiedTiers } from '../trace/participants/cachified.ts'
import { drizzle } from '../trace/participants/drizzle.ts'
import { ocache } from '../trace/participants/ocache.ts'
import { byTable } from '../trace/participants/own.ts'
import { unkey } from '../trace/participants/unkey.ts'

/** With endpoints of its own, whose counts nobody else's keys or clock touch. */
async function metered<T>(measure: (meter: Meter) => Promise<T>): Promise<T> {
  const meter = new Meter()
  try {
    return await measure(meter)
  } finally {
    meter.stop()
  }
}

export const scenario: Scenario = {
  id: 'counts',
  async run() {
    const budgets = [
      ...(await metered(operations)),
      ...(await metered(background)),
      ...(await metered(cold)),
      await metered(byName),
      await metered(byContent),
    ]
    const own = { ...byTable, name: OWN }
    return { tables: await sideBySide([own, unkey, bentocache, cachifiedTiers, drizzle, ocache]), budgets }
  },
}
