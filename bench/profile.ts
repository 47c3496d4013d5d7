/**
 * `node bench/profile.ts l1|l2|miss [--rows 1] [--seconds 5] [--dist dist]`: which functions an answer costs, by V8's sampling profiler (what
 * `node --cpu-prof` writes), in the process that asks. `--dist`: another build of the package, to compare with.
 */
import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type * as Package from '../src/index.js'
import { CONNECTION, Endpoints, UPSTASH } from './lib/endpoints.ts'
import { SQL } from './lib/workload.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    dist: { type: 'string', default: path.join(import.meta.dirname, '../dist') },
  },
})
const [tier = 'l1'] = positionals
const KEYS = 100
const SHOWN = 15

const built = (await import(pathToFileURL(path.resolve(values.dist, 'index.js')).href)) as typeof Package
const endpoints = new Endpoints(Number(values.rows), KEYS)
globalThis.fetch = endpoints.fetch
const cache = built.createQueryCache({ type: tier === 'l1' ? 'hybrid' : 'redis', redis: UPSTASH })
const executor = new built.CachedQueryExecutor(built.createConnectionPool(CONNECTION), cache)
// The first read of a table makes its version.
await executor.query(SQL, [0])
await executor.flush()
endpoints.forgetful = tier === 'miss'

let asked = 0
async function ask(seconds: number): Promise<number> {
  const from = process.cpuUsage()
  const before = asked
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    for (let i = 0; i < KEYS; i++) await executor.query(SQL, [asked++ % KEYS])
    await executor.flush()
  }
  const { user, system } = process.cpuUsage(from)
  return (user + system) / (asked - before)
}

await ask(2)
const session = new Session()
session.connect()
await session.post('Profiler.enable')
const unprofiled = await ask(2)
await session.post('Profiler.start')
await ask(Number(values.seconds))
const { profile } = await session.post('Profiler.stop')
session.disconnect()

const stats = executor.getCacheStats()
console.log(`${tier}, ${values.rows} row(s): ${unprofiled.toFixed(2)} µs CPU an answer, ${asked} answers`)
console.log(`from memory ${stats.l1Hits}, from Redis ${stats.l2Hits}, misses ${stats.cacheMisses}\n`)
print(profile)

/** Self time by function. */
function print({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): void {
  const named = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(no name)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`,
    ]),
  )
  const time = new Map<string, number>()
  samples.forEach((id, i) => time.set(named.get(id)!, (time.get(named.get(id)!) ?? 0) + timeDeltas[i]!))
  time.delete('(idle) :0')
  const all = [...time.values()].reduce((sum, one) => sum + one, 0)
  for (const [name, one] of [...time].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN))
    console.log(`${((100 * one) / all).toFixed(1).padStart(5)}%  ${name}`)
}
