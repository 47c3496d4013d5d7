/**
 * Keeps L1 believed without pub/sub: under traffic the versions of hot names are checked ahead of time in the background, with one
 * MGET for all of them; without traffic never.
 * @module
 */
import type { Call, Core } from './ask.js'
import { isRedisCache } from './l2.js'
import { clock } from './runtime.js'
import type { Known } from './versions.js'
import { ROOT } from './names.js'

/** Most names that one check looks after besides those it must. */
const MOST_NAMES = 512
/** Of `maxStalenessSeconds`: a name that was not read for so long costs more bytes in each check than a trip of its own will. */
const IN_USE = 60

export interface Check {
  readonly covers: ReadonlySet<Known>
  readonly startedAt: number
  readonly order: number
  /** Whether Redis answered. Never rejects. */
  readonly promise: Promise<boolean>
}

/** The check that is under way, one per cache at most, and when the last one began. */
export interface CheckState {
  current?: Check
  lastAt: number
}

/** A check under way, begun after `since`, that will tell of all these names, and that no local invalidation has overtaken. */
export function checkUnderWay(core: Core, names: readonly Known[], now: number, since = 0): Check | undefined {
  const { versions, config, checks } = core.cache
  const check = checks.current
  if (
    !check ||
    check.order <= since ||
    Math.abs(now - check.startedAt) > Math.min(config.maxStalenessMs, config.redisTimeoutMs * 2)
  )
    return undefined
  return names.every((known) => check.covers.has(known)) && versions.untouchedSince(names, check.order)
    ? check
    : undefined
}

/** Tells others that a lookup is under way which also checks `names`. The record goes when the lookup ends. `lastAt`: of the last one for all. */
export function announce(
  core: Core,
  names: readonly Known[],
  lastAt: number,
  now: number,
  promise: Promise<unknown>,
): void {
  const { versions, checks } = core.cache
  const quiet = promise.then(
    () => true,
    () => false,
  )
  const check = { covers: new Set(names), startedAt: now, order: versions.mark(), promise: quiet }
  checks.current = check
  checks.lastAt = lastAt
  void quiet.then(() => {
    if (checks.current === check) checks.current = undefined
  })
}

/** Names worth checking in the same trip: those that results in memory depend on, the most lately read first. */
export function hotNames({ cache }: Core, now: number): Known[] {
  return cache.versions.inUse(MOST_NAMES, Math.max(0, now - IN_USE * cache.config.maxStalenessMs))
}

/** After an L1 hit: when half of the bound is over, checks in the background, at most twice per bound. */
export function keepVouched(core: Core, call: Call, names: readonly Known[], now: number): void {
  const { cache } = core
  const half = cache.config.maxStalenessMs / 2
  if (Math.abs(now - cache.checks.lastAt) < half || now - cache.versions.oldestCheck(names) < half) return
  if (!isRedisCache(cache) || checkUnderWay(core, [], now) || cache.link.breaker.open) return
  const hot = hotNames(core, now)
  const lookup = Promise.resolve().then(() => cache.lookup(call.runtime, [], hot))
  announce(core, hot, now, now, lookup)
  cache.background.run(call.runtime, lookup)
}

/** When the breaker is open: one probe at a time, in the background. */
export function probe(core: Core, call: Call): void {
  const { cache } = core
  if (!isRedisCache(cache) || !cache.link.breaker.takeProbe(clock(call.runtime))) return
  cache.background.run(call.runtime, cache.lookup(call.runtime, [], cache.statements.known(core.database, [ROOT])))
}
