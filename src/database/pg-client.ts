/**
 * A single node-postgres connection, such as a Client on Hyperdrive. Whoever shares the client shares its queue here, so that a transaction
 * is never mixed with another query.
 * @module
 */
import type { Database } from '../types.js'
import { connectionOf, onConnection } from './single-connection.js'
import { ask, BrokenConnection, inTransaction, parserFrom, refuseBinary } from './pg-result.js'
import type { About, PgClient } from './pg-result.js'
import { withDeadline } from './deadline.js'

export function clientDatabase(client: PgClient, about: About): Database {
  refuseBinary(client.binary)
  const connection = connectionOf(client)
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const turn = connection.tail.then(task)
    connection.tail = turn.catch(() => undefined)
    return turn
  }
  return onConnection(connection, about, {
    parser: (oid) => parserFrom(client, oid),
    run: (statement, options) =>
      withDeadline(options?.timeoutMs, (signal) => inTurn(() => ask(client, statement, { raw: true, signal }))),
    transaction: (statements, options = {}) =>
      withDeadline(options.timeoutMs, (signal) =>
        inTurn(() => inTransaction(client, statements, options, true, signal)).catch((error: unknown) => {
          throw error instanceof BrokenConnection ? error.original : error
        }),
      ),
  })
}
