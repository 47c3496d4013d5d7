/**
 * What the endpoints and the loader of data need of a database.
 * @module
 */

export interface RawQueryResult {
  command: string
  rowCount: number | null
  fields: { name: string; dataTypeID: number; [property: string]: unknown }[]
  /** Rows as PostgreSQL wrote them. */
  rows: (string | null)[][]
}

/** Runs one prepared statement on one connection; rejects with PostgreSQL's error and its fields. */
export type RunStatement = (text: string, params?: readonly unknown[]) => Promise<RawQueryResult>

export interface LocalDatabase {
  readonly kind: 'pglite' | 'postgres'
  /** Runs any number of statements without parameters. */
  exec(sql: string): Promise<void>
  /** Runs one statement; rows as wire text. */
  query: RunStatement
  /** Runs a `COPY ... FROM STDIN` with this data. */
  copy(statement: string, data: string | Uint8Array): Promise<void>
  /** @internal Runs `work` on one connection that nobody else uses meanwhile. */
  session<T>(work: (run: RunStatement) => Promise<T>): Promise<T>
  /** @internal */
  close(): Promise<void>
}

/** What Neon's fields say besides name and type where the database does not tell. */
export const FIELD_DEFAULTS = {
  tableID: 0,
  columnID: 0,
  dataTypeSize: -1,
  dataTypeModifier: -1,
  format: 'text',
} as const
