/** An entry to the text that Redis keeps, and back to typed rows: how long it takes, and how long the text is. */
import { CODECS, COMPRESS_ABOVE } from '../codec/codecs.ts'
import type { Done, Task } from '../codec/process.ts'
import { Child } from '../lib/child.ts'
import { cellOf, ratioOf, rotated } from '../lib/measure.ts'
import { OWN } from '../lib/types.ts'
import type { Budget, Cell, Row, Scenario, Table } from '../lib/types.ts'

const KINDS = ['typed', 'text-heavy', 'number-heavy'] as const
const SIZES = [1, 20, 500, 10_000]
const LOSES_DATES = 'JSON gives a date back as text: its rows are not the typed ones.'

export const scenario: Scenario = {
  id: 'codec',
  run: async ({ quick, guard }) => {
    const rows: Record<'encode' | 'decode' | 'bytes', Row[]> = { encode: [], decode: [], bytes: [] }
    // What the budgets are about is measured as long as in the whole run: of fewer operations V8 has not compiled enough.
    const names = CODECS.map(({ name }) => name).filter((name) => !guard || RIVALS.includes(name))
    const children = names.map((name) => ({ name, child: new Child('codec/process.ts', [name], name) }))
    let times = { encode: 0, decode: 0 }
    for (const kind of KINDS)
      for (const size of SIZES) {
        const held = kind === 'typed' && size === 500
        if (guard && !held) continue
        // The large ones take most of the time.
        if (quick && size === 10_000 && kind !== 'typed') continue
        const label = `${kind}, ${size.toLocaleString('en-US')} ${size === 1 ? 'row' : 'rows'}`
        const { cells, samples } = await compare(children, kind, size, paceOf(size, quick && !guard))
        if (held) times = { encode: timesAsFast(samples.encode), decode: timesAsFast(samples.decode) }
        for (const id of ['encode', 'decode', 'bytes'] as const) rows[id].push({ label, cells: cells[id] })
      }
    await Promise.all(children.map(({ child }) => child.stop()))
    return { tables: tables(rows), budgets: budgets(rows, times) }
  },
}

/** Whom the budgets compare. */
const RIVALS: readonly string[] = [OWN, 'superjson']

/** Microseconds by codec, in the order of the rounds. */
type Samples = ReadonlyMap<string, readonly number[]>

const timesAsFast = (samples: Samples): number => {
  const [own, theirs] = RIVALS.map((name) => samples.get(name)!) as [readonly number[], readonly number[]]
  return ratioOf(theirs, own).median
}

/** Operations, not milliseconds: on a busy machine those are too few for V8 to compile what runs. */
interface Pace {
  rounds: number
  times: number
  /** Different ones. */
  results: number
}

function paceOf(size: number, quick: boolean): Pace {
  const times = { 1: 1000, 20: 100, 500: 12 }[size] ?? 1
  const rounds = quick ? (size > 1000 ? 3 : 5) : 21
  return { rounds, times: quick ? times : 3 * times, results: size > 1000 ? 2 : 8 }
}

type Direction = Task['direction']

/**
 * Every codec works in every round; the first two rounds are for V8. Garbage is left to it as well: a collection in between takes
 * away what it has learnt of the shapes of rows, which a cache keeps alive.
 */
async function compare(
  children: readonly Contender[],
  kind: Task['kind'],
  size: number,
  { rounds, times, results }: Pace,
): Promise<{ cells: Record<Direction | 'bytes', Record<string, Cell>>; samples: Record<Direction, Samples> }> {
  const all: Record<Direction, Samples> = { encode: new Map(), decode: new Map() }
  const cells: Record<Direction | 'bytes', Record<string, Cell>> = { encode: {}, decode: {}, bytes: {} }
  for (const direction of ['encode', 'decode'] as const) {
    const samples = new Map<string, number[]>(children.map(({ name }) => [name, []]))
    for (let round = -2; round < rounds; round++)
      for (const { name, child } of rotated(children, round + 2)) {
        const done = await child.ask<Done>({ kind, size, results, direction, times } satisfies Task)
        const keepsDates = name !== 'JSON' || kind !== 'typed'
        if (done.same !== keepsDates) throw new Error(`${name} gives ${done.same ? 'the same' : 'other'} rows back`)
        if (!(done.sum > 0)) throw new Error(`${name}: nothing was read`)
        if (round >= 0) samples.get(name)!.push(done.cpu)
        cells.bytes[name] = { median: Math.round(done.bytes / results) }
      }
    for (const [name, took] of samples) cells[direction][name] = cellOf(took)
    all[direction] = samples
  }
  if (kind === 'typed' && cells.decode['JSON']) cells.decode['JSON'].note = LOSES_DATES
  return { cells, samples: all }
}

interface Contender {
  name: string
  child: Child
}

const METHOD =
  'The same entry for everyone: rows with the key, names, versions and times that every cache must keep with them. All use the ' +
  `same compression, above ${COMPRESS_ABOVE.toLocaleString('en-US')} bytes, and base64; what is shorter stays as it is. Eight different results in turns, ` +
  'two of 10,000 rows. '

function tables(rows: Record<'encode' | 'decode' | 'bytes', Row[]>): Table[] {
  const cpu = 'CPU time, each codec in a process of its own, median and quartiles of interleaved rounds.'
  return [
    {
      id: 'codec-encode',
      title: 'Entry to text',
      unit: 'µs',
      method: `${METHOD}The others get rows that the driver has parsed, for which they are not charged. ${cpu}`,
      rows: rows.encode,
      chart: true,
    },
    {
      id: 'codec-decode',
      title: 'Text to typed rows',
      unit: 'µs',
      method: `${METHOD}Every value of every row is read, by a reader that knows the columns. Ours are parsed by the driver's own parsers. ${cpu}`,
      rows: rows.decode,
      chart: true,
    },
    {
      id: 'codec-bytes',
      title: 'Bytes stored in Redis',
      unit: 'bytes',
      method: `${METHOD}The mean of them.`,
      rows: rows.bytes,
      chart: true,
    },
  ]
}

function budgets(rows: { bytes: Row[] }, { encode, decode }: Record<Direction, number>): Budget[] {
  const what = '500 rows × 8 typed columns'
  const stored = rows.bytes.find(({ label }) => label === 'typed, 500 rows')!.cells
  const bytes = stored[OWN]!.median / stored['superjson']!.median
  return [
    {
      id: 'codec-encode',
      what: `${what}: encode and compress`,
      budget: '6 times as fast as superjson and the same compression',
      measured: `${encode.toFixed(1)} times`,
      met: encode >= 6,
      stable: true,
    },
    {
      id: 'codec-decode',
      what: `${what}: decompress and decode to typed rows`,
      budget: 'twice as fast as superjson and the same compression',
      measured: `${decode.toFixed(2)} times`,
      met: decode >= 2,
      stable: false,
    },
    {
      id: 'codec-bytes',
      what: `${what}: bytes stored`,
      budget: "0.75 of superjson's",
      measured: bytes.toFixed(3),
      met: bytes <= 0.75,
      stable: true,
    },
  ]
}
