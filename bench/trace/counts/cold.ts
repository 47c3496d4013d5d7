/** A key that nobody has, asked for by everybody at once. */
import type { Budget } from '../../lib/types.ts'
import type { Meter } from './meter.ts'

const ISOLATES = 8
const AT_ONCE = 125

export async function cold(meter: Meter): Promise<Budget[]> {
  const queries = async (coalesce: 'global' | 'isolate') => {
    const isolates = Array.from({ length: ISOLATES }, () => meter.isolate())
    const costs = await meter.costs(isolates, () =>
      Promise.all(
        isolates.flatMap((one) =>
          Array.from({ length: AT_ONCE }, () => one.query('SELECT n FROM a WHERE n = $1', [coalesce], { coalesce })),
        ),
      ),
    )
    return costs.queries
  }
  await meter.warm(['a'])
  const row = (coalesce: 'global' | 'isolate', measured: number, wanted: number): Budget => ({
    id: `cold-${coalesce}`,
    what: `cold key, ${ISOLATES} isolates × ${AT_ONCE} at once, coalesce: '${coalesce}'`,
    budget: wanted === 1 ? '1 database query' : `${wanted} database queries`,
    measured: String(measured),
    met: measured === wanted,
    stable: true,
  })
  return [row('global', await queries('global'), 1), row('isolate', await queries('isolate'), ISOLATES)]
}
