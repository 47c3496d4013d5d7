/**
 * A `redis-server` of this process: on a free port of the loopback interface, without persistence, and never alive longer than it.
 * @module
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, constants, mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface RedisServer {
  /** With a password, so that a server of someone else that took the port meanwhile is not taken for this one. */
  url: string
  stop(): Promise<void>
}

/** The path of `redis-server` on the PATH. */
export async function findRedisServer(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (folder === '') continue
    const file = path.join(folder, 'redis-server')
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
const [program, folder] = process.argv.slice(1)
const child = require('node:child_process').spawn(program, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] })
const stop = () => child.kill('SIGKILL')
const end = () => {
  require('node:fs').rmSync(folder, { recursive: true, force: true })
  process.exit()
}
child.on('exit', end).on('error', end)
child.stdin.on('error', () => {}).end(process.env.LOCAL_STACK_REDIS_CONFIG)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.stdin.on('end', stop).on('error', stop).resume()
`

/** Starts one. `undefined`: it ended before it took connections, for example because its port was taken meanwhile. */
export async function startRedisServer(program: string): Promise<RedisServer | undefined> {
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  const folder = await mkdtemp(path.join(tmpdir(), 'edge-query-cache-redis-'))
  const guard = spawn(process.execPath, ['-e', GUARD, program, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    // The configuration is not for the list of processes; options of Node are for this process only.
    env: { ...process.env, NODE_OPTIONS: '', LOCAL_STACK_REDIS_CONFIG: configuration(port, password, folder) },
  })
  guard.unref()
  const ended = new Promise<void>((resolve) => guard.once('exit', () => resolve()).once('error', () => resolve()))
  guard.stdin?.on('error', () => undefined)
  const stop = async () => {
    // Who waits for this may have nothing else to do, and the process would end first.
    guard.ref()
    guard.stdin?.end()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  if (await accepts(port, guard)) return { url: `redis://:${password}@127.0.0.1:${port}`, stop }
  await stop()
  return undefined
}

const configuration = (port: number, password: string, folder: string): string =>
  [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    'save ""',
    'appendonly no',
    `dir ${JSON.stringify(folder)}`,
    'daemonize no',
    '',
  ].join('\n')

const ATTEMPTS = 400
const BETWEEN_MS = 25

async function accepts(port: number, guard: ChildProcess): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS && guard.exitCode === null && guard.pid !== undefined; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (open) return true
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
  }
  return false
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
