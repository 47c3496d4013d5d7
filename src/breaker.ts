/**
 * When to stop asking Redis: after a few failures in a row reads go to the database at once, and one background probe at a time finds
 * out whether Redis is back. No request waits for a probe.
 * @module
 */

const FAILURES_TO_OPEN = 3
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** A probe whose request died never reports: after this time it counts as dead. */
const LONGEST_PROBE_MS = 10_000

export class Breaker {
  #failures = 0
  #pauseMs = FIRST_PAUSE_MS
  #probeAt = 0
  #probingSince: number | undefined

  get open(): boolean {
    return this.#failures >= FAILURES_TO_OPEN
  }

  /** True at most once per pause: the caller then probes, and reports with `succeeded` or `failed`. */
  takeProbe(now: number): boolean {
    const probing = this.#probingSince !== undefined && Math.abs(now - this.#probingSince) < LONGEST_PROBE_MS
    // A clock that was set back does not put the probe off.
    const early = now < this.#probeAt && this.#probeAt - now <= LONGEST_PAUSE_MS
    if (!this.open || probing || early) return false
    this.#probingSince = now
    return true
  }

  /** Returns true when this closed the breaker. */
  succeeded(): boolean {
    const closed = this.open
    this.#failures = 0
    this.#pauseMs = FIRST_PAUSE_MS
    this.#probingSince = undefined
    return closed
  }

  /** Returns true when this opened the breaker. */
  failed(now: number): boolean {
    const wasOpen = this.open
    this.#failures++
    if (!this.open) return false
    const probed = this.#probingSince !== undefined
    if (wasOpen && probed) this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2)
    if (!wasOpen || probed) this.#probeAt = now + this.#pauseMs
    this.#probingSince = undefined
    return !wasOpen
  }
}
