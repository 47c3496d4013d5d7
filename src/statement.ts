/**
 * What is worked out once per SQL text and set of names: the facts of the text, the names a result depends on, and the head of its key.
 * @module
 */
import { InvalidOptionError } from './errors.js'
import { own, sized, weakHash } from './key.js'
import type { ShortKey } from './key.js'
import type { L1Entry } from './l1.js'
import { dependencyNames } from './names.js'
import { dependencyBytes, statementBytes } from './weight.js'
import { withoutClock } from './now-bucket.js'
import { NO_OPTIONS } from './options.js'
import type { QueryOptions, ResolvedConfig } from './options.js'
import { anyText, check } from './rules.js'
import { canonicalTable, readSql, readTogether, settingsOf } from './sql/index.js'
import type { Database, SqlFacts } from './types.js'
import type { Known, VersionBook } from './versions.js'
import { Sieve } from './sieve.js'
import type { Kept } from './sieve.js'

/** Entries of one statement by their short keys. Kept in step by isolate memory. */
export type Shortcuts = Map<ShortKey, L1Entry>

/** The names that a text and its options depend on. */
export interface Dependencies extends Kept<Dependencies> {
  /** Unique in this isolate, and the same for the same statement and names: the head of the L1 key. */
  readonly key: string
  readonly tables: readonly string[]
  readonly tags: readonly string[]
  readonly shortNames: readonly string[]
  readonly names: readonly Known[]
  /** A relation that the call names, or one behind it, that changes without a write, or whose rows depend on who asks. */
  readonly volatile: string | undefined
  readonly identity: string | undefined
  /** Only where the text alone names everything. */
  readonly shortcuts: Shortcuts | undefined
  /** Of the SQL text. For display only. */
  readonly hash: number
}

/** What an answer says of the question, besides what the entry says. */
export interface Asked {
  readonly deps: Dependencies
  readonly options: QueryOptions
  /** What was not known when it was decided to cache. */
  readonly reason: SqlFacts['reason'] | undefined
}

/** Its key is the text. */
export interface StatementRecord extends Kept<StatementRecord> {
  readonly facts: SqlFacts
  /** For calls that name no tables, tags or key. */
  readonly plain: Dependencies
  /** What `withoutClock` made of it, for so many parameters. */
  bucketed?: { readonly count: number; readonly record: StatementRecord | undefined }
}

/** The memory of statements takes this part of isolate memory at most: one that is forgotten takes the way to its results with it. */
const PART = 1 / 4
const LEAST_BYTES = 256 * 1024
/** Without isolate memory. */
const BYTES_ALONE = 4 * 1024 * 1024
/** Characters of one text. */
const LONGEST_REMEMBERED = 16_384

/** Memory of statements and of what calls name besides, bounded by bytes. */
export class Statements {
  readonly #config: ResolvedConfig
  readonly #versions: VersionBook
  readonly #grown: () => void
  readonly #byDatabase = new Map<string, Sieve<StatementRecord>>()
  readonly #named = new Sieve<Dependencies>()
  /** One call asks several times what its text says. */
  #latestLong: { statements: Sieve<StatementRecord>; record: StatementRecord } | undefined
  #nextId = 0

  /** `grown`: called when more is remembered, which is a part of isolate memory. */
  constructor(config: ResolvedConfig, versions: VersionBook, grown = () => {}) {
    this.#config = config
    this.#versions = versions
    this.#grown = grown
  }

  /** The statements of one database, for an executor to keep. */
  of(database: Database): Sieve<StatementRecord> {
    const identity = whoAnswers(database)
    let statements = this.#byDatabase.get(identity)
    if (!statements) this.#byDatabase.set(identity, (statements = new Sieve()))
    return statements
  }

  get bytes(): number {
    let bytes = this.#named.bytes
    for (const statements of this.#byDatabase.values()) bytes += statements.bytes
    return bytes
  }

  record(statements: Sieve<StatementRecord>, database: Database, sql: string): StatementRecord {
    const found = statements.get(sql)
    if (found) {
      found.visited = true
      return found
    }
    const latest = this.#latestLong
    if (latest?.statements === statements && latest.record.key === sql) return latest.record
    check('sql', sql, anyText)
    const facts = readSql(sql, this.#config.sql)
    // A text too long to be remembered is its own id: its results are found again all the same.
    const remembered = sql.length <= LONGEST_REMEMBERED
    const id = remembered ? (this.#nextId++).toString(36) : `=${whoAnswers(database)}${sized(sql)}`
    const plain = this.#dependencies(database, facts, NO_OPTIONS, id, weakHash(sql))
    const record: StatementRecord = { ...kept(sql, statementBytes(sql, plain.shortNames)), facts, plain }
    if (!remembered) {
      this.#latestLong = { statements, record }
      return record
    }
    this.remember(statements, record)
    return record
  }

  /** Makes room first. */
  remember<T extends Kept<T>>(where: Sieve<T>, one: T): void {
    const { l1Bytes } = this.#config
    const most = l1Bytes > 0 ? Math.max(LEAST_BYTES, l1Bytes * PART) : BYTES_ALONE
    while (this.bytes > 0 && this.bytes + one.size > most) this.#fullest().evict()
    where.add(one)
    this.#grown()
  }

  #fullest(): { readonly bytes: number; evict(): unknown } {
    let fullest: { readonly bytes: number; evict(): unknown } = this.#named
    for (const statements of this.#byDatabase.values()) if (statements.bytes > fullest.bytes) fullest = statements
    return fullest
  }

  /** The statement that is given a time where this one reads the clock; `undefined` when there is none that means the same. */
  withoutClock(
    statements: Sieve<StatementRecord>,
    database: Database,
    record: StatementRecord,
    count: number,
  ): StatementRecord | undefined {
    if (record.facts.kind !== 'read' || record.facts.reason !== 'volatile-function') return undefined
    if (record.bucketed?.count === count) return record.bucketed.record
    const sql = withoutClock(record.key, count)
    const made = sql === undefined ? undefined : this.record(statements, database, sql)
    const same = made?.facts.kind === 'read' && made.facts.tables.join() === record.facts.tables.join()
    record.bucketed = { count, record: same ? made : undefined }
    return record.bucketed.record
  }

  /** The names of a call, given that it names tables, tags or a key of its own. */
  dependencies(record: StatementRecord, database: Database, options: QueryOptions): Dependencies {
    const { tables, tags, cacheKey, tagsOnly } = options
    const plain = !tables?.length && !tags?.length
    if (plain && tagsOnly)
      throw new InvalidOptionError('tagsOnly', 'set without `tags`', 'Name in `tags` what a write names.')
    if (plain && cacheKey === undefined) return record.plain
    const signature = `${tagsOnly ? '!' : ''}${written(tables)}${written(tags)}${cacheKey === undefined ? '' : `=${sized(cacheKey)}`}`
    const id = `${record.plain.key}~${signature}`
    const found = this.#named.get(id)
    if (found) {
      found.visited = true
      return found
    }
    const made = this.#dependencies(database, record.facts, options, id, record.plain.hash)
    this.remember(this.#named, made)
    return made
  }

  #dependencies(database: Database, facts: SqlFacts, options: QueryOptions, id: string, hash: number): Dependencies {
    const settings = settingsOf(this.#config.sql)
    const named = (options.tables ?? []).map((table) => canonicalTable(table, settings.defaultSchema))
    const all = readTogether([...facts.tables, ...named], settings)
    // Whose rows these are is a matter of all tables, whatever else invalidates the result.
    const { volatile, identity } = all
    const { tables } = options.tagsOnly ? readTogether(named, settings) : all
    const tags = [...new Set(options.tags?.map(own))].sort()
    const shortNames = dependencyNames(tables, tags, options.cacheKey)
    // Handed out with every answer: nobody may change them for the others.
    return {
      ...kept(id, dependencyBytes(id, tags, shortNames)),
      tables: Object.freeze(tables),
      tags: Object.freeze(tags),
      shortNames,
      names: this.known(database, shortNames),
      volatile,
      identity,
      shortcuts: options === NO_OPTIONS ? new Map() : undefined,
      hash,
    }
  }

  known(database: Database, shortNames: readonly string[]): Known[] {
    const prefix = databaseKey(database)
    return shortNames.map((name) => this.#versions.name(`${prefix}:${name}`))
  }
}

const kept = (key: string, size: number) => ({ key, size, visited: false, newer: undefined, older: undefined })

const whoAnswers = (database: Database): string => sized(database.identity) + sized(database.invalidationIdentity)

const written = (names: readonly string[] | undefined): string =>
  names ? `${names.length}[${names.map(sized).join('')}` : '-'

/** A short name of the database for version keys. Two databases that meet here only invalidate each other. */
export function databaseKey(database: Database): string {
  const identity = database.invalidationIdentity
  return weakHash(identity).toString(36) + weakHash(`#${identity}`).toString(36)
}
