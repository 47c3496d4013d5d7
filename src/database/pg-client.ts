/**
 * A single node-postgres connection, such as a Client on Hyperdrive. Whoever shares the client shares its queue here, so that a transaction
 * is never mixed with another query.
 * @module
 */
import type { Database } from '../types.js'
import { withDeadline } from './deadline.js'
import { parserFrom } from './pg-pool.js'
import { ask, BrokenConnection, inTransaction, refuseBinary } from './pg-result.js'
import type { About, PgClient } from './pg-result.js'

/** What is known of a single connection, whichever Database it is used through. */
interface Connection {
  /** Settles when what was asked so far is over. Never rejects. */
  tail: Promise<unknown>
  /** True since a statement changed the session: from then on nothing is shared without a scope. */
  sessionState: boolean
}

const connections = new WeakMap<object, Connection>()

export function connectionOf(client: object): Connection {
  let connection = connections.get(client)
  if (!connection) connections.set(client, (connection = { tail: Promise.resolve(), sessionState: false }))
  return connection
}

export function clientDatabase(client: PgClient, about: About): Database {
  refuseBinary(client.binary)
  const connection = connectionOf(client)
  const inTurn = <T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> => {
    const turn = connection.tail.then(() => {
      signal?.throwIfAborted()
      return task()
    })
    connection.tail = turn.catch(() => undefined)
    return turn
  }
  return {
    ...about,
    get needsScope() {
      return connection.sessionState
    },
    markSessionState: () => void (connection.sessionState = true),
    parser: (oid) => parserFrom(client, oid),
    run: (statement, options) =>
      withDeadline(options?.timeoutMs, (signal) => inTurn(signal, () => ask(client, statement, { raw: true }))),
    transaction: (statements, options = {}) =>
      withDeadline(options.timeoutMs, (signal) =>
        inTurn(signal, () => inTransaction(client, statements, options, true, signal)).catch((error: unknown) => {
          throw error instanceof BrokenConnection ? error.original : error
        }),
      ),
  }
}
