/**
 * Compares policies of eviction: `node bench/memory/policies.ts [folder of published traces]`. Prints the part of requests, and of bytes,
 * that memory answers. `bench/memory/traces.ts` names the files that are read.
 */
import { POLICIES } from './policy.ts'
import { publishedTraces, syntheticTraces } from './traces.ts'
import type { Trace } from './traces.ts'

/** Memory as a part of the bytes of all different results. */
const PARTS = [0.01, 0.05, 0.2]

export interface Ratios {
  trace: string
  part: number
  /** By policy. */
  objects: Record<string, number>
  bytes: Record<string, number>
}

export function compare(trace: Trace, parts: readonly number[] = PARTS): Ratios[] {
  const total = trace.sizes.reduce((sum, size) => sum + size, 0)
  return parts.map((part) => {
    const objects: Record<string, number> = {}
    const bytes: Record<string, number> = {}
    for (const [name, Policy] of Object.entries(POLICIES)) {
      const policy = new Policy(total * part)
      let hits = 0
      let hitBytes = 0
      let askedBytes = 0
      for (const key of trace.keys) {
        const size = trace.sizes[key]!
        askedBytes += size
        if (!policy.ask(key, size)) continue
        hits++
        hitBytes += size
      }
      objects[name] = hits / trace.keys.length
      bytes[name] = hitBytes / askedBytes
    }
    return { trace: trace.name, part, objects, bytes }
  })
}

const percent = (ratio: number): string => (ratio * 100).toFixed(1)

export function mean(ratios: readonly Ratios[], kind: 'objects' | 'bytes', policy: string): number {
  return ratios.reduce((sum, one) => sum + one[kind][policy]!, 0) / ratios.length
}

function print(title: string, ratios: readonly Ratios[], kind: 'objects' | 'bytes'): void {
  const names = Object.keys(POLICIES)
  console.log(`\n${title}\n`)
  console.log(`| trace | memory | ${names.join(' | ')} |`)
  console.log(`| --- | --: | ${names.map(() => '--:').join(' | ')} |`)
  for (const one of ratios) {
    const best = Math.max(...Object.values(one[kind]))
    const cells = names.map((name) =>
      percent(one[kind][name]!) === percent(best) ? `**${percent(best)}**` : percent(one[kind][name]!),
    )
    console.log(`| ${one.trace} | ${one.part * 100}% | ${cells.join(' | ')} |`)
  }
  console.log(`| mean | | ${names.map((name) => percent(mean(ratios, kind, name))).join(' | ')} |`)
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2]
  const groups: [string, Trace[]][] = [['Made from a seed', syntheticTraces(400_000)]]
  if (folder) groups.push(['Published', publishedTraces(folder, 1_000_000)] as const)
  for (const [title, traces] of groups) {
    const ratios = traces.flatMap((trace) => compare(trace))
    print(`${title}: requests answered from memory, in percent`, ratios, 'objects')
    print(`${title}: bytes answered from memory, in percent`, ratios, 'bytes')
  }
}
