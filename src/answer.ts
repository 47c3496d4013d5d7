/**
 * What an answer says of itself: its `CacheInfo`, and what it adds to the counters, events and the request's own record.
 * @module
 */
import type { Ask, Bypass, CacheInfo, Call, Core } from './ask.js'
import { secondsLeft } from './entry.js'
import { retryInBackground } from './invalidate.js'
import type { L1Entry } from './l1.js'
import { pushStatistics } from './push-statistics.js'
import type { Answered } from './read.js'
import { clock } from './runtime.js'

/** The entry that answers; throws the driver's own error when there is none. Counts the answer either way. */
export function settle(
  core: Core,
  call: Call,
  ask: Ask,
  answered: Answered,
  startedAt: number,
): { entry?: L1Entry; value?: unknown } {
  const { loaded, coalesced, waited } = answered
  const { counters } = core.cache
  if (coalesced) counters.add('coalesced', 1)
  if (!loaded.ok) {
    counters.add('misses', 1)
    afterwards(core, call)
    throw loaded.error
  }
  if (loaded.outcome === 'unshared') {
    account(
      core,
      call,
      bypassInfo({ bypass: 'not-serialisable', display: ask.display, tables: ask.deps.tables, tags: ask.deps.tags }),
      startedAt,
    )
    return { value: loaded.value }
  }
  const { entry, outcome } = loaded
  if (outcome === 'miss') counters.add('misses', 1)
  else counters.add(waited ? 'l2Hits' : 'l1Hits', 1)
  if (outcome === 'stale' || outcome === 'stale-if-error') counters.add('staleHits', 1)
  if (call.observe || core.cache.events.listening)
    tell(core, call, infoOf(ask, answered, entry, clock(call.runtime)), startedAt)
  afterwards(core, call)
  return { entry }
}

export function infoOf(ask: Ask, { loaded, coalesced }: Answered, entry: L1Entry, now: number): CacheInfo {
  const outcome = !loaded.ok || loaded.outcome === 'unshared' ? 'bypass' : loaded.outcome
  return {
    outcome: coalesced ? 'coalesced' : outcome,
    ...(ask.reason ? { reason: ask.reason } : {}),
    key: ask.display,
    age: outcome === 'miss' && !coalesced ? 0 : Math.max(0, (now - entry.readAt) / 1000),
    ttl: secondsLeft(entry, ask.options, now),
    tables: ask.deps.tables,
    tags: ask.deps.tags,
  }
}

export function bypassInfo({ bypass, display, tables, tags }: Bypass): CacheInfo {
  return { outcome: 'bypass', reason: bypass, key: display, age: 0, ttl: 0, tables, tags }
}

/** Counts an answer that no cache was asked for. */
export function account(core: Core, call: Call, info: CacheInfo, startedAt: number): void {
  core.cache.counters.add('bypassed', 1)
  tell(core, call, info, startedAt)
  afterwards(core, call)
}

function tell(core: Core, call: Call, info: CacheInfo, startedAt: number): void {
  const durationMs = Math.max(0, clock(call.runtime) - startedAt)
  call.observe?.(info, durationMs)
  core.cache.events.emit({ type: 'query', outcome: info.outcome, reason: info.reason, tables: info.tables, durationMs })
}

/** Background work that any request may start when it is due. */
export function afterwards(core: Core, call: Call): void {
  pushStatistics(core, call)
  retryInBackground(core, call)
}
