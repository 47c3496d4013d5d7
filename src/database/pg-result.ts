/**
 * What pools and clients of node-postgres have in common: how a statement is asked for raw text, and how the answer is read.
 * @module
 */
import { InvalidOptionError } from '../errors.js'
import { LONGEST_TIMER_MS } from '../runtime.js'
import type { Database, DatabaseResult, ResultShape, Statement } from '../types.js'

export interface TypeSource {
  getTypeParser(oid: number, format?: string): unknown
}

export interface PgClient extends TypeSource {
  query(config: unknown): Promise<PgAnswer | PgAnswer[]>
  binary?: boolean
}

export interface PooledClient {
  query(config: unknown): Promise<PgAnswer | PgAnswer[]>
  release(error?: Error): void
  on?(event: 'error', listener: () => void): unknown
  off?(event: 'error', listener: () => void): unknown
}

export interface PgPool {
  query(config: unknown): Promise<PgAnswer | PgAnswer[]>
  connect(): Promise<PooledClient>
  options?: { types?: TypeSource; binary?: boolean }
  Client?: new (config: unknown) => PgClient
}

export interface PgAnswer {
  fields?: { name: string; dataTypeID: number }[]
  rows?: unknown[]
  rowCount?: number | null
  command?: string | null
}

/** Who the database is, as `fromPool` was told. */
export type About = Pick<Database, 'identity' | 'invalidationIdentity' | 'scope'>

export function refuseBinary(binary: boolean | undefined): void {
  if (binary)
    throw new InvalidOptionError('pool', 'made with `binary: true`', 'Leave `binary` out: results are kept as text.')
}

/** The parser of a type; what has none stays text. */
export function parserFrom(types: TypeSource | undefined, oid: number): (text: string) => unknown {
  const parser = types?.getTypeParser(oid, 'text')
  return typeof parser === 'function' ? (parser as (text: string) => unknown) : String
}

/** What an answer says besides its rows, in this package's own words. */
export const shapeOf = ({ fields, rowCount, command }: PgAnswer): ResultShape => ({
  fields: (fields ?? []).map(({ name, dataTypeID }) => ({ name, dataTypeID })),
  rowCount: rowCount ?? null,
  command: (command ?? '').split(' ', 1)[0]!.toUpperCase(),
})

/** Asks for arrays of raw text. Where the driver does not let a query choose its parsers, the rows are what it parsed. */
export async function ask(
  asker: Pick<PgClient, 'query'>,
  { sql, params }: Statement,
  options: { raw: boolean; queryTimeoutMs?: number | undefined; signal?: AbortSignal | undefined },
): Promise<DatabaseResult> {
  let wasAsked = false
  const types = {
    getTypeParser: () => {
      wasAsked = true
      return (text: string) => text
    },
  }
  const config = {
    // Read when it is sent: what was given up while it waited for a connection is not.
    get text() {
      options.signal?.throwIfAborted()
      return sql
    },
    values: [...params],
    rowMode: 'array',
    ...(options.raw && { types }),
    ...(options.queryTimeoutMs !== undefined && { query_timeout: Math.min(options.queryTimeoutMs, LONGEST_TIMER_MS) }),
  }
  const answer = await asker.query(config)
  // A text with several statements has several answers; the last one is what a single result can say.
  const last = Array.isArray(answer) ? (answer.at(-1) ?? {}) : answer
  const shape = shapeOf(last)
  const { fields } = shape
  const rows = (last.rows ?? []).map((row) =>
    Array.isArray(row) ? row : fields.map(({ name }) => (row as Record<string, unknown>)[name]),
  )
  return wasAsked || fields.length === 0
    ? { ...shape, raw: true, rows: rows as (string | null)[][] }
    : { ...shape, raw: false, rows: rows as unknown[][] }
}

type TransactionOptions = NonNullable<Parameters<Database['transaction']>[1]>

/** `RepeatableRead` -> `REPEATABLE READ`; no sign that could end it gets into the SQL. */
const inSql = (level: string): string =>
  level
    .replace(/\W/g, '')
    .replace(/\B[A-Z]/g, ' $&')
    .toUpperCase()

/** The modes of a transaction as SQL: ` ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE`, or ''. */
export function modes({ isolationLevel, readOnly, deferrable }: TransactionOptions): string {
  const level = isolationLevel === undefined ? '' : ` ISOLATION LEVEL ${inSql(isolationLevel)}`
  const access = readOnly === undefined ? '' : ` READ ${readOnly ? 'ONLY' : 'WRITE'}`
  const wait = deferrable === undefined ? '' : `${deferrable ? '' : ' NOT'} DEFERRABLE`
  return level + access + wait
}

/**
 * BEGIN, the statements, COMMIT on one connection; ROLLBACK when one of them fails or the signal aborts. Rejects with the driver's own
 * error, in a `BrokenConnection` when the ROLLBACK failed as well.
 */
export async function inTransaction(
  asker: Pick<PgClient, 'query'>,
  statements: readonly Statement[],
  options: TransactionOptions,
  raw: boolean,
  signal: AbortSignal | undefined,
): Promise<DatabaseResult[]> {
  const results: DatabaseResult[] = []
  signal?.throwIfAborted()
  await asker.query({ text: `BEGIN${modes(options)}` })
  try {
    for (const statement of statements) results.push(await ask(asker, statement, { raw, signal }))
    signal?.throwIfAborted()
    await asker.query({ text: 'COMMIT' })
    return results
  } catch (error) {
    await asker.query({ text: 'ROLLBACK' }).catch(() => {
      throw new BrokenConnection(error)
    })
    throw error
  }
}

/** The connection did not take the ROLLBACK: it must not be used again. Unwrapped before anyone sees it. */
export class BrokenConnection extends Error {
  readonly original: unknown

  constructor(original: unknown) {
    super('ROLLBACK')
    this.original = original
  }
}
