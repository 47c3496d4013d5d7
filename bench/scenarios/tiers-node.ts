import { measure } from '../lib/measure.ts'
import { OWN } from '../lib/types.ts'
import type { Scenario } from '../lib/types.ts'
import { readEverything, typedRows, wireRows } from '../lib/workload.ts'

export const scenario: Scenario = {
  id: 'tiers-node',
  async run({ quick }) {
    let sum = 0
    const rows = typedRows(wireRows(50, 1))
    const cells = await measure(
      [
        {
          name: OWN,
          run: (times) => {
            for (let i = 0; i < times; i++) sum += readEverything(rows)
          },
        },
        {
          name: 'structuredClone',
          run: (times) => {
            for (let i = 0; i < times; i++) sum += readEverything(structuredClone(rows))
          },
        },
      ],
      { rounds: quick ? 5 : 15, roundMs: 20 },
    )
    return {
      tables: [{ id: 'x', title: 'Reading', unit: 'µs', method: '', rows: [{ label: '50 rows', cells }] }],
      budgets: [],
    }
  },
}
