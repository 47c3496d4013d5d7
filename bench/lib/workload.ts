/** The rows that everybody caches: eight typed columns as Neon sends them, the same for a parameter at every call. */
import { types } from '@neondatabase/serverless'

export interface Field {
  name: string
  dataTypeID: number
}

export interface TypedRow {
  id: number
  /** Text, as Neon's driver has it, or a number. */
  views: string | number
  price: string
  title: string
  active: boolean
  created_at: Date
  attributes: { tags: string[]; weight: number }
  score: number
}

export const FIELDS: readonly Field[] = [
  { name: 'id', dataTypeID: 23 },
  { name: 'views', dataTypeID: 20 },
  { name: 'price', dataTypeID: 1700 },
  { name: 'title', dataTypeID: 25 },
  { name: 'active', dataTypeID: 16 },
  { name: 'created_at', dataTypeID: 1184 },
  { name: 'attributes', dataTypeID: 3802 },
  { name: 'score', dataTypeID: 701 },
]

export const SQL =
  'SELECT id, views, price, title, active, created_at, attributes, score FROM products WHERE category_id = $1 ORDER BY id'

/** Rows in wire text, in column order; the same `seed` gives the same rows. */
export function wireRows(count: number, seed: number): string[][] {
  const next = randomOf(seed)
  return Array.from({ length: count }, (_, at) => {
    const titled = Array.from({ length: 2 + Math.floor(next() * 4) }, () => WORDS[Math.floor(next() * WORDS.length)])
    const second = Math.floor(next() * 60)
    return [
      String(seed * 1000 + at),
      String(Math.floor(next() * 2 ** 52)),
      (next() * 10_000).toFixed(2),
      titled.join(' '),
      next() < 0.5 ? 't' : 'f',
      `2026-0${1 + Math.floor(next() * 9)}-1${Math.floor(next() * 10)} 08:15:${String(second).padStart(2, '0')}.${100 + Math.floor(next() * 900)}+00`,
      `{"tags": ["${WORDS[Math.floor(next() * WORDS.length)]}", "sale"], "weight": ${Math.floor(next() * 500)}}`,
      String(next()),
    ]
  })
}

const parsers = FIELDS.map(({ dataTypeID }) => types.getTypeParser(dataTypeID) as (text: string) => unknown)

/** The same rows as Neon's driver hands them over. */
export const typedRows = (wire: readonly (readonly string[])[]): TypedRow[] =>
  wire.map(
    (row) => Object.fromEntries(FIELDS.map(({ name }, at) => [name, parsers[at]!(row[at]!)])) as unknown as TypedRow,
  )

/** Reads every value of every row, as far as it kept its type. What it returns depends on each, so that no read can be skipped. */
export function readEverything(rows: readonly TypedRow[]): number {
  let sum = rows.length
  for (const row of rows) {
    sum += row.id + size(row.views) + size(row.price) + row.title.length + row.score + (row.active ? 1 : 0)
    sum += timeOf(row.created_at) + row.attributes.weight + row.attributes.tags.length
  }
  return sum
}

const size = (value: string | number): number => (typeof value === 'string' ? value.length : 16)

/** A date that went through JSON comes back as text. */
const timeOf = (value: Date | string): number => (typeof value === 'string' ? value.length : value.getTime())

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const WORDS = (
  'amber anchor apple autumn bamboo basket beacon birch blanket bottle bronze candle canvas cedar cherry cotton copper ' +
  'coral crystal denim desk ember fabric feather flannel garden ginger glass granite harbor hazel indigo ivory jacket ' +
  'kettle lantern leather linen maple marble meadow mirror mustard nickel oak olive orchid paper pebble pine porcelain ' +
  'quartz ribbon river rustic saddle sage sailor silk silver slate spruce stone summit table thistle timber topaz ' +
  'velvet walnut willow winter wool'
).split(' ')
