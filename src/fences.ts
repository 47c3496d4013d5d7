/**
 * Fences: counters beside the versions that say "a write may be under way". Each writer adds a number of its own and takes the same
 * number back, so that no other writer lifts its fence, and a counter belongs to one period of time, whose end ends it.
 * @module
 */
import type { Pipeline } from '@upstash/redis'
import type { ResolvedConfig } from './options.js'
import { clock, randomAddend } from './runtime.js'
import type { Runtime } from './runtime.js'
import type { Known } from './versions.js'

/** A value of the key that each raise changes, and since when, in epoch milliseconds, this isolate knows that nobody has. */
interface Unchanged {
  readonly value: string
  readonly since: number
}

/** One writer's own mark that a write may be under way. Another writer's invalidation does not lift it. */
export interface Fence {
  keys: string[]
  addend: number
}

/** Clocks of two isolates may differ by this much and a fence is still seen. */
const CLOCK_SKEW_MS = 1_000
/** A reader asks for every period within that: of shorter ones there would be more than a command, or the memory, can hold. */
const LEAST_PERIOD_MS = 100

/** Small enough that the sum of all raises never reaches the 63 bits that INCRBY has. */
const raiseAddend = (): number => Math.ceil(randomAddend() / 128)

export class Fences {
  /** What each raise adds to: while it stays the same nobody raises a fence of any name. */
  readonly raises: string
  readonly #prefix: string
  readonly #fenceMs: number
  /** Who fences his own writes expects fences, and asks for them always. */
  readonly expected: boolean
  #unchanged: Unchanged | undefined
  #missing = false
  /** Made once for all lookups of some periods. */
  #kept = { first: 0, last: 0, keys: new Map<Known, readonly string[]>() }

  constructor({ redisKeyPrefix, fenceMs, fenced }: ResolvedConfig) {
    this.raises = `${redisKeyPrefix}:f`
    this.#prefix = `${this.raises}:`
    this.expected = fenced
    this.#fenceMs = Math.max(LEAST_PERIOD_MS, fenceMs)
  }

  #key(known: Known, period: number): string {
    return `${this.#prefix}${known.key}:${period}`
  }

  /** The keys of every period in which a write may have begun that is not over yet, for any clock within the skew. */
  keysAt(known: Known, now: number): readonly string[] {
    const first = Math.floor((now - this.#fenceMs - CLOCK_SKEW_MS) / this.#fenceMs)
    const last = Math.floor((now + CLOCK_SKEW_MS) / this.#fenceMs)
    if (this.#kept.first !== first || this.#kept.last !== last) this.#kept = { first, last, keys: new Map() }
    const { keys } = this.#kept
    let made = keys.get(known)
    if (!made) keys.set(known, (made = Array.from({ length: last - first + 1 }, (_, i) => this.#key(known, first + i))))
    return made
  }

  /**
   * What `raises` has while no fence can stand, so that none needs to be asked for: it is still what it was when the last of those before had
   * ended, for any clock within the skew. `undefined`: that is not known.
   */
  quiet(now: number): string | undefined {
    const { value, since = Infinity } = this.#unchanged ?? {}
    return now - since > 2 * (this.#fenceMs + CLOCK_SKEW_MS) ? value : undefined
  }

  /** Takes notice of what `raises` had. `now`: when the reply arrived, so that all raises that it tells of had been executed. */
  noteRaises(value: string | null, now: number): void {
    this.#missing = value === null
    if (value === null) this.#unchanged = undefined
    else if (value !== this.#unchanged?.value) this.#unchanged = { value, since: now }
  }

  /** Makes the key that raises add to where it is missing: what is not there may have been lost, and tells nothing. */
  makeRaises(pipeline: Pipeline): void {
    if (this.#missing) pipeline.set(this.raises, String(raiseAddend()), { nx: true })
  }

  raise(pipeline: Pipeline, runtime: Runtime, names: readonly Known[]): Fence {
    const period = Math.floor(clock(runtime) / this.#fenceMs)
    const fence = { keys: names.map((known) => this.#key(known, period)), addend: randomAddend() }
    // First, so that who finds it unchanged comes before the fence.
    pipeline.incrby(this.raises, raiseAddend())
    this.#add(pipeline, fence.keys, fence.addend)
    return fence
  }

  lower(pipeline: Pipeline, { keys, addend }: Fence): void {
    this.#add(pipeline, keys, -addend)
  }

  /** With an expiry each time: a fence whose key was lost leaves its negative behind, which must end too. */
  #add(pipeline: Pipeline, keys: readonly string[], addend: number): void {
    const seconds = Math.ceil((3 * this.#fenceMs + CLOCK_SKEW_MS) / 1000)
    for (const key of keys) {
      pipeline.incrby(key, addend)
      pipeline.expire(key, seconds)
    }
  }
}

/** Whether a counter's value is a fence. Anything but absent or 0 is one, so that lost halves fail towards "fenced". */
export const isFence = (value: string | null): boolean => value !== null && value !== '0'
