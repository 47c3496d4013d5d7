/** Those that run in a Worker, each in a workerd of its own with a database and a Redis of its own. */
import { CONNECTION } from '../lib/endpoints.ts'
import { OWN } from '../lib/types.ts'
import { typedRows, wireRows } from '../lib/workload.ts'
import { bundle } from './bundle.ts'
import { delayedEndpoints } from './delayed-endpoints.ts'
import type { DelayedEndpoints } from './delayed-endpoints.ts'
import { startWorkerd } from './process.ts'

export const NO_CACHE = 'no cache'

const PEERS = [
  ['@unkey/cache', 'unkey-cache'],
  ['cachified + lru-cache', 'cachified'],
  ['ocache', 'ocache'],
  ['bentocache', 'bentocache'],
  ['drizzle upstashCache', 'drizzle'],
] as const

export interface Contestant {
  readonly name: string
  readonly services: DelayedEndpoints
  readonly port: number
  readonly pid: number
  /** The body that `/rows/<id>` has to answer with. */
  expected(id: number): string
  /** For what is not measured. */
  get(path: string): Promise<string>
  stop(): Promise<void>
}

/** The module of each one's Worker: the same app around what each brings. */
export const SOURCES: readonly (readonly [name: string, text: string])[] = [
  [OWN, `import { ownApp } from './own-app.ts'\nexport default ownApp()`],
  ...PEERS.map(([name, file]) => [name, peerSource(`import { peer } from '../peers/${file}.ts'`)] as const),
  [NO_CACHE, peerSource(`import { load } from '../peers/peer.ts'\nconst peer = { start: () => ({ query: load }) }`)],
]

function peerSource(peer: string): string {
  return `import { peerApp } from './peer-app.ts'\n${peer}\nexport default peerApp(peer)`
}

/** Starts all of them. `rows` for each of `keys` parameters. */
export async function startContestants(rows: number, keys: number): Promise<Contestant[]> {
  return Promise.all(SOURCES.map(([name, text]) => start(name, text, rows, keys)))
}

async function start(name: string, text: string, rows: number, keys: number): Promise<Contestant> {
  const { code } = await bundle({ text })
  const services = await delayedEndpoints(rows, keys)
  const worker = await startWorkerd(code, { bindings: { DATABASE_URL: CONNECTION }, outbound: services.port })
  const bodies = new Map<number, string>()
  return {
    name,
    services,
    port: worker.port,
    pid: worker.pid,
    expected(id) {
      let body = bodies.get(id)
      if (body === undefined) bodies.set(id, (body = bodyOf(name, rows, id)))
      return body
    },
    async get(path) {
      const response = await fetch(`http://127.0.0.1:${worker.port}${path}`)
      const body = await response.text()
      if (response.status !== 200)
        throw new Error(`${name} answers ${path} with ${response.status}: ${body.slice(0, 200)}`)
      return body
    },
    async stop() {
      await worker.stop()
      await services.close()
    },
  }
}

/** Drizzle's int8 is a number. */
function bodyOf(name: string, count: number, id: number): string {
  const rows = typedRows(wireRows(count, id))
  return JSON.stringify(name.startsWith('drizzle') ? rows.map((row) => ({ ...row, views: Number(row.views) })) : rows)
}
