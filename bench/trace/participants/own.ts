/** Ourselves. */
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../../dist/index.js'
import { OWN } from '../../lib/types.ts'
import { NEON, tokenOf } from '../neon-endpoint.ts'
import { TTL } from '../participant.ts'
import type { Isolate, Participant, Row, World } from '../participant.ts'
import { REDIS } from '../redis-endpoint.ts'
import type { Query } from '../requests.ts'

const database = createConnectionPool(NEON)
/** Timeouts are measured by the real clock, whose pace has nothing to do with the trace's: none is to end. */
const REAL_MS = 600_000

function executors({ clock, waitUntil }: World, maxStalenessSeconds?: number): (user?: number) => CachedQueryExecutor {
  const cache = createQueryCache({
    type: 'hybrid',
    queryCache: { defaultTTL: TTL },
    consistency: { maxStalenessSeconds },
    redis: { ...REDIS, timeoutMs: REAL_MS },
  })
  const runtime = { waitUntil, now: () => clock.now }
  return (user) => {
    const own = user !== undefined && createConnectionPool({ ...NEON, authToken: tokenOf(user), scope: `${user}` })
    return new CachedQueryExecutor(own || database, cache, runtime)
  }
}

/** Who asks is the same for all queries of a request. */
const userOf = (queries: readonly Query[]): number | undefined => queries[0]!.user

export const byTable: Participant = {
  name: `${OWN}, nothing named`,
  setUp: 'reads and writes as they are; tables are found in the SQL.',
  isolate(world): Isolate {
    const executor = executors(world)
    return {
      read: (queries) => {
        const asked = executor(userOf(queries))
        return Promise.all(queries.map(({ sql, params }) => asked.query<Row>(sql, params)))
      },
      write: async ({ sql, params }) => void (await executor().execute(sql, params)),
    }
  },
}

/** Ids share a tag with every 256th: fewer versions to look after, for some results that end before they must. */
const GROUPS = 256
const tagOf = (key: string): string => key.replace(/\d+$/, (id) => String(Number(id) % GROUPS))

/** What a query depends on beyond its tag: whatever changes it that no writer can name. */
const TABLES: Partial<Record<Query['read'], readonly string[]>> = { orders: ['products'] }

const tagged = (
  tag: (key: string) => string,
  tables: typeof TABLES,
  maxStalenessSeconds?: number,
): Participant['isolate'] =>
  function isolate(world): Isolate {
    const executor = executors(world, maxStalenessSeconds)
    return {
      read: (queries) => {
        const asked = executor(userOf(queries))
        return Promise.all(
          queries.map(({ sql, params, key, read }) =>
            asked.query<Row>(sql, params, { tags: [tag(key)], tagsOnly: true, tables: tables[read] }),
          ),
        )
      },
      write: async ({ sql, params, keys }) => void (await executor().execute(sql, params, { tags: keys.map(tag) })),
    }
  }

export const byTag: Participant = {
  name: OWN,
  setUp: `\`tagsOnly\`, with the peers' keys as tags, in ${GROUPS} groups of ids; a write names the tags that it can, and a table stands for those that nobody can name.`,
  isolate: tagged(tagOf, TABLES),
}

/** What the peers promise, and no more: memory is believed for as long, and what no writer can name is not told of. */
export const asLate: Participant = {
  name: `${OWN}, as late as they are`,
  setUp: `\`maxStalenessSeconds: ${TTL}\`, the peers' keys as tags, and nothing for what nobody can name.`,
  isolate: tagged((key) => key, {}, TTL),
}
