/**
 * The shortest way to a hit: an entry is found among those of its statement, without its whole key. It passes the checks of every other read
 * and makes no question on its way. What is not plainly fresh takes the long way, and so does a call with options that name or forbid something.
 * @module
 */
import { writtenScope } from './ask.js'
import type { Call, Core } from './ask.js'
import { freshness } from './entry.js'
import { shortKey } from './key.js'
import { touch, vouched } from './memory.js'
import type { Remembered } from './memory.js'
import { NO_OPTIONS } from './options.js'
import type { QueryOptions } from './options.js'
import { refusal, scopeOf } from './plan.js'
import { isObject } from './rules.js'
import { isHotAndNearItsEnd } from './refresh.js'
import type { Asked, StatementRecord } from './statement.js'

/** Options that only say how long something may be used or waited for. */
const LIFETIMES: ReadonlySet<string> = new Set(['ttl', 'staleWhileRevalidate', 'staleIfError', 'emptyTtl', 'timeoutMs'])

/** The entry that answers a call, when it is one that no other read would look at twice. */
export function shortcut(
  core: Core,
  call: Call,
  { plain, facts }: StatementRecord,
  params: readonly unknown[],
  given: QueryOptions | undefined,
  now: number,
): (Remembered & Asked) | undefined {
  const options = given ?? NO_OPTIONS
  if (!plain.shortcuts?.size || !Array.isArray(params)) return undefined
  if (options !== NO_OPTIONS && !hasLifetimesOnly(options)) return undefined
  const scope = scopeOf(core, call, options)
  const entry = plain.shortcuts.get(shortKey(writtenScope(core.database, scope), params))
  if (!entry || refusal(core, call, facts, plain, options, scope) !== undefined) return undefined
  if (vouched(core, entry, now) !== 'valid' || freshness(entry, options, now) !== 'fresh') return undefined
  if (isHotAndNearItsEnd(core, entry, now) || (call.own && !call.own.allows(entry.names, entry.versions)))
    return undefined
  touch(core, call, entry, now)
  return { ok: true, outcome: 'l1', entry, deps: plain, options, reason: facts.stable ? undefined : facts.reason }
}

/**
 * Values that validation would refuse take the long way to it, and so does what is of a class. An option is what reading it gives, also
 * where it cannot be listed.
 */
function hasLifetimesOnly(options: QueryOptions): boolean {
  if (!isObject(options) || Object.getPrototypeOf(options) !== Object.prototype) return false
  for (const name in options) {
    const value = options[name as keyof QueryOptions]
    const plain = LIFETIMES.has(name) && typeof value === 'number' && value > 0 && value < Infinity
    if (!plain && value !== undefined) return false
  }
  const { tables, tags, tagsOnly, cacheKey, refreshCache } = options
  return (tables ?? tags ?? tagsOnly ?? cacheKey ?? refreshCache) === undefined
}
