/**
 * Counters of one isolate, folded in memory and pushed to Redis in the background.
 * @module
 */

export const COUNTERS = [
  'l1Hits',
  'l2Hits',
  'staleHits',
  'coalesced',
  'misses',
  'bypassed',
  'errors',
  'evictions',
  'bytesIn',
  'bytesOut',
  'redisCommands',
  'redisTrips',
  'dbQueries',
  'dbTimeMs',
] as const

export type Counter = (typeof COUNTERS)[number]

export type CounterValues = Record<Counter, number>

export interface CacheStats {
  /** `cacheHits / (cacheHits + cacheMisses)`; 0 when there are none. */
  hitRatio: number
  /** `cacheHits + cacheMisses + bypassed`. */
  totalQueries: number
  /** `l1Hits + l2Hits`. */
  cacheHits: number
  cacheMisses: number
  /** MiB of this isolate's memory in use by results, and by what is remembered of texts and names. */
  totalSizeMB: number
  /** Milliseconds of a database query, from send to answer. */
  averageQueryTime: number
  evictions: number
  l1Hits: number
  l2Hits: number
  /** Within `cacheHits`. */
  staleHits: number
  /** Answers that waited for another request's load; each is also within its leader's kind. */
  coalesced: number
  bypassed: number
  /** Failures of Redis or the database, whether a request noticed or not. */
  errors: number
  /** Characters read from Redis. */
  bytesIn: number
  /** Characters written to Redis. */
  bytesOut: number
  redisCommands: number
  redisTrips: number
  dbQueries: number
}

export const zeroes = (): CounterValues => Object.fromEntries(COUNTERS.map((name) => [name, 0])) as CounterValues

export class Counters {
  /** Added to where it happens: a hit adds one to one property. */
  readonly total: CounterValues = zeroes()
  #pushed: CounterValues = zeroes()
  #lastPush: number | undefined
  /** The hour, since 1970, in which Redis was last told how long to keep the counters. */
  keptIn: number | undefined

  add(name: Counter, amount: number): void {
    this.total[name] += amount
  }

  /** True when the last push is at least `intervalMs` ago and there is something to tell. The first call starts the interval. */
  due(now: number, intervalMs: number): boolean {
    this.#lastPush ??= now
    return (
      Math.abs(now - this.#lastPush) >= intervalMs &&
      (['l1Hits', 'l2Hits', 'misses', 'bypassed'] as const).some((name) => this.total[name] > this.#pushed[name])
    )
  }

  /** What is not pushed yet; the caller gives back with `putBack` what Redis refused. */
  take(now: number): CounterValues {
    const taken = zeroes()
    for (const name of COUNTERS) taken[name] = this.total[name] - this.#pushed[name]
    this.#pushed = { ...this.total }
    this.#lastPush = now
    return taken
  }

  putBack(values: Partial<CounterValues>): void {
    for (const name of COUNTERS) this.#pushed[name] -= values[name] ?? 0
  }
}

/** The public figures from raw counters. `bytesHeld`: this isolate's memory, 0 where it is not known. */
export function summarise({ misses, dbTimeMs, ...values }: CounterValues, bytesHeld: number): CacheStats {
  const cacheHits = values.l1Hits + values.l2Hits
  const answered = cacheHits + misses
  return {
    hitRatio: answered === 0 ? 0 : cacheHits / answered,
    totalQueries: answered + values.bypassed,
    cacheHits,
    cacheMisses: misses,
    totalSizeMB: bytesHeld / 2 ** 20,
    averageQueryTime: values.dbQueries === 0 ? 0 : dbTimeMs / values.dbQueries,
    ...values,
  }
}
