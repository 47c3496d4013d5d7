/** What is encoded: rows as Neon sends them, and the same rows as its driver hands them over. */
import { types } from '@neondatabase/serverless'
import { FIELDS, randomOf, wireRows } from '../lib/workload.ts'
import type { Field } from '../lib/workload.ts'

export type Typed = Record<string, unknown>

export interface Workload {
  kind: 'typed' | 'text-heavy' | 'number-heavy'
  fields: readonly Field[]
  wire: string[][]
  typed: Typed[]
}

export const parser = (oid: number): ((text: string) => unknown) =>
  types.getTypeParser(oid) as (text: string) => unknown

export function workload(kind: Workload['kind'], count: number): Workload {
  const fields = { typed: FIELDS, 'text-heavy': TEXTS, 'number-heavy': NUMBERS }[kind]
  const wire = { typed: wireRows, 'text-heavy': textRows, 'number-heavy': numberRows }[kind](count, 7)
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

/** Reads every value, whatever type it kept, and costs little beside making it. */
export function readAll(object: object): number {
  let sum = 0
  for (const key in object) {
    const value = (object as Record<string, unknown>)[key]
    if (typeof value === 'number') sum += value
    else if (typeof value === 'string') sum += value.length
    else if (value instanceof Date) sum += value.getTime()
    else if (typeof value === 'object' && value !== null) sum += readAll(value)
    else if (value) sum++
  }
  return sum
}
