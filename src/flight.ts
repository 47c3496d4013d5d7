/**
 * One load per key per isolate. A record's promise resolves and never rejects; its leader has handed it to `waitUntil`. A follower
 * waits with its own timer, because on Workers a leader's request may end and its promise then hangs or rejects.
 * @module
 */
import { withTimeout } from './runtime.js'
import type { VersionBook, Known } from './versions.js'

export interface Flight<T> {
  readonly promise: Promise<T>
  readonly startedAt: number
  /** The isolate's own order when it began. */
  readonly order: number
  /** How long its leader waits for the database: who waits longer or shorter does not share it. */
  readonly timeoutMs: number | undefined
}

/** How long a follower waits for a leader before it takes over, at the least. */
const LEAST_PATIENCE_MS = 2_000

export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>()

  /** A load that this reader may join: young enough, begun after `since`, and no local invalidation of its names since it began. */
  joinable(
    key: string,
    names: readonly Known[],
    versions: VersionBook,
    now: number,
    maxAgeMs: number,
    since: number,
  ): Flight<T> | undefined {
    const flight = this.#flights.get(key)
    if (!flight || flight.order <= since || now < flight.startedAt || now - flight.startedAt > maxAgeMs)
      return undefined
    return versions.untouchedSince(names, flight.order) ? flight : undefined
  }

  /** `maxAgeMs`: how long others may join. */
  lead(key: string, flight: Flight<T>, maxAgeMs: number): void {
    // A dead leader never lands: what nobody may join any more goes with the next load. The map is in the order of the starts.
    for (const [old, { startedAt }] of this.#flights) {
      if (flight.startedAt - startedAt <= maxAgeMs) break
      this.#flights.delete(old)
    }
    this.#flights.delete(key)
    this.#flights.set(key, flight)
    const land = () => this.land(key, flight)
    flight.promise.then(land, land)
  }

  /** Removes a record, unless another has taken its place. */
  land(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }

  /** The load's outcome, or `undefined` when its leader is dead or too slow; the record is then gone. */
  async follow(key: string, flight: Flight<T>, patienceMs: number): Promise<T | undefined> {
    const patience = Math.max(LEAST_PATIENCE_MS, patienceMs)
    const outcome = await withTimeout(flight.promise, patience, Error).catch(() => undefined)
    if (outcome === undefined) this.land(key, flight)
    return outcome
  }
}
