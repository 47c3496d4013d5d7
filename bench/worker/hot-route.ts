/** CPU of the workerd process per request: a hot route, and a route of the same app that serialises the same rows from a constant. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { cellOf, quantile, ratioOf, rotated } from '../lib/measure.ts'
import { figure } from '../lib/cells.ts'
import { cpuMsOf } from '../lib/process-cpu.ts'
import { OWN } from '../lib/types.ts'
import type { Cell, Report, Row, Settings } from '../lib/types.ts'
import { connections } from './connection.ts'
import { ask, CONNECTIONS, startHot } from './hot-worker.ts'
import { tellsCpu } from './process.ts'

const CONSTANT = 'a constant'
const BY_HAND = 'by hand'
/** The rows of the budget; one row and many show what is spent per request and what per row. */
const BUDGET_ROWS = 50
const SIZES = [1, 20, BUDGET_ROWS, 500]
const BUDGET = 1.1
const WARM_ROUNDS = 3
/** Of each route in a round, by turns: what else the machine does falls on all of them alike. */
const TURNS = 30
/** Requests of a round with a server that does nothing. */
const DRIVEN = 1_000

const PATHS = { own: '/cached', constant: '/constant', byHand: '/by-hand' } as const
type Route = keyof typeof PATHS

interface Measured {
  rows: number
  cpu: Record<Route, Cell>
  /** To the constant. */
  ratio: Record<Route, Cell>
  /** Answers per second while the constant was asked for. */
  rate: number
  body: string
}

export async function hotRoute({ quick }: Settings): Promise<Report> {
  if (!tellsCpu) {
    console.error(
      'The CPU of the hot route is not measured: it takes /proc/<pid>/task/<tid>/schedstat, which Linux alone has.',
    )
    return { tables: [], budgets: [] }
  }
  const measured: Measured[] = []
  for (const rows of quick ? [1, BUDGET_ROWS] : SIZES) measured.push(await measure(rows, quick))
  const budgeted = measured.find(({ rows }) => rows === BUDGET_ROWS)!
  const most = await mostDriven(budgeted.body)
  const rows: Row[] = measured.map(({ rows, cpu, ratio }) => ({
    label: label(rows),
    cells: {
      [OWN]: { ...cpu.own, note: `${times(ratio.own)} the constant` },
      [BY_HAND]: { ...cpu.byHand, note: `${times(ratio.byHand)} the constant` },
      [CONSTANT]: cpu.constant,
    },
  }))
  return {
    tables: [
      {
        id: 'hot-route',
        title: 'Hot route in workerd: CPU per request of the workerd process',
        unit: 'µs',
        method:
          `The same Hono app answers from isolate memory (middleware with its defaults, Redis behind it) and from a constant that holds the same typed rows (c.json, no middleware). "${BY_HAND}" is the constant with what a cache cannot do without: a promise of rows that are copied for the caller, and two headers set by a middleware. ` +
          `Rounds of ${TURNS} short turns of each over ${CONNECTIONS} kept connections; a ratio is one of the sums of a round, and the median of all rounds. Every body is compared with the expected one. ` +
          `The load generator drives ${figure(most)} such answers a second out of a server that does nothing, ${figure(most / budgeted.rate)} times what workerd gave.`,
        rows,
        references: [BY_HAND, CONSTANT],
        chart: true,
      },
    ],
    budgets: [
      {
        id: 'hot-route',
        what: `CPU per request of the workerd process on a hot route, ${label(BUDGET_ROWS)}, beside the same route serialising a constant`,
        budget: `at most ${BUDGET}×`,
        measured: `${times(budgeted.ratio.own)}; by hand ${times(budgeted.ratio.byHand)}`,
        met: budgeted.ratio.own.median <= BUDGET && most >= 2 * budgeted.rate,
        stable: false,
      },
    ],
  }
}

const times = ({ median, spread }: Cell): string =>
  `${median.toFixed(2)}× (${spread!.map((at) => at.toFixed(2)).join('–')})`

const label = (rows: number): string => `${rows} row${rows === 1 ? '' : 's'} × 8 typed columns`

async function measure(rows: number, quick: boolean): Promise<Measured> {
  const hot = await startHot(rows)
  const { clients, worker, services, body } = hot
  // A round is long enough to hold the garbage that is made in it.
  const perTurn = rows > BUDGET_ROWS ? 6 : 20
  const cpuOf = async (path: string, requests = perTurn) => {
    const before = cpuMsOf(worker.pid)
    await ask(clients, path, requests, body)
    return 1000 * (cpuMsOf(worker.pid) - before)
  }
  try {
    const samples: Record<Route, number[]> = { own: [], constant: [], byHand: [] }
    const routes = Object.keys(PATHS) as Route[]
    for (const route of routes) await cpuOf(PATHS[route], WARM_ROUNDS * TURNS * perTurn)
    const { endpoints } = services
    const { databaseTrips } = endpoints
    let constantMs = 0
    const rounds = quick ? 3 : rows === BUDGET_ROWS ? 33 : 17
    for (let i = 0; i < rounds; i++) {
      const sum: Record<Route, number> = { own: 0, constant: 0, byHand: 0 }
      for (let turn = 0; turn < TURNS; turn++)
        // There and back: none of them always comes after the same other one, and after what that left to be done.
        for (const route of rotated(turn % 2 === 0 ? routes : routes.toReversed(), i + turn)) {
          const startedAt = performance.now()
          sum[route] += await cpuOf(PATHS[route])
          if (route === 'constant') constantMs += performance.now() - startedAt
        }
      for (const route of routes) samples[route].push(sum[route] / (TURNS * perTurn))
    }
    if (endpoints.databaseTrips > databaseTrips) throw new Error('the hot route was not hot')
    const each = (cellOfRoute: (route: Route) => Cell) =>
      Object.fromEntries(routes.map((route) => [route, cellOfRoute(route)])) as Record<Route, Cell>
    return {
      rows,
      cpu: each((route) => cellOf(samples[route])),
      ratio: each((route) => ratioOf(samples[route], samples.constant)),
      rate: (1000 * rounds * TURNS * perTurn) / constantMs,
      body,
    }
  } finally {
    await hot.stop()
  }
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
