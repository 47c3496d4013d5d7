/**
 * A Worker in a workerd of its own, and a client that can break its connection off. Not under `wrangler dev`: its proxy keeps a request
 * alive whose client has gone, so that no cancellation arrives at the Worker.
 */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { build } from 'esbuild'
import { until } from './until.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const COMPATIBILITY_DATE = '2026-08-04'

/** The workerd that wrangler has installed; its own variable puts another one in the place of it. */
export const workerdPath = (): string => process.env['MINIFLARE_WORKERD_PATH'] ?? installedWorkerd()

function installedWorkerd(): string {
  const wrangler = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'))
  const miniflare = createRequire(wrangler.resolve('miniflare'))
  return (miniflare('workerd') as { default: string }).default
}

/** `2026-10-23` for workerd 1.20261023.1. */
export const workerdVersion = (): string =>
  execFileSync(workerdPath(), ['--version'], { encoding: 'utf8' }).trim().replace('workerd ', '')

export interface WorkerProcess {
  /** Without a slash at its end. */
  readonly url: string
  /** What it has printed so far. */
  output(): string
  stop(): Promise<void>
  /** For the end of this process, where nothing can be waited for. */
  stopNow(): void
}

/** Bundles a Worker and starts it on a free port. Resolves when `GET /` is answered. */
export async function startWorker(
  file: string,
  bindings: Record<string, string>,
  flags: readonly string[] = [],
): Promise<WorkerProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eqc-worker-'))
  await bundle(file, path.join(folder, 'worker.js'))
  await writeFile(path.join(folder, 'config.capnp'), configOf(bindings, flags))
  const child = spawn(workerdPath(), ['serve', path.join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let output = ''
  const hear = (chunk: Buffer) => (output += chunk.toString())
  child.stdout!.on('data', hear)
  child.stderr!.on('data', hear)
  child.on('error', (error) => (output += String(error)))
  const stop = async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const url = `http://127.0.0.1:${await portOf(child)}`
    await until('answer of the Worker', () => answers(url), 30_000)
    return { url, output: () => output, stop, stopNow: () => void child.kill('SIGKILL') }
  } catch (error) {
    await stop()
    throw new Error(`workerd does not run ${file}:\n${output}`, { cause: error })
  }
}

async function bundle(file: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [path.join(ROOT, file)],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    tsconfig: path.join(ROOT, 'tsconfig.json'),
    logLevel: 'silent',
  })
}

/** Port 0: workerd takes a free one and tells which on its control pipe. */
function configOf(bindings: Record<string, string>, flags: readonly string[]): string {
  const list = Object.entries(bindings).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`)
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = [${flags.map(quote).join(', ')}],
  bindings = [${list.join(', ')}],
);
`
}

const quote = (text: string): string => JSON.stringify(text)

async function portOf(child: ChildProcess): Promise<number> {
  let told = ''
  const port = () => /"event":\s*"listen".*?"port":\s*(\d+)/.exec(told)?.[1]
  ;(child.stdio[3] as Readable).on('data', (chunk: Buffer) => (told += chunk.toString()))
  await until('port of workerd', () => port() !== undefined || over(child), 30_000)
  if (port() === undefined) throw new Error(`workerd ended with ${child.exitCode ?? child.signalCode}`)
  return Number(port())
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    () => true,
    () => false,
  )

const over = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

/** It holds nothing that is worth an orderly end. */
async function end(child: ChildProcess): Promise<void> {
  if (over(child)) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Sends a GET; what it resolves to resets the connection: workerd takes no notice of a FIN. */
export async function openRequest(url: string): Promise<() => Promise<void>> {
  const { hostname, port, pathname, search } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`)
  return async () => {
    const closed = once(socket, 'close')
    socket.resetAndDestroy()
    await closed
  }
}
