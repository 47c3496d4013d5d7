/**
 * PGlite: Postgres in the same process. It keeps its transactions apart by itself.
 * @module
 */
import type { Database, DatabaseResult, Statement } from '../types.js'
import { modes, shapeOf } from './pg-result.js'
import type { About, PgAnswer } from './pg-result.js'
import { connectionOf, onConnection } from './single-connection.js'
import { withDeadline } from './deadline.js'

type Parser = (text: string, oid?: number) => unknown
type Query = (
  text: string,
  params: unknown[],
  options: { rowMode: 'array'; blob?: undefined; parsers?: Record<number, Parser> | undefined },
) => Promise<PgAnswer & { affectedRows?: number }>

export interface PGliteLike {
  query: Query
  exec(text: string): Promise<unknown>
  transaction<T>(run: (tx: { query: Query; exec(text: string): Promise<unknown> }) => Promise<T>): Promise<T>
  parsers?: Record<number, Parser>
  ready?: boolean
  waitReady?: Promise<void>
}

export function pgliteDatabase(db: PGliteLike, about: About): Database {
  const connection = connectionOf(db)
  return onConnection(connection, about, {
    parser: (oid) => ownParser(db, oid),
    run: (statement, options) => withDeadline(options?.timeoutMs, (signal) => ask(db, db, statement, signal)),
    transaction: (statements, options = {}) =>
      withDeadline(options.timeoutMs, (signal) =>
        db.transaction(async (tx) => {
          const wanted = modes(options)
          if (wanted) await tx.exec(`SET TRANSACTION${wanted}`)
          const results: DatabaseResult[] = []
          for (const statement of statements) results.push(await ask(db, tx, statement, signal))
          signal?.throwIfAborted()
          return results
        }),
      ),
  })
}

const asText: Parser = (text) => text

async function ask(
  db: PGliteLike,
  asker: { query: Query },
  { sql, params }: Statement,
  signal: AbortSignal | undefined,
): Promise<DatabaseResult> {
  // Types without a parser are text already; parsers of array types appear while PGlite starts, so they are looked up once it runs.
  await db.waitReady
  const known = db.parsers
  const parsers =
    known && (Object.fromEntries(Object.keys(known).map((oid) => [oid, asText])) as Record<number, Parser>)
  const answer = await asker.query(sql, [...params], {
    rowMode: 'array',
    // Read first when its turn has come: what was given up while another held PGlite is not run. Read again between the messages of what has
    // begun, whose last one must be sent.
    get blob() {
      signal = signal?.throwIfAborted() as undefined
      return undefined
    },
    parsers,
  })
  const rows = (answer.rows ?? []) as unknown[][]
  const shape = shapeOf({ ...answer, command: answer.command ?? /^[\s(]*([a-z]+)/i.exec(sql)?.[1] })
  shape.rowCount ??= shape.fields.length > 0 ? rows.length : (answer.affectedRows ?? null)
  return { ...shape, raw: Boolean(parsers), rows } as DatabaseResult
}

/** @throws Error while PGlite is still starting, when it does not know its array types yet */
function ownParser(db: PGliteLike, oid: number): (text: string) => unknown {
  const parser = db.parsers?.[oid]
  if (parser) return (text) => parser(text, oid)
  if (db.ready === false) throw new Error('PGlite is still starting: wait for `db.waitReady`.')
  return String
}
