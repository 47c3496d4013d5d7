/**
 * What an entry takes of V8's heap, in bytes, before and after its first hit: texts by their length, everything else by what it was measured
 * to take in Node 24, where a pointer has 8 bytes (`node --expose-gc bench/memory/heap.ts`).
 * @module
 */
import type { Payload, RowsBody, RowsPayload } from './codec/payload.js'

const SLOT = 8
/** Beside its content: a string, or the elements of an array. */
const HEADER = 16
const OBJECT = 24
/** An array, besides a slot for each element. */
const ARRAY = 48
/** An array of PostgreSQL's, which its parser makes element by element. */
const PUSHED = ARRAY + 17 * SLOT
const DOUBLE = 16
const DATE = 96

/** An entry with its times, and its places in maps. */
const ENTRY = 420
/** What reads a value. */
const VALUE = 40
/** What reads rows. */
const ROWS = 250
const COLUMN = 45

/**
 * Types whose text has ASCII alone, and what drivers make of one of them: an object for each cell, or less than its text. bool, int8, int2, int4,
 * oid, numeric, uuid; float4, float8; date, time, timestamp, timestamptz.
 */
export const ASCII: Readonly<Record<number, number>> = {
  16: 0,
  20: 0,
  21: 0,
  23: 0,
  26: 0,
  1700: 0,
  2950: 0,
  700: DOUBLE,
  701: DOUBLE,
  1082: DATE,
  1083: 0,
  1114: DATE,
  1184: DATE,
}

/** Documents of a column that are looked at more closely: so many first ones, and as many of the others. */
const SAMPLE = 8

const WIDE = /[^\0-\xff]/

/** A text with characters above U+00FF takes two bytes for each. */
export function textBytes(text: string, wide = WIDE.test(text)): number {
  // V8 keeps one of each character.
  return text.length < 2 ? 0 : (HEADER + text.length * (wide ? 2 : 1) + 7) & ~7
}

/** What is known of a text, and of the names that a call gives besides. */
const STATEMENT = 1140
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
  if (payload.kind === 'value') return bytes + VALUE + textBytes(payload.text)
  return bytes + ROWS + (payload.body ? bodyBytes(payload.body) : columnsBytes(payload, payload.columns, false))
}

const BODY = 170
/** Two views of some bytes. */
const VIEWS = 300

export const bodyBytes = ({ table, text }: RowsBody): number =>
  BODY + table.length + (typeof text === 'string' ? textBytes(text) : VIEWS + text.length)

/** V8 keeps a longer text that was cut out of another as a reference to it. */
const CUT = 32
const CUT_FROM = 13
/** What they were cut out of, beside themselves. */
const WHOLE = 300

/** The texts of cells and, `parsed`, the rows that are kept of them. `cut`: out of what Redis had. */
export function columnsBytes(
  { fields, length }: Pick<RowsPayload, 'fields' | 'length'>,
  columns: RowsPayload['columns'],
  parsed: boolean,
  cut = false,
): number {
  let bytes = parsed ? length * (OBJECT + SLOT) : 0
  let units = 0
  let unit = 1
  for (let i = 0; i < fields.length; i++) {
    const column = columns[i]!
    const each = ASCII[fields[i]!.dataTypeID]
    bytes += COLUMN + length * SLOT * (parsed ? 2 : 1)
    // One look at all of them is cheaper than one at each.
    const wide = each === undefined && WIDE.test(column.join(''))
    if (wide) unit = 2
    for (const text of column) {
      if (text === null) continue
      bytes += (parsed && each) || 0
      if (cut && text.length >= CUT_FROM) {
        bytes += CUT
        units += text.length
      } else bytes += textBytes(text, wide && WIDE.test(text))
    }
    if (parsed && each === undefined) bytes += treesBytes(column)
  }
  return cut ? bytes + WHOLE + units * unit : bytes
}

/** What results with the same columns have in common, of which one entry counts it. */
const SHAPE = 600
const SHAPE_COLUMN = 230

export function shapeBytes(names: readonly string[]): number {
  let bytes = SHAPE
  for (const name of names) bytes += SHAPE_COLUMN + textBytes(name)
  return bytes
}

/** Documents of one column are alike: some of them tell what all take beside their texts. */
function treesBytes(column: readonly (string | null)[]): number {
  const step = Math.ceil(column.length / SAMPLE)
  let count = 0
  let documents = 0
  let sampled = 0
  let trees = 0
  for (const text of column) {
    if (text?.[0] !== '{' && text?.[0] !== '[') continue
    const bytes = textBytes(text)
    documents += bytes
    if (++count > SAMPLE && count % step > 0) continue
    sampled += bytes
    trees += treeBytes(text)
  }
  // Whole bytes: sums of fractions do not come back to 0.
  return sampled > 0 ? Math.ceil((trees * documents) / sampled) : trees
}

/** What a JSON document or an array is parsed to. */
function treeBytes(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '{') bytes += text[i + 1] === '"' || text[i + 1] === '}' ? OBJECT + SLOT : PUSHED
    else if (char === '[') bytes += ARRAY + SLOT
    else if (char === ',') bytes += SLOT
    else if (char === '.') bytes += DOUBLE
    else if (char === '"') {
      const from = i + 1
      for (i = from; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
      // The names of properties are kept once for all.
      if (text[i + 1] !== ':') bytes += textBytes(text.slice(from, i))
    }
  }
  return bytes
}
