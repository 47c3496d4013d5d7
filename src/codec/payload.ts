/**
 * What is kept of a result: wire text column by column, or a serialized value.
 * @module
 */
import { QueryCacheError } from '../errors.js'
import type { DatabaseResult, Field } from '../types.js'
import { fidelity } from './fidelity.js'
import { superjson } from './superjson.js'

/** Wire text, column by column. `length` is the number of rows: there may be no columns. */
export interface RowsPayload {
  kind: 'rows'
  fields: Field[]
  rowCount: number | null
  command: string
  columns: (string | null)[][]
  length: number
}

/** Any value: what `cached()` loads, and rows of a driver that only hands over parsed values. */
export interface ValuePayload {
  kind: 'value'
  format: 'json' | 'superjson'
  text: string
}

export type Payload = RowsPayload | ValuePayload

/** The value cannot be stored so that it comes back the same. `code` is `NOT_CACHEABLE`. */
export class NotCacheableError extends QueryCacheError {
  override readonly name = 'NotCacheableError'

  constructor(why: string) {
    super(
      'NOT_CACHEABLE',
      `The value cannot be cached: ${why}. Return plain data (objects, arrays, dates, maps, sets, typed arrays) to have it cached.`,
    )
  }
}

/**
 * A database's answer as a payload. Raw rows need no `format`.
 * @throws NotCacheableError for parsed rows that cannot be restored
 */
export function packResult(result: DatabaseResult, format: 'json' | 'superjson'): Payload {
  const { fields, rowCount, command } = result
  if (!result.raw) return packValue({ fields, rowCount, command, rows: result.rows }, format)
  const { rows } = result
  const columns = fields.map((_, column) => rows.map((row) => row[column] ?? null))
  return {
    kind: 'rows',
    fields: fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })),
    rowCount,
    command,
    columns,
    length: rows.length,
  }
}

/**
 * A value as a payload. What JSON restores exactly is kept as JSON, whatever `format` says, because it is smaller and faster; for what it
 * does not (dates, undefined, NaN, maps, shared references), superjson is used even if `format` is `json`.
 * @throws NotCacheableError when neither restores it
 */
export function packValue(value: unknown, _format: 'json' | 'superjson'): Payload {
  try {
    const needed = fidelity(value)
    if (needed === 'json') return { kind: 'value', format: 'json', text: JSON.stringify(value) }
    if (needed === 'superjson') return { kind: 'value', format: 'superjson', text: superjson.stringify(value) }
    throw new NotCacheableError(needed.lost)
  } catch (error) {
    if (error instanceof NotCacheableError) throw error
    // The serializer's own message may quote a property of the user's, so it is not passed on.
    throw new NotCacheableError(
      'it is nested too deeply, or has a property named `constructor`, `prototype` or `__proto__` beside what JSON cannot hold',
    )
  }
}

/** A new copy of the value at every call. */
export function unpackValue(payload: ValuePayload): unknown {
  return payload.format === 'json' ? JSON.parse(payload.text) : superjson.parse(payload.text)
}
