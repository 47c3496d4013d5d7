/** What the tiers are held to. */
import { figure } from './cells.ts'
import { quantile, ratioOf } from './measure.ts'
import { BY_HAND } from '../peers/index.ts'
import { OWN } from './types.ts'
import type { Budget, Cell, Row, Table } from './types.ts'

const NAMED = ['bentocache', '@unkey/cache', 'cachified + lru-cache']
const SAFE = NAMED.map((name) => `${name} + structuredClone`)

/** Whom the ratios need. */
export const RACERS: readonly string[] = [OWN, ...NAMED, ...SAFE]

/** Microseconds per operation by tier and number of rows, by name, in the order of the rounds. */
export type Samples = Map<string, ReadonlyMap<string, readonly number[]>>

export function tierBudgets(place: string, tables: readonly Table[], samples: Samples): Budget[] {
  const [l1, l2, miss] = tables as [Table, Table?, Table?]
  const budgets: Budget[] = []
  if (place === 'Node')
    budgets.push(
      ratio(
        'l1-1row',
        'L1 hit through executor.query(sql, [id]), 1 row, beside the fastest of bentocache, @unkey/cache and cachified + lru-cache',
        samples.get('l1 1')!,
        NAMED,
        { most: 0.5, reached: 0.65 },
      ),
      ratio(
        'l1-50rows',
        'L1 hit, 50 rows × 8 typed columns, beside the fastest of them with structuredClone',
        samples.get('l1 50')!,
        SAFE,
        { most: 0.25 },
      ),
    )
  if (!l2 || !miss) return budgets
  const where = place.toLowerCase()
  // What hands everybody the same objects does less; beside one row the difference is small enough to be ahead all the same.
  budgets.push(
    nobodyAhead(
      `l1-${where}`,
      `Peers ahead at an L1 hit in ${place} (beyond one row: those as safe)`,
      l1,
      (name, row) => row === l1.rows[0] || name.endsWith('structuredClone'),
    ),
    nobodyAhead(`l2-${where}`, `Peers ahead at an L2 hit in ${place}`, l2, () => true),
    nobodyAhead(`miss-${where}`, `Peers ahead at a miss in ${place}`, miss, () => true),
  )
  return budgets
}

interface Bound {
  most: number
  /** What is held where the budget is within reach and not met on every machine. */
  reached?: number
}

/** We beside the fastest of those named: the one beside whom we look worst. */
function ratio(
  id: string,
  what: string,
  samples: ReadonlyMap<string, readonly number[]>,
  names: readonly string[],
  { most, reached }: Bound,
): Budget {
  const own = samples.get(OWN)!
  const [fastest, { median, spread }] = names
    .map((name) => [name, ratioOf(own, samples.get(name)!)] as const)
    .reduce((a, b) => (a[1].median >= b[1].median ? a : b))
  const microseconds = (name: string) => figure(quantile(samples.get(name)!, 0.5))
  return {
    id,
    what,
    budget: `at most ${most}×`,
    measured:
      `${median.toFixed(2)}× (quartiles ${spread!.map((it) => it.toFixed(2)).join('–')}; ${microseconds(OWN)} µs, ` +
      `${fastest} ${microseconds(fastest)} µs)`,
    met: median <= most,
    stable: true,
    ...(reached && { reached: { bound: `${reached}×`, held: median <= reached } }),
  }
}

/** Ahead is whose upper quartile is below our lower one: less is the machine's noise. */
function nobodyAhead(id: string, what: string, table: Table, counts: (name: string, row: Row) => boolean): Budget {
  const races = table.rows.flatMap((row) =>
    Object.entries(row.cells)
      .filter(([name]) => name !== OWN && !table.references?.includes(name) && counts(name, row))
      .map(([name, cell]) => ({ name, row, cell, own: row.cells[OWN]! })),
  )
  const lost = races
    .filter(({ cell, own }) => (cell.spread?.[1] ?? cell.median) < (own.spread?.[0] ?? own.median))
    .sort((a, b) => a.cell.median / a.own.median - b.cell.median / b.own.median)
  const [worst] = lost
  const alike = (list: readonly { cell: Cell }[]) => list.filter(({ cell }) => !cell.note).length
  const least = worst?.row.cells[BY_HAND]
  const byHand = least ? `, ${BY_HAND} ${figure(least.median)} µs` : ''
  const others =
    alike(races) < races.length ? `; of those whose rows are the same ${alike(lost)} of ${alike(races)}` : ''
  return {
    id,
    what,
    budget: '0',
    measured: worst
      ? `${lost.length} of ${races.length}, most of all ${worst.name} at ${worst.row.label}: ${figure(worst.cell.median)} µs, ours ${figure(worst.own.median)} µs${byHand}${others}`
      : '0',
    met: lost.length === 0,
    stable: false,
  }
}
