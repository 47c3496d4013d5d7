/**
 * What an entry takes of V8's heap, in bytes, before and after its first hit: texts by their length, everything else by what it was measured
 * to take in Node 24, where a pointer has 8 bytes (`node --expose-gc bench/memory/heap.ts`).
 * @module
 */
import type { Payload } from './codec/payload.js'

const SLOT = 8
/** Beside its content: a string, or the elements of an array. */
const HEADER = 16
const OBJECT = 24
/** An array, besides a slot for each element. */
const ARRAY = 48
const DATE = 96
const DOUBLE = 16

/** An entry, its place in memory and what reads it. */
const ENTRY = 900
/** What a result of rows has besides. */
const ROWS = 700
const COLUMN = 250
const ROW = OBJECT
/** In the text's column, in the parsed one, and in the row. */
const CELL = 3 * SLOT

/** Types that drivers make dates of, and numbers that are objects of their own. */
const PARSED: Record<number, number> = { 700: DOUBLE, 701: DOUBLE, 1082: DATE, 1114: DATE, 1184: DATE }

/** A text with characters above U+00FF takes two bytes for each. */
export function textBytes(text: string): number {
  // V8 keeps one of each character.
  return text.length < 2 ? 0 : (HEADER + text.length * (/[^\0-\xff]/.test(text) ? 2 : 1) + 7) & ~7
}

/** What is known of a text, and of the names that a call gives besides. */
const STATEMENT = 1200
const DEPENDENCIES = 500

export const statementBytes = (sql: string, names: readonly string[]): number =>
  STATEMENT + textBytes(sql) + namesBytes(names)

export const dependencyBytes = (id: string, tags: readonly string[], names: readonly string[]): number =>
  DEPENDENCIES + textBytes(id) + namesBytes(tags) + namesBytes(names)

function namesBytes(names: readonly string[]): number {
  let bytes = 0
  for (const name of names) bytes += 2 * SLOT + textBytes(name)
  return bytes
}

/** `texts`: what the entry is found and shown by; `names`: how many names it depends on. */
export function entryBytes(texts: readonly string[], names: number, payload: Payload): number {
  let bytes = ENTRY + names * SLOT
  for (const text of texts) bytes += textBytes(text)
  if (payload.kind === 'value') return bytes + textBytes(payload.text)
  const { fields, columns, length } = payload
  bytes += ROWS + length * ROW
  fields.forEach(({ name, dataTypeID }, i) => {
    const parsed = PARSED[dataTypeID] ?? 0
    bytes += COLUMN + textBytes(name) + length * CELL
    for (const text of columns[i]!) if (text !== null) bytes += textBytes(text) + (parsed || treeBytes(text))
  })
  return bytes
}

/** What a JSON document or an array is parsed to. Any other text stays one. */
function treeBytes(text: string): number {
  const first = text[0]
  if (first !== '{' && first !== '[') return 0
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    // An array of PostgreSQL's has braces too, but no colons.
    if (char === '{' || char === '[') bytes += ARRAY + SLOT
    else if (char === ',') bytes += SLOT
    else if (char === ':') bytes -= 0
    else if (char === '"') {
      let end = text.indexOf('"', i + 1)
      while (end > 0 && text[end - 1] === '\\') end = text.indexOf('"', end + 1)
      if (end < 0) return bytes
      if (text[end + 1] !== ':') bytes += textBytes(text.slice(i + 1, end))
      i = end
    }
  }
  return bytes
}
