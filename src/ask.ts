/**
 * A call -> what to ask for: what the text says, whether the result may be shared and with whom, and under which key. No I/O.
 * @module
 */
import { encodeParams, sized, snapshot, weakHash } from './key.js'
import type { QueryCache } from './l1.js'
import { validateQueryOptions } from './configure.js'
import type { QueryOptions } from './options.js'
import type { Runtime } from './runtime.js'
import type { Dependencies, StatementRecord } from './statement.js'
import type { Database, SqlFacts } from './types.js'

/** What executors on one database and cache share. */
export interface Core {
  readonly database: Database
  readonly cache: QueryCache
  readonly statements: Map<string, StatementRecord>
}

/** What one request lends. */
export interface Call {
  readonly runtime: Runtime
  readonly scope?: string
  /** Told of every answer, with the milliseconds it took where something was waited for. */
  readonly observe?: (info: CacheInfo, durationMs: number) => void
  /** True inside a `cached()` loader: an outer result must not hold inner rows that are older than it says. */
  readonly skipCaches?: boolean
}

export type BypassReason =
  | 'skip-cache'
  | 'disabled'
  | 'ttl'
  | 'scope-required'
  | 'unsupported-parameter'
  | 'not-serialisable'
  | NonNullable<SqlFacts['reason']>

export interface CacheInfo {
  outcome: 'l1' | 'l2' | 'stale' | 'coalesced' | 'miss' | 'bypass' | 'stale-if-error'
  /** Why nothing was cached, or what was not known when it was. */
  reason?: BypassReason
  /** The custom key, or a short fingerprint of the query. For display only. */
  key: string
  /** Seconds since the database read began; 0 for a miss. */
  age: number
  /** Seconds of freshness left. */
  ttl: number
  tables: readonly string[]
  tags: readonly string[]
}

/** Where the answer comes from when no tier has it. */
export type Source =
  | { kind: 'sql'; sql: string; params: readonly unknown[]; pinned?: boolean }
  | { kind: 'loader'; run: () => Promise<unknown> }

/** One question that may be answered from a cache. */
export interface Ask {
  readonly deps: Dependencies
  /** The L1 key. */
  readonly key: string
  /** Everything that tells this question from any other, for the L2 key. */
  readonly canonical: () => string
  readonly display: string
  readonly options: QueryOptions
  readonly source: Source
  readonly reason?: BypassReason
  /** The L2 key, once it is worked out. */
  redisKey?: Promise<string>
  /** A sync check was waited for once already. */
  rechecked?: boolean
}

export interface Bypass {
  readonly bypass: BypassReason
  readonly display: string
  readonly tables: readonly string[]
  readonly tags: readonly string[]
}

const NO_OPTIONS: QueryOptions = Object.freeze({})

/** What the text says; worked out once per text. */
export const recordOf = (core: Core, sql: string): StatementRecord =>
  core.cache.statements.record(core.statements, core.database, sql)

/** What changes something, or may: it runs once and invalidates. */
export const isWrite = (facts: SqlFacts): boolean => facts.kind === 'write' || facts.kind === 'unknown'

/**
 * Plans a read. `pin` it before anything is waited for.
 * @throws InvalidOptionError
 */
export function plan(
  core: Core,
  call: Call,
  record: StatementRecord,
  params: readonly unknown[],
  given: QueryOptions | undefined,
): Ask | Bypass {
  const options = given ?? NO_OPTIONS
  if (given) validateQueryOptions(given)
  const { cache, database } = core
  const scope = options.scope ?? call.scope ?? database.scope
  const deps = given ? cache.statements.dependencies(record, database, options) : record.plain
  const encoded = encodeParams(params)
  const refused =
    refuse(core, call, record.facts, options, scope) ?? (typeof encoded === 'string' ? undefined : encoded.reason)
  if (refused !== undefined || typeof encoded !== 'string')
    return bypass(refused ?? 'unsupported-parameter', record, deps, options)
  const scopePart = scope === undefined ? '-' : sized(scope)
  return {
    deps,
    key: `${deps.id}|${scopePart}|${encoded}`,
    canonical: () => canonical(core, deps, scopePart, options.cacheKey, record.sql, encoded),
    get display() {
      return options.cacheKey ?? fingerprint(`${record.sql}|${scopePart}|${encoded}`)
    },
    options,
    source: { kind: 'sql', sql: record.sql, params },
    reason: record.facts.stable ? undefined : record.facts.reason,
  }
}

/** Copies the parameters, so that a caller who changes them while the query waits changes nothing. L1 hits do not need it. */
export function pin(ask: Ask): void {
  const { source } = ask
  if (source.kind !== 'sql' || source.pinned) return
  source.params = snapshot(source.params)
  source.pinned = true
}

/** Plans a `cached()` call: like a read whose text is its key. */
export function planLoader(
  core: Core,
  call: Call,
  key: string,
  options: QueryOptions,
  run: () => Promise<unknown>,
): Ask | Bypass {
  validateQueryOptions(options)
  const scope = options.scope ?? call.scope ?? core.database.scope
  const record = loaderRecord(core)
  const deps = core.cache.statements.dependencies(record, core.database, { ...options, cacheKey: key })
  const refused = refuse(core, call, record.facts, options, scope)
  if (refused !== undefined) return { bypass: refused, display: key, tables: deps.tables, tags: deps.tags }
  const scopePart = scope === undefined ? '-' : sized(scope)
  return {
    deps,
    key: `${deps.id}|${scopePart}|${key}`,
    canonical: () => canonical(core, deps, scopePart, key, LOADER_TEXT, ''),
    display: key,
    options,
    source: { kind: 'loader', run },
  }
}

/** Stands for the statement of a loader; no SQL text can be equal to it. */
const LOADER_TEXT = '\0cached'

function loaderRecord(core: Core): StatementRecord {
  const found = core.statements.get(LOADER_TEXT)
  if (found) return found
  const record = { ...recordOf(core, 'SELECT 1'), sql: LOADER_TEXT, others: new Map<string, Dependencies>() }
  core.statements.set(LOADER_TEXT, record)
  return record
}

function refuse(
  core: Core,
  call: Call,
  facts: SqlFacts,
  options: QueryOptions,
  scope: string | undefined,
): BypassReason | undefined {
  const { config } = core.cache
  if (options.skipCache || call.skipCaches) return 'skip-cache'
  if (!config.enabled) return 'disabled'
  const ttlOnly = facts.reason === 'unknown-function' && config.sql.onUnknown === 'ttl-only'
  if (!facts.stable && !ttlOnly) return facts.reason ?? 'not-understood'
  if ((core.database.needsScope || facts.identity) && scope === undefined) return 'scope-required'
  return (options.ttl ?? config.defaultTtl) === 0 ? 'ttl' : undefined
}

function bypass(reason: BypassReason, record: StatementRecord, deps: Dependencies, options: QueryOptions): Bypass {
  return { bypass: reason, display: options.cacheKey ?? fingerprint(record.sql), tables: deps.tables, tags: deps.tags }
}

function canonical(
  core: Core,
  deps: Dependencies,
  scopePart: string,
  cacheKey: string | undefined,
  sql: string,
  params: string,
): string {
  const { identity } = core.database
  const custom = cacheKey === undefined ? '-' : sized(cacheKey)
  return `${sized(identity)}${sized(core.cache.config.epoch)}${scopePart};${custom};${sized(deps.shortNames.map(sized).join(''))}${sized(sql)}${params}`
}

const fingerprint = (text: string): string => `query:${weakHash(text).toString(36)}`
