/** Isolate memory: what it answers, by policy of eviction, and whether it takes what it says. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { WAYS } from '../memory/heap.ts'
import type { Weighed } from '../memory/heap.ts'
import { compare } from '../memory/policies.ts'
import { POLICIES } from '../memory/policy.ts'
import { syntheticTraces } from '../memory/traces.ts'
import { OWN } from '../lib/types.ts'
import type { Report, Row, Scenario, Table } from '../lib/types.ts'

const MIB = 1024 * 1024
const MEGABYTES = 32

function missTable(kind: 'objects' | 'bytes', length: number, parts: readonly number[]): Table {
  const rows = syntheticTraces(length).flatMap((trace) =>
    compare(trace, parts).map((ratios): Row => {
      const cells = Object.entries(ratios[kind]).map(([name, ratio]) => [name, { median: (1 - ratio) * 100 }])
      return { label: `${trace.name}, memory ${ratios.part * 100}%`, cells: Object.fromEntries(cells) as Row['cells'] }
    }),
  )
  return {
    id: `memory-${kind}`,
    title: kind === 'objects' ? 'Queries that memory does not answer' : 'Bytes that memory does not answer',
    unit: '%',
    method: `${length.toLocaleString('en')} queries of each trace, made from a seed, against a memory of a part of the bytes of all different results; the policies are 60 lines each in bench/memory/policy.ts, ours is the package's own. docs/decisions/0007-isolate-memory.md has published traces too.`,
    rows,
    references: Object.keys(POLICIES).filter((name) => name !== OWN && name !== 'LRU'),
  }
}

type Named = Weighed & { name: string; wrong: string }

/** One way, in a process of its own: what another leaves behind would count. */
async function weigh(way: number, queries: number): Promise<Named> {
  const file = path.join(import.meta.dirname, '../memory/weigh.ts')
  // Code that is thrown away between two measurements would count as results that take no memory.
  const flags = ['--expose-gc', '--no-flush-bytecode', file, '--json', '--way', String(way)]
  const options = ['--queries', String(queries), '--megabytes', String(MEGABYTES)]
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...options])
  return JSON.parse(stdout) as Named
}

async function run({ quick }: { quick: boolean }): Promise<Report> {
  const length = quick ? 50_000 : 400_000
  const parts = quick ? [0.05] : [0.01, 0.05, 0.2]
  const mixed = await weigh(WAYS.length, quick ? 30_000 : 100_000)
  const weighed: Named[] = []
  if (!quick) for (const way of WAYS.keys()) weighed.push(await weigh(way, 0))
  weighed.push(mixed)
  const furthest = weighed.reduce((a, b) =>
    Math.abs(a.counted / a.grown - 1) > Math.abs(b.counted / b.grown - 1) ? a : b,
  )
  const off = ({ counted, grown }: Weighed): number => (counted / grown - 1) * 100
  return {
    tables: [
      missTable('objects', length, parts),
      missTable('bytes', length, parts),
      {
        id: 'memory-heap',
        title: 'What isolate memory counts beside what the heap grew by',
        unit: '%',
        method: `Different queries through a memory of ${MEGABYTES} MB in a process of its own, until a quarter of what was stored has been thrown out again, or ${mixed.queries.toLocaleString('en')} of all shapes; then garbage collection. The cell is by how much the two differ.`,
        rows: weighed.map((one) => ({
          label: one.name,
          cells: {
            [OWN]: {
              median: Math.abs(off(one)),
              note: `${one.entries.toLocaleString('en')} results: ${(one.counted / MIB).toFixed(1)} MB counted, ${(one.grown / MIB).toFixed(1)} MB of heap`,
            },
          },
        })),
      },
    ],
    budgets: [
      {
        id: 'heap',
        what: `${mixed.queries.toLocaleString('en')} different queries through a memory of ${MEGABYTES} MB`,
        budget: `what is counted within 15% of the heap's growth, and that at most ${MEGABYTES} MB and 15%`,
        measured: `${(mixed.counted / MIB).toFixed(1)} MB counted, ${(mixed.grown / MIB).toFixed(1)} MB grown; of ${weighed.length} shapes of results the furthest is off by ${off(furthest).toFixed(1)}%`,
        met: weighed.every(({ wrong }) => wrong === ''),
        stable: true,
      },
    ],
  }
}

export const scenario: Scenario = { id: 'memory', run }
