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
  /** @internal Runs `work` on one connection that nobody else uses meanwhile, and takes away what it leaves: settings, locks, transactions. */
  session<T>(work: (run: RunStatement) => Promise<T>): Promise<T>
  /** @internal */
  close(): Promise<void>
}

/** A parameter as the text that PostgreSQL reads. Neon's driver sends texts; other clients send numbers, lists and objects too. */
export function wireText(param: unknown): string | null {
  if (param === null || param === undefined) return null
  if (typeof param === 'string') return param
  return Array.isArray(param) ? arrayText(param) : JSON.stringify(param)
}

function arrayText(list: readonly unknown[]): string {
  return `{${list.map((item) => (Array.isArray(item) ? arrayText(item) : itemText(item))).join(',')}}`
}

function itemText(item: unknown): string {
  const text = wireText(item)
  return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`
}
