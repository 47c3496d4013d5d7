/**
 * A stored payload -> rows of the caller's own, at every read anew (F7).
 * @module
 */
import { packResult, unpackValue } from './codec/payload.js'
import type { Payload, RowsBody, ValuePayload } from './codec/payload.js'
import { WireRows } from './codec/rows.js'
import type { Shape } from './codec/rows.js'
import type { Database, DatabaseResult, Field, ParsedResult } from './types.js'

export type Row = Record<string, unknown>

export interface Result<R = Row> {
  rows: R[]
  fields: Field[]
  rowCount: number | null
  command: string
}

/** What a caller may take of an answer. */
export interface Answer {
  rows(): Row[]
  result(): Result
  /** For `cached()`: the value itself. */
  value(): unknown
}

export interface ResultReader extends Answer {
  /**
   * The answer for the first caller, and him alone. Throws where a later read would: what Redis gave is parsed before it is believed. `loaded`:
   * a value of `cached()` is wanted, and not an answer of the database.
   */
  first(loaded: boolean): Answer
  /** From now on what is parsed is kept, unless that takes more than so many bytes. @returns the bytes that it takes. */
  keep(most: number): number
  /** Rows that nobody has read again need no more than what was written of them. @returns the bytes that it takes, never above 0. */
  rest(body: RowsBody): number
}

/** A reader of a payload. */
export function resultReader(payload: Payload, database: Database, shape?: Shape): ResultReader {
  return payload.kind === 'value' ? new ValueReader(payload) : new RowsReader(payload, database, shape)
}

class RowsReader extends WireRows implements ResultReader {
  result(rows = this.rows()): Result {
    const { fields, rowCount, command } = this.payload
    return { rows, fields: fields.map((field) => ({ ...field })), rowCount, command }
  }

  value(): Row[] {
    return this.rows()
  }

  first(loaded: boolean): Answer {
    if (loaded) throw new TypeError()
    const parsed = this.once()
    const rows = () => parsed
    return { rows, result: () => this.result(parsed), value: rows }
  }
}

/** Parsed rows of a driver, or the result of a `cached()` loader: unpacked anew for every caller. */
class ValueReader implements ResultReader {
  private readonly payload: ValuePayload

  constructor(payload: ValuePayload) {
    this.payload = payload
  }

  value(): unknown {
    return unpackValue(this.payload)
  }

  result(): Result {
    return objects(this.value() as Parsed)
  }

  rows(): Row[] {
    return this.result().rows
  }

  first(loaded: boolean): Answer {
    const parsed = this.value()
    if (!loaded && !isParsed(parsed as Parsed, this.payload.text.length)) throw new TypeError()
    const result = () => objects(parsed as Parsed)
    return { rows: () => result().rows, result, value: () => parsed }
  }

  keep(): number {
    return 0
  }

  rest(): number {
    return 0
  }
}

type Parsed = Omit<ParsedResult, 'raw'>

/** Throws or answers false when it is not. Every cell has a character of its own in the text. */
const isParsed = ({ fields, rows }: Parsed, characters: number): boolean =>
  [fields, rows, ...rows].every(Array.isArray) &&
  fields.every(({ name }) => typeof name === 'string') &&
  rows.length * fields.length <= characters

const objects = ({ fields, rows, rowCount, command }: Parsed): Result => ({
  rows: rows.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, row[i]]))),
  fields,
  rowCount,
  command,
})

/** What the database answered, for callers that store nothing. */
export function directResult(result: DatabaseResult, database: Database): Result {
  return result.raw ? resultReader(packResult(result), database).result() : objects(result)
}
