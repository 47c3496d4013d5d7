/**
 * Wire text, column by column -> rows of the caller's own, as the driver would have made them.
 * @module
 */
import { copyOf, inspect, isDate, isPrimitive, trustIn, UNCOPYABLE } from './copy.js'
import type { RowsPayload } from './payload.js'

type Row = Record<string, unknown>
type Parser = (text: string) => unknown

/** A column with values that no two callers may share. */
interface Mutable {
  readonly name: string
  /** Its place among the columns. */
  readonly at: number
  /** Nothing but dates and nulls. */
  readonly dates: boolean
}

/** Results of one statement have the same columns, and then share what is said of them. */
let latest: readonly Mutable[] = []

function shared(mutable: readonly Mutable[]): readonly Mutable[] {
  const same = ({ name, at, dates }: Mutable, i: number) =>
    latest[i]?.name === name && latest[i].at === at && latest[i].dates === dates
  if (mutable.length !== latest.length || !mutable.every(same)) latest = mutable
  return latest
}

/**
 * Parses the text at the first read, keeps the rows, and hands out copies: new rows with new mutable values at every read (F7). Rows are as the
 * driver would have made them: of columns with one name the last one wins, at the place of the first.
 */
export class WireRows {
  protected readonly payload: RowsPayload
  private readonly database: { parser(oid: number): Parser }
  private parsed: readonly Row[] | undefined = undefined
  private mutable: readonly Mutable[] = []

  constructor(payload: RowsPayload, database: { parser(oid: number): Parser }) {
    this.payload = payload
    this.database = database
  }

  rows(): Row[] {
    const rows = this.parsed ?? this.parse()
    const copies = new Array<Row>(rows.length)
    // V8 copies an object by its shape, at a few nanoseconds a row.
    for (let i = 0; i < rows.length; i++) copies[i] = { ...rows[i] }
    for (const column of this.mutable) {
      const { name, dates } = column
      for (let i = 0; i < rows.length; i++) {
        const value = copies[i]![name]
        if (value === null) continue
        copies[i]![name] = dates ? new Date((value as Date).getTime()) : this.fresh(rows[i]!, value, column, i)
      }
    }
    return copies
  }

  /** Throws where a later read would. */
  protected parse(): readonly Row[] {
    const { fields, columns, length } = this.payload
    const names = fields.map(({ name }) => name)
    // Copies of one row share its shape, and a name such as `__proto__` is a property of its own.
    const blank = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as Row
    const rows: Row[] = new Array<Row>(length)
    for (let row = 0; row < length; row++) rows[row] = { ...blank }
    const mutable: Mutable[] = []
    fields.forEach(({ name, dataTypeID }, i) => {
      if (names.lastIndexOf(name) !== i) return
      const texts = columns[i]!
      const parse = this.parser(dataTypeID)
      const trust = trustIn(parse)
      let plain = true
      let dates = true
      for (let row = 0; row < length; row++) {
        const text = texts[row]!
        const value = text === null ? null : parse(text)
        rows[row]![name] = value
        if (value === null) continue
        if (isPrimitive(value)) dates = false
        else {
          plain = false
          if (trust.left > 0) inspect(value as object, trust)
          if (dates) dates = isDate(value as object)
        }
      }
      if (trust.odd) for (const row of rows) if (!isPrimitive(row[name])) row[name] = USED
      if (!plain) mutable.push({ name, at: i, dates: dates && !trust.odd })
    })
    this.mutable = shared(mutable)
    return (this.parsed = rows)
  }

  private parser(oid: number): Parser {
    return this.database.parser(oid)
  }

  /** What the caller gets of a value that is kept, and what is kept of it. */
  private fresh(kept: Row, value: unknown, { name, at }: Mutable, row: number): unknown {
    if (isPrimitive(value))
      return value === USED ? this.parser(this.payload.fields[at]!.dataTypeID)(this.payload.columns[at]![row]!) : value
    const copy = copyOf(value)
    if (copy !== UNCOPYABLE) return copy
    // The first caller gets what was parsed, and each later one a value that is parsed for him.
    kept[name] = USED
    return value
  }
}

/** In place of a value that was handed out, or that cannot be copied: it is parsed again. */
const USED = Symbol('used')
