import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { createClient } from 'redis'
import { EmbeddedRedis, RedisReplyError } from '../../src/dev/embedded-redis/index.js'
import type { Reply } from '../../src/dev/embedded-redis/index.js'
import { freePort } from '../support/free-port.js'

export type Answer = Reply | { error: string }

/** A store that answers commands, an error reply included. */
export interface Connection {
  send(command: string[]): Promise<Answer>
  close(): Promise<void>
}

export function connectEmbedded(now?: () => number): Connection {
  const store = new EmbeddedRedis(now ? { now } : {})
  return {
    send: (command) => Promise.resolve(answer(store, command)),
    close: () => Promise.resolve(),
  }
}

function answer(store: EmbeddedRedis, command: string[]): Answer {
  try {
    return store.run(command)
  } catch (error) {
    if (error instanceof RedisReplyError) return { error: error.message }
    throw error
  }
}

/** The path of `redis-server`, undefined when it is not on the PATH. */
export function findRedisServer(): string | undefined {
  const candidates = (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'redis-server'))
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export interface RedisServer {
  connect(): Promise<Connection>
  stop(): Promise<void>
}

/** Starts a server of its own, in memory only; rejects when it does not answer. */
export async function startRedisServer(executable: string): Promise<RedisServer> {
  const port = await freePort()
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn(executable, words, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGKILL')
    await ended
  }
  try {
    await (await connectReal(port)).close()
  } catch (error) {
    await stop()
    throw error
  }
  return { connect: () => connectReal(port), stop }
}

async function connectReal(port: number): Promise<Connection> {
  const reconnectStrategy = (retries: number) => (retries < 200 ? 25 : new Error('redis-server does not answer'))
  const client = createClient({ RESP: 2, socket: { host: '127.0.0.1', port, reconnectStrategy } })
  client.on('error', () => {})
  await client.connect()
  return {
    send: async (command) => {
      try {
        return (await client.sendCommand(command)) as unknown as Reply
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) }
      }
    },
    close: () => client.close(),
  }
}
