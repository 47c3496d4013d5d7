/**
 * The first tier: results in the isolate's memory, bounded by bytes and by entries. No timers: what is over is dropped when it is met.
 * @module
 */
import type { CheckState } from './check.js'
import type { RowsBody } from './codec/payload.js'
import { Shapes } from './codec/rows.js'
import type { Lifetime } from './entry.js'
import { Counters } from './stats.js'
import { Statements } from './statement.js'
import type { Shortcuts } from './statement.js'
import { resolveConfig } from './configure.js'
import type { ShortKey } from './key.js'
import type { CacheConfig, ResolvedConfig } from './options.js'
import type { Loaded } from './read.js'
import { Background } from './runtime.js'
import type { ResultReader } from './result.js'
import type { Known } from './versions.js'
import { VersionBook } from './versions.js'
import { Sieve } from './sieve.js'
import type { Kept } from './sieve.js'
import { Flights } from './flight.js'
import { Events } from './events.js'
import { Refreshes } from './refresh.js'

export interface L1Entry extends Lifetime, Kept<L1Entry> {
  /** The custom key, or a short fingerprint. */
  readonly display: string
  readonly tables: readonly string[]
  readonly names: readonly Known[]
  /** Where it is found without its whole key too, unless `shortKey` is `null`. */
  readonly shortcuts: Shortcuts | undefined
  readonly shortKey: ShortKey
  /** Versions captured before the database read. `undefined`: not captured, so the entry lives by `provisionalUntil` and `order`. */
  readonly versions: readonly string[] | undefined
  /** The isolate's own order when the read began. */
  readonly order: number
  /** Without versions nobody vouches for an entry after this time. */
  readonly provisionalUntil: number
  readonly reader: ResultReader
  hits: number
}

export interface EntryInfo {
  /** The custom key (`cacheKey`), or a short fingerprint of the query. */
  key: string
  tables: readonly string[]
  /** Bytes, estimated. */
  size: number
  /** Seconds since the database read began. */
  age: number
  hits: number
}

/** One entry may take this part of the memory at most: a single large result must not empty the rest. */
const LARGEST_PART = 1 / 8
/** Shapes of rows that are remembered in case that they come again, beside those that entries have and count. */
const SHAPES_PART = 1 / 32
const LEAST_SHAPES_BYTES = 64 * 1024

/** One isolate's cache. Two of them in one process behave as two isolates. Made by `createQueryCache`. */
export class QueryCache {
  /** @internal */ readonly config: ResolvedConfig
  /** @internal */ readonly events = new Events()
  /** @internal */ readonly counters = new Counters()
  /** @internal */ readonly versions = new VersionBook()
  /** @internal */ readonly flights = new Flights<Loaded>()
  /** @internal */ readonly background = new Background()
  /** @internal */ readonly refreshes = new Refreshes()
  /** @internal */ readonly shapes: Shapes
  /** @internal */ readonly statements: Statements
  /** @internal */ readonly checks: CheckState = { lastAt: -Infinity }
  readonly #entries = new Sieve<L1Entry>()

  /** @throws InvalidOptionError */
  constructor(config: CacheConfig) {
    // Told before anything is read of it, a configuration that is none is an error that says so.
    this.config = resolveConfig(config, (message) => this.events.once(message))
    this.events.listen(config.onEvent)
    if (config.debug) this.events.listen((event) => console.debug('edge-query-cache', event))
    this.shapes = new Shapes(Math.max(LEAST_SHAPES_BYTES, this.config.l1Bytes * SHAPES_PART))
    this.statements = new Statements(this.config, this.versions, () => this.#makeRoom(0))
  }

  /** What isolate memory holds, most lately stored last. Expired entries that nobody met yet are among them. */
  getEntries(now: number = Date.now()): EntryInfo[] {
    return Array.from(this.#entries.all(), (entry) => ({
      key: entry.display,
      tables: [...entry.tables],
      size: entry.size,
      age: Math.max(0, (now - entry.readAt) / 1000),
      hits: entry.hits,
    }))
  }

  /** @internal */
  get bytes(): number {
    return this.#entries.bytes + this.statements.bytes
  }

  /** @internal */
  get(key: string): L1Entry | undefined {
    return this.#entries.get(key)
  }

  /** @internal Makes room for an entry and keeps it, when it fits. */
  put(entry: L1Entry): void {
    const entries = this.#entries
    // A load that began earlier may end later: what was read last stays.
    if ((entries.get(entry.key)?.readAt ?? 0) > entry.readAt) return
    const { l1Bytes, l1Entries } = this.config
    this.drop(entry.key)
    if (entry.size > l1Bytes * LARGEST_PART) return
    this.#makeRoom(entry.size)
    while (entries.count >= l1Entries) this.#evict()
    entries.add(entry)
    if (entry.shortKey !== null) entry.shortcuts?.set(entry.shortKey, entry)
  }

  /** @internal An entry is read again: it keeps what it parses, where that fits. */
  keep(entry: L1Entry): void {
    this.#grow(entry, entry.reader.keep(this.config.l1Bytes * LARGEST_PART - entry.size))
  }

  /** @internal An entry was written. */
  rest(entry: L1Entry, body: RowsBody): void {
    this.#grow(entry, entry.reader.rest(body))
  }

  #grow(entry: L1Entry, bytes: number): void {
    if (bytes === 0 || this.#entries.get(entry.key) !== entry) return
    this.#entries.grow(entry, bytes)
    this.#makeRoom(0)
  }

  /** For so many bytes more. What is remembered of statements is a quarter at most, so that there is always enough to evict. */
  #makeRoom(bytes: number): void {
    const { l1Bytes } = this.config
    while (this.#entries.count > 0 && this.bytes + bytes > l1Bytes && this.#entries.bytes > l1Bytes / 2) this.#evict()
  }

  #evict(): void {
    forgetShortcut(this.#entries.evict())
    this.counters.add('evictions', 1)
  }

  /** @internal */
  drop(key: string): void {
    forgetShortcut(this.#entries.drop(key))
  }

  /** @internal Drops what `test` says and returns how many. */
  dropWhere(test: (entry: L1Entry) => boolean): number {
    let dropped = 0
    for (const entry of this.#entries.all()) {
      if (!test(entry)) continue
      this.drop(entry.key)
      dropped++
    }
    return dropped
  }
}

/** What is dropped is not to be found any more. */
function forgetShortcut(dropped: L1Entry | undefined): void {
  dropped?.shortcuts?.delete(dropped.shortKey)
}
