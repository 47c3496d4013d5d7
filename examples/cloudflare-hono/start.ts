/**
 * `npm start`: a Postgres and a Redis of its own, data, and the example Worker in real workerd.
 * @module
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { LaunchError, USAGE, readArguments, type Arguments } from './launch/arguments.ts'
import { bumpVersions } from './launch/bump-versions.ts'
import { followNpm } from './launch/follow-npm.ts'
import { freePorts } from './launch/free-ports.ts'
import { startIsolate, type Isolate } from './launch/isolate.ts'
import { forget, stopLeftovers, writeDown } from './launch/leftovers.ts'
import { loadData } from './launch/load-data.ts'
import { openStack } from './launch/open-stack.ts'
import { whatToTry } from './launch/what-to-try.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')

let opening: ReturnType<typeof openStack> | undefined
let isolates: Isolate[] = []
let stopping: Promise<void> | undefined

async function start({ isolates: count, port, dataDir, verbose }: Arguments): Promise<void> {
  mkdirSync(dataDir, { recursive: true })
  const left = await stopLeftovers(dataDir)
  if (left > 0) console.log(`Stopped what an earlier start left behind (${left}).`)
  opening = openStack(dataDir)
  const stack = await opening
  await loadData(stack.database)
  await bumpVersions(stack)
  const ports = await freePorts(port, count)
  if (stopping) return

  const variables: Record<string, string> = {
    DATABASE_URL: stack.neon.connectionString,
    NEON_FETCH_ENDPOINT: stack.neon.fetchEndpoint,
    UPSTASH_REDIS_REST_URL: stack.upstash.url,
    UPSTASH_REDIS_REST_TOKEN: stack.upstash.token,
    ISOLATE_URLS: ports.map((each) => `http://localhost:${each}`).join(','),
  }
  isolates = ports.map((each, i) =>
    startIsolate({ number: i + 1, port: each, root: ROOT, dataDir, variables, verbose }),
  )
  const groups = isolates.map(({ group }) => group)
  writeDown(dataDir, groups)
  await Promise.all(isolates.map((isolate) => isolate.ready()))
  isolates.forEach(({ ended }, i) => void ended.then((words) => isolateEnded(i + 1, words, dataDir)))

  const [first = '', second] = isolates.map(({ url }) => url)
  console.log(`ready ${first}`)
  isolates.slice(1).forEach(({ url }, i) => console.log(`isolate ${i + 2} ${url}`))
  console.log(whatToTry(first, second))
}

/** Stops everything, once, in order: who asks before who answers. */
function stop(dataDir: string): Promise<void> {
  stopping ??= (async () => {
    await Promise.all(isolates.map((isolate) => isolate.stop()))
    // A stack that is still being opened is waited for: what it starts would outlive this process.
    const stack = await opening?.catch(() => undefined)
    await stack?.stop()
    forget(dataDir)
  })()
  return stopping
}

async function isolateEnded(number: number, words: string, dataDir: string): Promise<void> {
  if (stopping) return
  console.error(`Isolate ${number} ended by itself. Wrangler's last words:\n\n${words || '(none)'}`)
  await stop(dataDir)
  process.exit(1)
}

async function stopAndExit(dataDir: string, code: number): Promise<void> {
  await stop(dataDir).catch((error: unknown) => {
    console.error(error)
    code = 1
  })
  process.exit(code)
}

async function main(): Promise<void> {
  const chosen = readArguments(process.argv.slice(2), path.join(ROOT, '.data'))
  if (chosen.help) {
    console.log(USAGE)
    return
  }
  const dataDir = path.resolve(chosen.dataDir)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stopAndExit(dataDir, 0))
  followNpm(() => void stopAndExit(dataDir, 0))
  try {
    await start({ ...chosen, dataDir })
  } catch (error) {
    // A signal while starting makes the step under way fail: that is no failure to tell of.
    if (!stopping) report(error)
    await stopAndExit(dataDir, stopping ? 0 : 1)
  }
}

/** Messages of expected failures are written for a person; anything else is a bug and comes with its stack. */
function report(error: unknown): void {
  const expected = error instanceof LaunchError || (error as { code?: unknown } | null)?.code === 'LOCAL_STACK'
  // The stack's messages name its own options, which this command has by other names.
  console.error(expected ? (error as Error).message.replace('`dataDir`', '`npm start -- --data-dir <path>`') : error)
}

main().catch((error: unknown) => {
  report(error)
  process.exitCode = 1
})
