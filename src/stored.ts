/**
 * Between an entry of isolate memory and its stored text in Redis.
 * @module
 */
import type { Ask, Call, Core } from './ask.js'
import { dueStatistics } from './push-statistics.js'
import { freshness, redisTtl } from './entry.js'
import type { Payload } from './codec/payload.js'
import type { L1Entry } from './l1.js'
import { DecodeError, MOST_DECODED_BYTES, decodeEntry, encodeEntry } from './codec/encode.js'
import type { StoredEntry } from './codec/encode.js'
import { clock } from './runtime.js'
import { databaseKey } from './statement.js'
import type { Led, Loaded } from './read.js'
import { isRedisCache } from './l2.js'
import type { Answer } from './result.js'
import type { Found, Storable } from './l2.js'
import { entryFrom } from './make-entry.js'
import type { Known } from './versions.js'

/** The L2 key of a question, hashed once: at once where the platform can. */
export function redisKey({ cache }: Core, ask: Ask): string | Promise<string> {
  if (!isRedisCache(cache)) return ''
  const digest = ask.digest()
  return typeof digest === 'string' ? cache.entryPrefix + digest : digest.then((text) => cache.entryPrefix + text)
}

/** The same of one that Redis was asked for: it is known by then. */
export const askedKey = (core: Core, ask: Ask): string => redisKey(core, ask) as string

/** What Redis gave, when it may answer: versions equal, times right, decodable, and for this very question. */
export function fromStored(
  core: Core,
  call: Call,
  one: Led,
  found: Found,
): Loaded | undefined | Promise<Loaded | undefined> {
  const { cache } = core
  const { text, captured } = found
  if (one.ask.options.refreshCache) return undefined
  // Older than what this request's client wrote, or than it is known to be.
  if (call.own && captured.versions && !call.own.allows(one.ask.deps.names, captured.versions)) return undefined
  const now = clock(call.runtime)
  const mine = cache.get(one.ask.key)
  // A refresh looks for rows that another isolate has read since.
  const older = mine !== undefined && mine.readAt <= (one.refresh?.newerThan ?? -Infinity)
  if (mine?.versions && !older && captured.versions && same(mine.versions, captured.versions)) {
    const state = freshness(mine, one.ask.options, now)
    if (state === 'fresh') return { ok: true, outcome: 'l2', entry: mine }
    if (state !== 'expired') one.fallback = mine
  }
  if (text === null) return undefined
  const digest = one.ask.digest()
  // Who looks at what his leader was given has not hashed his key yet.
  if (typeof digest !== 'string') return digest.then(() => fromStored(core, call, one, found))
  const take = (stored: StoredEntry): Loaded | undefined => {
    const { ask } = one
    if (stored.key !== tail(digest) || !same(stored.names, ask.deps.shortNames)) return reject(core, found, 'wrong-key')
    if (!captured.versions || !same(stored.versions, captured.versions)) return undefined
    const state = freshness(stored, ask.options, now)
    if (state === 'expired') return undefined
    const entry = entryFrom(core, one, stored.payload, stored, captured.versions)
    let first: Answer
    try {
      // What cannot be parsed here, or is no answer to a question of this kind, is a miss and not a failed request.
      first = entry.reader.first(ask.loader !== undefined)
    } catch (error) {
      return fail(error)
    }
    one.fallback = entry
    if (state === 'error-only') return undefined
    if (cache.versions.untouchedSince(entry.names, entry.order)) cache.put(entry)
    return { ok: true, outcome: state === 'fresh' ? 'l2' : 'stale', entry, first }
  }
  // What only others can decompress is not garbage.
  const fail = (error: unknown) =>
    reject(core, found, 'undecodable', !(error instanceof DecodeError && error.why === 'elsewhere'))
  let decoding: StoredEntry | Promise<StoredEntry>
  try {
    decoding = decodeEntry(text, { maxDecodedBytes: MOST_DECODED_BYTES })
  } catch (error) {
    return fail(error)
  }
  return decoding instanceof Promise ? decoding.then(take, fail) : take(decoding)
}

/** Whether what a tier has is the end of the question. */
export const ends = ({ refresh }: Led, loaded: Loaded): boolean =>
  !refresh || (loaded.ok && loaded.outcome === 'l2' && loaded.entry.readAt > refresh.newerThan)

/** A note to remove what cannot be decoded or belongs to another question (F12). */
function reject(core: Core, found: Found, reason: 'wrong-key' | 'undecodable', remove = true): undefined {
  core.cache.events.emit({ type: 'entry-rejected', reason })
  found.remove = remove
}

/** A question that the database has answered or failed. */
export interface ToStore {
  readonly ask: Ask
  readonly found: Found | undefined
  readonly leasedUntil?: number
  read?: { readonly entry: L1Entry; readonly payload: Payload }
}

/**
 * After the answers, in one trip: entries whose versions were captured are stored, missing versions created, garbage removed and leases
 * given back.
 */
export async function storeAll(core: Core, call: Call, read: readonly ToStore[]): Promise<void> {
  const { cache } = core
  if (!isRedisCache(cache) || cache.link.breaker.open) return
  // Taken before the answers count: who gets one looks whether they are due too.
  const statistics = dueStatistics(cache, clock(call.runtime))
  const missing = new Set<Known>()
  const garbage = new Set<string>()
  // Two may have asked the same apart.
  const entries = new Map<string, Storable>()
  for (const { ask, found, read: one } of read) {
    if (!found) continue
    for (const known of found.captured.missing) missing.add(known)
    const key = askedKey(core, ask)
    const text = one && (await storable(core, ask, found, one, key))
    if (text !== undefined) entries.set(key, { key, text, ttl: redisTtl(one!.entry, clock(call.runtime)) })
    else if (found.remove) garbage.add(key)
  }
  const remove = [...garbage].filter((key) => !entries.has(key))
  remove.push(...heldLeases(core, call, read))
  if (!statistics && entries.size + missing.size + remove.length === 0) return
  const stored = cache.store([...entries.values()], [...missing], remove, statistics?.add)
  await (statistics ? statistics.settle(stored) : stored.catch(() => undefined))
}

/** The keys of the leases among these that are still this isolate's, to be removed. One that is over may be another's by now. */
export function heldLeases(core: Core, call: Call, missed: readonly Pick<ToStore, 'ask' | 'leasedUntil'>[]): string[] {
  const { cache } = core
  if (!isRedisCache(cache)) return []
  const now = clock(call.runtime)
  const held = missed.filter(({ leasedUntil }) => leasedUntil !== undefined && now < leasedUntil)
  return held.map(({ ask }) => cache.leaseKey(askedKey(core, ask)))
}

async function storable(
  core: Core,
  ask: Ask,
  found: Found,
  { entry, payload }: NonNullable<ToStore['read']>,
  key: string,
): Promise<string | undefined> {
  const { config, events, versions } = core.cache
  const { versions: captured, fenced } = found.captured
  if (!captured || fenced) {
    events.emit({ type: 'not-stored', reason: fenced ? 'fenced' : 'versions-missing' })
    return undefined
  }
  // An invalidation of this isolate's own has overtaken the read: the entry would be dead on arrival.
  if (!versions.untouchedSince(entry.names, entry.order)) return undefined
  // A refresh that began later has stored already.
  if ((core.cache.get(entry.key)?.readAt ?? 0) > entry.readAt) return undefined
  const written = await encodeEntry(
    {
      ...entry,
      payload,
      key: tail(key),
      names: ask.deps.shortNames,
      versions: captured,
      database: databaseKey(core.database),
    },
    config,
  ).catch(() => null)
  if (written) {
    core.cache.rest(entry, written.body)
    return written.text
  }
  events.emit({ type: 'not-stored', reason: written === null ? 'not-serialisable' : 'too-large' })
  return undefined
}

/** 128 bits of the key's digest tell whether a value is for this question; the whole of it is in the key. */
const tail = (key: string): string => key.slice(-32)

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])
