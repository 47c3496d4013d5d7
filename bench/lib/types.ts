/** What every scenario reports, so that one file prints the tables, draws the charts and holds the budgets. */

/** A measurement: the median of interleaved rounds, and how far they lay apart. Smaller is always better. */
export interface Cell {
  median: number
  /** The quartiles of the rounds; absent for a count. */
  spread?: [number, number]
  /** What the reader must know of this cell, shown below the table. */
  note?: string
}

export interface Row {
  label: string
  /** By participant; one that cannot play has no cell, and `absent` says why. */
  cells: Record<string, Cell>
}

export interface Table {
  id: string
  title: string
  /** Unit of every cell: 'µs', 'bytes', 'trips', 'USD'. */
  unit: string
  /** What was done, in a sentence or two: the work, the rounds, the machine's part in it. */
  method: string
  rows: Row[]
  absent?: Record<string, string>
  /** Participants that are shown for scale and are no peers: a bare Map, no cache, a constant. */
  references?: string[]
  chart?: boolean
}

/** One row of the table of budgets. */
export interface Budget {
  id: string
  what: string
  budget: string
  measured: string
  met: boolean
  /** A ratio that the machine's noise cannot turn: those are guarded in continuous integration. */
  stable: boolean
  /** Of a budget that cannot be met yet: what was reached, which continuous integration holds in its place. `npm run bench` fails all the same. */
  reached?: { bound: string; held: boolean }
}

export interface Report {
  tables: Table[]
  budgets: Budget[]
}

export interface Settings {
  /** Fewer rounds and a shorter trace, the same work: the whole of it in less than 90 seconds. */
  quick: boolean
  /** Only what the stable budgets need, and of that as much as makes their ratios stable. */
  guard: boolean
}

/** Every file of `bench/scenarios/` exports one of these as `scenario`. */
export interface Scenario {
  id: string
  run(settings: Settings): Promise<Report>
}

/** Our own name in every table. */
export const OWN = 'edge-query-cache'
