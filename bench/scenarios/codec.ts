/** An entry to the text that Redis keeps, and back to typed rows: how long it takes, and how long the text is. */
import { isDeepStrictEqual } from 'node:util'
import { CODECS } from '../codec/codecs.ts'
import { readAll, workload } from '../codec/workloads.ts'
import type { Workload } from '../codec/workloads.ts'
import { cellOf, rotated } from '../lib/measure.ts'
import type { Contender } from '../lib/measure.ts'
import { OWN } from '../lib/types.ts'
import type { Budget, Cell, Row, Scenario, Table } from '../lib/types.ts'

const KINDS = ['typed', 'text-heavy', 'number-heavy'] as const
const SIZES = [1, 20, 500, 10_000]
const LOSES_DATES = 'JSON gives a date back as text: its rows are not the typed ones.'

export const scenario: Scenario = {
  id: 'codec',
  run: async ({ quick }) => {
    const rows: Record<'encode' | 'decode' | 'bytes', Row[]> = { encode: [], decode: [], bytes: [] }
    for (const kind of KINDS)
      for (const size of SIZES) {
        // The large ones take most of the time.
        if (quick && size === 10_000 && kind !== 'typed') continue
        const label = `${kind}, ${size.toLocaleString('en-US')} ${size === 1 ? 'row' : 'rows'}`
        const cells = await compare(workload(kind, size), paceOf(size, quick))
        for (const id of ['encode', 'decode', 'bytes'] as const) rows[id].push({ label, cells: cells[id] })
      }
    return { tables: tables(rows), budgets: budgets(rows) }
  },
}

/** Operations, not milliseconds: on a busy machine those are too few for V8 to compile what runs. */
interface Pace {
  rounds: number
  times: number
}

function paceOf(size: number, quick: boolean): Pace {
  const times = { 1: 1000, 20: 100, 500: 12 }[size] ?? 1
  return { rounds: quick ? (size > 1000 ? 3 : 5) : 21, times: quick ? times : 3 * times }
}

/**
 * Every contender works in every round; the first two rounds are for V8. Garbage is left to it as well: a collection in between takes
 * away what it has learnt of the shapes of rows, which a cache keeps alive.
 */
async function measure(contenders: readonly Contender[], { rounds, times }: Pace): Promise<Record<string, Cell>> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = -2; round < rounds; round++)
    for (const contender of rotated(contenders, round + 2)) {
      const before = process.cpuUsage()
      await contender.run(times)
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) samples.get(contender.name)!.push((user + system) / times)
    }
  return Object.fromEntries([...samples].map(([name, took]) => [name, cellOf(took)]))
}

async function compare(
  work: Workload,
  pace: Pace,
): Promise<Record<'encode' | 'decode' | 'bytes', Record<string, Cell>>> {
  const texts = new Map<string, string>()
  for (const { name, encode, decode } of CODECS) {
    const text = await encode(work)
    const same = isDeepStrictEqual(await decode(text), work.typed)
    if (!same && !(name === 'JSON' && work.kind === 'typed')) throw new Error(`${name} gives other rows back`)
    texts.set(name, text)
  }
  let read = 0
  const encode = await measure(
    CODECS.map(({ name, encode }) => ({
      name,
      run: async (times: number) => {
        for (let i = 0; i < times; i++) read += (await encode(work)).length
      },
    })),
    pace,
  )
  const decode = await measure(
    CODECS.map(({ name, decode }) => ({
      name,
      run: async (times: number) => {
        for (let i = 0; i < times; i++) for (const row of await decode(texts.get(name)!)) read += readAll(row)
      },
    })),
    pace,
  )
  if (!Number.isFinite(read) || read <= 0) throw new Error('nothing was read')
  if (work.kind === 'typed') decode['JSON']!.note = LOSES_DATES
  const bytes = Object.fromEntries([...texts].map(([name, text]) => [name, { median: Buffer.byteLength(text) }]))
  return { encode, decode, bytes }
}

const METHOD =
  'The same entry for everyone: rows with the key, names, versions and times that every cache must keep with them. All use the ' +
  'same compression, above 1,024 bytes, and base64; what is shorter stays as it is. '

function tables(rows: Record<'encode' | 'decode' | 'bytes', Row[]>): Table[] {
  const cpu = 'CPU time of the process, median and quartiles of interleaved rounds.'
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
      method: `${METHOD}Every value of every row is read. Ours are parsed by the driver's own parsers. ${cpu}`,
      rows: rows.decode,
      chart: true,
    },
    {
      id: 'codec-bytes',
      title: 'Bytes stored in Redis',
      unit: 'bytes',
      method: METHOD.trim(),
      rows: rows.bytes,
      chart: true,
    },
  ]
}

function budgets(rows: Record<'encode' | 'decode' | 'bytes', Row[]>): Budget[] {
  const of = (list: Row[]) => list.find(({ label }) => label === 'typed, 500 rows')!.cells
  const times = (list: Row[]) => of(list)['superjson']!.median / of(list)[OWN]!.median
  const what = '500 rows × 8 typed columns'
  const [encode, decode] = [times(rows.encode), times(rows.decode)]
  const bytes = of(rows.bytes)[OWN]!.median / of(rows.bytes)['superjson']!.median
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
