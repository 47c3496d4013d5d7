/**
 * `coalesce: 'global'`: one load per key for all isolates. Who takes the lease in Redis asks the database; the others look whether the
 * entry has come, within a deadline, and then ask for themselves. A lease is a courtesy: losing one costs a query and never a wrong row.
 * @module
 */
import type { Call, Core } from './ask.js'
import type { RedisQueryCache } from './l2.js'
import type { Led, Missed } from './read.js'
import { answerInTime } from './redis.js'
import { clock, pause, settleAll } from './runtime.js'
import { askedKey, ends, fromStored, heldLeases } from './stored.js'

/** Milliseconds that a lease lasts when its holder dies, and that others wait for it. */
export const LEASE_MS = 5_000
/** Milliseconds between two looks of those who wait; the last pause is repeated. Together `LEASE_MS`. */
const PAUSES_MS = [30, 45, 70, 100, 150, 225, 340, 500, 500, 500, 500, 500, 500, 500, 500]
/** Those who wait take a lease that became free so many times, and then load without one. */
const MOST_TURNS = 2

/** Whether a load waits its turn. Where nothing may be stored nobody can wait for it. */
export function wantsLease(core: Core, call: Call, { one, found }: Missed): boolean {
  const { options, deps, alone } = one.ask
  if (options.coalesce !== 'global' || options.refreshCache || alone || !found) return false
  const { versions } = core.cache
  const { fenced, versions: captured } = found.captured
  // Where one may stand the trip of the lease tells.
  const usable = (!fenced || captured !== undefined) && !deps.names.some((known) => known.distrusted)
  return usable && versions.untouchedSince(deps.names, one.flight.order) && !call.own?.concerns(deps.names)
}

/**
 * Sees that each load happens once: `ask` is called with those that are this isolate's to do, `alone` among them, and never rejects. The leases
 * of others are waited for, and their results land here.
 */
export async function takeTurns(
  core: Core,
  call: Call,
  missed: readonly Missed[],
  ask: (missed: readonly Missed[]) => Promise<void>,
  alone: readonly Missed[] = [],
  turn = 1,
): Promise<void> {
  const cache = core.cache as RedisQueryCache
  const sentAt = clock(call.runtime)
  const trip = cache.takeLeases(call.runtime, wantedOf(core, missed), LEASE_MS)
  const leases = await inTime(cache, turn === 1 ? missed.map(({ one }) => one) : [], sentAt, trip)
  // Without an answer everybody loads: the earlier lookup's versions are good for it.
  if (!leases) return ask([...alone, ...missed])
  const mine: Missed[] = [...alone]
  const others: Missed[] = []
  const useless: Missed[] = []
  for (const [i, lease] of leases.entries()) {
    const { one } = missed[i]!
    const turned: Missed = { one, found: lease, leasedUntil: lease.won ? sentAt + LEASE_MS : undefined }
    const loaded = await fromStored(core, call, one, lease)
    const ended = loaded !== undefined && ends(one, loaded)
    if (ended) one.land(loaded)
    if (lease.won && (ended || !lease.captured.versions)) useless.push(turned)
    if (ended) continue
    if (lease.won !== false || !lease.captured.versions) mine.push(turned)
    // A refresh that somebody else does is left to him.
    else if (!one.refresh) others.push(turned)
  }
  const ways = [release(core, call, useless)]
  if (mine.length > 0) ways.push(ask(mine))
  if (others.length > 0) ways.push(waitFor(core, call, others, ask, turn))
  await settleAll(ways)
}

const wantedOf = (core: Core, missed: readonly Missed[]) =>
  missed.map(({ one, found }) => ({
    key: askedKey(core, one.ask),
    names: one.ask.deps.names,
    missing: found!.captured.missing,
    withLease: true,
  }))

/** A read waits for Redis no longer than `redis.timeoutMs` before somebody asks the database, its first lookup and a check included. */
export function inTime<T>(
  cache: RedisQueryCache,
  led: readonly Led[],
  now: number,
  trip: Promise<T>,
): Promise<T | undefined> {
  const spent = Math.max(...led.map(({ ask, flight }) => now - (ask.recheckedAt ?? flight.startedAt)))
  return spent > 0 ? answerInTime(trip, Math.max(1, cache.config.redisTimeoutMs - spent)) : trip.catch(() => undefined)
}

/** Looks whether what others load has come. Whose lease is gone without a result takes his turn; whose patience is over loads. */
async function waitFor(
  core: Core,
  call: Call,
  waiting: readonly Missed[],
  ask: (missed: readonly Missed[]) => Promise<void>,
  turn: number,
): Promise<void> {
  const cache = core.cache as RedisQueryCache
  const turns: Promise<void>[] = []
  let left = [...waiting]
  for (const ms of PAUSES_MS) {
    await pause(ms)
    const looks = await cache.lookup(call.runtime, wantedOf(core, left), []).catch(() => undefined)
    if (!looks) break
    const still: Missed[] = []
    const free: Missed[] = []
    for (const [i, found] of looks.entries()) {
      const { one } = left[i]!
      const loaded = await fromStored(core, call, one, found)
      if (loaded && ends(one, loaded)) one.land(loaded)
      else (found.leased && found.captured.versions ? still : free).push({ one, found })
    }
    if (free.length > 0) turns.push(turn < MOST_TURNS ? takeTurns(core, call, free, ask, [], turn + 1) : ask(free))
    left = still
    if (left.length === 0) break
  }
  if (left.length > 0) turns.push(ask(left))
  await settleAll(turns)
}

async function release(core: Core, call: Call, missed: readonly Missed[]): Promise<void> {
  const keys = heldLeases(
    core,
    call,
    missed.map(({ one, leasedUntil }) => ({ ask: one.ask, leasedUntil })),
  )
  if (keys.length > 0) await (core.cache as RedisQueryCache).store([], [], keys).catch(() => undefined)
}
