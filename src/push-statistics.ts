/**
 * Counters of all isolates in Redis: 64-bit integers side by side in one string a day, those of each hour and those of the whole day. One
 * BITFIELD adds to all of them: Upstash bills each HINCRBY. They are of the cache, whichever databases it serves. A count is added at most
 * once: what Redis refused goes with the next push, what it may have taken does not.
 * @module
 */
import type { Pipeline } from '@upstash/redis'
import type { Call, Core } from './ask.js'
import type { RedisFailure } from './events.js'
import type { QueryCache } from './l1.js'
import { check, readOptions } from './rules.js'
import type { Rule } from './rules.js'
import type { RedisError, Reply } from './redis.js'
import { isRedisCache } from './l2.js'
import type { RedisQueryCache } from './l2.js'
import { clock } from './runtime.js'
import { COUNTERS, zeroes } from './stats.js'
import type { CounterValues } from './stats.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Under traffic an isolate pushes at most this often. */
const PUSH_EVERY_MS = 10_000
/** Days that counters are kept. */
export const KEPT_DAYS = 30
/** Counters of an hour, and room for two more, so that none ever changes its place. */
const ROOM = 16
/** Where the whole day's are: after its hours. */
const WHOLE_DAY = 24

export interface StatsRange {
  /** From the hour that holds this time. Default: as far back as counters are kept, 30 days. */
  since?: Date | number | undefined
  /** To the hour that holds this time. Default: now. */
  until?: Date | number | undefined
}

const TIME: Rule = [
  (value) => (typeof value === 'number' || value instanceof Date) && Number(value) >= -Infinity,
  'a Date or milliseconds',
]

/** The BITFIELD offset of a counter in an hour. */
const place = (hour: number, counter: number): string => `#${hour * ROOM + counter}`

const dayKey = (cache: RedisQueryCache, day: number): string =>
  cache.keysOf('n') + new Date(day * DAY_MS).toISOString().slice(0, 10)

/** Counters on their way to Redis. */
interface Push {
  readonly values: CounterValues
  /** Its commands come first in their trip: one, once an hour two, and one more where Redis has no sum of raises. */
  readonly add: (pipeline: Pipeline) => void
  /** Waits for the trip's end: what Redis has refused goes with the next push. Never rejects. */
  readonly settle: (trip: Promise<readonly Reply[]>) => Promise<void>
}

/** It is not known what was done. To push it again would, where replies are lost one after another, count ever more. */
const UNKNOWN: readonly RedisFailure[] = ['timeout', 'network', 'nonsense', 'server-error']

/** What is to be pushed when it is due, to ride along with another trip. */
export function dueStatistics(cache: RedisQueryCache, now: number): Push | undefined {
  return cache.counters.due(now, PUSH_EVERY_MS) && !cache.link.breaker.open ? taken(cache, now) : undefined
}

/** Pushes in the background when it is due, in a trip of its own. */
export function pushStatistics(core: Core, call: Call, now: number): void {
  const { cache } = core
  const due = isRedisCache(cache) ? dueStatistics(cache, now) : undefined
  if (due) cache.background.run(call.runtime, send(cache as RedisQueryCache, due))
}

function taken(cache: RedisQueryCache, now: number): Push | undefined {
  const values = cache.counters.take(now)
  if (COUNTERS.every((name) => values[name] === 0)) return undefined
  const key = dayKey(cache, Math.floor(now / DAY_MS))
  const hour = Math.floor(now / HOUR_MS)
  // Not with each push: it is billed like the counts themselves.
  const keep = cache.counters.keptIn !== hour
  return {
    values,
    add: (pipeline) => {
      // A client of another make may not know it; what is stored in the same trip must not suffer.
      const add = (pipeline as Partial<Pipeline>).bitfield?.(key)
      if (!add) return
      COUNTERS.forEach((name, i) => {
        const value = Math.round(values[name])
        if (value !== 0) add.incrby('i64', place(hour % 24, i), value).incrby('i64', place(WHOLE_DAY, i), value)
      })
      add.exec()
      if (keep) pipeline.expire(key, ((KEPT_DAYS + 1) * DAY_MS) / 1000)
      cache.fences.makeRaises(pipeline)
    },
    settle: (trip) =>
      trip.then(
        ([counted, kept]) => {
          if (counted?.error !== undefined) cache.counters.putBack(values)
          else if (keep && kept?.error === undefined) cache.counters.keptIn = hour
        },
        ({ failure }: RedisError) => {
          if (!UNKNOWN.includes(failure)) cache.counters.putBack(values)
        },
      ),
  }
}

const send = (cache: RedisQueryCache, { add, settle }: Push): Promise<void> =>
  settle(cache.link.pipeline('statistics', add))

/**
 * The sum of all isolates' counters within the hours of the range, with what this isolate has not pushed yet, which is pushed when Redis has
 * answered. Rejects when it has not. Without Redis: this isolate's counters. @throws InvalidOptionError
 */
export async function readStatistics(
  call: Call,
  cache: QueryCache,
  given: StatsRange | undefined,
): Promise<CounterValues> {
  const range = readOptions<StatsRange>(given, { since: TIME, until: TIME }, 'range')
  check('since', range.since, [() => !(range.since! > range.until!), 'a time that is not after `until`'])
  if (!isRedisCache(cache)) return cache.counters.total
  const now = clock(call.runtime)
  const until = Math.min(now, Number(range.until ?? now))
  const oldest = (Math.floor(now / DAY_MS) - KEPT_DAYS) * DAY_MS
  const since = Math.max(oldest, Number(range.since ?? oldest))
  const days: number[] = []
  for (let day = Math.floor(since / DAY_MS); day <= Math.floor(until / DAY_MS); day++) days.push(day)
  const sum = zeroes()
  if (days.length === 0) return sum
  const own = taken(cache, now)
  const reads = cache.link.pipeline('statistics', (pipeline) => {
    for (const day of days) {
      const get = pipeline.bitfield(dayKey(cache, day))
      for (const hour of hoursOf(day, since, until)) COUNTERS.forEach((_, i) => get.get('i64', place(hour, i)))
      get.exec()
    }
  })
  const replies = await reads.catch((error: unknown) => {
    if (own) cache.counters.putBack(own.values)
    throw error
  })
  for (const { result } of replies)
    if (Array.isArray(result)) result.forEach((value, i) => (sum[COUNTERS[i % COUNTERS.length]!] += Number(value) || 0))
  if (!own) return sum
  // After the reads: one that is away does not cost the counts.
  await send(cache, own)
  if (until >= now - (now % HOUR_MS)) for (const name of COUNTERS) sum[name] += own.values[name]
  return sum
}

/** The hours of a day within the range, or the whole day. */
function hoursOf(day: number, since: number, until: number): number[] {
  const start = day * DAY_MS
  if (since <= start && until >= start + DAY_MS - HOUR_MS) return [WHOLE_DAY]
  const hours: number[] = []
  for (let hour = 0; hour < 24; hour++) {
    const from = start + hour * HOUR_MS
    if (from + HOUR_MS > since && from <= until) hours.push(hour)
  }
  return hours
}
