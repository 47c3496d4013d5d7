/**
 * What is worked out once per SQL text and set of names: the facts of the text, the names a result depends on, and the head of its key.
 * @module
 */
import { InvalidOptionError } from './errors.js'
import { sized, weakHash } from './key.js'
import type { ShortKey } from './key.js'
import type { L1Entry } from './l1.js'
import { dependencyNames } from './names.js'
import { withoutClock } from './now-bucket.js'
import { NO_OPTIONS } from './options.js'
import type { QueryOptions, ResolvedConfig } from './options.js'
import { canonicalTable, readSql, readTogether, settingsOf } from './sql/index.js'
import type { Database, SqlFacts } from './types.js'
import type { Known, VersionBook } from './versions.js'

/** Entries of one statement by their short keys. Kept in step by isolate memory. */
export type Shortcuts = Map<ShortKey, L1Entry>

/** The names that a text and its options depend on. */
export interface Dependencies {
  /** Unique in this isolate, and the same for the same statement and names: the head of the L1 key. */
  readonly id: string
  readonly tables: readonly string[]
  readonly tags: readonly string[]
  readonly shortNames: readonly string[]
  readonly names: readonly Known[]
  /** A relation that the call names, or one behind it, that changes without a write, or whose rows depend on who asks. */
  readonly volatile: string | undefined
  readonly identity: string | undefined
  /** Only where the text alone names everything. */
  readonly shortcuts: Shortcuts | undefined
}

/** What an answer says of the question, besides what the entry says. */
export interface Asked {
  readonly deps: Dependencies
  readonly options: QueryOptions
  /** What was not known when it was decided to cache. */
  readonly reason: SqlFacts['reason'] | undefined
}

export interface StatementRecord {
  readonly sql: string
  readonly facts: SqlFacts
  /** For calls that name no tables, tags or key. */
  readonly plain: Dependencies
  readonly others: Map<string, Dependencies>
  /** What `withoutClock` made of it, for so many parameters. */
  bucketed?: { readonly count: number; readonly record: StatementRecord | undefined }
}

/** At least so many, and as many as L1 holds results: a statement that is forgotten takes the way to its results with it. */
const FEWEST_STATEMENTS = 4_096
/** Characters of texts that are remembered, and of one text. */
const MOST_CHARACTERS = 2_000_000
const LONGEST_REMEMBERED = 16_384
const MOST_VARIANTS = 256

/** Memory of statements, bounded; the oldest go first. */
export class Statements {
  readonly #config: ResolvedConfig
  readonly #versions: VersionBook
  readonly #byDatabase = new Map<string, Map<string, StatementRecord>>()
  /** One call asks several times what its text says. */
  #latestLong: { statements: Map<string, StatementRecord>; record: StatementRecord } | undefined
  #nextId = 0
  #characters = 0

  constructor(config: ResolvedConfig, versions: VersionBook) {
    this.#config = config
    this.#versions = versions
  }

  /** The statements of one database, for an executor to keep. */
  of(database: Database): Map<string, StatementRecord> {
    const identity = whoAnswers(database)
    let statements = this.#byDatabase.get(identity)
    if (!statements) this.#byDatabase.set(identity, (statements = new Map()))
    return statements
  }

  record(statements: Map<string, StatementRecord>, database: Database, sql: string): StatementRecord {
    const found = statements.get(sql)
    if (found) return found
    const latest = this.#latestLong
    if (latest?.statements === statements && latest.record.sql === sql) return latest.record
    const facts = readSql(sql, this.#config.sql)
    // A text too long to be remembered is its own id: its results are found again all the same.
    const remembered = sql.length <= LONGEST_REMEMBERED
    const id = remembered ? (this.#nextId++).toString(36) : `=${whoAnswers(database)}${sized(sql)}`
    const plain = this.#dependencies(database, facts, NO_OPTIONS, id)
    const record: StatementRecord = {
      sql,
      facts,
      plain,
      others: new Map<string, Dependencies>(),
    }
    if (!remembered) {
      this.#latestLong = { statements, record }
      return record
    }
    this.#characters += sql.length
    this.#makeRoom(statements)
    statements.set(sql, record)
    return record
  }

  /** The statement that is given a time where this one reads the clock; `undefined` when there is none that means the same. */
  withoutClock(
    statements: Map<string, StatementRecord>,
    database: Database,
    record: StatementRecord,
    count: number,
  ): StatementRecord | undefined {
    if (record.facts.kind !== 'read' || record.facts.reason !== 'volatile-function') return undefined
    if (record.bucketed?.count === count) return record.bucketed.record
    const sql = withoutClock(record.sql, count)
    const made = sql === undefined ? undefined : this.record(statements, database, sql)
    const same = made?.facts.kind === 'read' && made.facts.tables.join() === record.facts.tables.join()
    record.bucketed = { count, record: same ? made : undefined }
    return record.bucketed.record
  }

  #makeRoom(statements: Map<string, StatementRecord>): void {
    const most = Math.max(FEWEST_STATEMENTS, this.#config.l1Entries)
    for (const sql of statements.keys()) {
      if (statements.size < most && this.#characters <= MOST_CHARACTERS) return
      statements.delete(sql)
      this.#characters -= sql.length
    }
  }

  /** The names of a call, given that it names tables, tags or a key of its own. */
  dependencies(record: StatementRecord, database: Database, options: QueryOptions): Dependencies {
    const { tables, tags, cacheKey, tagsOnly } = options
    const plain = !tables?.length && !tags?.length
    if (plain && tagsOnly)
      throw new InvalidOptionError('tagsOnly', 'set without `tags`', 'Name in `tags` what a write names.')
    if (plain && cacheKey === undefined) return record.plain
    const signature = `${tagsOnly ? '!' : ''}${written(tables)}${written(tags)}${cacheKey === undefined ? '' : `=${sized(cacheKey)}`}`
    const found = record.others.get(signature)
    if (found) return found
    const made = this.#dependencies(database, record.facts, options, `${record.plain.id}~${signature}`)
    if (record.others.size >= MOST_VARIANTS) record.others.delete(record.others.keys().next().value!)
    record.others.set(signature, made)
    return made
  }

  #dependencies(database: Database, facts: SqlFacts, options: QueryOptions, id: string): Dependencies {
    const settings = settingsOf(this.#config.sql)
    const named = (options.tables ?? []).map((table) => canonicalTable(table, settings.defaultSchema))
    const all = readTogether([...facts.tables, ...named], settings)
    // Whose rows these are is a matter of all tables, whatever else invalidates the result.
    const { volatile, identity } = all
    const { tables } = options.tagsOnly ? readTogether(named, settings) : all
    const tags = [...new Set(options.tags ?? [])].sort()
    const shortNames = dependencyNames(tables, tags, options.cacheKey)
    // Handed out with every answer: nobody may change them for the others.
    return {
      id,
      tables: Object.freeze(tables),
      tags: Object.freeze(tags),
      shortNames,
      names: this.known(database, shortNames),
      volatile,
      identity,
      shortcuts: options === NO_OPTIONS ? new Map() : undefined,
    }
  }

  known(database: Database, shortNames: readonly string[]): Known[] {
    const prefix = databaseKey(database)
    return shortNames.map((name) => this.#versions.name(`${prefix}:${name}`))
  }
}

const whoAnswers = (database: Database): string => sized(database.identity) + sized(database.invalidationIdentity)

const written = (names: readonly string[] | undefined): string =>
  names ? `${names.length}[${names.map(sized).join('')}` : '-'

/** A short name of the database for version keys. Two databases that meet here only invalidate each other. */
export function databaseKey(database: Database): string {
  const identity = database.invalidationIdentity
  return weakHash(identity).toString(36) + weakHash(`#${identity}`).toString(36)
}
