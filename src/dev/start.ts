/**
 * Starts the stack's backends, then its two endpoints.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { aFunction, bool, matching, number, readOptions, text } from '../rules.js'
import type { Rules } from '../rules.js'
import { LocalStackError } from './local-stack-error.js'
import { serveNeon } from './neon.js'
import { openPostgres } from './postgres.js'
import type { LocalDatabase } from './local-database.js'
import { openRedis } from './redis-backend.js'
import type { RedisKind } from './redis-backend.js'
import type { Endpoint } from './serve.js'
import { serveUpstash } from './upstash.js'

export interface LocalStackOptions {
  /** A real PostgreSQL. Default: `LOCAL_STACK_DATABASE_URL`, else PGlite. */
  databaseUrl?: string | undefined
  /** A real Redis (`redis://`). Default: `LOCAL_STACK_REDIS_URL`, else a `redis-server` found on the PATH, else the embedded store. */
  redisUrl?: string | undefined
  /** PGlite and the embedded store, whatever is installed or set. Default false. */
  embedded?: boolean | undefined
  /** PGlite's folder, locked for one process. Default: in memory, gone with the process. */
  dataDir?: string | undefined
  /** The token that the Upstash endpoint asks for. Default: a random one. */
  token?: string | undefined
  /** Port of the Neon endpoint on 127.0.0.1. Default: a free one. */
  neonPort?: number | undefined
  /** Port of the Upstash endpoint on 127.0.0.1. Default: a free one. */
  upstashPort?: number | undefined
  /** Told of every request, names of commands and first words of statements only. */
  onRequest?: ((request: StackRequest) => void) | undefined
}

const port = number('a port, a whole number from 0 to 65535', (value) => /^\d{1,5}$/.test(`${value}`) && value < 65_536)
const OPTIONS: Rules<LocalStackOptions> = {
  databaseUrl: matching(/^postgres(ql)?:/i, 'a postgres:// address'),
  redisUrl: matching(/^rediss?:/i, 'a redis:// address'),
  embedded: bool,
  dataDir: text,
  token: matching(/^[!-~]+$/, 'ASCII without spaces'),
  neonPort: port,
  upstashPort: port,
  onRequest: aFunction,
}

export interface StackRequest {
  service: 'neon' | 'upstash'
  /** Redis command names in lower case, or the first words of the statements. */
  commands: string[]
}

export interface StackCounts {
  neonTrips: number
  neonStatements: number
  upstashTrips: number
  upstashCommands: number
}

export interface LocalStack {
  /** For `createConnectionPool`, or `DATABASE_URL` and `NEON_FETCH_ENDPOINT`. */
  neon: { connectionString: string; fetchEndpoint: string }
  /** For `redis.url` and `redis.token`, or `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`. */
  upstash: { url: string; token: string }
  /** What answers behind the endpoints. */
  backends: { postgres: 'pglite' | 'postgres'; redis: RedisKind }
  /** The database itself, for loading data: past the endpoint and its counts. */
  database: LocalDatabase
  /** Requests at the endpoints since the start or the last `resetCounts`. */
  counts(): StackCounts
  resetCounts(): void
  /** Closes everything. May be called more than once. */
  stop(): Promise<void>
}

/** No name that resolves: the driver is told the endpoint, and nobody connects to the host. */
const CONNECTION_STRING = 'postgres://local:local@local-stack.invalid/local'

const zero = (): StackCounts => ({ neonTrips: 0, neonStatements: 0, upstashTrips: 0, upstashCommands: 0 })

/**
 * Starts the stack. `DATABASE_URL` and `REDIS_URL` are production's names and are never read.
 * @throws InvalidOptionError
 * @throws LocalStackError when a port is taken, the folder is in use, or a backend cannot be had.
 */
export async function startLocalStack(asked?: LocalStackOptions): Promise<LocalStack> {
  const options: LocalStackOptions = readOptions(asked, OPTIONS)
  // An empty variable is one that is not set.
  const given = (option: string | undefined, variable: string) =>
    options.embedded ? undefined : (option ?? (process.env[variable] || undefined))
  const databaseUrl = given(options.databaseUrl, 'LOCAL_STACK_DATABASE_URL')
  const redisUrl = given(options.redisUrl, 'LOCAL_STACK_REDIS_URL')
  const closers: (() => Promise<void>)[] = []
  let counts = zero()
  const closeAll = async () => {
    const failures: unknown[] = []
    for (const close of closers.splice(0).toReversed()) await close().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const database = await openPostgres(databaseUrl, options.dataDir)
    closers.push(() => database.close())
    const redis = await openRedis(redisUrl, options.embedded === true)
    closers.push(() => redis.close())
    const token = options.token ?? randomBytes(24).toString('base64url')
    const neon: Endpoint = await serveNeon(database, options.neonPort, (commands) => {
      counts.neonTrips++
      counts.neonStatements += commands.length
      options.onRequest?.({ service: 'neon', commands })
    })
    closers.push(() => neon.close())
    const upstash: Endpoint = await serveUpstash(redis, token, options.upstashPort, (commands) => {
      counts.upstashTrips++
      counts.upstashCommands += commands.length
      options.onRequest?.({ service: 'upstash', commands })
    })
    closers.push(() => upstash.close())
    let stopping: Promise<void> | undefined
    return {
      neon: { connectionString: CONNECTION_STRING, fetchEndpoint: `${neon.url}/sql` },
      upstash: { url: upstash.url, token },
      backends: { postgres: database.kind, redis: redis.kind },
      database,
      counts: () => ({ ...counts }),
      resetCounts: () => void (counts = zero()),
      stop: () => (stopping ??= closeAll()),
    }
  } catch (error) {
    await closeAll().catch(() => undefined)
    throw error instanceof LocalStackError
      ? error
      : new LocalStackError(`The local stack did not start: ${String(error)}`, { cause: error })
  }
}
