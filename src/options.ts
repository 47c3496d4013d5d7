/**
 * Every option, once: its meaning, unit and default. Explicit `undefined` means "not set" everywhere. `configure.ts` checks them.
 * @module
 */
import type { Redis } from '@upstash/redis'
import type { CacheEventListener } from './events.js'

export interface QueryCacheSettings {
  /** `false`: every query goes to the database and says `bypass`. Default true. */
  enabled?: boolean | undefined
  /** MiB of isolate memory for `type: 'local'`. Clamped to 64 in a Worker. Default 32. */
  maxSizeMB?: number | undefined
  /** Seconds that a result is fresh when the call names no `ttl`. 0: not cached. Default 300. */
  defaultTTL?: number | undefined
  /** Most results kept in isolate memory. Default 10,000. */
  maxQueries?: number | undefined
  /** Part of what a TTL has beyond its first minute that is taken off at random, so that results of one moment are not all over at one. 0: none. Default 0.05. */
  ttlJitter?: number | undefined
  /** Last part of the life of a hot result in which a hit may load it anew in the background, before anybody waits. 0: none. Default 0.1. */
  refreshAhead?: number | undefined
  /** A part of every entry's key, for telling caches in one Redis apart. Writes are seen across it. Default `query`. */
  keyPrefix?: string | undefined
}

export interface RedisSettings {
  /** Upstash REST URL (`https://...`). */
  url?: string | undefined
  /** Upstash REST token. */
  token?: string | undefined
  /** A client of your own instead of `url` and `token`. It is used without its retries and without its deserialisation. */
  client?: Redis | undefined
  /** First part of every key in Redis. Default `eqc`. */
  redisKeyPrefix?: string | undefined
  /** `false` turns `hybrid` into `redis`: nothing is kept in isolate memory. Default true for `hybrid`. */
  enableLocalCache?: boolean | undefined
  /** MiB of isolate memory for `hybrid`. Clamped to 64 in a Worker. Default 32. */
  localCacheSizeMB?: number | undefined
  /** Compress values above `compressAboveBytes` where that makes them smaller. Default true. */
  enableCompression?: boolean | undefined
  /** For values that are not wire rows. Either way JSON is stored where it is exact, and else a form that gives back what superjson does. Default `json`. */
  serializationFormat?: 'json' | 'superjson' | undefined
  /** Milliseconds to wait for one answer of Redis before going on without it. Default 250. */
  timeoutMs?: number | undefined
  /**
   * Bytes from which a value is compressed. Default 8,192. Lower: fewer bytes, and in Node about half as much CPU again for a
   * hit in Redis and a miss.
   */
  compressAboveBytes?: number | undefined
  /** MiB from which a value is not stored in Redis, as stored. Default 4; Upstash refuses requests above 10. */
  maxEntryMB?: number | undefined
}

export interface ConsistencySettings {
  /** Seconds within which another isolate's invalidation is seen. Default 2. */
  maxStalenessSeconds?: number | undefined
  /** `fenced` also survives an isolate that dies between commit and invalidation, for one trip more per write. Default `after`. */
  invalidate?: 'after' | 'fenced' | undefined
  /** Seconds that a write may take; longer than the database's statement timeout. The same in every deployment; 0.1 is the least that counts. Default 30. */
  fenceSeconds?: number | undefined
}

export interface SqlSettings {
  /** Schema of table names written without one. Default `public`. */
  defaultSchema?: string | undefined
  /**
   * What the text cannot show of views and tables, each with the tables behind it. An array: read and written with the name. Followed
   * transitively. `npx edge-query-cache dependencies` prints it.
   */
  dependencies?: Readonly<Record<string, RelationDeclaration | undefined>> | undefined
  /** What user-defined functions do. A query that calls another one is not cached. */
  functions?: Readonly<Record<string, FunctionDeclaration | undefined>> | undefined
  /** Tables and views whose rows depend on who asks. What reads one, also through the map, is shared with a `scope` only. */
  rowSecurity?: readonly string[] | undefined
  /**
   * `ttl-only`: a query with an unknown function is cached for its TTL, although writes behind the function are not seen. Needs a `scope` where
   * anything declared depends on who asks. Default `bypass`.
   */
  onUnknown?: 'bypass' | 'ttl-only' | undefined
}

/**
 * What stands behind a view or table. An array: tables that are read where the name is read, and changed where it is written. An object:
 * each for its own direction, so that a cascade (`users: { writes: ['orders'] }`) concerns no read. `volatile`: rows that change without a
 * write (a view that asks the clock, a sequence, a foreign table), so that no read of it is cached. `'*'` in `writes`: anything may change.
 */
export type RelationDeclaration =
  | readonly string[]
  | 'volatile'
  | {
      reads?: readonly string[] | undefined
      writes?: readonly string[] | undefined
      volatile?: boolean | undefined
    }

/**
 * What a function does. `stable`: its arguments decide. `volatile`: never cached. `identity`: depends on the caller. An object: the tables that it
 * reads and writes; with `writes` a SELECT that calls it is a write. `'*'` in `writes`: anything may change. `volatile` beside them: never cached, and
 * it may also change the session (`set_config`), after which a single connection shares nothing without a `scope`.
 */
export type FunctionDeclaration =
  | 'stable'
  | 'volatile'
  | 'identity'
  | {
      reads?: readonly string[] | undefined
      writes?: readonly string[] | undefined
      identity?: boolean | undefined
      volatile?: boolean | undefined
    }

export interface CacheConfig {
  /** `local`: isolate memory. `redis`: Redis only. `hybrid`: both. */
  type: 'local' | 'redis' | 'hybrid'
  queryCache?: QueryCacheSettings | undefined
  redis?: RedisSettings | undefined
  consistency?: ConsistencySettings | undefined
  sql?: SqlSettings | undefined
  /** Names a generation of entries: change it after a restore or failover of Redis, or with the schema. Default ''. */
  epoch?: string | undefined
  /** Logs every event with `console.debug`. Default false. */
  debug?: boolean | undefined
  /** Told every event. Its failures are ignored. */
  onEvent?: CacheEventListener | undefined
}

export interface QueryOptions {
  /** Seconds the result is fresh. 0: not cached. Default `queryCache.defaultTTL`. */
  ttl?: number | undefined
  /** Seconds after `ttl` in which the old result answers while a new one is loaded. Never after an invalidation. Default 0. */
  staleWhileRevalidate?: number | undefined
  /** Seconds after `ttl` in which the old result answers when the database fails. Never after an invalidation. Default 0. */
  staleIfError?: number | undefined
  /**
   * Seconds that a result without rows is kept, and of `cached()` null, undefined or an empty array. `staleWhileRevalidate` has no effect
   * on such a one. Default 10, never above `ttl`.
   */
  emptyTtl?: number | undefined
  /** Tables the result depends on besides those that the text shows. */
  tables?: readonly string[] | undefined
  /** Names to invalidate the result by. */
  tags?: readonly string[] | undefined
  /**
   * The result depends on its `tags`, and on the `tables` named here, alone: a write to the tables of its text does not invalidate it. For whoever
   * names those tags at every write that changes it, and wants nothing else to. Default false.
   */
  tagsOnly?: boolean | undefined
  /** Names the entry, for invalidation by key or prefix (`user:42`, `user:*`) and for display. The identity stays the query's. */
  cacheKey?: string | undefined
  /** Whose rows these are. Nothing is shared between scopes. */
  scope?: string | undefined
  /** Go to the database and store nothing. Default false. */
  skipCache?: boolean | undefined
  /** Go to the database and store the result. Default false. */
  refreshCache?: boolean | undefined
  /** One load at a time per key: in each isolate, or in all of them, for one trip to Redis more when Redis has no result. Default `isolate`. */
  coalesce?: 'isolate' | 'global' | undefined
  /**
   * Seconds. `now()`, `current_date` and their kin become a parameter: the time, rounded down to a multiple of this, so that the query can be
   * cached until that changes. No effect on writes and `cached()`. Default: such a query is not cached.
   */
  nowBucket?: number | undefined
  /** Milliseconds for the database to answer. Default: the database's own. */
  timeoutMs?: number | undefined
  /** Ends this caller's wait; a load that others share goes on. */
  signal?: AbortSignal | undefined
}

/** Of a call that gives none. */
export const NO_OPTIONS: QueryOptions = Object.freeze({})

export interface WriteOptions {
  /** Tables the write changes besides those that its text shows: by triggers, cascades, functions. */
  tables?: readonly string[] | undefined
  /** Tags to invalidate with it. */
  tags?: readonly string[] | undefined
  /** Milliseconds for the database to answer. After that the outcome is unknown: the write may still commit. */
  timeoutMs?: number | undefined
  /** Ends this caller's wait; the write and its invalidation go on. */
  signal?: AbortSignal | undefined
}

/** A complete configuration: what the steps read. Sizes in bytes, times in milliseconds unless they end in `Seconds`. */
export interface ResolvedConfig {
  enabled: boolean
  l1Bytes: number
  l1Entries: number
  defaultTtl: number
  ttlJitter: number
  refreshAhead: number
  keyPrefix: string
  redisKeyPrefix: string
  compress: boolean
  compressAboveBytes: number
  maxEntryBytes: number
  redisTimeoutMs: number
  maxStalenessMs: number
  fenced: boolean
  fenceMs: number
  sql: SqlSettings
  epoch: string
}
