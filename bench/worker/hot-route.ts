/** CPU of the workerd process per request: a hot route, and a route of the same app that serialises the same rows from a constant. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { CONNECTION, UPSTASH } from '../lib/endpoints.ts'
import { cellOf, quantile } from '../lib/measure.ts'
import { figure } from '../lib/cells.ts'
import { cpuMsOf } from '../lib/process-cpu.ts'
import { OWN } from '../lib/types.ts'
import type { Cell, Report, Row, Settings } from '../lib/types.ts'
import { typedRows, wireRows } from '../lib/workload.ts'
import { until } from '../../test/support/until.ts'
import { bundle } from './bundle.ts'
import { connections, drive } from './connection.ts'
import type { Connection } from './connection.ts'
import { delayedEndpoints } from './delayed-endpoints.ts'
import type { DelayedEndpoints } from './delayed-endpoints.ts'
import { startWorkerd } from './process.ts'

const CONSTANT = 'a constant'
/** The rows of the budget; one row and many show what is spent per request and what per row. */
const BUDGET_ROWS = 50
const SIZES = [1, 20, BUDGET_ROWS, 500]
const BUDGET = 1.1
const CONNECTIONS = 4
const WARM_ROUNDS = 10
/** Requests of a round with a server that does nothing. */
const DRIVEN = 1_000

interface Measured {
  rows: number
  own: Cell
  constant: Cell
  ratio: Cell
  /** Answers per second while the constant was asked for. */
  rate: number
  body: string
}

export async function hotRoute({ quick }: Settings): Promise<Report> {
  if (!existsSync('/proc/self/schedstat')) {
    console.error(
      'The CPU of the hot route is not measured: it takes /proc/<pid>/task/<tid>/schedstat, which Linux alone has.',
    )
    return { tables: [], budgets: [] }
  }
  const measured: Measured[] = []
  for (const rows of quick ? [1, BUDGET_ROWS] : SIZES) measured.push(await measure(rows, quick))
  const budgeted = measured.find(({ rows }) => rows === BUDGET_ROWS)!
  const most = await mostDriven(budgeted.body)
  const rows: Row[] = measured.map(({ rows, own, constant, ratio }) => ({
    label: label(rows),
    cells: {
      [OWN]: { ...own, note: `${figure(ratio.median)}× (${ratio.spread!.map(figure).join('–')})` },
      [CONSTANT]: constant,
    },
  }))
  return {
    tables: [
      {
        id: 'hot-route',
        title: 'Hot route in workerd: CPU per request of the workerd process',
        unit: 'µs',
        method:
          `The same Hono app answers from isolate memory (middleware with its defaults, Redis behind it) and from a constant that holds the same typed rows (c.json, no middleware). ` +
          `Short rounds in turns over ${CONNECTIONS} kept connections; the ratio is the median of pairs. Every body is compared with the expected one. ` +
          `The load generator drives ${figure(most)} such answers a second out of a server that does nothing, ${figure(most / budgeted.rate)} times what workerd gave.`,
        rows,
        references: [CONSTANT],
        chart: true,
      },
    ],
    budgets: [
      {
        id: 'hot-route',
        what: `CPU per request of the workerd process on a hot route, ${label(BUDGET_ROWS)}, beside the same route serialising a constant`,
        budget: `at most ${BUDGET}×`,
        measured: `${budgeted.ratio.median.toFixed(2)}× (${budgeted.ratio.spread!.map((at) => at.toFixed(2)).join('–')})`,
        met: budgeted.ratio.median <= BUDGET && most >= 2 * budgeted.rate,
        stable: false,
      },
    ],
  }
}

const label = (rows: number): string => `${rows} row${rows === 1 ? '' : 's'} × 8 typed columns`

async function measure(rows: number, quick: boolean): Promise<Measured> {
  const { code } = await bundle({ file: 'bench/worker/hot-app.ts' }, { define: { ROWS: String(rows) } })
  const backends = await delayedEndpoints(rows, 1)
  const bindings = {
    DATABASE_URL: CONNECTION,
    UPSTASH_REDIS_REST_URL: UPSTASH.url,
    UPSTASH_REDIS_REST_TOKEN: UPSTASH.token,
  }
  const worker = await startWorkerd(code, { bindings, outbound: backends.port })
  const clients = connections(worker.port, CONNECTIONS)
  const body = JSON.stringify(typedRows(wireRows(rows, 0)))
  // Long enough to hold the garbage that is made in it.
  const perRound = rows > BUDGET_ROWS ? 60 : 300
  const round = async (path: string, requests = perRound) => {
    const before = cpuMsOf(worker.pid)
    await ask(clients, path, requests, body)
    return (1000 * (cpuMsOf(worker.pid) - before)) / requests
  }
  try {
    const own: number[] = []
    const constant: number[] = []
    await heat(clients[0]!, backends)
    for (const path of ['/cached', '/constant']) await round(path, WARM_ROUNDS * perRound)
    const { endpoints } = backends
    const { databaseTrips } = endpoints
    let constantMs = 0
    const rounds = quick ? 24 : 100
    for (let i = 0; i < rounds; i++) {
      // Nobody is always first.
      if (i % 2 === 0) own.push(await round('/cached'))
      const startedAt = performance.now()
      constant.push(await round('/constant'))
      constantMs += performance.now() - startedAt
      if (i % 2 === 1) own.push(await round('/cached'))
    }
    if (endpoints.databaseTrips > databaseTrips) throw new Error('the hot route was not hot')
    return {
      rows,
      own: cellOf(own),
      constant: cellOf(constant),
      ratio: cellOf(own.map((cpu, i) => cpu / constant[i]!)),
      rate: (1000 * rounds * perRound) / constantMs,
      body,
    }
  } finally {
    for (const client of clients) client.close()
    await worker.stop()
    await backends.close()
  }
}

/** The first read of a database gives its names versions, after its answer; what is read from then on is kept for its whole TTL. */
async function heat(client: Connection, { endpoints }: DelayedEndpoints): Promise<void> {
  await client.get('/cached')
  await until('versions in Redis', () => endpoints.redisTrips >= 2)
  await client.get('/cached/renewed')
}

async function ask(clients: readonly Connection[], path: string, requests: number, body: string): Promise<void> {
  await drive(clients, new Array<string>(requests).fill(path), (reply) => {
    if (reply.body !== body) throw new Error(`${path} answered ${reply.status} with other rows`)
  })
}

/** Answers a second that the load generator reads from a server in another process that only writes them. */
async function mostDriven(body: string): Promise<number> {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  const server = fork(path.join(import.meta.dirname, 'empty-server.ts'))
  server.send(head + body)
  const [port] = (await once(server, 'message')) as [number]
  const clients = connections(port, CONNECTIONS)
  try {
    await ask(clients, '/', DRIVEN, body)
    const rates: number[] = []
    for (let i = 0; i < 5; i++) {
      const startedAt = performance.now()
      await ask(clients, '/', DRIVEN, body)
      rates.push((1000 * DRIVEN) / (performance.now() - startedAt))
    }
    return quantile(rates, 0.5)
  } finally {
    for (const client of clients) client.close()
    server.kill()
  }
}
