/** Runs `examples/cloudflare-hono/start.ts` as a person would, on a machine that has Node and nothing else. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { processFacts, processesBelow, type ProcessFacts } from '../../examples/cloudflare-hono/launch/processes.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const START = path.join(ROOT, 'examples/cloudflare-hono/start.ts')

/** A folder of its own for data and for a PATH that holds `node` only. */
export interface BareMachine {
  dataDir: string
  path: string
  remove(): void
}

export function bareMachine(): BareMachine {
  const folder = mkdtempSync(path.join(tmpdir(), 'example-'))
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  symlinkSync(process.execPath, path.join(bin, 'node'))
  return {
    dataDir: path.join(folder, 'data'),
    path: bin,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Names of production's: a launcher that read them would end up nowhere. */
const PRODUCTION = {
  DATABASE_URL: 'postgres://nobody:nothing@production.invalid/main',
  REDIS_URL: 'redis://production.invalid:6379',
  UPSTASH_REDIS_REST_URL: 'https://production.invalid',
  UPSTASH_REDIS_REST_TOKEN: 'none',
}

export class Launcher {
  readonly #child: ChildProcess
  #output = ''
  readonly ended: Promise<number | null>

  constructor(machine: BareMachine, args: string[], underNpm = false) {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(LOCAL_STACK_|TEST_|VITEST|NODE_OPTIONS|npm_)/.test(name),
    )
    const env = { ...Object.fromEntries(inherited), ...PRODUCTION, PATH: machine.path }
    const command = [process.execPath, START, '--data-dir', machine.dataDir, ...args]
    // npm runs a script in a shell, which stays: it passes no signal on.
    const [file, ...rest] = underNpm ? ['/bin/sh', '-c', '"$@"; exit $?', 'sh', ...command] : command
    this.#child = spawn(file!, rest, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: underNpm ? { ...env, npm_lifecycle_event: 'start' } : env,
    })
    const hear = (chunk: Buffer) => (this.#output += chunk.toString())
    this.#child.stdout!.on('data', hear)
    this.#child.stderr!.on('data', hear)
    this.ended = new Promise((resolve) => this.#child.once('close', resolve))
  }

  get output(): string {
    return this.#output
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Everything it has started that lives. */
  below(): ProcessFacts[] {
    return processesBelow(this.pid)
  }

  /** The first group of the first line that matches. Fails with all the output when the process ends or takes too long. */
  async line(pattern: RegExp, withinMs = 45_000): Promise<string> {
    let over = false
    void this.ended.then(() => (over = true))
    const found = () => new RegExp(pattern, 'm').exec(this.#output)
    await until(() => found() !== null || over, withinMs).catch(() => undefined)
    const match = found()
    if (!match) throw new Error(`no line ${pattern} in:\n${this.#output}`)
    return match[1] ?? match[0]
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** Those of the processes that still live; a number that was given away since is someone else. */
export function stillAlive(processes: readonly ProcessFacts[]): ProcessFacts[] {
  return processes.filter(({ pid, started }) => processFacts(pid)?.started === started)
}

/** Looks until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export interface Answer {
  data?: unknown
  error?: string
  cache?: { outcome?: string; reason?: string; age?: number; invalidated?: boolean; tables?: string[] }
}

/** A JSON answer of the Worker. */
export async function ask(url: string, body?: unknown): Promise<Answer & { status: number; headers: Headers }> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) })
  return { ...((await response.json()) as Answer), status: response.status, headers: response.headers }
}
