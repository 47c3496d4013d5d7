/**
 * What is kept of a result: wire text column by column, or a serialized value.
 * @module
 */
import type { DatabaseResult, Field } from '../types.js'
import { read, write } from './tagged.js'

/** Wire text, column by column. `length` is the number of rows: there may be no columns. */
export interface RowsPayload {
  kind: 'rows'
  fields: Field[]
  rowCount: number | null
  command: string
  columns: (string | null)[][]
  length: number
  /** What Redis had: far smaller in memory than the columns, which can be made of it again. */
  body?: RowsBody
}

/** The turned columns, and the text of the others, in UTF-8 where it came compressed. */
export interface RowsBody {
  table: Uint8Array
  text: string | Uint8Array
}

/** Any value: what `cached()` loads, and rows of a driver that only hands over parsed values. */
export interface ValuePayload {
  kind: 'value'
  /** `json`: JSON alone restores it. */
  format: 'json' | 'tagged'
  text: string
}

export type Payload = RowsPayload | ValuePayload

/** The value cannot be stored so that it comes back the same. It is met inside: what is not stored is told of by an event. */
export class NotCacheableError extends Error {}

/**
 * A database's answer as a payload.
 * @throws NotCacheableError for parsed rows that cannot be restored
 */
export function packResult(result: DatabaseResult): Payload {
  const { fields, rowCount, command } = result
  if (!result.raw) return packValue({ fields, rowCount, command, rows: result.rows })
  const { rows } = result
  return {
    kind: 'rows',
    fields: fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })),
    rowCount,
    command,
    columns: fields.map((_, column) => rows.map((row) => row[column] ?? null)),
    length: rows.length,
  }
}

/**
 * A value as a payload: JSON where that restores it exactly, which is smaller and faster.
 * @throws NotCacheableError when neither form restores it
 */
export function packValue(value: unknown): Payload {
  try {
    const { text, plain } = write(value)
    return { kind: 'value', format: plain ? 'json' : 'tagged', text }
  } catch {
    // What was thrown may quote a property of the user's, so it is not passed on.
    throw new NotCacheableError()
  }
}

/** A new copy of the value at every call. */
export function unpackValue({ format, text }: ValuePayload): unknown {
  return format === 'json' ? JSON.parse(text) : read(text)
}
