/**
 * What is known of a database that is one connection only.
 * @module
 */

/** The same, whichever Database the connection is used through. */
export interface Connection {
  /** Settles when what was asked so far is over. Never rejects. */
  tail: Promise<unknown>
  /** True since a statement changed the session: from then on nothing is shared without a scope. */
  sessionState: boolean
  /** True between BEGIN and COMMIT or ROLLBACK of the executor's. */
  inTransaction: boolean
}

const connections = new WeakMap<object, Connection>()

export function connectionOf(client: object): Connection {
  let connection = connections.get(client)
  if (!connection)
    connections.set(client, (connection = { tail: Promise.resolve(), sessionState: false, inTransaction: false }))
  return connection
}
