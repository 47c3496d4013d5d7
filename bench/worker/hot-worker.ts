/** The hot route's Worker, with its entry in memory, and clients that ask it. */
import { until } from '../../test/support/until.ts'
import { CONNECTION, UPSTASH } from '../lib/endpoints.ts'
import { typedRows, wireRows } from '../lib/workload.ts'
import { bundle } from './bundle.ts'
import { connections, drive } from './connection.ts'
import type { Connection } from './connection.ts'
import { delayedEndpoints } from './delayed-endpoints.ts'
import type { DelayedEndpoints } from './delayed-endpoints.ts'
import { startWorkerd } from './process.ts'
import type { BenchWorker } from './process.ts'

export const CONNECTIONS = 4

export interface HotWorker {
  readonly worker: BenchWorker
  readonly services: DelayedEndpoints
  readonly clients: readonly Connection[]
  /** What both routes answer. */
  readonly body: string
  stop(): Promise<void>
}

export async function startHot(rows: number, flags: readonly string[] = [], minify = true): Promise<HotWorker> {
  const { code } = await bundle({ file: 'bench/worker/hot-app.ts' }, { define: { ROWS: String(rows) }, minify })
  const services = await delayedEndpoints(rows, 1)
  const bindings = {
    DATABASE_URL: CONNECTION,
    UPSTASH_REDIS_REST_URL: UPSTASH.url,
    UPSTASH_REDIS_REST_TOKEN: UPSTASH.token,
  }
  const worker = await startWorkerd(code, { bindings, outbound: services.port, flags })
  const clients = connections(worker.port, CONNECTIONS)
  await heat(clients[0]!, services)
  return {
    worker,
    services,
    clients,
    body: JSON.stringify(typedRows(wireRows(rows, 0))),
    async stop() {
      for (const client of clients) client.close()
      await worker.stop()
      await services.close()
    },
  }
}

/** The first read of a database gives its names versions, after its answer; what is read from then on is kept for its whole TTL. */
async function heat(client: Connection, { endpoints }: DelayedEndpoints): Promise<void> {
  await client.get('/cached')
  await until('versions in Redis', () => endpoints.redisTrips >= 2)
  await client.get('/cached/renewed')
}

/** Asks for a path and compares every body. */
export async function ask(clients: readonly Connection[], path: string, requests: number, body: string): Promise<void> {
  await drive(clients, new Array<string>(requests).fill(path), (reply) => {
    if (reply.body !== body) throw new Error(`${path} answered ${reply.status} with other rows`)
  })
}
