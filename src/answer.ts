/**
 * What an answer says of itself: its `CacheInfo`, and what it adds to the counters, events and the request's own record.
 * @module
 */
import type { Ask, Bypass, CacheInfo, Call, Core, Told } from './ask.js'
import { directResult } from './result.js'
import type { Answer } from './result.js'
import { clock } from './runtime.js'
import type { Remembered } from './memory.js'
import { retryInBackground } from './invalidate.js'
import type { Answered } from './read.js'
import { pushStatistics } from './push-statistics.js'
import type { Asked } from './statement.js'
import type { L1Entry } from './l1.js'
import { secondsLeft } from './entry.js'
import type { DatabaseResult } from './types.js'

/** Isolate memory has answered: nothing was waited for. */
export function settleHit(core: Core, call: Call, asked: Asked | Ask, hit: Remembered, now: number): Answer {
  const { counters, events } = core.cache
  counters.total.l1Hits++
  if (hit.outcome === 'stale') counters.total.staleHits++
  if (call.log || events.listening) tell(core, call, hitInfo(asked, hit, now), 0)
  afterwards(core, call, now)
  return hit.entry.reader
}

/** What answers, to be read once; throws the driver's own error when nothing does. Counts the answer either way. */
export function settle(core: Core, call: Call, ask: Ask, answered: Answered, startedAt: number): Answer {
  const { loaded, coalesced, waited } = answered
  if (loaded.ok && loaded.outcome !== 'unshared' && !waited)
    return settleHit(core, call, ask, loaded as Remembered, clock(call.runtime))
  const { counters } = core.cache
  if (coalesced) counters.add('coalesced', 1)
  if (!loaded.ok) {
    counters.add('misses', 1)
    const now = clock(call.runtime)
    const { tables, tags } = ask.deps
    const info = { outcome: 'miss', reason: 'database-error', key: ask.display, age: 0, ttl: 0, tables, tags } as const
    tell(core, call, info, Math.max(0, now - startedAt))
    afterwards(core, call, now)
    throw loaded.error
  }
  if (loaded.outcome === 'unshared') {
    account(core, call, infoOf(ask, answered, 0), startedAt)
    return unshared(core, ask, loaded.value)
  }
  const { entry, outcome } = loaded
  counters.total[outcome === 'miss' ? 'misses' : 'l2Hits']++
  if (outcome === 'stale' || outcome === 'stale-if-error') counters.total.staleHits++
  const now = clock(call.runtime)
  if (call.log || core.cache.events.listening)
    tell(core, call, infoOf(ask, answered, now), Math.max(0, now - startedAt))
  afterwards(core, call, now)
  if ('first' in loaded && loaded.first) {
    const { first } = loaded
    loaded.first = undefined
    return first
  }
  // What others have loaded, or what Redis has just vouched for, is read again.
  if (coalesced || outcome === 'l2') core.cache.keep(entry)
  return entry.reader
}

/** The one caller's own value, which could not be kept. */
function unshared(core: Core, ask: Ask, value: unknown): Answer {
  const result = () => directResult(value as DatabaseResult, core.database)
  const rows = () => result().rows
  return { rows, result, value: ask.loader ? () => value : rows }
}

export function infoOf(ask: Ask, { loaded, coalesced }: Answered, now: number): CacheInfo {
  const { tables, tags } = ask.deps
  if (!loaded.ok || loaded.outcome === 'unshared')
    return bypassInfo({ bypass: loaded.ok ? loaded.reason : 'not-serialisable', display: ask.display, tables, tags })
  const { entry, outcome } = loaded
  const info = entryInfo(ask, entry, coalesced ? 'coalesced' : outcome, now)
  // A result that was read for this very call has no age.
  return outcome === 'miss' && !coalesced ? { ...info, age: 0 } : info
}

export const hitInfo = (asked: Asked | Ask, { entry, outcome }: Remembered, now: number): CacheInfo =>
  entryInfo(asked, entry, outcome, now)

function entryInfo(
  { deps: { tables, tags }, options, reason }: Asked | Ask,
  entry: L1Entry,
  outcome: CacheInfo['outcome'],
  now: number,
): CacheInfo {
  const age = Math.max(0, (now - entry.readAt) / 1000)
  return { outcome, reason, key: entry.display, age, ttl: secondsLeft(entry, options, now), tables, tags }
}

export function bypassInfo({ bypass, display, tables, tags }: Bypass): CacheInfo {
  return { outcome: 'bypass', reason: bypass, key: display, age: 0, ttl: 0, tables, tags }
}

/** Counts an answer that no cache was asked for. */
export function account(core: Core, call: Call, info: CacheInfo, startedAt: number): void {
  core.cache.counters.add('bypassed', 1)
  const now = clock(call.runtime)
  tell(core, call, info, Math.max(0, now - startedAt))
  afterwards(core, call, now)
}

function tell(core: Core, call: Call, info: Told, durationMs: number): void {
  call.log?.add(info, durationMs)
  core.cache.events.emit({ type: 'query', outcome: info.outcome, reason: info.reason, tables: info.tables, durationMs })
}

/** Background work that any request may start when it is due. */
export function afterwards(core: Core, call: Call, now: number): void {
  pushStatistics(core, call, now)
  retryInBackground(core, call)
}
