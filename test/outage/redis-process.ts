/** A redis-server to be stopped, hung, filled and flushed. It comes back on the same port. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createClient } from 'redis'
import { until } from '../support/until.ts'

export class RedisProcess {
  readonly #port: number
  readonly #folder: string
  #child: ChildProcess | undefined

  constructor(port: number, folder: string) {
    this.#port = port
    this.#folder = folder
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const settings = { port: this.#port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: this.#folder }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    const child = spawn('redis-server', args, { stdio: 'ignore' })
    // Told of by `until`, which no longer gets an answer.
    child.on('error', () => undefined)
    this.#child = child
    await until('answer of redis-server', () => this.command(['PING']).then((reply) => reply === 'PONG', no))
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    // Also ends one that is hung.
    child.kill('SIGKILL')
    await exit
  }

  /** For the end of this process, where nothing can be waited for. */
  killNow(): void {
    this.#child?.kill('SIGKILL')
  }

  hang(): void {
    this.#child?.kill('SIGSTOP')
  }

  wake(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Past the Upstash endpoint, which refuses CONFIG as the service does. */
  async command(words: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false, connectTimeout: 1_000 } })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await client.sendCommand(words)
    } finally {
      if (client.isOpen) client.destroy()
    }
  }
}

const no = () => false
