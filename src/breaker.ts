/**
 * When to stop asking Redis: after a few failures in a row reads go to the database at once, and one background probe at a time finds
 * out whether Redis is back. No request waits for a probe.
 * @module
 */

const FAILURES_TO_OPEN = 3
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

export class Breaker {
  #failures = 0
  #pauseMs = FIRST_PAUSE_MS
  #probeAt = 0
  #probing = false

  get open(): boolean {
    return this.#failures >= FAILURES_TO_OPEN
  }

  /** True at most once per pause: the caller then probes, and reports with `succeeded` or `failed`. */
  takeProbe(now: number): boolean {
    if (!this.open || this.#probing || now < this.#probeAt) return false
    this.#probing = true
    return true
  }

  /** Returns true when this closed the breaker. */
  succeeded(): boolean {
    const closed = this.open
    this.#failures = 0
    this.#pauseMs = FIRST_PAUSE_MS
    this.#probing = false
    return closed
  }

  /** Returns true when this opened the breaker. */
  failed(now: number): boolean {
    const wasOpen = this.open
    this.#failures++
    if (!this.open) return false
    if (wasOpen && this.#probing) this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2)
    if (!wasOpen || this.#probing) this.#probeAt = now + this.#pauseMs
    this.#probing = false
    return !wasOpen
  }
}
