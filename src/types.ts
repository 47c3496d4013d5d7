/**
 * The contracts between the steps of a query. Types only.
 * @module
 */

/** One result column: its name and its Postgres type OID. */
export interface Field {
  name: string
  dataTypeID: number
}

/** One statement with its positional parameters (`$1`, `$2`, ...). */
export interface Statement {
  sql: string
  params: readonly unknown[]
}

/** What every answer of a database says, besides its rows. */
export interface ResultShape {
  fields: Field[]
  rowCount: number | null
  /** The command tag's first word: `SELECT`, `INSERT`, ... */
  command: string
}

/** Rows as Postgres wrote them: text or null, in column order. The database's `parser` turns them into values. */
export interface RawResult extends ResultShape {
  raw: true
  rows: (string | null)[][]
}

/** Rows of a driver that only hands over parsed values (PGlite), in column order. */
export interface ParsedResult extends ResultShape {
  raw: false
  rows: unknown[][]
}

export type DatabaseResult = RawResult | ParsedResult

export interface DatabaseCallOptions {
  /** Milliseconds after which the request is given up. Default: the database's own `timeoutMs`. */
  timeoutMs?: number | undefined
}

export interface TransactionOptions extends DatabaseCallOptions {
  readOnly?: boolean | undefined
  isolationLevel?: 'ReadUncommitted' | 'ReadCommitted' | 'RepeatableRead' | 'Serializable' | undefined
  deferrable?: boolean | undefined
}

/** Where the rows come from. Made by `createConnectionPool` (Neon over HTTP) or `fromPool`. */
export interface Database {
  /** Who answers, as whom: host, database, role, endpoint. Two databases with one identity share cache entries. */
  readonly identity: string
  /** Host without `-pooler`, and database: what a write changes, whoever wrote it. Never the role. */
  readonly invalidationIdentity: string
  /** True when an auth token or session state decides what rows are seen, so that nothing is shared without a scope. */
  readonly needsScope: boolean
  /** The scope that every query of this database has when the call names none. */
  readonly scope?: string
  /** Runs one statement. Rejects with the driver's own error, unchanged. */
  run(statement: Statement, options?: DatabaseCallOptions): Promise<DatabaseResult>
  /** Runs statements in one transaction and one trip where the protocol allows it. Rejects with the driver's own error. */
  transaction(statements: readonly Statement[], options?: TransactionOptions): Promise<DatabaseResult[]>
  /** The driver's own parser of a type's text form. */
  parser(oid: number): (text: string) => unknown
  /** Called when session state may have changed: on a single connection nothing is shared from then on without a scope. */
  markSessionState?(): void
  /** On a single connection: how often its session may have changed. Whoever asked before a change is not answered for others after it. */
  readonly sessionChanges?: number
  /** The same database with the credentials of this moment, for what is sent later. Only where they may be others by then. */
  pinned?(): Database
  /** On a single connection: a transaction is open, whose rows nobody else may see. Set by the executor. */
  inTransaction?: boolean
}

/** What the text of a statement says. Made by `readSql`. */
export interface SqlFacts {
  /**
   * `read`: one statement that returns rows and changes nothing that its text shows. `write`: changes rows or the schema, or may.
   * `session`: transaction control and session settings. `unknown`: not understood, so it may be anything.
   */
  kind: 'read' | 'write' | 'session' | 'unknown'
  /** First keyword in lower case (`select`, `insert`, `with`, ...); '' when there is none. */
  statement: string
  /** True for a read whose result depends on nothing but its tables, its parameters and the caller's identity. */
  stable: boolean
  /** Why `stable` is false. */
  reason?: SqlReason
  /** The token that decided it, in lower case, for `explain`: a function, keyword or statement name. Never a literal. */
  token?: string
  /** Tables read, as `schema.table` in canonical form, sorted, no repeats. */
  tables: readonly string[]
  /** Tables changed, in the same form. `undefined`: changes something that the text does not tell. Empty: changes nothing. */
  writes: readonly string[] | undefined
  /** Volatile functions, keywords and relations found, sorted. */
  volatileFunctions: readonly string[]
  /** True when the result depends on who asks: `current_user`, `current_setting()`, `auth.uid()`, a row-secured table. */
  identity: boolean
  /** What makes `identity` true: a function, a keyword, or the table by its canonical name. */
  identityToken?: string
  /**
   * What running it may do besides what the text shows. `session`: change the settings of its session. `any`: whatever a function does of
   * which nobody has said it.
   */
  effects?: 'session' | 'any'
  /** A function that it calls and of which nothing is known. */
  unknownFunction?: string
}

export type SqlReason =
  | 'write'
  | 'ddl'
  | 'locking'
  | 'data-modifying-cte'
  | 'select-into'
  | 'multiple-statements'
  | 'volatile-function'
  | 'unknown-function'
  | 'tablesample'
  | 'session-statement'
  | 'not-understood'
  | 'empty'
