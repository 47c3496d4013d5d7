/**
 * L1's answer to a question: fresh, stale, not vouched for any more, or none.
 * @module
 */
import type { Ask, Call, Core } from './ask.js'
import { freshness } from './entry.js'
import type { L1Entry } from './l1.js'
import { clock } from './runtime.js'

export type Remembered =
  | { state: 'fresh' | 'stale'; entry: L1Entry }
  /** There is an entry, and whether its versions still hold must be asked. */
  | { state: 'unvouched' }
  | undefined

const UNVOUCHED = { state: 'unvouched' } as const

/** Looks the question up. Drops what is over or void. */
export function remembered(core: Core, ask: Ask, now: number): Remembered {
  const { cache } = core
  const entry = cache.get(ask.key)
  if (!entry) return undefined
  const { versions, config } = cache
  if (entry.versions) {
    const validity = versions.validity(entry.names, entry.versions, now, config.maxStalenessMs)
    if (validity === 'unknown') return UNVOUCHED
    if (validity === 'invalid') return forget(core, ask)
  } else if (now > entry.provisionalUntil || !versions.untouchedSince(entry.names, entry.order))
    return forget(core, ask)
  const state = freshness(entry, ask.options, now)
  if (state === 'fresh' || state === 'stale') return { state, entry }
  // Kept for `staleIfError`, or because another reader accepts more.
  if (now >= entry.errorUntil && now >= entry.staleUntil) forget(core, ask)
  return undefined
}

function forget(core: Core, ask: Ask): undefined {
  core.cache.drop(ask.key)
}

/** What L1 may still answer with when the database has failed: vouched for, and within `staleIfError`. */
export function rememberedOnError(core: Core, call: Call, ask: Ask): L1Entry | undefined {
  const { cache } = core
  const now = clock(call.runtime)
  const entry = cache.get(ask.key)
  if (!entry || freshness(entry, ask.options, now) === 'expired') return undefined
  if (call.own && !call.own.allows(entry.names, entry.versions)) return undefined
  const vouched = entry.versions
    ? cache.versions.validity(entry.names, entry.versions, now, cache.config.maxStalenessMs) === 'valid'
    : now <= entry.provisionalUntil && cache.versions.untouchedSince(entry.names, entry.order)
  return vouched ? entry : undefined
}
