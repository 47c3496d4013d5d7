/**
 * The Redis behind the Upstash endpoint: one at an address, a `redis-server` started from the PATH, or the embedded store.
 * @module
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { access, constants, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EmbeddedRedis } from './embedded-redis/index.js'
import { LocalStackError, optionalPackage } from './local-stack-error.js'

export type RedisKind = 'embedded' | 'redis-server' | 'redis'

/** What EXEC answers when a command could not be queued. */
const EXECABORT = 'EXECABORT Transaction discarded because of previous errors.'

export type RedisReply = string | number | null | RedisReply[]

export type RedisResult = { result: RedisReply } | { error: string }

export interface RedisBackend {
  readonly kind: RedisKind
  run(command: readonly string[]): Promise<RedisResult>
  /** MULTI ... EXEC. An error that stops the transaction is returned, not thrown. */
  transaction(commands: readonly string[][]): Promise<RedisResult[] | { error: string }>
  close(): Promise<void>
}

/** @throws LocalStackError */
export async function openRedis(url: string | undefined, embedded: boolean): Promise<RedisBackend> {
  if (url !== undefined) return connectTo(url, 'redis', async () => {})
  const program = embedded ? undefined : await onPath('redis-server')
  return program === undefined ? embeddedBackend() : startServer(program)
}

function embeddedBackend(): RedisBackend {
  const store = new EmbeddedRedis()
  const run = (command: readonly string[]): RedisResult => {
    try {
      return { result: store.run(command) }
    } catch (error) {
      return { error: (error as Error).message }
    }
  }
  const queues = (command: readonly string[]): boolean => {
    try {
      store.check(command)
      return true
    } catch {
      return false
    }
  }
  return {
    kind: 'embedded',
    run: async (command) => run(command),
    // One thread and no await in between: nothing can come between the commands.
    transaction: async (commands) => (commands.every(queues) ? commands.map(run) : { error: EXECABORT }),
    close: async () => {},
  }
}

async function connectTo(url: string, kind: RedisKind, afterwards: () => Promise<void>): Promise<RedisBackend> {
  const { createClient } = await optionalPackage('redis', () => import('redis'))
  const client = createClient({ url, RESP: 2, disableOfflineQueue: true, socket: { connectTimeout: 3_000 } })
  // Every command's own failure is told to who sent it; without a listener a lost connection would end the process.
  client.on('error', () => undefined)
  const connected = client.connect().then(() => true)
  const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, 5_000, false).unref())
  if (!(await Promise.race([connected.catch(() => false), timeout]))) {
    client.destroy()
    throw new LocalStackError(
      'The Redis of LOCAL_STACK_REDIS_URL (`redisUrl`) does not answer. Check the address (redis://host:port), or unset it.',
    )
  }
  return {
    kind,
    run: async (command) => settled(client.sendCommand([...command]) as unknown as Promise<RedisReply>),
    transaction: async (commands) => {
      const multi = client.multi()
      for (const command of commands) multi.addCommand([...command])
      try {
        const replies = (await multi.exec()) as unknown[]
        return replies.map((reply) =>
          reply instanceof Error ? { error: reply.message } : { result: reply as RedisReply },
        )
      } catch (error) {
        const replies = (error as { replies?: unknown[] }).replies
        if (!replies) return { error: /^ERR /.test((error as Error).message) ? EXECABORT : (error as Error).message }
        return replies.map((reply) =>
          reply instanceof Error ? { error: reply.message } : { result: reply as RedisReply },
        )
      }
    },
    close: async () => {
      client.destroy()
      await afterwards()
    },
  }
}

async function settled(reply: Promise<RedisReply>): Promise<RedisResult> {
  try {
    return { result: await reply }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (folder === '') continue
    const file = path.join(folder, program)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}

/**
 * Stands between this process and redis-server: when this process is gone, however it went, its end of the pipe closes, and the server
 * is stopped. The terminal's own signals are left to this process.
 */
const GUARD = `
const child = require('node:child_process').spawn(process.argv[1], process.argv.slice(2), { stdio: 'ignore' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.stdin.on('end', () => child.kill('SIGKILL')).on('error', () => child.kill('SIGKILL')).resume()
child.on('exit', () => process.exit()).on('error', () => process.exit(1))
`

async function startServer(program: string): Promise<RedisBackend> {
  const port = await freePort()
  const folder = await mkdtemp(path.join(tmpdir(), 'edge-query-cache-redis-'))
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
    '--daemonize',
    'no',
  ]
  const guard = spawn(process.execPath, ['-e', GUARD, program, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  const stop = async () => {
    await ended(guard)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await accepting(port, guard)
    return await connectTo(`redis://127.0.0.1:${port}`, 'redis-server', stop)
  } catch (error) {
    await stop()
    throw error
  }
}

function ended(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    guard.once('exit', () => resolve())
    guard.stdin?.end()
  })
}

async function accepting(port: number, guard: ChildProcess): Promise<void> {
  const { connect } = await import('node:net')
  for (let attempt = 0; attempt < 200 && guard.exitCode === null; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve((socket.destroy(), true)))
      socket.on('error', () => resolve(false))
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new LocalStackError(
    'The redis-server found on the PATH does not start. Take it off the PATH, or use `embedded: true`.',
  )
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
