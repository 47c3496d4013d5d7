/**
 * The second tier: Redis over HTTP. One MGET brings the entries and the versions that vouch for them; names are changed by giving
 * them a version that was never there before.
 * @module
 */
import { FORMAT } from './codec/encode.js'
import { keySafe } from './key.js'
import { QueryCache } from './l1.js'
import type { CacheConfig } from './options.js'
import { RedisLink } from './redis.js'
import { clock, randomAddend, uniqueValue } from './runtime.js'
import type { Runtime } from './runtime.js'
import type { Pipeline } from '@upstash/redis'
import type { Captured, Known } from './versions.js'

/** What one entry of a lookup got. */
export interface Found {
  /** The stored text, not decoded. */
  text: string | null
  captured: Captured
  /** It could not be read, or was for another question: to be removed. */
  remove?: boolean
}

export interface RedisInfo {
  /** Keys in the whole Redis database, other users' included. */
  keyCount: number
  /** Bytes in use as Redis tells them; `null` where it does not tell. */
  memoryUsage: number | null
  /** Of the reads of this isolate that asked Redis, the part that Redis answered. */
  hitRatio: number
}

/** Clocks of two isolates may differ by this much and a fence is still seen. */
const CLOCK_SKEW_MS = 1_000

/** One isolate's cache with Redis behind it. Made by `createQueryCache` for the types `redis` and `hybrid`. */
export class RedisQueryCache extends QueryCache {
  /** @internal */ readonly link: RedisLink
  /** @internal Names whose invalidation Redis has not acknowledged: since when, and whether a write to them may still commit. */
  readonly unacknowledged = new Map<Known, { order: number; fence: boolean }>()
  /** @internal When the next round of repeating invalidations may begin. */
  retryAt = 0

  constructor(config: CacheConfig) {
    super(config)
    this.link = new RedisLink(config.redis ?? {}, this.config, this.events, this.counters)
  }

  /** Asks Redis how full it is, in two trips. Rejects with `RedisError` when it does not answer. */
  async getRedisInfo(): Promise<RedisInfo> {
    const [size] = await this.link.pipeline('statistics', (pipeline) => pipeline.dbsize())
    const info = await this.link.command('statistics', ['info', 'memory']).catch(() => undefined)
    const used = /used_memory:(\d+)/.exec(String(info))
    const { l2Hits, misses } = this.counters.total
    return {
      keyCount: Number(size?.result ?? 0),
      memoryUsage: used ? Number(used[1]) : null,
      hitRatio: l2Hits + misses === 0 ? 0 : l2Hits / (l2Hits + misses),
    }
  }

  /** @internal The key of an entry. Format, generation and prefix are readable, so that cleanup needs the name only. */
  entryKey(digest: string): string {
    return `${this.entryPrefix}${digest}`
  }

  /** @internal */
  get entryPrefix(): string {
    const { redisKeyPrefix, keyPrefix, epoch } = this.config
    return `${redisKeyPrefix}:e:${keySafe(keyPrefix)}:${FORMAT}:${keySafe(epoch)}:`
  }

  /** @internal */
  versionKey(known: Known): string {
    return `${this.config.redisKeyPrefix}:v:${known.key}`
  }

  #fenceKey(known: Known, period: number): string {
    return `${this.config.redisKeyPrefix}:f:${known.key}:${period}`
  }

  /** Every period in which a write may have begun that is not over yet, for any clock within the skew. */
  #fencePeriods(now: number): number[] {
    const { fenceMs } = this.config
    const first = Math.floor((now - fenceMs - CLOCK_SKEW_MS) / fenceMs)
    const last = Math.floor((now + CLOCK_SKEW_MS) / fenceMs)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  }

  /**
   * @internal One MGET for any number of entries and names. What is learnt about `others` (hot names of other entries) keeps their L1
   * entries believed without a trip of their own. Rejects with `RedisError`.
   */
  async lookup(
    runtime: Runtime,
    wanted: readonly { key?: string; names: readonly Known[] }[],
    others: readonly Known[],
  ): Promise<Found[]> {
    const names = [...new Set([...wanted.flatMap((ask) => ask.names), ...others])]
    const entryKeys = wanted.flatMap((ask) => (ask.key === undefined ? [] : [ask.key]))
    const sentAt = clock(runtime)
    const order = this.versions.mark()
    const periods = this.#fencePeriods(sentAt)
    const fenceKeys = names.flatMap((known) => periods.map((period) => this.#fenceKey(known, period)))
    const keys = [...entryKeys, ...names.map((known) => this.versionKey(known)), ...fenceKeys]
    const values = await this.link.mget(runtime, keys, wanted.length > 0 ? 'read' : 'check')
    const versions = new Map<Known, string | null>()
    const fences = new Map<Known, boolean>()
    names.forEach((known, i) => {
      versions.set(known, values[entryKeys.length + i]!)
      const from = entryKeys.length + names.length + i * periods.length
      fences.set(
        known,
        values.slice(from, from + periods.length).some((value) => value !== null && value !== '0'),
      )
    })
    const accept = (list: readonly Known[]) =>
      this.versions.accept(
        list,
        list.map((known) => versions.get(known)!),
        list.map((known) => fences.get(known)!),
        order,
        sentAt,
      )
    accept(others)
    for (const { names: own } of wanted) for (const known of own) known.usedAt = sentAt
    let next = 0
    return wanted.map((ask) => ({ text: ask.key === undefined ? null : values[next++]!, captured: accept(ask.names) }))
  }

  /**
   * @internal After the answer, in one trip: stores entries, creates missing versions, removes what could not be read. At most one
   * command for each of the three kinds and one per stored entry.
   */
  async store(
    entries: readonly { key: string; text: string; ttl: number | undefined }[],
    missing: readonly Known[],
    remove: readonly string[],
  ): Promise<void> {
    await this.link.pipeline('store', (pipeline) => {
      for (const { key, text, ttl } of entries) {
        this.counters.add('bytesOut', text.length)
        if (ttl === undefined) pipeline.set(key, text)
        else pipeline.set(key, text, { ex: ttl })
      }
      // All or none: a name that somebody else created meanwhile is found by the next read, which creates the rest.
      if (missing.length > 0) pipeline.msetnx(this.#freshVersions(missing))
      if (remove.length > 0) pipeline.del(...remove)
    })
  }

  /** A new value at every attempt: a repeated one that arrives late would revive old entries. */
  #freshVersions(names: Iterable<Known>): Record<string, string> {
    const version = uniqueValue()
    return Object.fromEntries([...names].map((known) => [this.versionKey(known), version]))
  }

  /**
   * @internal One attempt to give names new versions. `standing`: leaves a fence, because a write may still commit. `lift`: takes back a
   * fence of one's own. A full Redis refuses SET; deleting the version is allowed then and does the same. Returns whether Redis acknowledged.
   */
  async renew(
    runtime: Runtime,
    names: readonly Known[],
    fence?: { standing: true } | { lift: Fence },
  ): Promise<boolean> {
    if (names.length === 0) return true
    try {
      const replies = await this.link.pipeline('invalidate', (pipeline) => {
        pipeline.mset(this.#freshVersions(names))
        if (fence && 'standing' in fence) this.#raise(pipeline, runtime, names)
        if (fence && 'lift' in fence) this.#lower(pipeline, fence.lift)
      })
      const standing = fence !== undefined && 'standing' in fence
      if (standing && replies.slice(1).some((reply) => reply.error !== undefined)) return false
      if (replies[0]!.result === 'OK') return true
      const [deleted] = await this.link.pipeline('invalidate', (pipeline) =>
        pipeline.del(...names.map((known) => this.versionKey(known))),
      )
      return typeof deleted!.result === 'number'
    } catch {
      return false
    }
  }

  /** @internal Before a fenced write: a fresh version, so that older entries do not return when the fence ends, and the fence. */
  async fence(runtime: Runtime, names: readonly Known[]): Promise<Fence | undefined> {
    let fence: Fence | undefined
    try {
      const replies = await this.link.pipeline('invalidate', (pipeline) => {
        pipeline.mset(this.#freshVersions(names))
        fence = this.#raise(pipeline, runtime, names)
      })
      return replies.every((reply) => reply.error === undefined) ? fence : undefined
    } catch {
      return undefined
    }
  }

  #raise(pipeline: Pipeline, runtime: Runtime, names: readonly Known[]): Fence {
    const period = Math.floor(clock(runtime) / this.config.fenceMs)
    const fence = { keys: names.map((known) => this.#fenceKey(known, period)), addend: randomAddend() }
    this.#add(pipeline, fence.keys, fence.addend)
    return fence
  }

  #lower(pipeline: Pipeline, { keys, addend }: Fence): void {
    this.#add(pipeline, keys, -addend)
  }

  /** With an expiry each time: a fence whose key was lost leaves its negative behind, which must end too. */
  #add(pipeline: Pipeline, keys: readonly string[], addend: number): void {
    const seconds = Math.ceil((3 * this.config.fenceMs + CLOCK_SKEW_MS) / 1000)
    for (const key of keys) {
      pipeline.incrby(key, addend)
      pipeline.expire(key, seconds)
    }
  }
}

/** One writer's own mark that a write may be under way. Another writer's invalidation does not lift it. */
export interface Fence {
  keys: string[]
  addend: number
}

export const isRedisCache = (cache: QueryCache): cache is RedisQueryCache => cache instanceof RedisQueryCache
