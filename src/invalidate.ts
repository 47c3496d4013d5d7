/**
 * Gives names new versions, once the database has committed; what Redis does not acknowledge is distrusted here and repeated.
 * @module
 */
import type { Call, Core } from './ask.js'
import { readNamed } from './configure.js'
import { clock } from './runtime.js'
import { invalidatedNames } from './names.js'
import type { Named } from './names.js'
import type { Fence } from './fences.js'
import { isRedisCache } from './l2.js'
import type { RedisQueryCache } from './l2.js'
import type { Known } from './versions.js'

/** Pauses between attempts, in milliseconds; together within the 30 s that `waitUntil` gives. */
const RETRY_AFTER_MS = [200, 1_000, 4_000, 12_000]
/** After those, a request may start another round when this much time is over. */
const NEXT_ROUND_MS = 5_000
const ROUND_MS = RETRY_AFTER_MS.reduce((sum, ms) => sum + ms, NEXT_ROUND_MS)

/**
 * Returns whether every other isolate can see it. Never rejects. `mayStillCommit`: leaves a fence, because the write's end is not known.
 * Tells the request's own record of writes, in which the write has begun.
 */
export async function invalidateNames(
  core: Core,
  call: Call,
  names: readonly Known[],
  fence?: Fence,
  mayStillCommit = false,
): Promise<boolean> {
  const { cache } = core
  cache.versions.invalidated(names)
  if (!isRedisCache(cache)) {
    call.own?.end(names, undefined)
    if (mayStillCommit) cache.versions.blockUntil(names, clock(call.runtime) + cache.config.fenceMs)
    return true
  }
  const order = cache.versions.mark()
  const { acknowledged, version } = await cache.renew(call.runtime, names, mayStillCommit ? 'standing' : fence)
  // Of a write that may still commit no version vouches for what it wrote.
  call.own?.end(names, acknowledged && !mayStillCommit ? version : undefined)
  cache.versions.invalidated(names)
  if (acknowledged) settle(cache, names, order, mayStillCommit)
  else {
    const failedAt = cache.versions.mark()
    cache.versions.distrust(names, true)
    for (const known of names)
      cache.unacknowledged.set(known, {
        order: failedAt,
        fence: mayStillCommit || cache.unacknowledged.get(known)?.fence === true,
      })
    retryInBackground(core, call)
  }
  return acknowledged
}

/** Drops what names of these are in from isolate memory and gives them new versions. @throws InvalidOptionError */
export async function invalidate(
  core: Core,
  call: Call,
  given: Named,
): Promise<{ acknowledged: boolean; dropped: number }> {
  const { cache } = core
  const named = readNamed(given)
  const names = cache.statements.known(core.database, invalidatedNames(named, cache.config.sql))
  const gone = new Set(names)
  const dropped = cache.dropWhere((entry) => entry.names.some((name) => gone.has(name)))
  call.own?.begin(names)
  const acknowledged = await invalidateNames(core, call, names)
  const { tables = [], tags = [], keys = [] } = named
  cache.events.emit({
    type: 'invalidation',
    acknowledged,
    tables: [...tables],
    tags: tags.length,
    keys: keys.length,
    everything: keys.includes('*'),
  })
  return { acknowledged, dropped }
}

/** An acknowledgement pays what was owed before it was sent; a fence that is owed is paid by a fence only. */
function settle(cache: RedisQueryCache, names: readonly Known[], sentAt: number, fenced: boolean): void {
  for (const known of names) {
    const owed = cache.unacknowledged.get(known)
    if (!owed || owed.order > sentAt || (owed.fence && !fenced)) continue
    cache.unacknowledged.delete(known)
    cache.versions.distrust([known], false)
  }
}

/** Repeats what Redis has not acknowledged, with fresh values each time. One loop per cache. */
export function retryInBackground(core: Core, call: Call): void {
  const { cache } = core
  if (!isRedisCache(cache) || cache.unacknowledged.size === 0) return
  const now = clock(call.runtime)
  // A clock that was set back does not put the next round off.
  if (now < cache.retryAt && cache.retryAt - now < 2 * ROUND_MS) return
  // The whole round's length: a round whose request died does not keep the next one from starting.
  cache.retryAt = now + ROUND_MS
  cache.background.run(call.runtime, retry(cache, call))
}

async function retry(cache: RedisQueryCache, call: Call): Promise<void> {
  for (const pause of RETRY_AFTER_MS) {
    await cache.background.sleep(pause)
    await Promise.all([payOff(cache, call, false), payOff(cache, call, true)])
    if (cache.unacknowledged.size === 0) break
  }
  cache.retryAt = cache.unacknowledged.size === 0 ? 0 : clock(call.runtime) + NEXT_ROUND_MS
}

/** One attempt for all names that owe the same: a new version, or a new version and a fence. */
async function payOff(cache: RedisQueryCache, call: Call, fenced: boolean): Promise<void> {
  const names = [...cache.unacknowledged].filter(([, owed]) => owed.fence === fenced).map(([known]) => known)
  const order = cache.versions.mark()
  const { acknowledged } = await cache.renew(call.runtime, names, fenced ? 'standing' : undefined)
  if (!acknowledged) return
  cache.versions.invalidated(names)
  settle(cache, names, order, fenced)
}
