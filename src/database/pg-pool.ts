/**
 * A pool of node-postgres connections, `pg`'s own or Neon's.
 * @module
 */
import type { Database, DatabaseResult, Statement } from '../types.js'
import { withDeadline } from './deadline.js'
import { ask, BrokenConnection, inTransaction, parserFrom, refuseBinary } from './pg-result.js'
import type { About, PgPool, TypeSource } from './pg-result.js'

export function poolDatabase(pool: PgPool, about: About): Database {
  refuseBinary(pool.options?.binary)
  let found: { types: TypeSource | undefined } | undefined
  const types = () => (found ??= { types: typesOf(pool) }).types
  return {
    ...about,
    needsScope: false,
    parser: (oid) => parserFrom(types(), oid),
    run: (statement, options) =>
      withDeadline(options?.timeoutMs, async (signal) => {
        const raw = types() !== undefined
        // The driver's own limit starts later than ours, so it never answers first; it gives the connection back to the pool.
        return ask(pool, statement, { raw, signal, queryTimeoutMs: options?.timeoutMs })
      }),
    transaction: (statements, options = {}) =>
      withDeadline(options.timeoutMs, (signal) =>
        onOneConnection(pool, statements, options, types() !== undefined, signal),
      ),
  }
}

/** The parsers that the pool's connections use, from a client that is made to be asked for them and never connects. */
function typesOf(pool: PgPool): TypeSource | undefined {
  const given = pool.options?.types
  if (typeof pool.Client === 'function') {
    const probe = unconnected(pool.Client, given)
    refuseBinary(probe?.binary)
    if (typeof probe?.getTypeParser === 'function') return probe
  }
  return typeof given?.getTypeParser === 'function' ? given : undefined
}

/** `connection` keeps the client from making a socket. */
function unconnected(Client: NonNullable<PgPool['Client']>, types: TypeSource | undefined) {
  try {
    return new Client({ types, connection: {} })
  } catch {
    return undefined
  }
}

async function onOneConnection(
  pool: PgPool,
  statements: readonly Statement[],
  options: Parameters<typeof inTransaction>[2],
  raw: boolean,
  signal: AbortSignal | undefined,
): Promise<DatabaseResult[]> {
  const client = await pool.connect()
  // The loss of a connection is an event too, beside the failed query: one that nobody listens to ends the process.
  const listener = () => undefined
  client.on?.('error', listener)
  let held = true
  const release = (error?: Error) => {
    if (held) client.release(error)
    held = false
    client.off?.('error', listener)
  }
  // Closing the connection is the one way to stop a statement that runs; Postgres then takes the transaction back.
  const giveUp = () => release(signal?.reason as Error)
  signal?.addEventListener('abort', giveUp)
  try {
    return await inTransaction(client, statements, options, raw, signal)
  } catch (error) {
    if (!(error instanceof BrokenConnection)) throw error
    release(error)
    throw error.original
  } finally {
    release()
  }
}
