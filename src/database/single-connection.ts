/**
 * What is known of a database that is one connection only.
 * @module
 */
import type { Database } from '../types.js'
import type { About } from './pg-result.js'

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

type OfSession = 'needsScope' | 'sessionChanges' | 'markSessionState' | 'inTransaction'

/** A Database whose session is the connection's. */
export const onConnection = (
  connection: Connection,
  about: About,
  way: Pick<Database, 'parser' | 'run' | 'transaction'>,
): Database & Required<Pick<Database, OfSession>> => ({
  ...about,
  ...way,
  get needsScope() {
    return connection.sessionChanges > 0
  },
  get sessionChanges() {
    return connection.sessionChanges
  },
  markSessionState: () => void connection.sessionChanges++,
  get inTransaction() {
    return connection.inTransaction
  },
  set inTransaction(open) {
    connection.inTransaction = open
  },
})
