/** A Worker in a workerd of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { workerdPath } from '../../test/support/worker-process.ts'

const COMPATIBILITY_DATE = '2026-08-04'

/** Whether the CPU time of another process can be told exactly: only Linux counts nanoseconds per thread where everybody may read them. */
export const tellsCpu = existsSync('/proc/self/schedstat')

export interface BenchWorker {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

interface Options {
  bindings?: Record<string, string>
  /** The port of 127.0.0.1 that everything the Worker fetches goes to, whatever its host. */
  outbound?: number
  flags?: readonly string[]
}

/** Starts a bundled Worker on a free port. Resolves when workerd listens: nothing has been asked yet. */
export async function startWorkerd(script: string, options: Options = {}): Promise<BenchWorker> {
  const folder = mkdtempSync(path.join(tmpdir(), 'eqc-bench-'))
  writeFileSync(path.join(folder, 'worker.js'), script)
  writeFileSync(path.join(folder, 'config.capnp'), configOf(options))
  const args = ['serve', path.join(folder, 'config.capnp'), '--control-fd=3', ...(options.flags ?? [])]
  const child = spawn(workerdPath(), args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'exit').then(() => undefined)
  // Whatever ends this process, what it started ends too.
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    kill()
    await ended
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
  const port = await Promise.race([portOf(child), ended])
  if (port !== undefined) return { port, pid: child.pid!, stop }
  await stop()
  throw new Error(`workerd did not start:\n${output}`)
}

/** Port 0: workerd takes a free one and tells which on its control pipe. */
function configOf({ bindings = {}, outbound }: Options): string {
  const list = Object.entries(bindings).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`)
  const internet =
    outbound === undefined
      ? 'network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))'
      : `external = (address = "127.0.0.1:${outbound}", http = ())`
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = .worker), (name = "internet", ${internet})],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${list.join(', ')}],
);
`
}

const quote = (text: string): string => JSON.stringify(text)

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let told = ''
    ;(child.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      told += chunk.toString()
      const port = /"event":\s*"listen".*?"port":\s*(\d+)/.exec(told)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}
