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

/** One writer's own mark that a write may be under way. Another writer's invalidation does not lift it. */
export interface Fence {
  keys: string[]
  addend: number
}

/** Clocks of two isolates may differ by this much and a fence is still seen. */
const CLOCK_SKEW_MS = 1_000
/** A reader asks for every period within that: of shorter ones there would be more than a command, or the memory, can hold. */
const LEAST_PERIOD_MS = 100

export class Fences {
  readonly #prefix: string
  readonly #fenceMs: number
  /** Made once for all lookups of some periods. */
  #kept = { first: 0, last: 0, keys: new Map<Known, readonly string[]>() }

  constructor({ redisKeyPrefix, fenceMs }: ResolvedConfig) {
    this.#prefix = `${redisKeyPrefix}:f:`
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

  raise(pipeline: Pipeline, runtime: Runtime, names: readonly Known[]): Fence {
    const period = Math.floor(clock(runtime) / this.#fenceMs)
    const fence = { keys: names.map((known) => this.#key(known, period)), addend: randomAddend() }
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
