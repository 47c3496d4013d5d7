/**
 * One isolate: `wrangler dev`, which runs the Worker in a workerd process of its own.
 * @module
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { LaunchError } from './arguments.ts'
import { endGroup } from './processes.ts'

export interface IsolateOptions {
  number: number
  port: number
  /** The project's root, where wrangler.toml is. */
  root: string
  dataDir: string
  /** Bindings of the Worker. */
  variables: Record<string, string>
  verbose: boolean
}

export interface Isolate {
  url: string
  /** Number of the process group, with wrangler, workerd and esbuild in it. */
  group: number
  /** Resolves when it answers requests. @throws LaunchError with wrangler's last words when it ends before, or takes too long. */
  ready(): Promise<void>
  /** Resolves with wrangler's last words when it ends. */
  ended: Promise<string>
  stop(): Promise<void>
}

const READY_WITHIN_MS = 60_000
const LAST_WORDS = 4_000

export function startIsolate(options: IsolateOptions): Isolate {
  const { number, port, root, verbose } = options
  const child = spawn(process.execPath, wranglerArguments(options), {
    cwd: root,
    // A group of its own: Ctrl-C reaches the launcher only, which then stops all in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(options.dataDir),
  })
  let words = ''
  let isReady = false
  const hear = (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-LAST_WORDS)
    if (isReady || verbose) process.stderr.write(chunk)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', () => resolve(words.trim()))
  })
  const url = `http://localhost:${port}`
  const group = child.pid ?? 0
  return {
    url,
    group,
    ended,
    async ready() {
      await answers(`http://localhost:${port}/`, ended, `Isolate ${number}`)
      isReady = true
    },
    async stop() {
      isReady = false
      if (group > 0) await endGroup(group)
    },
  }
}

function wranglerArguments({ number, port, root, dataDir, variables, verbose }: IsolateOptions): string[] {
  const require = createRequire(import.meta.url)
  const wrangler = path.join(path.dirname(require.resolve('wrangler/package.json')), 'bin', 'wrangler.js')
  const envFile = path.join(dataDir, `isolate-${number}.env`)
  // A file, because every user of the machine can read a command line. Given one, wrangler reads no .dev.vars: those may hold production's.
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${value}'`)
  writeFileSync(envFile, `${lines.join('\n')}\n`, { mode: 0o600 })
  const flags = {
    config: path.join(root, 'wrangler.toml'),
    port,
    'inspector-port': 0,
    'env-file': envFile,
    'persist-to': path.join(dataDir, `wrangler-${number}`),
    'log-level': verbose ? 'log' : 'warn',
    'show-interactive-dev-session': false,
  }
  const preload = path.join(import.meta.dirname, 'exit-with-parent.ts')
  return ['--import', preload, wrangler, 'dev', ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)]
}

/** Nothing is sent anywhere, and nothing is asked: no usage figures, no version check, no location of this machine. */
function environment(dataDir: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_WRITE_LOGS: 'false',
    // What it writes into a home folder otherwise: an identifier of this machine.
    XDG_CONFIG_HOME: path.join(dataDir, 'config'),
    WRANGLER_REGISTRY_PATH: path.join(dataDir, 'wrangler-registry'),
  }
}

async function answers(url: string, ended: Promise<string>, name: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  while (Date.now() < deadline) {
    const seen = await Promise.race([ended.then((words) => ({ words })), answersNow(url)])
    if (seen === true) return
    if (seen !== false)
      throw new LaunchError(`${name} ended before it was ready. Wrangler's last words:\n\n${seen.words || '(none)'}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new LaunchError(`${name} did not answer within ${READY_WITHIN_MS / 1000} s. Try --verbose.`)
}

async function answersNow(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  await response?.body?.cancel()
  return response?.ok ?? false
}
