/**
 * The order in which a read travels: L1, flight, L2, origin, store. The only file that knows it.
 * @module
 */
import type { Ask, Call, Core } from './ask.js'
import { announce, checkUnderWay, hotNames, keepVouched, probe } from './check.js'
import { freshness } from './entry.js'
import type { Flight } from './flight.js'
import type { L1Entry } from './l1.js'
import { isRedisCache } from './l2.js'
import type { Found } from './l2.js'
import { makeEntry, packed, provisionalUntil } from './make-entry.js'
import { remembered, rememberedOnError } from './memory.js'
import { fetchMany } from './origin.js'
import { RedisError } from './redis.js'
import { clock, withTimeout } from './runtime.js'
import { fromStored, redisKey, storeAll } from './stored.js'

/** What a load came to; followers of the flight get the same. */
export type Loaded =
  | { ok: true; outcome: 'l1' | 'l2' | 'stale' | 'miss' | 'stale-if-error'; entry: L1Entry }
  /** A value that cannot be copied for a second caller. */
  | { ok: true; outcome: 'unshared'; value: unknown }
  | { ok: false; error: unknown }

export interface Answered {
  loaded: Loaded
  coalesced: boolean
  /** Something was waited for: the answer is not L1's own. */
  waited: boolean
}

/** One question on its way, with the promise that its followers wait for. */
export interface Led {
  readonly ask: Ask
  readonly flight: Flight<Loaded>
  readonly land: (loaded: Loaded) => void
  /** A background load that only wants fresh rows. */
  readonly refreshing?: boolean
  /** What Redis holds for the case that the database fails. */
  fallback?: L1Entry
}

interface Missed {
  readonly one: Led
  readonly found: Found | undefined
}

/** The way of a question that L1 answers at once, without a promise. */
export function readMemory(core: Core, call: Call, ask: Ask): Answered | undefined {
  if (ask.options.refreshCache) return undefined
  const now = clock(call.runtime)
  const found = remembered(core, ask, now)
  if (!found || found.state === 'unvouched') return undefined
  const { entry } = found
  entry.hits++
  entry.visited = true
  if (entry.versions) keepVouched(core, call, entry.names, now)
  if (found.state === 'stale') refresh(core, call, ask, entry, now)
  return {
    loaded: { ok: true, outcome: found.state === 'stale' ? 'stale' : 'l1', entry },
    coalesced: false,
    waited: false,
  }
}

/** Answers questions together: they share the trip to Redis and, where the database is asked, the trip to it. */
export async function read(core: Core, call: Call, asks: readonly Ask[]): Promise<Answered[]> {
  for (const ask of asks) ask.pin()
  const answers: Answered[] = new Array<Answered>(asks.length)
  let open = asks.map((_, i) => i)
  while (open.length > 0) {
    const led: Led[] = []
    const waits = open.map((i) => oneStep(core, call, asks[i]!, led))
    if (led.length > 0) core.cache.background.run(call.runtime, load(core, call, led))
    const settled = await Promise.all(waits)
    const again: number[] = []
    open.forEach((i, at) => {
      const answer = settled[at]
      if (answer) answers[i] = answer
      else again.push(i)
    })
    open = again
  }
  return answers
}

/** From L1, from another's load, or by leading a load. `undefined`: look again, because what was waited for died or was a check. */
async function oneStep(core: Core, call: Call, ask: Ask, led: Led[]): Promise<Answered | undefined> {
  const hit = readMemory(core, call, ask)
  if (hit) return hit
  const { flights, versions, config } = core.cache
  const now = clock(call.runtime)
  if (!ask.options.refreshCache && !ask.alone) {
    const flight = flights.joinable(ask.key, ask.deps.names, versions, now, config.maxStalenessMs)
    if (flight && flight.timeoutMs === ask.options.timeoutMs) {
      const loaded = await flights.follow(ask.key, flight, config.maxStalenessMs)
      return loaded && suits(ask, loaded, clock(call.runtime)) ? { loaded, coalesced: true, waited: true } : undefined
    }
    const check = ask.rechecked || !core.cache.get(ask.key) ? undefined : checkUnderWay(core, ask.deps.names, now)
    if (check) {
      ask.rechecked = true
      ask.withoutRedis = !(await answeredInTime(check.promise, config.redisTimeoutMs))
      return undefined
    }
  }
  const mine = lead(core, ask, now)
  if (!ask.alone) flights.lead(ask.key, mine.flight)
  led.push(mine)
  return { loaded: await mine.flight.promise, coalesced: false, waited: true }
}

const answeredInTime = (check: Promise<boolean>, ms: number): Promise<boolean> =>
  withTimeout(check, ms, () => new RedisError('timeout')).catch(() => false)

/** Whether another's load answers this reader too: his own options decide, not those of its leader. */
function suits(ask: Ask, loaded: Loaded, now: number): boolean {
  // One who accepts an old answer when the database fails looks for it himself.
  if (!loaded.ok) return ask.options.staleIfError === undefined
  if (loaded.outcome === 'miss') return true
  if (loaded.outcome === 'unshared') return !(ask.alone = true)
  const state = freshness(loaded.entry, ask.options, now)
  return state === 'fresh' || state === 'stale' || (state === 'error-only' && loaded.outcome === 'stale-if-error')
}

function lead(core: Core, ask: Ask, now: number, refreshing = false): Led {
  let land!: (loaded: Loaded) => void
  const promise = new Promise<Loaded>((resolve) => (land = resolve))
  const flight = { promise, startedAt: now, order: core.cache.versions.mark(), timeoutMs: ask.options.timeoutMs }
  return { ask, flight, land, refreshing }
}

/** L2, then the database for what L2 has not, then the store. Never rejects: every question lands. */
async function load(core: Core, call: Call, led: readonly Led[]): Promise<void> {
  const refreshed = new Set(led.filter((one) => one.refreshing).map(({ ask }) => ask.key))
  try {
    const found = await askRedis(core, call, led)
    const missed: Missed[] = []
    for (const [i, one] of led.entries()) {
      const loaded = found && (await fromStored(core, call, one, found[i]!))
      const stale = loaded?.ok && loaded.outcome === 'stale'
      if (loaded && !(stale && one.refreshing)) one.land(loaded)
      const refreshes = stale && !one.refreshing && startRefresh(core, one.ask, clock(call.runtime))
      if (refreshes) refreshed.add(one.ask.key)
      if (!loaded || refreshes || (stale && one.refreshing)) missed.push({ one, found: found?.[i] })
    }
    if (missed.length > 0) await askDatabase(core, call, missed)
  } catch (error) {
    for (const { land } of led) land({ ok: false, error })
  } finally {
    for (const key of refreshed) core.cache.refreshes.delete(key)
  }
}

/** One MGET for all, together with the names of other hot entries when theirs are due too. `undefined`: Redis gave no answer. */
async function askRedis(core: Core, call: Call, led: readonly Led[]): Promise<Found[] | undefined> {
  const { cache } = core
  if (!isRedisCache(cache) || led.some(({ ask }) => ask.withoutRedis)) return undefined
  if (cache.link.breaker.open) {
    probe(core, call)
    return undefined
  }
  const unvouched = led.some(({ ask }) => cache.get(ask.key) !== undefined)
  const now = clock(call.runtime)
  const others = unvouched ? hotNames(core) : []
  const lookup = (async () => {
    const wanted = await Promise.all(
      led.map(async ({ ask }) => ({
        key: ask.options.refreshCache ? undefined : await redisKey(core, ask),
        names: ask.deps.names,
      })),
    )
    return cache.lookup(call.runtime, wanted, others)
  })()
  if (unvouched) announce(core, [...others, ...led.flatMap(({ ask }) => ask.deps.names)], now, lookup)
  return lookup.catch(() => undefined)
}

/** Asks the database and lands each question; then, after the answers, stores in one trip. */
async function askDatabase(core: Core, call: Call, missed: readonly Missed[]): Promise<void> {
  const { versions } = core.cache
  const readAt = clock(call.runtime)
  const results = await fetchSources(
    core,
    call,
    missed.map(({ one }) => one.ask),
  )
  const toStore: { ask: Ask; found: Found | undefined; entry?: L1Entry }[] = []
  missed.forEach(({ one, found }, i) => {
    const result = results[i]!
    if (result.status === 'rejected') {
      toStore.push({ ask: one.ask, found })
      return one.land(onError(core, call, one, result.reason))
    }
    // A session that somebody changed meanwhile may have decided which rows these are.
    const own = core.database.inTransaction || (core.database.needsScope && !one.ask.scoped)
    const payload = own ? undefined : packed(core, one.ask, result.value)
    if (!payload) return one.land({ ok: true, outcome: 'unshared', value: result.value })
    const entry = makeEntry(
      core,
      one,
      payload,
      result.value,
      readAt,
      found?.captured.versions,
      provisionalUntil(core, readAt),
    )
    if (versions.untouchedSince(entry.names, entry.order) && !versions.blocked(entry.names, readAt))
      core.cache.put(entry)
    one.land({ ok: true, outcome: 'miss', entry })
    toStore.push({ ask: one.ask, found, entry })
  })
  await storeAll(core, call, toStore)
}

/** `staleIfError` from what Redis or this isolate can vouch for, else the driver's own error. */
function onError(core: Core, call: Call, one: Led, error: unknown): Loaded {
  const entry = one.ask.options.refreshCache
    ? undefined
    : (one.fallback ?? rememberedOnError(core, one.ask, clock(call.runtime)))
  return entry ? { ok: true, outcome: 'stale-if-error', entry } : { ok: false, error }
}

async function fetchSources(core: Core, call: Call, asks: readonly Ask[]): Promise<PromiseSettledResult<unknown>[]> {
  const fetches = asks.flatMap(({ source, options, reason }) =>
    source.kind === 'sql' ? [{ statement: source, timeoutMs: options.timeoutMs, stable: reason === undefined }] : [],
  )
  const rows = fetchMany(core, call, fetches)
  const values = Promise.allSettled(
    asks.map(async ({ source }) => (source.kind === 'loader' ? source.run() : undefined)),
  )
  const [fetched, loaded] = await Promise.all([rows, values])
  let next = 0
  return asks.map((ask, i) => (ask.source.kind === 'sql' ? fetched[next++]! : loaded[i]!))
}

/** Marks a key as being refreshed. False: somebody refreshes it already. */
function startRefresh(core: Core, ask: Ask, now: number): boolean {
  const { refreshes } = core.cache
  const since = refreshes.get(ask.key)
  if (since !== undefined && now - since < LONGEST_REFRESH_MS) return false
  refreshes.set(ask.key, now)
  return true
}

/** Loads a stale entry anew in the background, one load per key; after a failure not again for a while. */
function refresh(core: Core, call: Call, ask: Ask, entry: L1Entry, now: number): void {
  if (now < entry.refreshAfter || !startRefresh(core, ask, now)) return
  ask.pin()
  const one = lead(core, ask, now, true)
  core.cache.background.run(call.runtime, load(core, call, [one]))
  core.cache.background.run(
    call.runtime,
    one.flight.promise.then((loaded) => {
      if (!loaded.ok || loaded.outcome === 'stale-if-error') entry.refreshAfter = now + REFRESH_PAUSE_MS
    }),
  )
}

/** A refresh whose request died is forgotten after this time; `waitUntil` ends after it. */
const LONGEST_REFRESH_MS = 30_000
const REFRESH_PAUSE_MS = 5_000
