/**
 * What an answer says of itself: its `CacheInfo`, and what it adds to the counters, events and the request's own record.
 * @module
 */
import type { Ask, Bypass, CacheInfo, Call, Core } from './ask.js'
import { secondsLeft } from './entry.js'
import { retryInBackground } from './invalidate.js'
import { pushStatistics } from './push-statistics.js'
import type { Answered } from './read.js'
import { directResult } from './result.js'
import type { ResultReader } from './result.js'
import { clock } from './runtime.js'
import type { DatabaseResult } from './types.js'

/** What answers, to be read once; throws the driver's own error when nothing does. Counts the answer either way. */
export function settle(core: Core, call: Call, ask: Ask, answered: Answered, startedAt?: number): ResultReader {
  const { loaded, coalesced, waited } = answered
  const { counters } = core.cache
  if (coalesced) counters.add('coalesced', 1)
  if (!loaded.ok) {
    counters.add('misses', 1)
    const { tables } = ask.deps
    core.cache.events.emit({ type: 'query', outcome: 'miss', reason: 'database-error', tables })
    afterwards(core, call)
    throw loaded.error
  }
  if (loaded.outcome === 'unshared') {
    account(core, call, infoOf(ask, answered, 0), startedAt)
    return unsharedReader(core, ask, loaded.value)
  }
  const { entry, outcome } = loaded
  if (outcome === 'miss') counters.add('misses', 1)
  else counters.add(waited ? 'l2Hits' : 'l1Hits', 1)
  if (outcome === 'stale' || outcome === 'stale-if-error') counters.add('staleHits', 1)
  if (call.observe || core.cache.events.listening)
    tell(core, call, infoOf(ask, answered, clock(call.runtime)), startedAt)
  afterwards(core, call)
  return entry.reader
}

/** The one caller's own value, which could not be kept. */
function unsharedReader(core: Core, ask: Ask, value: unknown): ResultReader {
  const result = () => directResult(value as DatabaseResult, core.database)
  if (ask.source.kind === 'sql')
    return { rows: () => result().rows, result, value: () => result().rows, check: () => {} }
  return { rows: () => [], result, value: () => value, check: () => {} }
}

export function infoOf(ask: Ask, { loaded, coalesced }: Answered, now: number): CacheInfo {
  const { tables, tags } = ask.deps
  if (!loaded.ok || loaded.outcome === 'unshared')
    return bypassInfo({ bypass: loaded.ok ? loaded.reason : 'not-serialisable', display: ask.display, tables, tags })
  const { entry, outcome } = loaded
  return {
    outcome: coalesced ? 'coalesced' : outcome,
    ...(ask.reason ? { reason: ask.reason } : {}),
    key: ask.display,
    age: outcome === 'miss' && !coalesced ? 0 : Math.max(0, (now - entry.readAt) / 1000),
    ttl: secondsLeft(entry, ask.options, now),
    tables,
    tags,
  }
}

export function bypassInfo({ bypass, display, tables, tags }: Bypass): CacheInfo {
  return { outcome: 'bypass', reason: bypass, key: display, age: 0, ttl: 0, tables, tags }
}

/** Counts an answer that no cache was asked for. */
export function account(core: Core, call: Call, info: CacheInfo, startedAt?: number): void {
  core.cache.counters.add('bypassed', 1)
  tell(core, call, info, startedAt)
  afterwards(core, call)
}

function tell(core: Core, call: Call, info: CacheInfo, startedAt: number | undefined): void {
  const durationMs = startedAt === undefined ? 0 : Math.max(0, clock(call.runtime) - startedAt)
  call.observe?.(info, durationMs)
  core.cache.events.emit({ type: 'query', outcome: info.outcome, reason: info.reason, tables: info.tables, durationMs })
}

/** Background work that any request may start when it is due. */
export function afterwards(core: Core, call: Call): void {
  pushStatistics(core, call)
  retryInBackground(core, call)
}
