/**
 * Counters of all isolates in Redis: one hash a day, a field per hour and counter. They are of the cache, whichever databases it serves. A count
 * is added at most once: what Redis refused goes with the next push, what it may have taken does not.
 * @module
 */
import type { Pipeline } from '@upstash/redis'
import type { Call, Core } from './ask.js'
import type { RedisFailure } from './events.js'
import { keySafe } from './key.js'
import type { QueryCache } from './l1.js'
import { check, readOptions } from './rules.js'
import type { Rule } from './rules.js'
import type { RedisError, Reply } from './redis.js'
import { isRedisCache } from './l2.js'
import type { RedisQueryCache } from './l2.js'
import { clock } from './runtime.js'
import { COUNTERS, zeroes } from './stats.js'
import type { Counter, CounterValues } from './stats.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Under traffic an isolate pushes at most this often. */
const PUSH_EVERY_MS = 10_000
/** Days that counters are kept. */
export const KEPT_DAYS = 30

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

const dayKey = ({ config }: RedisQueryCache, day: number): string =>
  `${config.redisKeyPrefix}:s:${keySafe(config.keyPrefix)}:${new Date(day * DAY_MS).toISOString().slice(0, 10)}`

/** Counters on their way to Redis. */
interface Push {
  readonly values: CounterValues
  /** Its commands come first in their trip, as many as there are counters at most. */
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
  const changed = COUNTERS.filter((name) => values[name] !== 0)
  if (changed.length === 0) return undefined
  const key = dayKey(cache, Math.floor(now / DAY_MS))
  const hour = Math.floor((now % DAY_MS) / HOUR_MS)
  return {
    values,
    add: (pipeline) => {
      for (const name of changed) pipeline.hincrby(key, `${hour}.${name}`, Math.round(values[name]))
      pipeline.expire(key, ((KEPT_DAYS + 1) * DAY_MS) / 1000)
    },
    settle: (trip) =>
      trip.then(
        (replies) =>
          changed.forEach((name, i) => {
            if (replies[i]?.error !== undefined) cache.counters.putBack({ [name]: values[name] })
          }),
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
    for (const day of days) pipeline.hgetall(dayKey(cache, day))
  })
  const replies = await reads.catch((error: unknown) => {
    if (own) cache.counters.putBack(own.values)
    throw error
  })
  replies.forEach((reply, i) => addDay(sum, reply.result, days[i]! * DAY_MS, since, until))
  if (!own) return sum
  // After the reads: one that is away does not cost the counts.
  await send(cache, own)
  if (until >= now - (now % HOUR_MS)) for (const name of COUNTERS) sum[name] += own.values[name]
  return sum
}

/** Without the SDK's deserialisation a hash comes as Redis sends it: field, value, field, value. */
const pairs = (flat: readonly unknown[]): [string, unknown][] =>
  flat.flatMap((field, i) => (i % 2 === 0 ? [[String(field), flat[i + 1]] as [string, unknown]] : []))

function addDay(sum: CounterValues, hash: unknown, dayStart: number, since: number, until: number): void {
  if (typeof hash !== 'object' || hash === null) return
  for (const [field, value] of Array.isArray(hash) ? pairs(hash) : Object.entries(hash)) {
    const [hour, name] = field.split('.')
    const from = dayStart + Number(hour) * HOUR_MS
    if (name === undefined || !(name in sum) || from + HOUR_MS <= since || from > until) continue
    sum[name as Counter] += Number(value) || 0
  }
}
