/** Ourselves. */
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../../dist/index.js'
import { OWN } from '../../lib/types.ts'
import { NEON, tokenOf } from '../neon-endpoint.ts'
import { TTL } from '../participant.ts'
import type { Isolate, Participant, Row, World } from '../participant.ts'
import { REDIS } from '../redis-endpoint.ts'
import type { Query } from '../requests.ts'

const database = createConnectionPool(NEON)

function executors({ clock, waitUntil }: World): (user?: number) => CachedQueryExecutor {
  const cache = createQueryCache({ type: 'hybrid', queryCache: { defaultTTL: TTL }, redis: REDIS })
  const runtime = { waitUntil, now: () => clock.now }
  return (user) => {
    const asked =
      user === undefined ? database : createConnectionPool({ ...NEON, authToken: tokenOf(user), scope: `${user}` })
    return new CachedQueryExecutor(asked, cache, runtime)
  }
}

/** Who asks is the same for all queries of a request. */
const userOf = (queries: readonly Query[]): number | undefined => queries[0]!.user

export const byTable: Participant = {
  name: OWN,
  setUp: 'Reads and writes as they are: tables are found in the SQL, nothing is named.',
  isolate(world): Isolate {
    const executor = executors(world)
    return {
      read: async (queries) =>
        executor(userOf(queries)).queryBatch<Row[]>(queries.map(({ sql, params }) => ({ sql, params }))),
      write: async ({ sql, params }) => void (await executor().execute(sql, params)),
    }
  },
}
