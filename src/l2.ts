/**
 * The second tier: Redis over HTTP. One MGET brings the entries and the versions that vouch for them; names are changed by giving
 * them a version that was never there before.
 * @module
 */
import type { Pipeline } from '@upstash/redis'
import { keySafe } from './key.js'
import { clock, uniqueValue } from './runtime.js'
import type { Runtime } from './runtime.js'
import { FORMAT } from './codec/encode.js'
import { RedisLink } from './redis.js'
import type { Reply } from './redis.js'
import { Fences, isFence } from './fences.js'
import type { Fence } from './fences.js'
import type { CacheConfig } from './options.js'
import { QueryCache } from './l1.js'
import type { Captured, Known } from './versions.js'

/** One entry to look up, and the names that it depends on. */
export interface Wanted {
  /** `undefined`: its versions only. */
  key?: string
  names: readonly Known[]
  /** Whether to look for the lease on loading it too. */
  withLease?: boolean
}

/** One entry to store, for so many seconds; `undefined`: without an end. */
export interface Storable {
  key: string
  text: string
  ttl: number | undefined
}

/** What one entry of a lookup got. */
export interface Found {
  /** The stored text, not decoded. */
  text: string | null
  captured: Captured
  /** Somebody holds the lease on loading it; `undefined`: not asked. */
  leased?: boolean
  /** It could not be read, or was for another question: to be removed. */
  remove?: boolean
}

/** What giving names new versions came to. */
export interface Renewed {
  acknowledged: boolean
  /** The version that the names have now; `undefined`: none, or not known. */
  version?: string
}

export interface RedisInfo {
  /** Keys in the whole Redis database, other users' included. */
  keyCount: number
  /** Bytes in use as Redis tells them; `null` where it does not tell. */
  memoryUsage: number | null
  /** Of the reads of this isolate that asked Redis, the part that Redis answered. */
  hitRatio: number
}

/** Characters of entries that share a trip: Upstash refuses requests of more than 10 MB, and a character takes up to three bytes. */
const MOST_AT_ONCE = 3 * 2 ** 20

/** One isolate's cache with Redis behind it. Made by `createQueryCache` for the types `redis` and `hybrid`. */
export class RedisQueryCache extends QueryCache {
  /** @internal */ readonly link: RedisLink
  /** @internal Names whose invalidation Redis has not acknowledged: since when, and whether a write to them may still commit. */
  readonly unacknowledged = new Map<Known, { order: number; fence: boolean }>()
  /** @internal When the next round of repeating invalidations may begin. */
  retryAt = 0
  /** @internal Format, generation and prefix are readable, so that cleanup needs the name only. */
  readonly entryPrefix: string
  /** @internal */ readonly fences: Fences

  constructor(config: CacheConfig) {
    super(config)
    this.link = new RedisLink(config.redis ?? {}, this)
    this.entryPrefix = `${this.keysOf('e')}${FORMAT}:${keySafe(this.config.epoch)}:`
    this.fences = new Fences(this.config)
  }

  /** Asks Redis how full it is, in two trips. Rejects with `RedisError` when it does not answer. */
  async getRedisInfo(): Promise<RedisInfo> {
    const [size] = await this.link.pipeline('statistics', (pipeline) => pipeline.dbsize())
    const info = await this.link.command('statistics', ['info', 'memory']).catch(() => undefined)
    const used = /used_memory:(\d+)/.exec(String(info))
    const { l2Hits, misses } = this.counters.total
    return {
      keyCount: Number(size?.result) || 0,
      memoryUsage: used ? Number(used[1]) : null,
      hitRatio: l2Hits + misses === 0 ? 0 : l2Hits / (l2Hits + misses),
    }
  }

  /** @internal How this cache's own keys of a kind begin. Versions and fences are everybody's. */
  keysOf(kind: 'e' | 'n' | 'c'): string {
    const { redisKeyPrefix, keyPrefix } = this.config
    return `${redisKeyPrefix}:${kind}:${keySafe(keyPrefix)}:`
  }

  /** @internal The lease on loading an entry. */
  leaseKey(entryKey: string): string {
    const { redisKeyPrefix } = this.config
    return `${redisKeyPrefix}:l${entryKey.slice(redisKeyPrefix.length + 2)}`
  }

  /** @internal */
  versionKey(known: Pick<Known, 'key'>): string {
    return `${this.config.redisKeyPrefix}:v:${known.key}`
  }

  /**
   * @internal One MGET for any number of entries and names. What is learnt about `others` (hot names of other entries) keeps their L1
   * entries believed without a trip of their own. Rejects with `RedisError`.
   */
  lookup(runtime: Runtime, wanted: readonly Wanted[], others: readonly Known[]): Promise<Found[]> {
    const { keys, take } = this.#prepare(runtime, wanted, others)
    return this.link.mget(runtime, keys, wanted.length > 0 ? 'read' : 'check').then(take)
  }

  /** The keys of a lookup that is sent now, and what to make of their values when they arrive. */
  #prepare(
    runtime: Runtime,
    wanted: readonly Wanted[],
    others: readonly Known[],
    withFences = false,
  ): { keys: string[]; take: (values: readonly (string | null)[]) => Found[] } {
    const sentAt = clock(runtime)
    const quiet = withFences ? undefined : this.fences.quiet(sentAt)
    const order = this.versions.mark()
    const keys: string[] = []
    for (const { key, withLease } of wanted) {
      if (key === undefined) continue
      keys.push(key)
      if (withLease) keys.push(this.leaseKey(key))
    }
    let width = 1
    // Where each name's version is, asked for once; its fences follow.
    const ask = (names: readonly Known[]): number[] =>
      names.map((known) => {
        if (known.askedIn !== order) {
          known.askedIn = order
          known.askedAt = keys.push(this.versionKey(known)) - 1
          if (quiet === undefined) width = keys.push(...this.fences.keysAt(known, sentAt)) - known.askedAt
        }
        return known.askedAt
      })
    const places = wanted.map(({ names }) => ask(names))
    const otherPlaces = ask(others)
    if (!this.fences.expected) keys.push(this.fences.raises)
    const take = (values: readonly (string | null)[]): Found[] => {
      if (!this.fences.expected) this.fences.noteRaises(values.at(-1)!, clock(runtime))
      // Somebody has raised a fence since, perhaps of these names. Versions still tell hits: a fence renews them before its write is sent.
      const unsure = quiet !== undefined && values.at(-1) !== quiet
      const accept = (names: readonly Known[], at: readonly number[]) =>
        this.versions.accept(
          names,
          at.map((first) => values[first]!),
          at.map((first) => {
            for (let i = first + 1; i < first + width; i++) if (isFence(values[i]!)) return true
            return false
          }),
          order,
          sentAt,
          unsure,
        )
      accept(others, otherPlaces)
      for (const { names } of wanted) for (const known of names) known.usedAt = sentAt
      let at = 0
      return wanted.map(({ key, names, withLease }, i) => ({
        text: key === undefined ? null : values[at++]!,
        captured: accept(names, places[i]!),
        leased: key === undefined || !withLease ? undefined : values[at++] !== null,
      }))
    }
    return { keys, take }
  }

  /**
   * @internal In one trip and in sequence: takes the leases that are free, creates the versions that are missing, and reads everything
   * back, so that a version which this trip created was there before the database is asked. `won` where the lease is this caller's,
   * `undefined` where Redis refused it to everybody. Rejects with `RedisError`.
   */
  async takeLeases(
    runtime: Runtime,
    wanted: readonly (Wanted & { key: string; missing: readonly Known[] })[],
    leaseMs: number,
  ): Promise<(Found & { won: boolean | undefined })[]> {
    const missing = new Set(wanted.flatMap((ask) => ask.missing))
    const { keys, take } = this.#prepare(runtime, wanted, [], true)
    const replies = await this.link.pipeline('lease', (pipeline) => {
      for (const { key } of wanted) pipeline.set(this.leaseKey(key), '1', { nx: true, px: leaseMs })
      for (const known of missing) pipeline.set(this.versionKey(known), uniqueValue(), { nx: true })
      pipeline.mget(...keys)
    })
    const found = take(this.link.texts(replies.at(-1)!, keys.length))
    return found.map((one, i) => {
      const { result, error } = replies[i]!
      return { ...one, won: error === undefined ? result === 'OK' : undefined }
    })
  }

  /**
   * @internal After the answer, in one trip unless that would be too large: stores entries, creates missing versions, removes what could not be
   * read and the leases that are over. At most one command for each kind, and one per stored entry. `more`: what rides along, whose replies come first.
   */
  async store(
    entries: readonly Storable[],
    missing: readonly Known[],
    remove: readonly string[],
    more?: (pipeline: Pipeline) => void,
  ): Promise<Reply[]> {
    let size = 0
    for (const { text } of entries) size += text.length
    const [only, ...others] = entries
    if (size > MOST_AT_ONCE && others.length > 0) {
      // These first: the leases are given back when all is there. Their failure is theirs alone.
      await this.store(others, [], []).catch(() => undefined)
      return this.store([only!], missing, remove, more)
    }
    this.counters.add('bytesOut', size)
    if (only && others.length + missing.length + remove.length === 0 && !more) {
      await this.link.single('store', (client) => client.set(...asSet(only)))
      return []
    }
    return this.link.pipeline('store', (pipeline) => {
      more?.(pipeline)
      for (const entry of entries) pipeline.set(...asSet(entry))
      // All or none: a name that somebody else created meanwhile is found by the next read, which creates the rest.
      if (missing.length > 0) pipeline.msetnx(this.#versions(missing, uniqueValue()))
      if (remove.length > 0) pipeline.del(...remove)
    })
  }

  #versions(names: readonly Known[], version: string): Record<string, string> {
    return Object.fromEntries(names.map((known) => [this.versionKey(known), version]))
  }

  /**
   * @internal One attempt to give names new versions, with a new value: a repeated one that arrives late would revive old entries.
   * `standing`: leaves a fence, because a write may still commit. A `Fence` of one's own is taken back. A full Redis refuses SET;
   * deleting the version is allowed then and does the same.
   */
  async renew(runtime: Runtime, names: readonly Known[], fence?: Fence | 'standing'): Promise<Renewed> {
    if (names.length === 0) return { acknowledged: true }
    const version = uniqueValue()
    try {
      let at = 0
      const replies = await this.link.pipeline('invalidate', (pipeline) => {
        // A pipeline is not atomic: who finds the new version must find the fence too, until the version that ends it.
        if (fence === 'standing') this.fences.raise(pipeline, runtime, names)
        at = pipeline.length()
        pipeline.mset(this.#versions(names, version))
        if (fence && fence !== 'standing') this.fences.lower(pipeline, fence)
      })
      const renewed = replies[at]!.result === 'OK'
      // Entries of now end also where the fence that is to keep out later ones was refused.
      const ended = renewed || (await this.#remove(names))
      const fenced = fence !== 'standing' || replies.slice(0, at).every(succeeded)
      return { acknowledged: ended && fenced, version: renewed ? version : undefined }
    } catch {
      return { acknowledged: false }
    }
  }

  async #remove(names: readonly Known[]): Promise<boolean> {
    const keys = names.map((known) => this.versionKey(known))
    const [deleted] = await this.link.pipeline('invalidate', (pipeline) => pipeline.del(...keys))
    return typeof deleted!.result === 'number'
  }

  /** @internal Before a fenced write: a fresh version, so that older entries do not return when the fence ends, and the fence. */
  async fence(runtime: Runtime, names: readonly Known[]): Promise<Fence | undefined> {
    let fence: Fence | undefined
    try {
      const replies = await this.link.pipeline('invalidate', (pipeline) => {
        fence = this.fences.raise(pipeline, runtime, names)
        pipeline.mset(this.#versions(names, uniqueValue()))
      })
      return replies.every(succeeded) ? fence : undefined
    } catch {
      return undefined
    }
  }
}

const asSet = ({ key, text, ttl }: Storable) => [key, text, ttl === undefined ? undefined : { ex: ttl }] as const

/** What MSET, INCRBY and EXPIRE answer, and neither an error nor nonsense. */
const succeeded = ({ result }: Reply): boolean => result === 'OK' || typeof result === 'number'

export const isRedisCache = (cache: QueryCache): cache is RedisQueryCache => cache instanceof RedisQueryCache
