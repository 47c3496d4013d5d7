/**
 * What the executor's calls resolve to.
 * @module
 */
import type { CacheInfo } from './ask.js'
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
  /** Why not, in one word; `undefined` when it is cacheable. */
  reason: string | undefined
  /** The word that decided it: a function, keyword or statement. */
  token: string | undefined
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
