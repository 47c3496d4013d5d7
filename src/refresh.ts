/**
 * Refreshes in the background: of what is stale, and ahead of time of what is hot. One per key; after a failure not again for a while.
 * @module
 */
import type { Core } from './ask.js'
import type { L1Entry } from './l1.js'
import { chance } from './runtime.js'
import type { Runtime } from './runtime.js'

/** A refresh whose request died is forgotten after this time; `waitUntil` ends after it. */
const LONGEST_REFRESH_MS = 30_000
/** After a failure the next refresh waits this long, twice as long after each further one, up to the most. */
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 60_000
const MOST_KEYS = 1_024

interface Refresh {
  /** When it began; `undefined`: none is under way. */
  since: number | undefined
  failures: number
  notBefore: number
}

export class Refreshes {
  readonly #refreshes = new Map<string, Refresh>()

  /** Marks a key as being refreshed. False: somebody refreshes it already, or failed to just now. */
  begin(key: string, now: number): boolean {
    const before = this.#refreshes.get(key)
    if (before?.since !== undefined && Math.abs(now - before.since) < LONGEST_REFRESH_MS) return false
    const wait = before ? before.notBefore - now : 0
    // A clock that was set back does not put a refresh off for ever.
    if (wait > 0 && wait <= LONGEST_PAUSE_MS) return false
    if (!before && this.#refreshes.size >= MOST_KEYS) this.#refreshes.delete(this.#refreshes.keys().next().value!)
    this.#refreshes.set(key, { since: now, failures: before?.failures ?? 0, notBefore: 0 })
    return true
  }

  /** `startedAt`: of a slow one that was given up the end changes nothing, another may be under way by now. */
  end(key: string, startedAt: number, failed: boolean, now: number): void {
    const before = this.#refreshes.get(key)
    if (before?.since !== startedAt) return
    const { failures } = before
    const notBefore = now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
    if (failed) this.#refreshes.set(key, { since: undefined, failures: failures + 1, notBefore })
    else this.#refreshes.delete(key)
  }
}

/** Hits that make an entry a hot one. */
const HOT_HITS = 16
/** Of the hits in the last part of a hot entry's life, one in so many refreshes it: isolates and keys then do so at different times. */
const ONE_IN = 16

/** Whether hits of this entry may refresh it before it is over. With a stale window nobody waits anyway, and from `until` on nobody asks. */
export function isHotAndNearItsEnd(core: Core, entry: L1Entry, now: number, until?: number): boolean {
  const { refreshAhead, l1Bytes } = core.cache.config
  // Without isolate memory nobody counts an entry's hits.
  if (refreshAhead === 0 || entry.freshUntil === until) return false
  if ((entry.hits < HOT_HITS && l1Bytes > 0) || entry.staleUntil > entry.freshUntil) return false
  return entry.freshUntil - now < (entry.freshUntil - entry.readAt) * refreshAhead
}

/** Whether a hit is the one that refreshes its entry before it is over. */
export const isDueEarly = (core: Core, runtime: Runtime, entry: L1Entry, now: number, until?: number): boolean =>
  isHotAndNearItsEnd(core, entry, now, until) && chance(runtime) * ONE_IN < 1
