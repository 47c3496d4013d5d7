/** The bill: everybody through the same trace of requests, at published prices, and the truth of what each answered. */
import { OWN } from '../lib/types.ts'
import type { Row, Scenario, Table } from '../lib/types.ts'
import type { Participant } from '../trace/participant.ts'
import { TTL } from '../trace/participant.ts'
import { bentocache, bentocacheBounded } from '../trace/participants/bentocache.ts'
import { cachifiedBounded, cachifiedTiers } from '../trace/participants/cachified.ts'
import { drizzle } from '../trace/participants/drizzle.ts'
import { ocache, ocacheBounded } from '../trace/participants/ocache.ts'
import { asLate, byTable, byTag } from '../trace/participants/own.ts'
import { hyperdrive, none } from '../trace/participants/references.ts'
import { unkey, unkeyBounded } from '../trace/participants/unkey.ts'
import { PRICES } from '../trace/prices.ts'
import { replay } from '../trace/replay.ts'
import type { Outcome } from '../trace/replay.ts'
import { ISOLATES, RATE, WRITE_SHARE } from '../trace/requests.ts'
import { PRODUCTS, USERS } from '../trace/shop.ts'

const REFERENCES = [asLate, byTable, none, hyperdrive()]
const AS_DOCUMENTED = [unkey, bentocache, cachifiedTiers, ocache, drizzle]
const WITHIN_BOUND = [unkeyBounded, bentocacheBounded, cachifiedBounded, ocacheBounded, drizzle]

/** In simulated time a whole trace is two hours; results are used for five minutes. */
const LENGTH = { quick: { warmUp: 400, counted: 1_000 }, full: { warmUp: 42_000, counted: 58_000 } }

const ROWS: Readonly<Record<keyof Outcome, string>> = {
  usd: 'USD',
  trips: 'trips to Redis',
  commands: 'billed commands',
  redisMB: 'MB to and from Redis',
  neonTrips: 'trips to Postgres',
  neonMB: 'MB to and from Postgres',
  queries: 'database queries',
  stale: 'stale answers',
  staleLong: 'stale answers, by more than 2 s',
  wrongRows: 'rows given to the wrong user',
}

export const scenario: Scenario = {
  id: 'trace',
  async run({ quick }) {
    const length = quick ? LENGTH.quick : LENGTH.full
    const outcomes = new Map<Participant, Outcome>()
    for (const participant of new Set([byTag, ...AS_DOCUMENTED, ...WITHIN_BOUND, ...REFERENCES]))
      outcomes.set(participant, await replay(participant, length))
    const table = (id: string, title: string, peers: readonly Participant[]): Table => {
      const shown = [byTag, ...peers, ...REFERENCES]
      return {
        id,
        title,
        unit: 'per million requests',
        method: `${work(length)} ${shown.map(({ name, setUp }) => `${name}: ${setUp}`).join(' ')}`,
        rows: Object.entries(ROWS).map(([figure, label]): Row => ({
          label,
          cells: Object.fromEntries(
            shown.map((one) => [one.name, { median: outcomes.get(one)![figure as keyof Outcome] }]),
          ),
        })),
        references: REFERENCES.map(({ name }) => name),
      }
    }
    const usd = (label: string, peers: readonly Participant[]): Row => ({
      label,
      cells: Object.fromEntries(
        [byTag, ...peers, ...REFERENCES].map((one) => [one.name, { median: outcomes.get(one)!.usd }]),
      ),
    })
    const bill: Table = {
      id: 'trace-usd',
      title: 'The bill of Upstash and Neon for a million requests',
      unit: 'USD',
      method: 'The first row of the two tables above.',
      rows: [usd('as documented', AS_DOCUMENTED), usd('no more than 2 s behind', WITHIN_BOUND)],
      references: REFERENCES.map(({ name }) => name),
      chart: true,
    }
    return {
      tables: [
        table('trace', 'A million requests, each peer set up as its documentation shows', AS_DOCUMENTED),
        table('trace-bounded', 'The same, each peer set up to be no more than 2 s behind, as we are', WITHIN_BOUND),
        bill,
      ],
      budgets: [
        {
          id: 'trace-truth',
          what: 'stale by more than 2 s, or given to the wrong user, in the trace',
          budget: 'none',
          measured: `${outcomes.get(byTag)!.staleLong} answers, ${outcomes.get(byTag)!.wrongRows} rows`,
          met: outcomes.get(byTag)!.staleLong === 0 && outcomes.get(byTag)!.wrongRows === 0,
          stable: true,
        },
      ],
    }
  },
}

const work = ({ warmUp, counted }: { warmUp: number; counted: number }): string =>
  `A seeded trace of a shop: ${PRODUCTS.toLocaleString('en-US')} products by Zipf's law, ${USERS.toLocaleString('en-US')} users whose orders are ` +
  `behind row-level security, ${ISOLATES} isolates, ${RATE} requests a second in simulated time, 1.8 queries a request, ` +
  `${WRITE_SHARE * 100} of 100 requests write. ${warmUp.toLocaleString('en-US')} requests to warm up, then ` +
  `${counted.toLocaleString('en-US')} counted and scaled to a million. Everybody asks the same SQL of the same database through the ` +
  `unmodified SDKs, keeps results for ${TTL} s and is told of writes as his documentation says; an answer is stale when a write that ` +
  `had committed before the read began is missing from it. Bytes are of bodies, as they are before the transport compresses them. ` +
  `${PRICES} ${OWN}'s commands include its checks and its statistics.`
