/** Traces for the comparison: made from a seed, or read from files as they are published. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

export interface Trace {
  name: string
  keys: Int32Array
  /** Bytes of the result with that key. */
  sizes: Float64Array
}

/** Mulberry32: the same numbers in each run. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Ranks from 0 on, the first the most frequent. */
export function zipf(many: number, skew: number, random: () => number): () => number {
  const sums = new Float64Array(many)
  let sum = 0
  for (let rank = 0; rank < many; rank++) sums[rank] = sum += (rank + 1) ** -skew
  return () => {
    const at = random() * sum
    let low = 0
    let high = many - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Sizes of results: half of them below 2 KB, one in a hundred above 40 KB. The same for a key in each trace. */
function sizesFor(many: number): Float64Array {
  const random = randomFrom(7)
  return Float64Array.from({ length: many }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.round(Math.min(200_000, 700 + 1_300 * Math.exp(1.45 * normal)))
  })
}

/** Gives the keys of a trace small numbers, in the order in which they appear. */
function numbered(name: string, asked: Iterable<number | bigint | string>, sizeOf?: Map<unknown, number>): Trace {
  const numbers = new Map<unknown, number>()
  const keys: number[] = []
  for (const key of asked) {
    let number = numbers.get(key)
    if (number === undefined) numbers.set(key, (number = numbers.size))
    keys.push(number)
  }
  const sizes = sizeOf ? Float64Array.from(numbers.keys(), (key) => sizeOf.get(key)!) : sizesFor(numbers.size)
  return { name, keys: Int32Array.from(keys), sizes }
}

const HOT_KEYS = 20_000

function* zipfKeys(length: number, skew: number): Generator<number> {
  const next = zipf(HOT_KEYS, skew, randomFrom(1))
  for (let i = 0; i < length; i++) yield next()
}

/** Between two stretches of ordinary traffic somebody reads everything once: an export, a crawler. */
function* zipfAndScan(length: number): Generator<number> {
  const next = zipf(HOT_KEYS, 0.9, randomFrom(2))
  let once = HOT_KEYS
  for (let i = 0; i < length; i++) yield i % 20_000 >= 15_000 ? once++ : next()
}

/** A third of all queries is asked once and never again: a search box, a cursor. */
function* zipfAndOnce(length: number): Generator<number> {
  const random = randomFrom(3)
  const next = zipf(HOT_KEYS, 0.9, random)
  let once = HOT_KEYS
  for (let i = 0; i < length; i++) yield random() < 1 / 3 ? once++ : next()
}

/** Everything in turn, again and again. */
function* loop(length: number): Generator<number> {
  for (let i = 0; i < length; i++) yield i % 5_000
}

/** What is popular changes: every 20,000 queries a tenth of the ranks belongs to other keys. */
function* shifting(length: number): Generator<number> {
  const random = randomFrom(4)
  const next = zipf(HOT_KEYS, 0.9, random)
  const keyOf = Int32Array.from({ length: HOT_KEYS }, (_, rank) => rank)
  for (let i = 0; i < length; i++) {
    if (i % 20_000 === 19_999)
      for (let swaps = 0; swaps < HOT_KEYS / 20; swaps++) {
        // Log-uniform, so that popular ranks change as often as others do in proportion.
        const a = Math.floor(HOT_KEYS ** random())
        const b = Math.floor(HOT_KEYS * random())
        const [one, other] = [keyOf[a]!, keyOf[b]!]
        keyOf[a] = other
        keyOf[b] = one
      }
    yield keyOf[next()]!
  }
}

export function syntheticTraces(length: number): Trace[] {
  return [
    numbered('Zipf 0.7', zipfKeys(length, 0.7)),
    numbered('Zipf 0.9', zipfKeys(length, 0.9)),
    numbered('Zipf 1.1', zipfKeys(length, 1.1)),
    numbered('Zipf 0.9, 1 in 3 asked once', zipfAndOnce(length)),
    numbered('Zipf 0.9 with scans', zipfAndScan(length)),
    numbered('loop', loop(length)),
    numbered('shifting popularity', shifting(length)),
  ]
}

function* integers(bytes: Buffer, width: 4 | 8): Generator<number | bigint> {
  for (let at = 0; at + width <= bytes.length; at += width)
    yield width === 4 ? bytes.readInt32BE(at) : bytes.readBigInt64BE(at)
}

/** Lines `first count ...`: blocks that follow each other. */
function* blocks(text: string): Generator<number> {
  for (const line of text.split('\n')) {
    const [first, count] = line.split(' ', 2).map(Number) as [number, number]
    for (let i = 0; i < (count || 0); i++) yield first + i
  }
}

/** How each published file is read; the files are named as they are published, unpacked. */
const FORMATS: Record<string, (name: string, bytes: Buffer, most: number) => Trace> = {
  'orm-busy.trace': (name, bytes, most) => numbered(name, integers(bytes.subarray(0, most * 4), 4)),
  'orm-night.trace': (name, bytes, most) => numbered(name, integers(bytes.subarray(0, most * 4), 4)),
  'web07.trace': (name, bytes, most) => numbered(name, integers(bytes.subarray(0, most * 4), 4)),
  'web12.trace': (name, bytes, most) => numbered(name, integers(bytes.subarray(0, most * 4), 4)),
  'scarab-recs.trace': (name, bytes, most) => numbered(name, integers(bytes.subarray(0, most * 8), 8)),
  trace_vaultservice: (name, bytes, most) => numbered(name, integers(bytes.subarray(0, most * 8), 8)),
  'OLTP.lis': (name, bytes, most) => numbered(name, [...blocks(bytes.toString())].slice(0, most)),
  'P3.lis': (name, bytes, most) => numbered(name, [...blocks(bytes.toString())].slice(0, most)),
  'request.trace': (name, bytes, most) => {
    const lines = bytes.toString().trim().split('\n').slice(0, most)
    const asked = lines.map((line) => line.split(' '))
    return numbered(
      name,
      asked.map(([, key]) => key!),
      new Map(asked.map(([, key, size]) => [key!, Number(size)])),
    )
  },
  'cloudPhysicsIO.csv': (name, bytes, most) =>
    numbered(
      name,
      bytes
        .toString()
        .trim()
        .split('\n')
        .slice(1, most + 1)
        .map((line) => line.split(',')[4]!),
    ),
}

/** The traces of a folder that are known here, their first `most` requests. */
export function publishedTraces(folder: string, most: number): Trace[] {
  return readdirSync(folder)
    .filter((file) => Object.hasOwn(FORMATS, file))
    .sort()
    .map((file) => FORMATS[file]!(file, readFileSync(path.join(folder, file)), most))
}
