/**
 * Redis is stopped, hung, filled and flushed under load, with the Worker in real workerd. No request may fail, and none may take more than
 * `redis.timeoutMs` longer.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startLocalStack } from 'edge-query-cache/dev'
import type { LocalStack } from 'edge-query-cache/dev'
import { checksOf, rowOf } from './checks.ts'
import { Load } from './load.ts'
import { Run } from './phases.ts'
import { RedisProcess } from './redis-process.ts'
import { printChecks, printTable, writeReport } from './report.ts'
import { ITEMS, NOTES } from './settings.ts'
import { readArguments } from '../../scripts/read-arguments.ts'
import { freePort } from '../support/free-port.ts'
import { startWorker } from '../support/worker-process.ts'
import type { WorkerProcess } from '../support/worker-process.ts'

const USAGE = `npm run check:outage -- [options]

Stops, hangs, fills and flushes Redis under load. Takes a redis-server on the PATH and some minutes.

  --report <file>  write the counts there, in the form of a test runner's report
  --help           this text`

const values = readArguments(USAGE, { report: { type: 'string' } })
const startedAt = performance.now()
const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`
const folder = mkdtempSync(path.join(tmpdir(), 'eqc-outage-'))
let redis: RedisProcess | undefined
let stack: LocalStack | undefined
let worker: WorkerProcess | undefined

async function main(): Promise<boolean> {
  redis = new RedisProcess(await freePort(), folder)
  await redis.start()
  // PGlite, whatever is set for other tests.
  delete process.env['LOCAL_STACK_DATABASE_URL']
  stack = await startLocalStack({ redisUrl: redis.url })
  await stack.database.exec(`
    CREATE TABLE items (id int PRIMARY KEY, body text NOT NULL);
    INSERT INTO items SELECT id, repeat(md5(id::text), 60) FROM generate_series(1, ${ITEMS}) AS id;
    CREATE TABLE notes (id int PRIMARY KEY, seen int NOT NULL);
    INSERT INTO notes SELECT id, 0 FROM generate_series(1, ${NOTES}) AS id;
  `)
  worker = await startWorker('test/outage/worker.ts', {
    DATABASE_URL: stack.neon.connectionString,
    NEON_FETCH_ENDPOINT: stack.neon.fetchEndpoint,
    UPSTASH_REDIS_REST_URL: stack.upstash.url,
    UPSTASH_REDIS_REST_TOKEN: stack.upstash.token,
  })
  console.log(`ready after ${seconds()}`)

  const load = new Load(worker.url)
  const run = new Run(load, redis, worker.url)
  const stopLoad = load.start()
  try {
    await run.all()
  } finally {
    await stopLoad()
  }

  const checks = checksOf(run.phases, load)
  printTable(run.phases.map((phase) => rowOf(phase, load)))
  console.log()
  printChecks(checks)
  if (values.report) writeReport(values.report, checks)
  const passed = checks.filter(({ ok }) => ok).length
  console.log(seconds())
  console.log(`${passed} passed, ${checks.length - passed} failed`)
  return passed === checks.length && passed > 0
}

let stopping: Promise<void> | undefined

/** Who asks before who answers. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    await worker?.stop()
    await stack?.stop()
    await redis?.kill()
    rmSync(folder, { recursive: true, force: true })
  })()
  return stopping
}

// Whatever ends this process, what it started ends too.
process.on('exit', () => {
  worker?.stopNow()
  redis?.killNow()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void stop().finally(() => process.exit(1)))

let ok = false
try {
  ok = await main()
} catch (error) {
  console.error(error)
  console.log('0 passed, 1 failed')
}
await stop()
process.exit(ok ? 0 : 1)
