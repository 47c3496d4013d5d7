/**
 * The Redis behind the Upstash endpoint: one at an address, a `redis-server` started from the PATH, or the embedded store.
 * @module
 */
import { EmbeddedRedis } from './embedded-redis/index.js'
import { LocalStackError, optionalPackage } from './local-stack-error.js'
import { findRedisServer, startRedisServer } from './redis-server.js'

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
  if (url !== undefined) {
    const backend = await connectTo(url, 'redis', async () => {}).catch((error: unknown) => {
      // An address that is none is quoted by the error about it, with its password.
      if (error instanceof LocalStackError) throw error
      return undefined
    })
    if (backend) return backend
    throw new LocalStackError(
      'The Redis of LOCAL_STACK_REDIS_URL (`redisUrl`) does not answer. Check the address (redis://host:port), or unset it.',
    )
  }
  const program = embedded ? undefined : await findRedisServer()
  return program === undefined ? embeddedBackend() : ownServer(program)
}

/** A free port may be taken by someone else before the server has it: then another one is tried. */
async function ownServer(program: string): Promise<RedisBackend> {
  for (let attempt = 0; attempt < 4; attempt++) {
    const server = await startRedisServer(program)
    if (!server) continue
    try {
      const backend = await connectTo(server.url, 'redis-server', () => server.stop())
      if (backend) return backend
    } catch (error) {
      await server.stop()
      throw error
    }
    await server.stop()
  }
  throw new LocalStackError(
    'The redis-server found on the PATH does not start. Take it off the PATH, or use `embedded: true`.',
  )
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

/** `undefined`: it does not answer. */
async function connectTo(
  url: string,
  kind: RedisKind,
  afterwards: () => Promise<void>,
): Promise<RedisBackend | undefined> {
  const { createClient } = await optionalPackage('redis', () => import('redis'))
  let ready = false
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 3_000,
      // A server that went may come back; one that was never there is told of at once.
      reconnectStrategy: (retries) => ready && Math.min(50 * retries, 1_000),
    },
  })
  // Every command's own failure is told to who sent it; without a listener a lost connection would end the process.
  client.on('error', () => undefined)
  const connected = client.connect().then(() => true)
  const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, 5_000, false).unref())
  if (!(await Promise.race([connected.catch(() => false), timeout]))) {
    if (client.isOpen) client.destroy()
    return undefined
  }
  ready = true
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
        if (!replies)
          return { error: (error as Error).message.startsWith('ERR ') ? EXECABORT : (error as Error).message }
        return replies.map((reply) =>
          reply instanceof Error ? { error: reply.message } : { result: reply as RedisReply },
        )
      }
    },
    close: async () => {
      if (client.isOpen) client.destroy()
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
