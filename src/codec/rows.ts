/**
 * Wire text, column by column -> rows of the caller's own, as the driver would have made them.
 * @module
 */
import { copyOf, isPrimitive, UNCOPYABLE } from './copy.js'
import type { Payload, RowsPayload } from './payload.js'

type Row = Record<string, unknown>
type Parser = (text: string) => unknown

/** A column with values that no two callers may share: `next(row)` gives one that nobody else holds. */
interface Mutable {
  name: string
  next: (row: number) => unknown
}

/**
 * Parses the text at the first call and copies afterwards. Every call returns new rows with new mutable values (F7), as the driver would have
 * made them: of columns with one name the last one wins, at the place of the first.
 */
export function rowBuilder(
  payload: RowsPayload,
  parser: (oid: number) => Parser,
): { build: () => Row[]; parse: () => void } {
  let parsed: { rows: Row[]; mutable: Mutable[] } | undefined
  const parse = () => (parsed ??= parseRows(payload, parser))
  return {
    build: () => {
      const { rows, mutable } = parse()
      // V8 copies an object by its shape, at a few nanoseconds a row.
      const copies = rows.map((row) => ({ ...row }))
      for (const { name, next } of mutable) for (let i = 0; i < copies.length; i++) copies[i]![name] = next(i)
      return copies
    },
    parse: () => void parse(),
  }
}

function parseRows(
  { fields, columns, length }: RowsPayload,
  parser: (oid: number) => Parser,
): { rows: Row[]; mutable: Mutable[] } {
  const names = fields.map(({ name }) => name)
  // Copies of one row share its shape, and a name such as `__proto__` is a property of its own.
  const blank = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as Row
  const rows: Row[] = []
  for (let row = 0; row < length; row++) rows.push({ ...blank })
  const mutable: Mutable[] = []
  fields.forEach(({ name, dataTypeID }, i) => {
    if (names.lastIndexOf(name) !== i) return
    const texts = columns[i]!
    const parse = parser(dataTypeID)
    const values = texts.map((text) => (text === null ? null : parse(text)))
    const next = values.every(isPrimitive) ? undefined : nextOf(values, texts, parse)
    if (next) mutable.push({ name, next })
    else for (let row = 0; row < length; row++) rows[row]![name] = values[row]
  })
  return { rows, mutable }
}

function nextOf(values: unknown[], texts: readonly (string | null)[], parse: Parser): Mutable['next'] {
  return (row) => {
    const value = values[row]
    if (isPrimitive(value)) return value === USED ? parse(texts[row]!) : value
    const copy = copyOf(value)
    if (copy !== UNCOPYABLE) return copy
    // The first caller gets what was parsed, and each later one a value that is parsed for him.
    values[row] = USED
    return value
  }
}

/** In place of a value that was handed out. */
const USED = Symbol('used')

/** Bytes of a string or array of V8 beside its content. */
const HEADER = 16
const SLOT = 8
/** A cell is a slot and a string, and once more a slot and a value when the rows have been parsed. */
const CELL = HEADER + 3 * SLOT
/** A parsed date. */
const DATE = 96
/** A parsed array or JSON document beside what grows with its text. */
const NESTED = 176
const DATES = new Set([1082, 1114, 1184])

const textBytes = (text: string): number => (/[^\0-\xff]/.test(text) ? 2 : 1) * text.length

/** The heap that a payload and its parsed rows take, in bytes, estimated. */
export function payloadBytes(payload: Payload): number {
  if (payload.kind === 'value') return 64 + HEADER + textBytes(payload.text)
  let bytes = 256
  payload.fields.forEach(({ name, dataTypeID }, i) => {
    bytes += 64 + 3 * HEADER + textBytes(name)
    const parsed = DATES.has(dataTypeID) ? DATE : 0
    for (const text of payload.columns[i]!) bytes += text === null ? 2 * SLOT : cellBytes(text) + parsed
  })
  return bytes
}

/** Arrays and JSON are kept as text and as values; the values take a few times the text. */
function cellBytes(text: string): number {
  const first = text.charCodeAt(0)
  const nested = first === 0x7b || first === 0x5b
  return CELL + textBytes(text) * (nested ? 4 : 1) + (nested ? NESTED : 0)
}
