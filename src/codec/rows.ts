/**
 * Wire text, column by column -> rows of the caller's own, as the driver would have made them.
 * @module
 */
import { copyOf, isCopyable, isPrimitive } from './copy.js'
import type { RowsPayload } from './payload.js'

type Row = Record<string, unknown>
type Parser = (text: string) => unknown

/** One column, parsed. `next(row)` gives a value that nobody else holds, unless it is a primitive. */
type Column = { shared: unknown[] } | { next: (row: number) => unknown }

/**
 * Parses the text at the first call and copies afterwards. Every call returns new rows with new mutable values (F7).
 * `build` gives objects like the driver's: of columns with one name the last one wins, at the place of the first. `arrays` gives all columns.
 */
export function rowBuilder(
  payload: RowsPayload,
  parser: (oid: number) => Parser,
): { build: () => Row[]; arrays: () => unknown[][]; parse: () => void } {
  const { fields, length } = payload
  let columns: Column[] | undefined
  const parsed = () =>
    (columns ??= fields.map((field, i) => parseColumn(payload.columns[i]!, parser(field.dataTypeID))))
  const names = fields.map(({ name }) => name)
  const blank = blankRow(names)
  const kept = names.flatMap((name, i) => (names.lastIndexOf(name) === i ? [i] : []))
  return {
    build: () =>
      buildRows(
        length,
        blank,
        kept.map((i) => names[i]!),
        kept,
        parsed(),
      ),
    parse: () => void parsed(),
    arrays: () => {
      const all = parsed()
      return Array.from({ length }, (_, row) => all.map((column) => valueAt(column, row)))
    },
  }
}

const valueAt = (column: Column, row: number): unknown => ('shared' in column ? column.shared[row] : column.next(row))

function parseColumn(texts: readonly (string | null)[], parse: Parser): Column {
  const values = texts.map((text) => (text === null ? null : parse(text)))
  if (values.every(isPrimitive)) return { shared: values }
  if (values.every((value) => isCopyable(value))) return { next: (row) => copyOf(values[row]) }
  // The text makes any other value anew, whatever class it has; what was parsed just now goes to the first caller.
  const spare: unknown[] = values.map((value) => (isPrimitive(value) ? USED : value))
  return {
    next: (row) => {
      const value = spare[row]
      spare[row] = USED
      if (value !== USED) return value
      const text = texts[row]
      return typeof text === 'string' ? parse(text) : null
    },
  }
}

/** In place of a value that was handed out. */
const USED = Symbol('used')

/** A row to copy: copies share its shape, and a name such as `__proto__` is a property of its own. */
function blankRow(names: readonly string[]): Row {
  return JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as Row
}

function buildRows(
  length: number,
  blank: Row,
  names: readonly string[],
  kept: readonly number[],
  all: readonly Column[],
): Row[] {
  const width = names.length
  const columns = kept.map((i) => all[i]!)
  const rows: Row[] = new Array<Row>(length)
  for (let row = 0; row < length; row++) {
    const made = { ...blank }
    for (let i = 0; i < width; i++) {
      const column = columns[i]!
      made[names[i]!] = 'shared' in column ? column.shared[row] : column.next(row)
    }
    rows[row] = made
  }
  return rows
}
