/** Bytes of a bundle, and how long a new isolate takes to answer. */
import type { Scenario } from '../lib/types.ts'
import { bundleSizes } from '../worker/bundle-sizes.ts'
import { startUp } from '../worker/start-up.ts'

export const scenario: Scenario = {
  id: 'bundle',
  async run(settings) {
    const { tables, budgets } = await bundleSizes()
    return { tables: [...tables, await startUp(settings)], budgets }
  },
}
