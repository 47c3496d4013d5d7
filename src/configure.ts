/**
 * Checks options and fills in their defaults. An invalid one throws, naming the option, what was given and what is allowed.
 * @module
 */
import type { Redis } from '@upstash/redis'
import { isWorkerd } from './runtime.js'
import type { Runtime } from './runtime.js'
import type { Named } from './names.js'
import type {
  CacheConfig,
  ConsistencySettings,
  QueryCacheSettings,
  QueryOptions,
  RedisSettings,
  ResolvedConfig,
  SqlSettings,
  WriteOptions,
} from './options.js'
import { InvalidOptionError } from './errors.js'
import {
  aFunction,
  anyText,
  anything,
  bool,
  check,
  declared,
  described,
  list,
  listOf,
  matching,
  number,
  object,
  oneOf,
  ofAnotherForm,
  positive,
  readOptions,
  tables,
  text,
  texts,
  whole,
} from './rules.js'
import type { Groups, Rule, Rules } from './rules.js'
import type { Database, TransactionOptions } from './types.js'

const MIB = 1024 * 1024
/** A Worker has 128 MB; half of it stays for the application. */
const WORKER_L1_MB = 64

const seconds = number('seconds, 0 or more, or Infinity', (value) => value >= 0)
const zeroUp = (unit: string): Rule =>
  number(`${unit}, a finite number, 0 or more`, (value) => value >= 0 && value < Infinity)
const part = number('a number from 0 to below 1', (value) => value >= 0 && value < 1)

/** So has that of `ioredis`, whose replies are others and which can be duplicated. */
const hasMget = (value: unknown): value is Redis => typeof (value as Redis | null)?.mget === 'function'

const redis = matching(/^\s*rediss?:/, '')

const QUERY_CACHE: Rules<QueryCacheSettings> = {
  enabled: bool,
  maxSizeMB: positive('mebibytes'),
  defaultTTL: seconds,
  maxQueries: whole,
  ttlJitter: part,
  refreshAhead: part,
  keyPrefix: text,
}
const REDIS: Rules<RedisSettings> = {
  url: matching(
    /^\s*https?:\/\/./,
    'the https:// address of the REST API: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, on Vercel KV_REST_API_URL and KV_REST_API_TOKEN',
    (value) => (redis[0](value) ? 'a redis:// address, which speaks TCP' : ofAnotherForm(value)),
  ),
  token: text,
  client: [
    (value) => hasMget(value) && !('duplicate' in value),
    'a client of @upstash/redis',
    (value) => (hasMget(value) ? 'a client that speaks TCP' : described(value)),
  ],
  redisKeyPrefix: text,
  enableLocalCache: bool,
  localCacheSizeMB: positive('mebibytes'),
  enableCompression: bool,
  serializationFormat: oneOf('json', 'superjson'),
  timeoutMs: positive('milliseconds'),
  compressAboveBytes: zeroUp('bytes'),
  maxEntryMB: positive('mebibytes'),
}
const CONSISTENCY: Rules<ConsistencySettings> = {
  maxStalenessSeconds: zeroUp('seconds'),
  invalidate: oneOf('after', 'fenced'),
  fenceSeconds: positive('seconds'),
}
const SQL: Rules<SqlSettings> = {
  defaultSchema: text,
  dependencies: declared('sql.dependencies', ['volatile'], oneOf('volatile'), tables),
  functions: declared('sql.functions', ['identity', 'volatile'], oneOf('stable', 'volatile', 'identity')),
  rowSecurity: texts,
  onUnknown: oneOf('bypass', 'ttl-only'),
}
const TYPE = oneOf('local', 'redis', 'hybrid')
const CONFIG: Groups<CacheConfig> = {
  type: TYPE,
  queryCache: QUERY_CACHE,
  redis: REDIS,
  consistency: CONSISTENCY,
  sql: SQL,
  epoch: anyText,
  debug: bool,
  onEvent: aFunction,
}
const WRITE: Rules<WriteOptions> = {
  tables: texts,
  tags: texts,
  timeoutMs: positive('milliseconds'),
  // By its shape: it may be of another realm, as tests have them.
  signal: [(value) => typeof (value as AbortSignal | null)?.addEventListener === 'function', 'an AbortSignal'],
}
const QUERY: Rules<QueryOptions> = {
  ...WRITE,
  ttl: seconds,
  staleWhileRevalidate: seconds,
  staleIfError: seconds,
  emptyTtl: seconds,
  tagsOnly: bool,
  cacheKey: text,
  scope: anyText,
  skipCache: bool,
  refreshCache: bool,
  coalesce: oneOf('isolate', 'global'),
  nowBucket: positive('seconds'),
}
const TRANSACTION: Rules<WriteOptions & TransactionOptions> = {
  ...WRITE,
  isolationLevel: oneOf('ReadUncommitted', 'ReadCommitted', 'RepeatableRead', 'Serializable'),
  readOnly: bool,
  deferrable: bool,
}
const STATEMENT = { sql: anyText, params: list }
const STATEMENTS = { statements: STATEMENT, queries: { ...STATEMENT, options: anything } }
export const pattern = matching(
  /^(\*|[^*?[\]]+(:\*)?)$/,
  "a key ('user:42'), a prefix ('user:*', 'user:42:*'), or '*' for everything",
)
const NAMED: Rules<Named> = {
  tables: texts,
  tags: texts,
  keys: listOf(pattern),
}
const RUNTIME: Rules<object> = { waitUntil: aFunction, now: aFunction, random: aFunction }

/** Looked at by its shape: it may come from a second copy of the package. */
export const anExecutor: Rule = [
  (value) => typeof (value as { getCacheStats?: unknown } | null)?.getCacheStats === 'function',
  'a CachedQueryExecutor',
]

/** A pool in the place of a database is what a user of the predecessor has in his code. */
export const database: Rule = [
  (value) => {
    const given = value as Database | null | undefined
    return typeof given?.run === 'function' && typeof given.identity === 'string'
  },
  'what createConnectionPool(connectionString) or fromPool(pool, { identity }) makes',
  (value) => (value === undefined || value === null ? 'missing' : 'not a database of this package'),
]

/** A call's options. @throws InvalidOptionError */
export const readQueryOptions = (given: QueryOptions | null | undefined): QueryOptions => readOptions(given, QUERY)

/** A write's options. @throws InvalidOptionError */
export const readWriteOptions = (given: WriteOptions | null | undefined): WriteOptions => readOptions(given, WRITE)

/** A transaction's options. @throws InvalidOptionError */
export const readTransactionOptions = (
  given: (WriteOptions & TransactionOptions) | null | undefined,
): WriteOptions & TransactionOptions => readOptions(given, TRANSACTION)

/** Names to invalidate. @throws InvalidOptionError also where nothing is given: it would invalidate nothing. */
export function readNamed(given: Named): Named {
  check('named', given, object)
  return readOptions(given, NAMED, 'named')
}

/** With what was left out. */
export type Told<T> = T & { params: readonly unknown[] }

/** Statements of one call, with their options where they have any. @throws InvalidOptionError, before any of them is sent */
export function readStatements<T extends { sql: string }>(given: readonly T[], of: keyof typeof STATEMENTS): Told<T>[] {
  check(of, given, list)
  return Array.from(given, (one, i) => {
    const read = readOptions<T>(one, STATEMENTS[of] as Rules<T>, `${of}[${i}]`)
    const statement = { params: [], ...read } as unknown as Told<T>
    check('sql', statement.sql, anyText)
    return statement
  })
}

/** Returns what is given. A platform's context has names of its own beside `waitUntil`. @throws InvalidOptionError */
export function checkRuntime(runtime: Runtime): Runtime {
  check('runtime', runtime, object)
  const { waitUntil, now, random } = runtime as Record<keyof Runtime, unknown>
  const given: object = waitUntil ? { waitUntil, now, random } : runtime
  readOptions(given, RUNTIME)
  return runtime
}

/** A configuration as it was given, in copies. @throws InvalidOptionError */
export function readConfig(given: Partial<CacheConfig>, of = 'config'): Partial<CacheConfig> {
  check(of, given, object)
  return readOptions(given, CONFIG, of)
}

/**
 * Checks a configuration and fills in the defaults. Does no I/O and reads no clock.
 * @throws InvalidOptionError naming the option, what was given and what is allowed.
 */
export function resolveConfig(given: CacheConfig, notice: (message: string) => void): ResolvedConfig {
  const config = readConfig(given)
  check('type', config.type, TYPE)
  const { queryCache = {}, redis = {}, consistency = {}, sql = {} } = config
  const type = config.type === 'hybrid' && redis.enableLocalCache === false ? 'redis' : config.type!
  if (type !== 'local' && !redis.client && !(redis.url && redis.token))
    throw new InvalidOptionError(
      redis.url ? 'redis.token' : 'redis.url',
      'missing',
      "Give `redis.url` and `redis.token` (UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN) or `redis.client`, or use type 'local'.",
    )
  const wanted = (type === 'local' ? queryCache.maxSizeMB : redis.localCacheSizeMB) ?? 32
  return {
    enabled: queryCache.enabled ?? true,
    l1Bytes: type === 'redis' ? 0 : clampToWorker(wanted, notice) * MIB,
    l1Entries: queryCache.maxQueries ?? 10_000,
    defaultTtl: queryCache.defaultTTL ?? 300,
    ttlJitter: queryCache.ttlJitter ?? 0.05,
    refreshAhead: queryCache.refreshAhead ?? 0.1,
    keyPrefix: queryCache.keyPrefix ?? 'query',
    redisKeyPrefix: redis.redisKeyPrefix ?? 'eqc',
    compress: redis.enableCompression ?? true,
    compressAboveBytes: redis.compressAboveBytes ?? 8192,
    maxEntryBytes: (redis.maxEntryMB ?? 4) * MIB,
    redisTimeoutMs: redis.timeoutMs ?? 250,
    maxStalenessMs: (consistency.maxStalenessSeconds ?? 2) * 1000,
    fenced: consistency.invalidate === 'fenced',
    fenceMs: (consistency.fenceSeconds ?? 30) * 1000,
    sql,
    epoch: config.epoch ?? '',
  }
}

function clampToWorker(wanted: number, notice: (message: string) => void): number {
  if (!isWorkerd() || wanted <= WORKER_L1_MB) return wanted
  notice(`a Worker keeps ${WORKER_L1_MB} MB of results instead of ${wanted}`)
  return WORKER_L1_MB
}
