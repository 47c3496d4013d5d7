/** Many ask at once for what has just expired. */
import { cellOf, quantile, rotated } from '../lib/measure.ts'
import type { Budget, Cell, Row, Settings, Table } from '../lib/types.ts'
import { OWN } from '../lib/types.ts'
import { TTL } from '../peers/peer.ts'
import { connections } from './connection.ts'
import type { Connection } from './connection.ts'
import { NO_CACHE } from './contestants.ts'
import type { Contestant } from './contestants.ts'
import { DATABASE_MS, quiet, REDIS_MS } from './latency.ts'

const CLIENTS = 200
/** Who has no answer when nothing has happened for so long hangs. */
const HANGS_MS = 4_000

interface Came {
  queries: number
  /** Of those that were answered. */
  p99: number
  unanswered: number
}

/** When the first request lives to its end, and when its client resets the connection while the database is asked. */
export async function stampedes(
  contestants: readonly Contestant[],
  { quick }: Settings,
): Promise<{ tables: Table[]; budgets: Budget[] }> {
  const alive = new Map<string, Came[]>(contestants.map(({ name }) => [name, []]))
  // A key of its own for each: in some a stampede breaks it for good.
  const rounds = quick ? 2 : 7
  for (let round = 0; round < rounds; round++)
    for (const contestant of rotated(contestants, round))
      alive.get(contestant.name)!.push(await stampede(contestant, round))
  // Mostly waiting, so all of them at once.
  const cut = new Map(
    await Promise.all(contestants.map(async (one) => [one.name, [await cutOff(one, rounds)]] as const)),
  )
  const queries = [
    rowOf(LIVES, alive, ({ queries }) => queries),
    rowOf(CUT_OFF, cut, ({ queries }) => queries),
  ] as const
  const unanswered = [
    rowOf(LIVES, alive, ({ unanswered }) => unanswered),
    rowOf(CUT_OFF, cut, ({ unanswered }) => unanswered),
  ] as const
  const p99 = rowOf(LIVES, alive, ({ p99 }) => Math.round(p99))
  const absent: Record<string, string> = {}
  for (const [name, came] of alive) {
    if (came.every(({ unanswered }) => unanswered === 0)) continue
    absent[name] = 'it leaves requests without an answer'
    delete p99.cells[name]
  }
  const table = { method: METHOD, references: [NO_CACHE] }
  const ownQueries = queries.map(({ cells }) => cells[OWN]!.median)
  const ownUnanswered = unanswered.map(({ cells }) => cells[OWN]!.median)
  return {
    tables: [
      { ...table, id: 'stampede-queries', title: `${TITLE}: database queries`, unit: 'queries', rows: [...queries] },
      {
        ...table,
        id: 'stampede-unanswered',
        title: `${TITLE}: requests without an answer`,
        unit: 'requests',
        rows: [...unanswered],
      },
      { ...table, id: 'stampede-p99', title: `${TITLE}: p99 of the answers`, unit: 'ms', rows: [p99], absent },
    ],
    budgets: [
      {
        id: 'stampede',
        what: `Stampede of ${CLIENTS} requests on expiry in one isolate, whether the first of them lives or is cut off`,
        budget: '1 database query, an answer to every request',
        measured: `${ownQueries.join(' and ')} database queries, ${ownUnanswered.join(' and ')} requests without an answer`,
        met: ownQueries.every((count) => count === 1) && ownUnanswered.every((count) => count === 0),
        stable: false,
      },
    ],
  }
}

const TITLE = 'Stampede on expiry'
const LIVES = 'the first request lives'
const CUT_OFF = 'the first request is cut off'
const METHOD =
  `${CLIENTS} requests at once, in one isolate, for a key whose lifetime has just ended in memory and in Redis (the isolate's clock is put forward), Redis ${REDIS_MS} ms and Postgres ${DATABASE_MS} ms away. ` +
  `Cut off: the first request's client resets its connection while the database is being asked and the others wait. Without an answer: still waiting when ${HANGS_MS / 1000} s have brought no answer to anybody and no question to a service, or workerd's own 500 for a request that it sees can never be answered.`

function rowOf(label: string, came: ReadonlyMap<string, readonly Came[]>, of: (came: Came) => number): Row {
  const cells: [string, Cell][] = [...came].map(([name, all]) => [name, cellOf(all.map(of))])
  return { label, cells: Object.fromEntries(cells) }
}

/** A hot key, in memory and in Redis, whose lifetime ends now. */
async function expired(contestant: Contestant, id: number): Promise<void> {
  const { services } = contestant
  services.redisMs = 0
  services.databaseMs = 0
  await contestant.get('/forget')
  for (let i = 0; i < 3; i++) {
    await contestant.get(`/rows/${id}`)
    await quiet(contestant)
  }
  // Nobody spreads a lifetime by as much as that.
  await contestant.get(`/pass/${2 * TTL}`)
  services.endpoints.clear()
  services.redisMs = REDIS_MS
  services.databaseMs = DATABASE_MS
}

async function stampede(contestant: Contestant, id: number): Promise<Came> {
  await expired(contestant, id)
  const before = contestant.services.endpoints.databaseTrips
  const clients = await opened(contestant, CLIENTS)
  const came = await answersOf(contestant, clients, id)
  return { ...came, queries: contestant.services.endpoints.databaseTrips - before }
}

async function cutOff(contestant: Contestant, id: number): Promise<Came> {
  await expired(contestant, id)
  const { endpoints } = contestant.services
  const before = endpoints.databaseTrips
  // Long enough for the others to come while it is asked.
  contestant.services.databaseMs = 20 * DATABASE_MS
  const [first, ...others] = (await opened(contestant, CLIENTS)) as [Connection, ...Connection[]]
  void first.get(`/rows/${id}`).catch(() => undefined)
  while (endpoints.databaseTrips === before) await new Promise((resolve) => setTimeout(resolve, 2))
  const answers = answersOf(contestant, others, id)
  await new Promise((resolve) => setTimeout(resolve, DATABASE_MS))
  first.close()
  contestant.services.databaseMs = DATABASE_MS
  const came = await answers
  return { ...came, queries: endpoints.databaseTrips - before }
}

/** Connections that have been used, so that nobody waits for one to be made. */
async function opened(contestant: Contestant, count: number): Promise<Connection[]> {
  const clients = connections(contestant.port, count)
  await Promise.all(clients.map((client) => client.get('/pass/0')))
  return clients
}

async function answersOf(
  contestant: Contestant,
  clients: readonly Connection[],
  id: number,
): Promise<Omit<Came, 'queries'>> {
  const ms: number[] = []
  let failed = 0
  let left = clients.length
  const all = Promise.all(
    clients.map(async (client) => {
      const reply = await client.get(`/rows/${id}`)
      left--
      if (reply.status === 200 && reply.body === contestant.expected(id)) ms.push(reply.ms)
      else if (reply.status >= 500) failed++
      else throw new Error(`${contestant.name} answers ${reply.status}: ${reply.body.slice(0, 200)}`)
    }),
  )
  const { endpoints } = contestant.services
  const state = () => (left === 0 ? undefined : `${left} ${endpoints.redisTrips} ${endpoints.databaseTrips}`)
  await Promise.race([all, standstill(state)])
  for (const client of clients) client.close()
  return { p99: ms.length === 0 ? Infinity : quantile(ms, 0.99), unanswered: left + failed }
}

/** Until nothing has changed for long, a busy machine makes nobody hang, or there is no state any more. */
async function standstill(stateOf: () => string | undefined): Promise<void> {
  let since = performance.now()
  for (let before = stateOf(); before !== undefined && performance.now() - since < HANGS_MS;) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const state = stateOf()
    if (state !== before) since = performance.now()
    before = state
  }
}
