/**
 * What is known of a database that is one connection only.
 * @module
 */

/** The same, whichever Database the connection is used through. */
export interface Connection {
  /** Settles when what was asked so far is over. Never rejects. */
  tail: Promise<unknown>
  /** How often a statement may have changed the session; from the first on nothing is shared without a scope. */
  sessionChanges: number
  /** True between BEGIN and COMMIT or ROLLBACK of the executor's. */
  inTransaction: boolean
}

const connections = new WeakMap<object, Connection>()

export function connectionOf(client: object): Connection {
  let connection = connections.get(client)
  if (!connection)
    connections.set(client, (connection = { tail: Promise.resolve(), sessionChanges: 0, inTransaction: false }))
  return connection
}
