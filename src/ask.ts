/**
 * A question on its way: what it depends on, what tells it from any other, and where its answer comes from.
 * @module
 */
import { digest, shortKey, sized, weakHash } from './key.js'
import type { ShortKey } from './key.js'
import type { QueryCache } from './l1.js'
import type { QueryOptions } from './options.js'
import type { OwnWrites } from './own-writes.js'
import type { Runtime } from './runtime.js'
import type { Sieve } from './sieve.js'
import type { Dependencies, StatementRecord } from './statement.js'
import type { Database, SqlFacts, Statement } from './types.js'

/** What executors on one database and cache share. */
export interface Core {
  readonly database: Database
  readonly cache: QueryCache
  readonly statements: Sieve<StatementRecord>
}

/** What one request lends. */
export interface Call {
  readonly runtime: Runtime
  readonly scope?: string
  /** Told of every answer, with the milliseconds it took where something was waited for. */
  readonly log?: { add(info: Told, durationMs: number): void }
  /** True inside a `cached()` loader: an outer result must not hold inner rows that are older than it says. */
  readonly skipCaches?: boolean
  /** What this request's client has written lately. */
  readonly own?: OwnWrites
  /** Inside a `cached()` loader: set when it asks something whose answer depends on who asks. */
  readonly identity?: { read: boolean }
}

/** The same with the database's credentials of this moment: what is sent after a wait is asked as whoever asked. */
export const pinned = (core: Core): Core =>
  core.database.pinned ? { ...core, database: core.database.pinned() } : core

export type BypassReason =
  | 'skip-cache'
  | 'disabled'
  | 'ttl'
  | 'scope-required'
  | 'in-transaction'
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

/** What is told of a query: its answer's, or that the database has failed it. */
export type Told = Omit<CacheInfo, 'reason'> & { reason?: BypassReason | 'database-error' }

/** A function that loads a value, for `cached()`, and whether it has asked something whose answer depends on who asks. */
export interface Loader {
  run: (database: Database) => Promise<unknown>
  readonly identity: { readonly read: boolean }
}

/** What tells a question from others, as far as it is no name that it depends on. */
export interface AskIdentity {
  sql: string
  /** The caller's in copies: what is written of them here is what is sent. */
  params: readonly unknown[]
  /** The parameters, written without ambiguity. */
  written: string
  scope: string | undefined
  reason?: BypassReason
  until?: number
}

/** One question that may be answered from a cache. A hit makes one too, so it is made of plain properties and works nothing out. */
export class Ask implements Statement {
  /** The L1 key: unique in this isolate, and never hashed. */
  readonly key: string
  readonly deps: Dependencies
  readonly options: QueryOptions
  readonly sql: string
  readonly params: readonly unknown[]
  /** Where the answer comes from when no tier has it; `undefined`: from the database. */
  readonly loader: Loader | undefined
  /** What was not known when it was decided to cache. */
  readonly reason: BypassReason | undefined
  /** From then on nobody asks it again: the end of its bucket, in epoch milliseconds. */
  readonly until: number | undefined
  /** Belongs to somebody, and is kept from everybody else. */
  readonly scoped: boolean
  /** Since when a check that others wait for too was waited for, which is done once. */
  recheckedAt: number | undefined = undefined
  /** Redis has just failed this question: it is not waited for again. */
  withoutRedis = false
  /** What others loaded cannot be shared: it is asked for alone. */
  alone = false
  private readonly core: Core
  private readonly scope: string
  private readonly written: string
  private readonly sessionChanges: number | undefined
  private hash: string | Promise<string> | undefined = undefined

  constructor(core: Core, deps: Dependencies, options: QueryOptions, identity: AskIdentity, loader?: Loader) {
    const { scope, written } = identity
    this.scope = writtenScope(core.database, scope)
    this.key = `${deps.key}|${this.scope}|${written}`
    this.deps = deps
    this.options = options
    this.sql = identity.sql
    this.params = identity.params
    this.loader = loader
    this.reason = identity.reason
    this.until = identity.until
    // An empty scope says of nobody whose rows these are.
    this.scoped = Boolean(scope)
    this.core = core
    this.written = written
    this.sessionChanges = core.database.sessionChanges
  }

  /** The custom key, or a short fingerprint. For display only. */
  get display(): string {
    return this.options.cacheKey ?? fingerprint(`|${this.scope}|${this.written}`, this.deps.hash)
  }

  /** Why nobody else gets what the database has answered just now: who asked decided it, or a session that is another one by now. */
  get personal(): BypassReason | undefined {
    const { database } = this.core
    if (database.inTransaction) return 'in-transaction'
    const asked = database.needsScope || this.loader?.identity.read
    return (asked && !this.scoped) || this.sessionChanges !== database.sessionChanges ? 'scope-required' : undefined
  }

  /** SHA-256 of everything that tells this question from any other, worked out once. */
  digest(): string | Promise<string> {
    if (this.hash === undefined) {
      this.hash = digest(this.canonical())
      if (typeof this.hash !== 'string') void this.hash.then((text) => (this.hash = text))
    }
    return this.hash
  }

  /** Under what the shortcut finds its entry. */
  get shortKey(): ShortKey {
    return this.deps.shortcuts ? shortKey(this.scope, this.params, this.written) : null
  }

  private canonical(): string {
    const { database, cache } = this.core
    const { cacheKey } = this.options
    const custom = cacheKey === undefined ? '-' : sized(cacheKey)
    let names = ''
    for (const name of this.deps.shortNames) names += sized(name)
    return `${sized(database.identity)}${sized(cache.config.epoch)}${this.scope};${custom};${sized(names)}${sized(this.sql)}${this.written}`
  }
}

/** Whose rows these are, as keys have it. With a token or session state a scope sees other rows than without: those stay apart. */
export const writtenScope = ({ needsScope }: Database, scope: string | undefined): string =>
  scope === undefined ? '-' : (needsScope ? '!' : '') + sized(scope)

/** `hash`: of the text before it. */
export const fingerprint = (text: string, hash?: number): string => `query:${weakHash(text, hash).toString(36)}`

export interface Bypass {
  readonly bypass: BypassReason
  /** As they were read; what has none is no read. */
  readonly options?: QueryOptions
  readonly display: string
  readonly tables: readonly string[]
  readonly tags: readonly string[]
}
