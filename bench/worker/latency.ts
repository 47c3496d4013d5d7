/** What a client waits for, with the services as far away as they are. */
import { cellOf, quantile, rotated } from '../lib/measure.ts'
import { cpuMsOf } from '../lib/process-cpu.ts'
import { OWN } from '../lib/types.ts'
import type { Cell, Row, Settings, Table } from '../lib/types.ts'
import { randomOf } from '../lib/workload.ts'
import { connections } from './connection.ts'
import type { Connection, Reply } from './connection.ts'
import { NO_CACHE } from './contestants.ts'
import type { Contestant } from './contestants.ts'
import { tellsCpu } from './process.ts'

export const REDIS_MS = 20
export const DATABASE_MS = 40
/** How many different results are asked for; some are asked for far more often than others. */
export const KEYS = 200
/** Leaves the machine time to spare. */
const PER_SECOND = 120
const CONNECTIONS = 24

const ABSENT = {
  bentocache:
    'in workerd it fails every request that waits for another of the same key: its lock is a promise that the other one resolves (see the stampede)',
}

const NOTES: Readonly<Record<string, string>> = {
  '@unkey/cache':
    'nothing of it arrives in Redis: its store does not await the write, and the end of the request cuts it off',
}

/** p50, p99 and CPU of the same trace for everybody. */
export async function latencies(all: readonly Contestant[], { quick }: Settings): Promise<Table[]> {
  const contestants = all.filter(({ name }) => !(name in ABSENT))
  const requests = quick ? 60 : 500
  const trace = zipfTrace(requests, 20_261_125)
  const samples = new Map<string, Sample>(
    contestants.map(({ name }) => [name, { p50: [], p99: [], cpu: [], failed: 0 }]),
  )
  for (let round = 0; round < (quick ? 2 : 5); round++)
    for (const contestant of rotated(contestants, round)) {
      await prepare(contestant)
      const sample = samples.get(contestant.name)!
      const before = tellsCpu ? cpuMsOf(contestant.pid) : 0
      const { ms, failed } = await replay(contestant, trace)
      sample.failed += failed
      if (tellsCpu) sample.cpu.push((1000 * (cpuMsOf(contestant.pid) - before)) / requests)
      sample.p50.push(quantile(ms, 0.5))
      sample.p99.push(quantile(ms, 0.99))
    }
  const row = (label: string, of: (sample: Sample) => Cell): Row => ({
    label,
    cells: Object.fromEntries(
      [...samples].map(([name, sample]) => [name, { ...of(sample), note: noteOf(name, sample) }]),
    ),
  })
  const method =
    `${requests} requests at ${PER_SECOND} a second (open loop, counted from when each was due) for 20 rows of ${KEYS} keys, Zipf-distributed; a new isolate, ` +
    `and a Redis that knows the more popular half from another one. The services are on this machine and answer after a timer. Every body is compared with the expected one.`
  const table = { absent: ABSENT, references: [NO_CACHE], chart: true }
  return [
    {
      ...table,
      id: 'latency',
      title: `Mixed traffic, Redis ${REDIS_MS} ms and Postgres ${DATABASE_MS} ms away: latency`,
      unit: 'ms',
      method: `${method} In whole milliseconds: the services' timers are no finer.`,
      rows: [row('p50', ({ p50 }) => inWholeMs(cellOf(p50))), row('p99', ({ p99 }) => inWholeMs(cellOf(p99)))],
    },
    {
      ...table,
      id: 'mixed-cpu',
      title: 'Mixed traffic: CPU per request of the workerd process',
      unit: 'µs',
      method:
        `Of the same runs. ${tellsCpu ? '' : 'Not measured here: it takes /proc/<pid>/task/<tid>/schedstat.'}`.trim(),
      rows: tellsCpu ? [row('a request', ({ cpu }) => cellOf(cpu))] : [],
    },
  ]
}

interface Sample {
  p50: number[]
  p99: number[]
  /** Microseconds per request. */
  cpu: number[]
  /** Requests that a peer answered with an error of its server. */
  failed: number
}

const noteOf = (name: string, { failed }: Sample): string | undefined =>
  [NOTES[name], failed > 0 ? `${failed} requests of all rounds failed with a status of 500 or more` : undefined]
    .filter(Boolean)
    .join('; ') || undefined

const inWholeMs = ({ median, spread }: Cell): Cell => ({
  median: Math.round(median),
  spread: spread && [Math.round(spread[0]), Math.round(spread[1])],
})

/** Ids from 0 by rank: the nth is asked for 1/n as often as the first. */
function zipfTrace(length: number, seed: number): number[] {
  const next = randomOf(seed)
  const weights = Array.from({ length: KEYS }, (_, rank) => 1 / (rank + 1))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return Array.from({ length }, () => {
    let left = next() * total
    return Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) < 0),
    )
  })
}

/** A new isolate, and a Redis that another one has filled. */
async function prepare(contestant: Contestant): Promise<void> {
  const { services } = contestant
  services.endpoints.clear()
  services.redisMs = 0
  services.databaseMs = 0
  await contestant.get('/forget')
  // One read by itself: whoever has to set something up in Redis does so now.
  await contestant.get('/rows/0')
  for (let id = 0; id < KEYS / 2; id++) await contestant.get(`/rows/${id}`)
  await quiet(contestant)
  await contestant.get('/forget')
  services.redisMs = REDIS_MS
  services.databaseMs = DATABASE_MS
}

/** Milliseconds of every request of the trace, and how many failed: a peer's failure is its own, ours is the end of the run. */
async function replay(contestant: Contestant, trace: readonly number[]): Promise<{ ms: number[]; failed: number }> {
  const clients = connections(contestant.port, CONNECTIONS)
  let failed = 0
  try {
    const ms = await paced(
      clients,
      trace.map((id) => `/rows/${id}`),
      ({ status, body }, path) => {
        if (status >= 500 && contestant.name !== OWN) failed++
        else if (body !== contestant.expected(Number(path.slice('/rows/'.length))))
          throw new Error(`${contestant.name} answers ${path} with ${status} and other rows: ${body.slice(0, 100)}`)
      },
    )
    return { ms, failed }
  } finally {
    for (const client of clients) client.close()
  }
}

/** Until nothing has been asked of its services for a moment: what goes on after an answer is over. */
export async function quiet({ services: { endpoints } }: Contestant): Promise<void> {
  const asked = () => endpoints.redisTrips + endpoints.databaseTrips
  for (let before = -1; before !== asked();) {
    before = asked()
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

/** Sends each request when it is due, on whichever connection is free, and counts its wait from then on. */
async function paced(
  clients: readonly Connection[],
  paths: readonly string[],
  see: (reply: Reply, path: string) => void,
): Promise<number[]> {
  const startedAt = performance.now()
  const dueAt = (i: number) => startedAt + (1000 * i) / PER_SECOND
  const ms: number[] = []
  let at = 0
  await Promise.all(
    clients.map(async (client) => {
      while (at < paths.length) {
        const i = at++
        const wait = dueAt(i) - performance.now()
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
        see(await client.get(paths[i]!), paths[i]!)
        ms.push(performance.now() - dueAt(i))
      }
    }),
  )
  return ms
}
