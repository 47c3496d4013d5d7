/**
 * `node bench/memory/unread.ts`: how many of the entries that isolate memory takes in are never read again, and what its hits come to where an
 * entry takes a part of its size until it is. The policy is the package's own.
 */
import { Sieve } from '../../dist/sieve.js'
import type { Kept } from '../../src/sieve.js'
import { syntheticTraces } from './traces.ts'
import type { Trace } from './traces.ts'

/** Of the bytes of all different results. */
const MEMORY = [0.01, 0.05, 0.2]
/** 0.65 is about what rows with their texts and without what they are parsed to take, 0.35 what was written of them. */
const UNREAD = [1, 0.65, 0.35]

interface Entry extends Kept<Entry> {
  read: boolean
}

function replay({ keys, sizes }: Trace, most: number, unread: number): { hits: number; neverRead: number } {
  const sieve = new Sieve<Entry>()
  const makeRoom = (bytes: number) => {
    while (sieve.count > 0 && sieve.bytes + bytes > most) sieve.evict()
  }
  let [hits, added, readAgain] = [0, 0, 0]
  for (const id of keys) {
    const [key, size] = [String(id), sizes[id]!]
    const entry = sieve.get(key)
    if (entry) {
      hits++
      entry.visited = true
      if (entry.read) continue
      entry.read = true
      readAgain++
      sieve.grow(entry, size - entry.size)
      makeRoom(0)
    } else {
      added++
      makeRoom(size * unread)
      sieve.add({ key, size: size * unread, read: false, visited: false, newer: undefined, older: undefined })
    }
  }
  return { hits: hits / keys.length, neverRead: 1 - readAgain / added }
}

const percent = (part: number): string => (part * 100).toFixed(1)

console.log(`| trace | memory | never read again | ${UNREAD.map((part) => `hits, unread at ${part}`).join(' | ')} |`)
console.log(`| --- | --: | --: | ${UNREAD.map(() => '--:').join(' | ')} |`)
for (const trace of syntheticTraces(400_000)) {
  const total = trace.sizes.reduce((sum, size) => sum + size, 0)
  for (const part of MEMORY) {
    const results = UNREAD.map((unread) => replay(trace, total * part, unread))
    const cells = [results[0]!.neverRead, ...results.map(({ hits }) => hits)].map(percent)
    console.log(`| ${trace.name} | ${part * 100}% | ${cells.join(' | ')} |`)
  }
}
