/** What is encoded: rows as Neon sends them, and the same rows as its driver hands them over. */
import { types } from '@neondatabase/serverless'
import { FIELDS, randomOf, readEverything, wireRows } from '../lib/workload.ts'
import type { Field, TypedRow } from '../lib/workload.ts'

export type Typed = Record<string, unknown>

export interface Workload {
  kind: 'typed' | 'text-heavy' | 'number-heavy'
  fields: readonly Field[]
  wire: string[][]
  typed: Typed[]
}

export const parser = (oid: number): ((text: string) => unknown) =>
  types.getTypeParser(oid) as (text: string) => unknown

export function workload(kind: Workload['kind'], count: number, seed: number): Workload {
  const fields = { typed: FIELDS, 'text-heavy': TEXTS, 'number-heavy': NUMBERS }[kind]
  const wire = { typed: wireRows, 'text-heavy': textRows, 'number-heavy': numberRows }[kind](count, seed)
  const parsers = fields.map(({ dataTypeID }) => parser(dataTypeID))
  const typed = wire.map((row) => Object.fromEntries(fields.map(({ name }, at) => [name, parsers[at]!(row[at]!)])))
  return { kind, fields, wire, typed }
}

const TEXTS: readonly Field[] = [
  { name: 'id', dataTypeID: 23 },
  { name: 'title', dataTypeID: 25 },
  { name: 'body', dataTypeID: 25 },
  { name: 'author', dataTypeID: 25 },
]

function textRows(count: number, seed: number): string[][] {
  const next = randomOf(seed)
  // Titles of the typed rows as a vocabulary: two to five words each.
  const phrases = wireRows(300, seed).map((row) => row[3]!)
  const text = (length: number) => Array.from({ length }, () => phrases[Math.floor(next() * phrases.length)]).join(', ')
  return Array.from({ length: count }, (_, at) => [String(at + 1), text(2), text(12), text(1)])
}

const NUMBERS: readonly Field[] = [
  { name: 'id', dataTypeID: 23 },
  ...['north', 'south', 'east', 'west'].map((name) => ({ name, dataTypeID: 23 })),
  ...['mean', 'deviation', 'share'].map((name) => ({ name, dataTypeID: 701 })),
]

function numberRows(count: number, seed: number): string[][] {
  const next = randomOf(seed)
  const whole = () => String(Math.floor(next() * 1e6))
  const real = () => String(next() * 1000)
  return Array.from({ length: count }, (_, at) => [
    String(at + 1),
    whole(),
    whole(),
    whole(),
    whole(),
    real(),
    real(),
    real(),
  ])
}

/** Reads every value of every row, as an application does that knows its columns: it costs little beside making them. */
export const READERS: Readonly<Record<Workload['kind'], (rows: readonly Typed[]) => number>> = {
  typed: (rows) => readEverything(rows as unknown as TypedRow[]),
  'text-heavy': (rows) => {
    let sum = 0
    for (const { id, title, body, author } of rows as unknown as TextRow[])
      sum += id + title.length + body.length + author.length
    return sum
  },
  'number-heavy': (rows) => {
    let sum = 0
    for (const { id, north, south, east, west, mean, deviation, share } of rows as unknown as NumberRow[])
      sum += id + north + south + east + west + mean + deviation + share
    return sum
  },
}

type TextRow = { id: number } & Record<'title' | 'body' | 'author', string>
type NumberRow = Record<'id' | 'north' | 'south' | 'east' | 'west' | 'mean' | 'deviation' | 'share', number>
