/**
 * What stays in a bounded memory: SIEVE (Zhang et al., NSDI 2024), with a short memory of what has gone. A hand goes round from old to new,
 * takes the mark off what was read since it last came by, and throws out what was not. A read only sets the mark. What comes back soon starts
 * with one. `docs/decisions/0007-isolate-memory.md` compares it with others.
 * @module
 */
import { weakHash } from './key.js'

export interface Kept<T> {
  readonly key: string
  /** Bytes. */
  size: number
  /** Read since the hand last came by. */
  visited: boolean
  /** Neighbours in the ring, in which the newest is followed by the oldest. */
  newer: T | undefined
  older: T | undefined
}

export class Sieve<T extends Kept<T>> {
  readonly #kept = new Map<string, T>()
  #newest: T | undefined
  #hand: T | undefined
  #bytes = 0
  #gone = new Set<number>()
  #goneBefore = new Set<number>()

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#kept.size
  }

  /** To mark it as read is the reader's business. */
  get(key: string): T | undefined {
    return this.#kept.get(key)
  }

  all(): IterableIterator<T> {
    return this.#kept.values()
  }

  add(one: T): void {
    this.drop(one.key)
    const hash = shortHash(one.key)
    one.visited = this.#gone.has(hash) || this.#goneBefore.has(hash)
    const newest = this.#newest
    one.older = newest ?? one
    one.newer = newest?.newer ?? one
    one.older.newer = one.newer.older = one
    this.#newest = one
    this.#kept.set(one.key, one)
    this.#bytes += one.size
  }

  /** One that is here takes so many bytes more. */
  grow(one: T, bytes: number): void {
    one.size += bytes
    this.#bytes += bytes
  }

  /** @returns what was dropped. */
  drop(key: string): T | undefined {
    const one = this.#kept.get(key)
    if (!one) return undefined
    this.#kept.delete(key)
    this.#bytes -= one.size
    const { older, newer } = one
    older!.newer = newer
    newer!.older = older
    if (this.#hand === one) this.#hand = newer
    if (this.#newest === one) this.#newest = older === one ? undefined : older
    if (!this.#newest) this.#hand = undefined
    // Whoever still holds it must not hold its neighbours.
    one.older = one.newer = undefined
    this.#gone.add(shortHash(key))
    if (this.#gone.size > this.#kept.size / 2) {
      this.#goneBefore = this.#gone
      this.#gone = new Set()
    }
    return one
  }

  /** Drops one; there must be any. @returns it. */
  evict(): T {
    let one = (this.#hand ?? this.#newest!.newer)!
    while (one.visited) {
      one.visited = false
      one = one.newer!
    }
    this.#hand = one
    return this.drop(one.key)!
  }
}

/** A collision costs the mark on one entry. 30 bits are no object of their own. */
const shortHash = (key: string): number => weakHash(key) >>> 2
