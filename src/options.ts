/**
 * Every option, once: its meaning, unit, default and validation. Explicit `undefined` means "not set" everywhere.
 * @module
 */
import type { Redis } from '@upstash/redis'
import { InvalidOptionError } from './errors.js'
import type { CacheEventListener } from './events.js'

export interface QueryCacheSettings {
  /** `false`: every query goes to the database and says `bypass`. Default true. */
  enabled?: boolean
  /** MiB of isolate memory for `type: 'local'`. Clamped to 64 in a Worker. Default 32. */
  maxSizeMB?: number
  /** Seconds that a result is fresh when the call names no `ttl`. 0: not cached. Default 300. */
  defaultTTL?: number
  /** Most results kept in isolate memory. Default 10,000. */
  maxQueries?: number
  /** A part of every entry's key, for telling caches in one Redis apart. Writes are seen across it. Default `query`. */
  keyPrefix?: string
}

export interface RedisSettings {
  /** Upstash REST URL (`https://...`). */
  url?: string
  /** Upstash REST token. */
  token?: string
  /** A client of your own instead of `url` and `token`. It is used without its retries and without its deserialisation. */
  client?: Redis
  /** First part of every key in Redis. Default `eqc`. */
  redisKeyPrefix?: string
  /** `false` turns `hybrid` into `redis`: nothing is kept in isolate memory. Default true for `hybrid`. */
  enableLocalCache?: boolean
  /** MiB of isolate memory for `hybrid`. Clamped to 64 in a Worker. Default 32. */
  localCacheSizeMB?: number
  /** Compress values above `compressAboveBytes` where that makes them smaller. Default true. */
  enableCompression?: boolean
  /** For values that are not wire rows: `json` falls back to `superjson` where JSON would lose something. Default `json`. */
  serializationFormat?: 'json' | 'superjson'
  /** Milliseconds to wait for one answer of Redis before going on without it. Default 250. */
  timeoutMs?: number
  /** Bytes from which a value is compressed. Default 1,024. */
  compressAboveBytes?: number
  /** MiB from which a value is not stored in Redis, as stored. Default 4; Upstash refuses requests above 10. */
  maxEntryMB?: number
}

export interface ConsistencySettings {
  /** Seconds within which another isolate's invalidation is seen. Default 2. */
  maxStalenessSeconds?: number
  /** `fenced` also survives an isolate that dies between commit and invalidation, for one trip more per write. Default `after`. */
  invalidate?: 'after' | 'fenced'
  /** Seconds that a write may take; longer than the database's statement timeout. The same in every deployment. Default 30. */
  fenceSeconds?: number
}

export interface SqlSettings {
  /** Schema of table names written without one. Default `public`. */
  defaultSchema?: string
  /** What the text cannot show: a view, function or table, and the tables behind it. */
  dependencies?: Readonly<Record<string, readonly string[]>>
  /** What user-defined functions do. */
  functions?: Readonly<Record<string, FunctionDeclaration>>
  /** `ttl-only`: a query with an unknown function is cached for its TTL, although writes behind the function are not seen. Default `bypass`. */
  onUnknown?: 'bypass' | 'ttl-only'
}

export type FunctionDeclaration =
  'stable' | 'volatile' | 'identity' | { reads?: readonly string[]; writes?: readonly string[]; identity?: boolean }

export interface CacheConfig {
  /** `local`: isolate memory. `redis`: Redis only. `hybrid`: both. */
  type: 'local' | 'redis' | 'hybrid'
  queryCache?: QueryCacheSettings
  redis?: RedisSettings
  consistency?: ConsistencySettings
  sql?: SqlSettings
  /** Names a generation of entries: change it after a restore or failover of Redis, or with the schema. Default ''. */
  epoch?: string
  /** Logs every event with `console.debug`. Default false. */
  debug?: boolean
  /** Told every event. Its failures are ignored. */
  onEvent?: CacheEventListener
}

export interface QueryOptions {
  /** Seconds the result is fresh. 0: not cached. Default `queryCache.defaultTTL`. */
  ttl?: number
  /** Seconds after `ttl` in which the old result answers while a new one is loaded. Never after an invalidation. Default 0. */
  staleWhileRevalidate?: number
  /** Seconds after `ttl` in which the old result answers when the database fails. Never after an invalidation. Default 0. */
  staleIfError?: number
  /** Seconds that a result without rows is kept. Default 10, never above `ttl`. */
  emptyTtl?: number
  /** Tables the result depends on besides those that the text shows. */
  tables?: readonly string[]
  /** Names to invalidate the result by. */
  tags?: readonly string[]
  /** Names the entry, for invalidation by key or prefix (`user:42`, `user:*`) and for display. The identity stays the query's. */
  cacheKey?: string
  /** Whose rows these are. Nothing is shared between scopes. */
  scope?: string
  /** Go to the database and store nothing. Default false. */
  skipCache?: boolean
  /** Go to the database and store the result. Default false. */
  refreshCache?: boolean
  /** Milliseconds for the database to answer. Default: the database's own. */
  timeoutMs?: number
  /** Ends this caller's wait; a load that others share goes on. */
  signal?: AbortSignal
}

export interface WriteOptions {
  /** Tables the write changes besides those that its text shows: by triggers, cascades, functions. */
  tables?: readonly string[]
  /** Tags to invalidate with it. */
  tags?: readonly string[]
  /** Milliseconds for the database to answer. After that the outcome is unknown: the write may still commit. */
  timeoutMs?: number
}

/** A complete configuration: what the steps read. Sizes in bytes, times in milliseconds unless they end in `Seconds`. */
export interface ResolvedConfig {
  type: 'local' | 'redis' | 'hybrid'
  enabled: boolean
  l1Bytes: number
  l1Entries: number
  defaultTtl: number
  keyPrefix: string
  redisKeyPrefix: string
  compress: boolean
  compressAboveBytes: number
  maxEntryBytes: number
  format: 'json' | 'superjson'
  redisTimeoutMs: number
  maxStalenessMs: number
  fenced: boolean
  fenceMs: number
  sql: SqlSettings
  epoch: string
  debug: boolean
}

const MIB = 1024 * 1024
/** A Worker has 128 MB; half of it stays for the application. */
const WORKER_L1_MB = 64

type Check = (value: unknown) => string | undefined

const check =
  (test: (value: never) => boolean, allowed: string): Check =>
  (value) =>
    test(value as never) ? undefined : allowed
const bool = check((v: unknown) => typeof v === 'boolean', 'Allowed: true or false.')
const text = check((v: unknown) => typeof v === 'string' && v !== '', 'Allowed: a text that is not empty.')
const anyText = check((v: unknown) => typeof v === 'string', 'Allowed: a text.')
const object = check((v: unknown) => typeof v === 'object' && v !== null && !Array.isArray(v), 'Allowed: an object.')
const callable = check((v: unknown) => typeof v === 'function', 'Allowed: a function.')
const seconds = check(
  (v: unknown) => typeof v === 'number' && v >= 0,
  'Allowed: seconds, 0 or more; Infinity for no end.',
)
const positive = (unit: string): Check =>
  check(
    (v: unknown) => typeof v === 'number' && v > 0 && Number.isFinite(v),
    `Allowed: ${unit}, a finite number above 0.`,
  )
const zeroUp = (unit: string): Check =>
  check(
    (v: unknown) => typeof v === 'number' && v >= 0 && Number.isFinite(v),
    `Allowed: ${unit}, a finite number, 0 or more.`,
  )
const oneOf = (...values: string[]): Check =>
  check((v: unknown) => values.includes(v as string), `Allowed: ${values.map((v) => `'${v}'`).join(', ')}.`)
const texts = check(
  (v: unknown) => Array.isArray(v) && v.every((item) => typeof item === 'string' && item !== ''),
  'Allowed: an array of texts that are not empty.',
)

/** A forgotten option is a compile error: each interface's checks are mapped from its keys. */
type Checks<T> = { [K in keyof Required<T>]: Check }

const QUERY_CACHE: Checks<QueryCacheSettings> = {
  enabled: bool,
  maxSizeMB: positive('mebibytes'),
  defaultTTL: seconds,
  maxQueries: check((v: unknown) => Number.isInteger(v) && (v as number) > 0, 'Allowed: a whole number above 0.'),
  keyPrefix: text,
}
const REDIS: Checks<RedisSettings> = {
  url: restUrl,
  token: text,
  client: check(
    (v: unknown) => typeof (v as Redis | null)?.mget === 'function',
    'Allowed: a client of @upstash/redis.',
  ),
  redisKeyPrefix: text,
  enableLocalCache: bool,
  localCacheSizeMB: positive('mebibytes'),
  enableCompression: bool,
  serializationFormat: oneOf('json', 'superjson'),
  timeoutMs: positive('milliseconds'),
  compressAboveBytes: zeroUp('bytes'),
  maxEntryMB: positive('mebibytes'),
}
const CONSISTENCY: Checks<ConsistencySettings> = {
  maxStalenessSeconds: zeroUp('seconds'),
  invalidate: oneOf('after', 'fenced'),
  fenceSeconds: positive('seconds'),
}
const SQL: Checks<SqlSettings> = {
  defaultSchema: text,
  dependencies: object,
  functions: object,
  onUnknown: oneOf('bypass', 'ttl-only'),
}
const CONFIG: Checks<CacheConfig> = {
  type: oneOf('local', 'redis', 'hybrid'),
  queryCache: object,
  redis: object,
  consistency: object,
  sql: object,
  epoch: anyText,
  debug: bool,
  onEvent: callable,
}
const QUERY: Checks<QueryOptions> = {
  ttl: seconds,
  staleWhileRevalidate: seconds,
  staleIfError: seconds,
  emptyTtl: seconds,
  tables: texts,
  tags: texts,
  cacheKey: text,
  scope: anyText,
  skipCache: bool,
  refreshCache: bool,
  timeoutMs: positive('milliseconds'),
  signal: check((v: unknown) => v instanceof AbortSignal, 'Allowed: an AbortSignal.'),
}

const WRITE: Checks<WriteOptions> = { tables: texts, tags: texts, timeoutMs: positive('milliseconds') }

function restUrl(value: unknown): string | undefined {
  if (typeof value === 'string' && /^https?:\/\/./.test(value)) return undefined
  if (typeof value === 'string' && /^rediss?:/.test(value))
    return 'A redis:// address speaks TCP, which a Worker has not. Give the REST address: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN in the Upstash console, or KV_REST_API_URL and KV_REST_API_TOKEN on Vercel.'
  return 'Allowed: the REST address of the Redis database, https://...'
}

/** What was given, without giving it away: numbers and booleans as they are, anything else by its kind. */
function described(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text that is not allowed'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

/** Throws an `InvalidOptionError` for the first option that is unknown or has a value it cannot have. */
export function validate(given: object, checks: Record<string, Check>, path: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const option = `${path}${name}`
    const rule = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!rule) throw new InvalidOptionError(option, 'not an option', `Known here: ${Object.keys(checks).join(', ')}.`)
    const allowed = rule(value)
    if (allowed) throw new InvalidOptionError(option, described(value), allowed)
  }
}

/** Throws an `InvalidOptionError` when a call's options cannot be meant. */
export function validateQueryOptions(options: QueryOptions): void {
  validate(options, QUERY, '')
}

/** Throws an `InvalidOptionError` when a write's options cannot be meant. */
export function validateWriteOptions(options: WriteOptions): void {
  validate(options, WRITE, '')
}

/**
 * Checks a configuration and fills in the defaults. Does no I/O and reads no clock.
 * @throws InvalidOptionError naming the option, what was given and what is allowed.
 */
export function resolveConfig(config: CacheConfig, notice: (message: string) => void): ResolvedConfig {
  if (typeof config !== 'object' || config === null)
    throw new InvalidOptionError('config', described(config), 'Allowed: an object.')
  validate(config, CONFIG, '')
  if (config.type === undefined) throw new InvalidOptionError('type', 'missing', "Allowed: 'local', 'redis', 'hybrid'.")
  const { queryCache = {}, redis = {}, consistency = {}, sql = {} } = config
  validate(queryCache, QUERY_CACHE, 'queryCache.')
  validate(redis, REDIS, 'redis.')
  validate(consistency, CONSISTENCY, 'consistency.')
  validate(sql, SQL, 'sql.')
  const type = config.type === 'hybrid' && redis.enableLocalCache === false ? 'redis' : config.type
  if (type !== 'local' && !redis.client && !(redis.url && redis.token))
    throw new InvalidOptionError(
      redis.url ? 'redis.token' : 'redis.url',
      'missing',
      `Type '${config.type}' needs \`redis.url\` and \`redis.token\` (UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN), or \`redis.client\`; REDIS_URL of a TCP client is not enough. Without Redis use type 'local'.`,
    )
  const wanted = type === 'local' ? (queryCache.maxSizeMB ?? 32) : (redis.localCacheSizeMB ?? 32)
  return {
    type,
    enabled: queryCache.enabled ?? true,
    l1Bytes: type === 'redis' ? 0 : clampToWorker(wanted, notice) * MIB,
    l1Entries: queryCache.maxQueries ?? 10_000,
    defaultTtl: queryCache.defaultTTL ?? 300,
    keyPrefix: queryCache.keyPrefix ?? 'query',
    redisKeyPrefix: redis.redisKeyPrefix ?? 'eqc',
    compress: redis.enableCompression ?? true,
    compressAboveBytes: redis.compressAboveBytes ?? 1024,
    maxEntryBytes: (redis.maxEntryMB ?? 4) * MIB,
    format: redis.serializationFormat ?? 'json',
    redisTimeoutMs: redis.timeoutMs ?? 250,
    maxStalenessMs: (consistency.maxStalenessSeconds ?? 2) * 1000,
    fenced: consistency.invalidate === 'fenced',
    fenceMs: (consistency.fenceSeconds ?? 30) * 1000,
    sql,
    epoch: config.epoch ?? '',
    debug: config.debug ?? false,
  }
}

function clampToWorker(wanted: number, notice: (message: string) => void): number {
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent
  if (agent !== 'Cloudflare-Workers' || wanted <= WORKER_L1_MB) return wanted
  notice(`isolate memory for the cache is ${WORKER_L1_MB} MB instead of ${wanted}: a Worker has 128 MB for everything`)
  return WORKER_L1_MB
}
