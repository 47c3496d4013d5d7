/**
 * L1's answer to a question: fresh, stale, or none.
 * @module
 */
import type { Ask, Call, Core } from './ask.js'
import { keepVouched } from './check.js'
import { freshness } from './entry.js'
import type { L1Entry } from './l1.js'
import { clock } from './runtime.js'
import type { Validity } from './versions.js'

export interface Remembered {
  readonly ok: true
  readonly outcome: 'l1' | 'stale'
  readonly entry: L1Entry
}

/** Whether what is known of an entry's names still holds for it. */
export function vouched({ cache }: Core, entry: L1Entry, now: number): Validity {
  const { versions, config } = cache
  if (entry.versions) return versions.validity(entry.names, entry.versions, now, config.maxStalenessMs)
  return now > entry.provisionalUntil || !versions.untouchedSince(entry.names, entry.order) ? 'invalid' : 'valid'
}

/** An entry answers: it counts as one in use, whose names are kept vouched for. */
export function touch(core: Core, call: Call, entry: L1Entry, now: number): void {
  entry.visited = true
  if (entry.hits++ === 0) core.cache.keep(entry)
  if (entry.versions) keepVouched(core, call, entry.names, now)
}

/** Looks the question up. Drops what is over or void; what nobody vouches for just now stays, and is no answer. */
export function remembered(core: Core, ask: Ask, now: number): Remembered | undefined {
  const entry = core.cache.get(ask.key)
  if (!entry) return undefined
  const validity = vouched(core, entry, now)
  // What a clock that was set back has not read yet answers nobody, and would keep out what is read now.
  if (validity === 'invalid' || now < entry.readAt) return forget(core, ask)
  if (validity === 'unknown') return undefined
  const state = freshness(entry, ask.options, now)
  if (state === 'fresh') return { ok: true, outcome: 'l1', entry }
  if (state === 'stale') return { ok: true, outcome: 'stale', entry }
  // Kept for `staleIfError`, or because another reader accepts more.
  if (now >= entry.errorUntil && now >= entry.staleUntil) forget(core, ask)
  return undefined
}

function forget(core: Core, ask: Ask): undefined {
  core.cache.drop(ask.key)
}

/** What L1 may still answer with when the database has failed: vouched for, and within `staleIfError`. */
export function rememberedOnError(core: Core, call: Call, ask: Ask): L1Entry | undefined {
  const now = clock(call.runtime)
  const entry = core.cache.get(ask.key)
  if (!entry || freshness(entry, ask.options, now) === 'expired') return undefined
  if (call.own && !call.own.allows(entry.names, entry.versions)) return undefined
  return vouched(core, entry, now) === 'valid' ? entry : undefined
}
