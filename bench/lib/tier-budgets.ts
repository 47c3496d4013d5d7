/** What the tiers are held to. */
import { figure } from './cells.ts'
import { OWN } from './types.ts'
import type { Budget, Cell, Row, Table } from './types.ts'

const NAMED = ['bentocache', '@unkey/cache', 'cachified + lru-cache']
const asSafe = (name: string) => `${name} + structuredClone`

export function tierBudgets(place: string, tables: readonly Table[]): Budget[] {
  const [l1, l2, miss] = tables as [Table, Table, Table]
  const budgets: Budget[] = []
  if (place === 'Node')
    budgets.push(
      ratio(
        'l1-1row',
        'L1 hit through executor.query(sql, [id]), 1 row, beside the fastest of bentocache, @unkey/cache and cachified + lru-cache',
        l1.rows[0]!,
        NAMED,
        { most: 0.5, reached: 0.75 },
      ),
      ratio(
        'l1-50rows',
        'L1 hit, 50 rows × 8 typed columns, beside the fastest of them with structuredClone',
        l1.rows[1]!,
        NAMED.map(asSafe),
        { most: 0.25 },
      ),
    )
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
  /** What is held while the budget cannot be met. */
  reached?: number
}

function ratio(id: string, what: string, { cells }: Row, names: readonly string[], { most, reached }: Bound): Budget {
  const own = cells[OWN]!.median
  const [fastest, cell] = Object.entries(cells)
    .filter(([name]) => names.includes(name))
    .reduce((a, b) => (a[1].median <= b[1].median ? a : b))
  const measured = own / cell.median
  return {
    id,
    what,
    budget: `at most ${most}×`,
    measured: `${measured.toFixed(2)}× (${figure(own)} µs; ${fastest} ${figure(cell.median)} µs)`,
    met: measured <= most,
    stable: true,
    ...(reached && { reached: { bound: `${reached}×`, held: measured <= reached } }),
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
  const others =
    alike(races) < races.length ? `; of those whose rows are the same ${alike(lost)} of ${alike(races)}` : ''
  return {
    id,
    what,
    budget: '0',
    measured: worst
      ? `${lost.length} of ${races.length}, most of all ${worst.name} at ${worst.row.label}: ${figure(worst.cell.median)} µs, ours ${figure(worst.own.median)} µs${others}`
      : '0',
    met: lost.length === 0,
    stable: false,
  }
}
