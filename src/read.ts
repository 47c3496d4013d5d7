/**
 * The order in which a read travels: L1, flight, L2, origin, store. The only file that knows it.
 * @module
 */
import { makeEntry, packed } from './make-entry.js'
import { isRedisCache } from './l2.js'
import type { Found } from './l2.js'
import type { Ask, BypassReason, Call, Core } from './ask.js'
import { fetchSources } from './origin.js'
import { pinned } from './ask.js'
import type { Flight } from './flight.js'
import type { L1Entry } from './l1.js'
import { freshness } from './entry.js'
import { remembered, rememberedOnError, touch } from './memory.js'
import type { Remembered } from './memory.js'
import { answerInTime } from './redis.js'
import { isDueEarly } from './refresh.js'
import { inTime, takeTurns, wantsLease } from './lease.js'
import { announce, checkUnderWay, hotNames, probe } from './check.js'
import { clock, pause } from './runtime.js'
import { ends, fromStored, redisKey, storeAll } from './stored.js'
import type { ToStore } from './stored.js'
import type { Answer } from './result.js'

/** What a load came to; followers of the flight get the same. */
export type Loaded =
  | Remembered
  | {
      ok: true
      outcome: 'l2' | 'stale' | 'miss' | 'stale-if-error'
      entry: L1Entry
      /** What was parsed of it, for whoever reads first. */
      first?: Answer | undefined
    }
  /** A value that is one caller's alone. */
  | { ok: true; outcome: 'unshared'; value: unknown; reason: BypassReason }
  /** `looked`: Redis was asked for what was there before, and whether it answered. */
  | { ok: false; error: unknown; looked?: { readonly found: Found | undefined } }

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
  /** A refresh in the background, begun at `since`, whose readers have their answer: it only wants rows read after `newerThan`. */
  refresh?: { readonly since: number; readonly newerThan: number }
  /** The database failed it. */
  failed?: boolean
  /** What Redis holds for the case that the database fails. */
  fallback?: L1Entry
}

/** A question that no tier has answered. */
export interface Missed {
  readonly one: Led
  /** The latest lookup, whose reply arrived before the database is asked. */
  readonly found: Found | undefined
  /** This isolate holds the lease on loading it, until then. */
  readonly leasedUntil?: number
}

/** The way of a question that L1 answers at once, without a promise. */
export function readMemory(core: Core, call: Call, ask: Ask, now: number): Remembered | undefined {
  if (ask.options.refreshCache) return undefined
  const found = remembered(core, ask, now)
  if (!found) return undefined
  const { entry } = found
  if (call.own && !call.own.allows(entry.names, entry.versions)) return undefined
  touch(core, call, entry, now)
  if (found.outcome === 'stale' || isDueEarly(core, call.runtime, entry, now, ask.until))
    refresh(core, call, ask, entry, now)
  return found
}

/**
 * Questions of one request on their way to an answer. Those that are asked in one tick share the trip to Redis and, if `together`, the trip to
 * the database, where they then run one after another.
 */
export class Reads {
  readonly #core: Core
  readonly #call: Call
  readonly #together: boolean
  #gathered: { ask: Ask; land: (answer: Answered | Promise<Answered>) => void; fail: (error: unknown) => void }[] = []

  constructor(core: Core, call: Call, together: boolean) {
    this.#core = pinned(core)
    this.#call = call
    this.#together = together
  }

  answer(ask: Ask): Promise<Answered> {
    // Not `queueMicrotask`: in workerd a call of the platform costs more than the promise.
    if (this.#gathered.length === 0) void Promise.resolve().then(() => this.#start())
    return new Promise((land, fail) => this.#gathered.push({ ask, land, fail }))
  }

  #start(): void {
    const gathered = this.#gathered
    this.#gathered = []
    const led: Led[] = []
    for (const { ask, land, fail } of gathered)
      oneStep(this.#core, this.#call, ask, led).then((answer) => land(answer ?? this.answer(ask)), fail)
    if (led.length > 0)
      this.#core.cache.background.run(this.#call.runtime, load(this.#core, this.#call, led, this.#together))
  }
}

/** From L1, from another's load, or by leading a load. `undefined`: look again, because what was waited for died or was a check. */
async function oneStep(core: Core, call: Call, ask: Ask, led: Led[]): Promise<Answered | undefined> {
  const now = clock(call.runtime)
  const hit = readMemory(core, call, ask, now)
  if (hit) return { loaded: hit, coalesced: false, waited: false }
  const { flights, versions, config } = core.cache
  if (!ask.options.refreshCache && !ask.alone) {
    const since = call.own?.concerns(ask.deps.names) ? call.own.order : 0
    const flight = flights.joinable(ask.key, ask.deps.names, versions, now, config.maxStalenessMs, since)
    if (flight && flight.timeoutMs === ask.options.timeoutMs) {
      const outcome = await flights.follow(ask.key, flight, config.maxStalenessMs)
      const loaded = outcome && !outcome.ok ? await ofFailure(core, call, ask, flight, outcome) : outcome
      // What the leader's lookup had is as old as his load.
      const coalesced = loaded === outcome || (loaded?.ok === true && loaded.outcome !== 'stale-if-error')
      return loaded && suits(call, ask, loaded) ? { loaded, coalesced, waited: true } : undefined
    }
    const check =
      ask.recheckedAt === undefined && core.cache.get(ask.key) && checkUnderWay(core, ask.deps.names, now, since)
    if (check) {
      ask.recheckedAt = now
      ask.withoutRedis = !(await answerInTime(check.promise, config.redisTimeoutMs))
      return undefined
    }
  }
  const mine = lead(core, ask, now)
  if (!ask.alone) flights.lead(ask.key, mine.flight, config.maxStalenessMs)
  led.push(mine)
  return { loaded: await mine.flight.promise, coalesced: false, waited: true }
}

/** Whether another's load answers this reader too: his own options and writes decide, not those of its leader. */
function suits(call: Call, ask: Ask, loaded: Loaded): boolean {
  if (!loaded.ok) return true
  if (loaded.outcome === 'miss') return true
  if (loaded.outcome === 'unshared') return !(ask.alone = true)
  const { entry, outcome } = loaded
  if (call.own && !call.own.allows(entry.names, entry.versions)) return !(ask.alone = true)
  const state = freshness(entry, ask.options, clock(call.runtime))
  return state === 'fresh' || state === 'stale' || (state === 'error-only' && outcome === 'stale-if-error')
}

/**
 * What another's failed load comes to for this reader. One who accepts an old answer judges for himself what the load has looked up: if each
 * asked again, a database that fails slowly would be asked by one after another. `undefined`: nothing was looked up.
 */
async function ofFailure(
  core: Core,
  call: Call,
  ask: Ask,
  flight: Flight<Loaded>,
  failed: Loaded & { ok: false },
): Promise<Loaded | undefined> {
  if (ask.options.staleIfError === undefined) return failed
  if (!failed.looked) return undefined
  const one: Led = { ask, flight, land: () => undefined }
  const { found } = failed.looked
  return (found && (await fromStored(core, call, one, found))) ?? onError(core, call, one, found, failed.error)
}

function lead(core: Core, ask: Ask, now: number): Led {
  let land!: (loaded: Loaded) => void
  const promise = new Promise<Loaded>((resolve) => (land = resolve))
  const flight = { promise, startedAt: now, order: core.cache.versions.mark(), timeoutMs: ask.options.timeoutMs }
  return { ask, flight, land }
}

/** L2, then the database for what L2 has not, then the store. Never rejects: every question lands. */
async function load(core: Core, call: Call, led: readonly Led[], together: boolean): Promise<void> {
  try {
    const found = await askRedis(core, call, led)
    const alone: Missed[] = []
    const turns: Missed[] = []
    let at = 0
    for (const one of led) {
      const mine = found?.[at++]
      const stored = mine && fromStored(core, call, one, mine)
      // What waits for nothing is not waited for.
      const loaded = stored instanceof Promise ? await stored : stored
      if (loaded && ends(one, loaded)) {
        one.land(loaded)
        if (!refreshes(core, call, one, loaded)) continue
        const newer = await fromStored(core, call, one, mine!)
        if (newer && ends(one, newer)) continue
      }
      const missed = { one, found: mine }
      if (wantsLease(core, call, missed)) turns.push(missed)
      else alone.push(missed)
    }
    // A hit in Redis makes and waits for nothing more.
    if (turns.length === 0 && alone.length === 0) return
    const ask = (missed: readonly Missed[]) => askDatabase(core, call, missed, together).catch(failing(missed))
    const ways: Promise<void>[] = []
    if (turns.length > 0) {
      // One trip to the database is worth the wait for a lease; who travels alone waits for nobody's.
      const beside = together ? alone.splice(0) : []
      ways.push(takeTurns(core, call, turns, ask, beside).catch(failing([...turns, ...beside])))
    }
    if (alone.length > 0) ways.push(ask(alone))
    await Promise.all(ways)
  } catch (error) {
    failing(led.map((one) => ({ one })))(error)
  } finally {
    for (const { ask, refresh, failed } of led)
      if (refresh) core.cache.refreshes.end(ask.key, refresh.since, failed === true, clock(call.runtime))
  }
}

/** The end of those that have none yet. */
const failing = (some: readonly Pick<Missed, 'one'>[]) => (error: unknown) => {
  for (const { one } of some) {
    one.failed = true
    one.land({ ok: false, error })
  }
}

/** Whether a question that L2 has answered goes on to the database in the background, for fresher rows. */
function refreshes(core: Core, call: Call, one: Led, loaded: Loaded): boolean {
  if (one.refresh || !loaded.ok || loaded.outcome === 'unshared') return false
  const { outcome, entry } = loaded
  const now = clock(call.runtime)
  if (outcome !== 'stale' && !(outcome === 'l2' && isDueEarly(core, call.runtime, entry, now, one.ask.until)))
    return false
  if (!core.cache.refreshes.begin(one.ask.key, now)) return false
  one.refresh = { since: now, newerThan: entry.readAt }
  return true
}

/** One MGET for all, together with the names of other hot entries when theirs are due too. `undefined`: Redis gave no answer. */
function askRedis(core: Core, call: Call, led: readonly Led[]): Promise<Found[] | undefined> | undefined {
  const { cache } = core
  if (!isRedisCache(cache) || led.some(({ ask }) => ask.withoutRedis)) return undefined
  if (cache.link.breaker.open) {
    probe(core, call)
    return undefined
  }
  const unvouched = led.some(({ ask }) => cache.get(ask.key) !== undefined)
  const now = clock(call.runtime)
  // Those that a check has just looked after are left out: there may be hundreds.
  const due = unvouched && Math.abs(now - cache.checks.lastAt) >= cache.config.maxStalenessMs / 2
  const others = due ? hotNames(core, now) : []
  const send = (keys: readonly string[]) => {
    const wanted = led.map(({ ask }, i) => ({
      key: ask.options.refreshCache ? undefined : keys[i],
      names: ask.deps.names,
    }))
    return cache.lookup(call.runtime, wanted, others)
  }
  const keys = led.map(({ ask }) => redisKey(core, ask))
  // Where the platform hashes at once, nothing is waited for.
  const lookup = keys.every((key) => typeof key === 'string')
    ? send(keys)
    : Promise.all(keys.map((key) => Promise.resolve(key))).then(send)
  if (unvouched) {
    const covered = [...others, ...led.flatMap(({ ask }) => ask.deps.names)]
    announce(core, covered, due ? now : cache.checks.lastAt, now, lookup)
  }
  return inTime(cache, led, now, lookup)
}

/** Milliseconds in which what has landed waits for others to be stored with. */
const STORE_AFTER_MS = 10

/** Asks the database; then, after the answers, stores: together what has landed together, and nothing waits for a slower one. */
async function askDatabase(core: Core, call: Call, missed: readonly Missed[], together: boolean): Promise<void> {
  if (together || missed.length === 1) return storeAll(core, call, await landFromDatabase(core, call, missed))
  let landed: ToStore[] = []
  let storing: Promise<void> | undefined
  const store = async () => {
    await pause(STORE_AFTER_MS)
    const now = landed
    landed = []
    storing = undefined
    await storeAll(core, call, now)
  }
  const landOne = async (one: Missed) => {
    const read = await landFromDatabase(core, call, [one])
    landed.push(...read)
    await (storing ??= store())
  }
  await Promise.all(missed.map((one) => landOne(one).catch(failing([one]))))
}

/** Asks the database in one trip and lands each question. */
async function landFromDatabase(core: Core, call: Call, missed: readonly Missed[]): Promise<ToStore[]> {
  const { versions } = core.cache
  const readAt = clock(call.runtime)
  // Not that of the load's beginning: who waited for a lease may have been overtaken by a write, and reads after it.
  const order = versions.mark()
  const results = await fetchSources(
    core,
    call,
    missed.map(({ one }) => one.ask),
  )
  return missed.map(({ one, found, leasedUntil }, i) => {
    const result = results[i]!
    const read: ToStore = { ask: one.ask, found, leasedUntil }
    if (result.status === 'rejected') {
      one.failed = true
      one.land(onError(core, call, one, found, result.reason))
      return read
    }
    const { personal } = one.ask
    const payload = personal ? undefined : packed(core, one.ask, result.value)
    if (!payload) {
      one.land({ ok: true, outcome: 'unshared', value: result.value, reason: personal ?? 'not-serialisable' })
      return read
    }
    const { versions: captured, fenced } = found?.captured ?? {}
    const entry = makeEntry(core, call, one, payload, result.value, readAt, order, fenced ? undefined : captured)
    if (versions.untouchedSince(entry.names, entry.order) && !versions.blocked(entry.names, readAt))
      core.cache.put(entry)
    one.land({ ok: true, outcome: 'miss', entry })
    return { ...read, read: { entry, payload } }
  })
}

/** `staleIfError` from what Redis or this isolate can vouch for, else the driver's own error. */
function onError(core: Core, call: Call, one: Led, found: Found | undefined, error: unknown): Loaded {
  if (one.ask.options.refreshCache) return { ok: false, error }
  const entry = one.fallback ?? rememberedOnError(core, call, one.ask)
  return entry ? { ok: true, outcome: 'stale-if-error', entry } : { ok: false, error, looked: { found } }
}

/** Loads an entry anew in the background, one load per key. */
function refresh(core: Core, call: Call, ask: Ask, entry: L1Entry, now: number): void {
  if (!core.cache.refreshes.begin(ask.key, now)) return
  const one: Led = { ...lead(core, ask, now), refresh: { since: now, newerThan: entry.readAt } }
  core.cache.background.run(call.runtime, load(pinned(core), call, [one], true))
}
