/**
 * Checks options and fills in their defaults. An invalid one throws, naming the option, what was given and what is allowed.
 * @module
 */
import type { Redis } from '@upstash/redis'
import { InvalidOptionError } from './errors.js'
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

const MIB = 1024 * 1024
/** A Worker has 128 MB; half of it stays for the application. */
const WORKER_L1_MB = 64

/** Says what is allowed when a value is not. `quotes`: a choice of words, which can be repeated to the reader. `given`: says what was given. */
type Check = ((value: unknown) => string | undefined) & { quotes?: boolean; given?: (value: unknown) => string }

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
const part = check((v: unknown) => typeof v === 'number' && v >= 0 && v < 1, 'Allowed: a number from 0 to below 1.')
const oneOf = (...values: string[]): Check =>
  Object.assign(
    check((v: unknown) => values.includes(v as string), `Allowed: ${values.map((v) => `'${v}'`).join(', ')}.`),
    {
      quotes: true,
    },
  )
const isTexts = (v: unknown): boolean => Array.isArray(v) && v.every((item) => typeof item === 'string' && item !== '')
const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)
const isTables = (v: unknown): boolean => isTexts(v) && !(v as string[]).includes('*')
/** Parts that an object may have; explicit undefined is not set. */
const hasParts =
  (parts: Record<string, (v: unknown) => boolean>) =>
  (v: unknown): boolean =>
    isObject(v) &&
    Object.entries(v).every(([name, part]) => Object.hasOwn(parts, name) && (part === undefined || parts[name]!(part)))
const isBool = (v: unknown): boolean => typeof v === 'boolean'
const isFunctionParts = hasParts({ reads: isTables, writes: isTexts, identity: isBool, volatile: isBool })
const isRelationParts = hasParts({ reads: isTables, writes: isTexts, volatile: isBool })

/** A map from names to what `test` accepts; the error names the entry. */
const mapOf = (test: (v: unknown) => boolean, allowed: string): Check => {
  const wrong = (v: unknown) =>
    isObject(v) ? Object.entries(v).find(([, item]) => item !== undefined && !test(item)) : ['', v]
  return Object.assign((v: unknown) => (wrong(v) ? allowed : undefined), {
    given: (v: unknown) => {
      const [name, item] = wrong(v) as [string, unknown]
      return isObject(v) ? `${described(item)} for ${quoted(name)}` : described(v)
    },
  })
}
const declarations = mapOf(
  (v) => v === 'stable' || v === 'volatile' || v === 'identity' || isFunctionParts(v),
  "Allowed: a name for each function, and for each 'stable', 'volatile', 'identity' or { reads?: [tables], writes?: [tables], identity?: boolean, volatile?: boolean }; '*' in `writes` alone.",
)
const dependencies = mapOf(
  (v) => v === 'volatile' || isTables(v) || isRelationParts(v),
  "Allowed: a name for each view or table, and for each an array of table names, 'volatile', or { reads?: [tables], writes?: [tables], volatile?: boolean }; '*' in `writes` alone.",
)
/** What each key may be is said where keys are read. */
const anyTexts = check(
  (v: unknown) => Array.isArray(v) && v.every((item) => typeof item === 'string'),
  'Allowed: an array of texts.',
)
const texts = check(
  (v: unknown) => Array.isArray(v) && v.every((item) => typeof item === 'string' && item !== ''),
  'Allowed: an array of texts that are not empty.',
)

const signal = check((v: unknown) => v instanceof AbortSignal, 'Allowed: an AbortSignal.')

/** A forgotten option is a compile error: each interface's checks are mapped from its keys. */
type Checks<T> = { [K in keyof Required<T>]: Check }

const QUERY_CACHE: Checks<QueryCacheSettings> = {
  enabled: bool,
  maxSizeMB: positive('mebibytes'),
  defaultTTL: seconds,
  maxQueries: check((v: unknown) => Number.isInteger(v) && (v as number) > 0, 'Allowed: a whole number above 0.'),
  ttlJitter: part,
  refreshAhead: part,
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
  dependencies,
  functions: declarations,
  rowSecurity: texts,
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
  coalesce: oneOf('isolate', 'global'),
  nowBucket: positive('seconds'),
  timeoutMs: positive('milliseconds'),
  signal,
}

const NAMED: Checks<Named> = { tables: texts, tags: texts, keys: anyTexts }
const WRITE: Checks<WriteOptions> = { tables: texts, tags: texts, timeoutMs: positive('milliseconds'), signal }

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

const quoted = (value: unknown): string => (typeof value === 'string' ? `'${value.slice(0, 40)}'` : described(value))

/** Throws an `InvalidOptionError` for the first option that is unknown or has a value it cannot have. */
export function validate(given: object, checks: Record<string, Check>, path: string): void {
  for (const name in given) {
    const value = (given as Record<string, unknown>)[name]
    if (value === undefined) continue
    const rule = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!rule)
      throw new InvalidOptionError(`${path}${name}`, 'not an option', `Known here: ${Object.keys(checks).join(', ')}.`)
    const allowed = rule(value)
    if (!allowed) continue
    const tell = rule.given ?? (rule.quotes ? quoted : described)
    throw new InvalidOptionError(`${path}${name}`, tell(value), allowed)
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

/** Throws an `InvalidOptionError` when what is to be invalidated cannot be meant: a misspelt name would invalidate nothing. */
export function validateNamed(named: Named): void {
  validate(named, NAMED, '')
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
    ttlJitter: queryCache.ttlJitter ?? 0.05,
    refreshAhead: queryCache.refreshAhead ?? 0.1,
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

/** Throws an `InvalidOptionError` for an option that none of `known` names: a misspelt one would do nothing. */
export function refuseUnknown(given: object, known: readonly string[]): void {
  for (const name of Object.keys(given))
    if (!known.includes(name)) throw new InvalidOptionError(name, 'not an option', `Known here: ${known.join(', ')}.`)
}
