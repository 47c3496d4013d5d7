/**
 * What the cache tells of itself. Statistics, logs and `onEvent` only subscribe. No event carries a parameter, a row or a secret.
 * @module
 */
import { quietly } from './runtime.js'

/** How an answer came about. `coalesced`: another request of this isolate was already loading it. */
export type Outcome = 'l1' | 'l2' | 'stale' | 'coalesced' | 'miss' | 'bypass' | 'stale-if-error'

/** Why Redis gave no usable answer. Never the SDK's message: that one holds the command with its values. */
export type RedisFailure =
  'timeout' | 'network' | 'refused' | 'rate-limited' | 'full' | 'unauthorized' | 'server-error' | 'nonsense'

export type CacheEvent =
  | { type: 'query'; outcome: Outcome; reason?: string; tables: readonly string[]; durationMs?: number }
  | {
      type: 'redis-failed'
      operation: 'read' | 'store' | 'lease' | 'invalidate' | 'statistics' | 'cleanup' | 'check'
      failure: RedisFailure
    }
  | { type: 'breaker'; state: 'open' | 'closed' }
  | { type: 'entry-rejected'; reason: 'undecodable' | 'wrong-key' }
  | { type: 'not-stored'; reason: 'versions-missing' | 'fenced' | 'too-large' | 'not-serialisable' }
  | {
      type: 'invalidation'
      acknowledged: boolean
      tables: readonly string[]
      tags: number
      keys: number
      everything: boolean
    }
  | { type: 'write'; outcome: 'committed' | 'failed' | 'unknown'; invalidated: boolean; tables: readonly string[] }
  | { type: 'notice'; message: string }

export type CacheEventListener = (event: CacheEvent) => void

/** Tells a listener, and never fails because of it. */
export class Events {
  readonly #listeners: CacheEventListener[] = []
  readonly #said = new Set<string>()

  listen(listener: CacheEventListener | undefined): void {
    if (listener) this.#listeners.push(listener)
  }

  emit(event: CacheEvent): void {
    for (const listener of this.#listeners) {
      // A listener's failure is its own: a request does not fail because of it.
      quietly(() => listener(event))
    }
  }

  /** Says something once in the life of this isolate's cache, on the console too. */
  once(message: string): void {
    if (this.#said.has(message)) return
    this.#said.add(message)
    console.warn(`edge-query-cache: ${message}`)
    this.emit({ type: 'notice', message })
  }

  get listening(): boolean {
    return this.#listeners.length > 0
  }
}
