/**
 * Wire text, column by column -> rows of the caller's own, as the driver would have made them.
 * @module
 */
import { copyOf, isPrimitive, UNCOPYABLE } from './copy.js'
import type { RowsPayload } from './payload.js'
import { quickParser } from './timestamps.js'

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
  const rows: Row[] = new Array<Row>(length)
  for (let row = 0; row < length; row++) rows[row] = { ...blank }
  const mutable: Mutable[] = []
  fields.forEach(({ name, dataTypeID }, i) => {
    if (names.lastIndexOf(name) !== i) return
    const texts = columns[i]!
    const parse = quickParser(dataTypeID, parser(dataTypeID))
    const values: unknown[] = []
    let plain = true
    for (const text of texts) {
      const value = text === null ? null : parse(text)
      if (!isPrimitive(value)) plain = false
      values.push(value)
    }
    if (!plain) mutable.push({ name, next: nextOf(values, texts, parse) })
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
