/** How a table is read: who takes part, who is ahead of us, how a figure is written. */
import { OWN } from './types.ts'
import type { Budget, Cell, Row, Table } from './types.ts'

/** Everybody of a table: we, the peers in the order they appear, the references. */
export function participants({ rows, absent = {}, references = [] }: Table): string[] {
  const named = new Set([...rows.flatMap(({ cells }) => Object.keys(cells)), ...Object.keys(absent)])
  const peers = [...named].filter((name) => name !== OWN && !references.includes(name))
  return [...(named.has(OWN) ? [OWN] : []), ...peers, ...references.filter((name) => named.has(name))]
}

/** True when a peer's median is below ours. A reference is no peer. */
export function ahead({ cells }: Row, name: string, { references = [] }: Table): boolean {
  const own = cells[OWN]
  const cell = cells[name]
  return (
    own !== undefined && cell !== undefined && name !== OWN && !references.includes(name) && cell.median < own.median
  )
}

/** Three significant digits, with thousands apart. */
export function figure(value: number): string {
  if (value === 0 || (Number.isInteger(value) && Math.abs(value) < 1000)) return String(value)
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

export const written = ({ median, spread }: Cell): string =>
  spread ? `${figure(median)} (${figure(spread[0])}–${figure(spread[1])})` : figure(median)

/** What was measured, and what is held instead of a budget that was missed. */
export const measuredOf = ({ measured, met, reached }: Budget): string =>
  met || !reached ? measured : `${measured}; held at ${reached.bound}`
