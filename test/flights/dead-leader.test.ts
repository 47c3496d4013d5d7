import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { faultyEndpoint } from '../support/faulty-endpoint.js'
import type { FaultyEndpoint } from '../support/faulty-endpoint.js'

/** Real workerd, because only there a promise dies with its request. */
const root = path.join(import.meta.dirname, '../..')
const stack = inject('stack')
let postgres: FaultyEndpoint
let wrangler: ChildProcess
let folder: string
let port: number
let next = 1_000

beforeAll(async () => {
  postgres = await faultyEndpoint(new URL(stack.fetchEndpoint).origin)
  folder = await mkdtemp(path.join(tmpdir(), 'eqc-flights-'))
  port = await freePort()
  const variables = {
    DATABASE_URL: stack.connectionString,
    NEON_FETCH_ENDPOINT: postgres.url + new URL(stack.fetchEndpoint).pathname,
    UPSTASH_REDIS_REST_URL: stack.url,
    UPSTASH_REDIS_REST_TOKEN: stack.token,
  }
  const config = path.join(root, 'test/runtime/workerd/wrangler.toml')
  const args = ['dev', '--config', config, '--port', String(port), '--inspector-port', '0', '--persist-to', folder]
  const vars = Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}:${value}`])
  wrangler = spawn(path.join(root, 'node_modules/.bin/wrangler'), [...args, ...vars], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' },
  })
  for (let attempt = 0; ; attempt++) {
    if (
      await fetch(`http://127.0.0.1:${port}/cron`).then(
        () => true,
        () => false,
      )
    )
      break
    if (attempt > 300 || wrangler.exitCode !== null) throw new Error('wrangler dev does not answer')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}, 60_000)

afterAll(async () => {
  wrangler.kill('SIGTERM')
  if (wrangler.exitCode === null) await once(wrangler, 'exit')
  await postgres.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  next++
  postgres.fault = 'none'
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = spawn(
      process.execPath,
      [
        '-e',
        'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    server.stdout.on('data', (text) => resolve(Number(text)))
  })
}

const read = async (how: string): Promise<unknown> =>
  (await fetch(`http://127.0.0.1:${port}/${how}/numbers/${next}`)).json()

/** Until the database was asked `count` times. */
async function asked(count: number): Promise<void> {
  for (let attempt = 0; postgres.requests < count; attempt++) {
    if (attempt > 500) throw new Error('the database was not asked')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Sends a request and, once the database has been asked for it, resets its connection: workerd takes no notice of a FIN. */
async function cancelled(pathname: string): Promise<void> {
  const before = postgres.requests
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await asked(before + 1)
  socket.resetAndDestroy()
  await once(socket, 'close')
}

describe.each(['cached', 'unheld'])('a leader that dies (%s)', (how) => {
  it('by cancellation blocks nobody, and does not poison its key', async () => {
    postgres.fault = 'hang'
    await cancelled(`/${how}/numbers/${next}`)
    postgres.fault = 'none'
    expect(await read(how)).toEqual([{ n: next }])
    expect(await read(how)).toEqual([{ n: next }])
  }, 20_000)

  it('by answering early blocks nobody, wherever its load had got to', async () => {
    postgres.fault = 'hang'
    const early = await fetch(`http://127.0.0.1:${port}/${how}/numbers/${next}/early`)
    expect(await early.text()).toContain('before the query')
    postgres.fault = 'none'
    expect(await read(how)).toEqual([{ n: next }])
  }, 20_000)

  it('leaves a hundred followers with two loads at the most', async () => {
    postgres.fault = 'hang'
    await cancelled(`/${how}/numbers/${next}`)
    postgres.fault = 'none'
    const before = postgres.requests
    const rows = await Promise.all(Array.from({ length: 100 }, () => read(how)))
    expect(rows.every((row) => JSON.stringify(row) === JSON.stringify([{ n: next }]))).toBe(true)
    expect(postgres.requests - before).toBeLessThanOrEqual(2)
  }, 30_000)
})
