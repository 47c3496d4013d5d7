/**
 * What the executor's calls resolve to.
 * @module
 */
import type { BypassReason, CacheInfo } from './ask.js'
import type { Result, Row } from './result.js'
import type { WriteInfo } from './write.js'

export interface QueryResult<R = Row> extends Result<R> {
  cache: CacheInfo
}

export interface ExecuteResult<R = Row> {
  rows: R[]
  rowCount: number | null
  command: string
  cache: WriteInfo
}

export interface Explanation {
  cacheable: boolean
  /** Why not, in one stable word, or what is not known of a query that is cached all the same; `undefined` otherwise. */
  reason: BypassReason | undefined
  /** What decided it: a function, keyword, statement or table. */
  token: string | undefined
  /** A sentence for people: what decided it and what to do. Its wording may change. Never holds a literal or a parameter. */
  advice: string | undefined
  /** What kind of statement the text is, by its first word. */
  statement: string
  tables: readonly string[]
  volatileFunctions: readonly string[]
  /** The custom key, or the query's fingerprint. */
  key: string
}

/** Rows of one query of a batch; `Row` where the call names no type. */
export type RowOf<T> = unknown extends T ? Row : T
export type BatchRows<T extends readonly unknown[]> = { -readonly [K in keyof T]: RowOf<T[K]>[] }
