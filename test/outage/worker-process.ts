/** The Worker in real workerd, through `wrangler dev`. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { LocalStack } from 'edge-query-cache/dev'
import { endGroup, signalGroup } from '../../examples/cloudflare-hono/launch/processes.ts'
import { until } from './until.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const LAST_WORDS = 4_000

export interface WorkerStats {
  trips: number
  events: Record<string, number>
}

export class WorkerProcess {
  readonly url: string
  readonly #group: number
  #words = ''
  #ended = false

  constructor(port: number, folder: string, stack: LocalStack) {
    this.url = `http://127.0.0.1:${port}`
    const envFile = path.join(folder, 'worker.env')
    const bindings = {
      DATABASE_URL: stack.neon.connectionString,
      NEON_FETCH_ENDPOINT: stack.neon.fetchEndpoint,
      UPSTASH_REDIS_REST_URL: stack.upstash.url,
      UPSTASH_REDIS_REST_TOKEN: stack.upstash.token,
    }
    const lines = Object.entries(bindings).map(([name, value]) => `${name}='${value}'`)
    writeFileSync(envFile, `${lines.join('\n')}\n`, { mode: 0o600 })
    const require = createRequire(import.meta.url)
    const wrangler = path.join(path.dirname(require.resolve('wrangler/package.json')), 'bin', 'wrangler.js')
    const flags = {
      config: path.join(import.meta.dirname, 'wrangler.toml'),
      ip: '127.0.0.1',
      port,
      'inspector-port': 0,
      'env-file': envFile,
      'persist-to': path.join(folder, 'wrangler'),
      'log-level': 'warn',
      'show-interactive-dev-session': false,
    }
    // Ends wrangler also when this process is killed without a chance to do so.
    const preload = path.join(ROOT, 'examples/cloudflare-hono/launch/exit-with-parent.ts')
    const options = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
    const child = spawn(process.execPath, ['--import', preload, wrangler, 'dev', ...options], {
      cwd: ROOT,
      // A group of its own, with workerd and esbuild in it, to be ended as a whole.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_HIDE_BANNER: 'true',
        WRANGLER_WRITE_LOGS: 'false',
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        XDG_CONFIG_HOME: path.join(folder, 'config'),
        WRANGLER_REGISTRY_PATH: path.join(folder, 'registry'),
      },
    })
    const hear = (chunk: Buffer) => void (this.#words = (this.#words + chunk.toString()).slice(-LAST_WORDS))
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', (error) => {
      this.#words += error.message
      this.#ended = true
    })
    child.once('close', () => (this.#ended = true))
    this.#group = child.pid ?? 0
  }

  async ready(): Promise<void> {
    await until('wrangler dev answers', 60_000, async () => {
      if (this.#ended) throw new Error(`wrangler dev ended. Its last words:\n\n${this.#words}`)
      return this.stats().then(
        () => true,
        () => false,
      )
    })
  }

  /** Answered by the isolate itself, without a trip to anything. */
  async stats(): Promise<WorkerStats> {
    const response = await fetch(`${this.url}/stats`, { signal: AbortSignal.timeout(5_000) })
    if (!response.ok) throw new Error(`/stats answers ${response.status}`)
    return (await response.json()) as WorkerStats
  }

  async stop(): Promise<void> {
    if (this.#group > 0) await endGroup(this.#group)
  }

  /** For the end of this process, where nothing can be waited for. */
  stopNow(): void {
    if (this.#group > 0) signalGroup(this.#group, 'SIGKILL')
  }
}
