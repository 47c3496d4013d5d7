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
import { isWorkerd } from './runtime.js'

const MIB = 1024 * 1024
/** A Worker has 128 MB; half of it stays for the application. */
const WORKER_L1_MB = 64

/** Whether a value is one that an option may have, what that is in words, and how to say what was given instead. */
export type Rule = readonly [test: (value: unknown) => boolean, allowed: string, given?: (value: unknown) => string]

/** What was given instead of a text. */
export const kindOf = (value: unknown): string =>
  value === undefined || value === null ? 'not set' : value === '' ? 'empty' : `of type ${typeof value}`

/** What was given, without giving it away: numbers and booleans as they are, anything else by its kind. */
function described(value: unknown): string {
  if (typeof value === 'string') return 'a text that is not allowed'
  if (Array.isArray(value)) return 'an array'
  return Object(value) === value ? `a value ${kindOf(value)}` : String(value)
}

/** Of a choice of words the one that was given can be repeated to the reader. */
const quoted = (value: unknown): string =>
  typeof value === 'string' ? `'${value.slice(0, 40)}'` : value === undefined ? 'missing' : described(value)

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
const isTables = (value: unknown): boolean => isTexts(value) && !value.includes('*')
const isBool = (value: unknown): boolean => typeof value === 'boolean'
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const anything: Rule = [() => true, '']
const bool: Rule = [isBool, 'true or false']
export const text: Rule = [isText, 'a text that is not empty', kindOf]
const anyText: Rule = [(value) => typeof value === 'string', 'a text']
const texts: Rule = [isTexts, 'an array of texts that are not empty']
const object: Rule = [isObject, 'an object']
export const number = (allowed: string, test: (value: number) => boolean): Rule => [
  (value) => typeof value === 'number' && test(value),
  allowed,
]
const seconds = number('seconds, 0 or more, or Infinity', (value) => value >= 0)
export const positive = (unit: string): Rule =>
  number(`${unit}, a finite number above 0`, (value) => value > 0 && value < Infinity)
const zeroUp = (unit: string): Rule =>
  number(`${unit}, a finite number, 0 or more`, (value) => value >= 0 && value < Infinity)
const part = number('a number from 0 to below 1', (value) => value >= 0 && value < 1)
export const oneOf = (...words: string[]): Rule => [
  (value) => words.includes(value as string),
  words.map((word) => `'${word}'`).join(', '),
  quoted,
]

/**
 * The name of the first entry that has no rule, or a value it cannot have. Explicit undefined is not set. A call's options come through
 * here: nothing is made for what is right.
 */
function wrongIn(given: Record<string, unknown>, rules: Record<string, Rule>, ofAll?: Rule): string | undefined {
  for (const name in given) {
    const rule = ofAll ?? (Object.hasOwn(rules, name) ? rules[name] : undefined)
    if (given[name] !== undefined && !rule?.[0](given[name])) return name
  }
  return undefined
}

/** A map from names to words or to objects with such flags; the error names the entry. */
function declared(of: string, words: string[], flags: string[], test = (_: unknown): boolean => false): Rule {
  const parts: Record<string, Rule> = { reads: [isTables, ''], writes: texts }
  for (const flag of flags) parts[flag] = bool
  const one: Rule = [
    (value) =>
      words.includes(value as string) || test(value) || (isObject(value) && wrongIn(value, parts) === undefined),
    '',
  ]
  return [
    (value) => isObject(value) && wrongIn(value, {}, one) === undefined,
    `for each ${of} '${words.join("', '")}' or { reads?: [tables], writes?: [tables], ${flags.join('?: boolean, ')}?: boolean }; '*' in \`writes\` alone`,
    (value) => {
      if (!isObject(value)) return described(value)
      const name = wrongIn(value, {}, one)!
      return `${described(value[name])} for ${quoted(name)}`
    },
  ]
}

/** A forgotten option is a compile error: each interface's rules are mapped from its keys. */
type Rules<T> = { [K in keyof Required<T>]: Rule }

const QUERY_CACHE: Rules<QueryCacheSettings> = {
  enabled: bool,
  maxSizeMB: positive('mebibytes'),
  defaultTTL: seconds,
  maxQueries: number('a whole number above 0', (value) => value > 0 && Number.isInteger(value)),
  ttlJitter: part,
  refreshAhead: part,
  keyPrefix: text,
}
const REDIS: Rules<RedisSettings> = {
  url: [
    (value) => isText(value) && /^https?:\/\/./.test(value),
    'the https:// address of the REST API: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, on Vercel KV_REST_API_URL and KV_REST_API_TOKEN',
    (value) => (isText(value) && /^rediss?:/.test(value) ? 'a redis:// address, which speaks TCP' : described(value)),
  ],
  token: text,
  client: [(value) => typeof (value as Redis | null)?.mget === 'function', 'a client of @upstash/redis'],
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
  dependencies: declared('view or table [tables],', ['volatile'], ['volatile'], isTables),
  functions: declared('function', ['stable', 'volatile', 'identity'], ['identity', 'volatile']),
  rowSecurity: texts,
  onUnknown: oneOf('bypass', 'ttl-only'),
}
const CONFIG: Rules<CacheConfig> = {
  type: oneOf('local', 'redis', 'hybrid'),
  queryCache: object,
  redis: object,
  consistency: object,
  sql: object,
  epoch: anyText,
  debug: bool,
  onEvent: [(value) => typeof value === 'function', 'a function'],
}
const WRITE: Rules<WriteOptions> = {
  tables: texts,
  tags: texts,
  timeoutMs: positive('milliseconds'),
  signal: [(value) => value instanceof AbortSignal, 'an AbortSignal'],
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
const NAMED: Rules<Named> = {
  tables: texts,
  tags: texts,
  // What each key may be is said where keys are read.
  keys: [(value) => Array.isArray(value) && value.every((item) => typeof item === 'string'), 'an array of texts'],
}

/** Throws an `InvalidOptionError` for a value that an option cannot have. */
export function check(option: string, value: unknown, [test, allowed, given = described]: Rule): void {
  if (!test(value)) throw new InvalidOptionError(option, given(value), `Allowed: ${allowed}.`)
}

/** Throws an `InvalidOptionError` for the first option that is unknown or has a value it cannot have. */
export function validate(given: object, rules: Record<string, Rule>, path = ''): void {
  const name = wrongIn(given as Record<string, unknown>, rules)
  if (name === undefined) return
  if (!Object.hasOwn(rules, name)) throw notAnOption(path + name, Object.keys(rules))
  check(path + name, (given as Record<string, unknown>)[name], rules[name]!)
}

/** Throws an `InvalidOptionError` for an option that none of `known` names: a misspelt one would do nothing. */
export function refuseUnknown(given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) if (!known.includes(name)) throw notAnOption(name, known)
}

const notAnOption = (option: string, known: readonly string[]): InvalidOptionError =>
  new InvalidOptionError(option, 'not an option', `Known here: ${known.join(', ')}.`)

/** Throws an `InvalidOptionError` when a call's options cannot be meant. */
export const validateQueryOptions = (options: QueryOptions): void => validate(options, QUERY)

/** Throws an `InvalidOptionError` when a write's options cannot be meant. */
export const validateWriteOptions = (options: WriteOptions): void => validate(options, WRITE)

/** Throws an `InvalidOptionError` when what is to be invalidated cannot be meant: a misspelt name would invalidate nothing. */
export const validateNamed = (named: Named): void => validate(named, NAMED)

/**
 * Checks a configuration and fills in the defaults. Does no I/O and reads no clock.
 * @throws InvalidOptionError naming the option, what was given and what is allowed.
 */
export function resolveConfig(config: CacheConfig, notice: (message: string) => void): ResolvedConfig {
  check('config', config, object)
  validate(config, CONFIG)
  check('type', config.type, CONFIG.type)
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
      "Give `redis.url` and `redis.token` (UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN) or `redis.client`, or use type 'local'.",
    )
  const wanted = (type === 'local' ? queryCache.maxSizeMB : redis.localCacheSizeMB) ?? 32
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
  if (!isWorkerd() || wanted <= WORKER_L1_MB) return wanted
  notice(`a Worker keeps ${WORKER_L1_MB} MB of results instead of ${wanted}`)
  return WORKER_L1_MB
}
