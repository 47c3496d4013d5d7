/**
 * Whether an entry may answer, as a pure function of the entry, the reader's options and the clock. The only place with TTL arithmetic.
 * @module
 */

/** Absolute times of an entry, in epoch milliseconds. They count from before the database read, never from the store. */
export interface Lifetime {
  readAt: number
  /** Fresh until here. */
  freshUntil: number
  /** May be served while it is refreshed, until here. */
  staleUntil: number
  /** May be served when the database fails, until here. */
  errorUntil: number
}

/** Lifetimes in seconds, as options give them. */
export interface TtlOptions {
  ttl?: number | undefined
  staleWhileRevalidate?: number | undefined
  staleIfError?: number | undefined
  emptyTtl?: number | undefined
}

/** A lifetime that no clock reaches. Finite, so that it survives JSON. */
const NEVER = 2 ** 53 - 1

const after = (start: number, seconds: number): number => Math.min(NEVER, start + seconds * 1000)

/**
 * The lifetime of a result that was read at `readAt`. An empty result lives `emptyTtl` and is never served stale. `jitter` is the part
 * that is taken off what a TTL has beyond its first minute: results of one moment are not all over at one moment. Nobody asks for the result from
 * `end` on.
 */
export function lifetime(
  readAt: number,
  options: TtlOptions,
  defaultTtl: number,
  empty: boolean,
  jitter: number,
  end: number = NEVER,
): Lifetime {
  const ttl = options.ttl ?? defaultTtl
  const fresh = empty ? Math.min(ttl, options.emptyTtl ?? DEFAULT_EMPTY_TTL) : ttl
  const beyond = fresh === Infinity ? 0 : Math.max(0, fresh - EXACT_SECONDS)
  const freshUntil = Math.min(end, after(readAt, fresh - beyond * jitter))
  const staleUntil = empty ? freshUntil : Math.min(end, after(freshUntil, options.staleWhileRevalidate ?? 0))
  const errorUntil = Math.max(staleUntil, Math.min(end, after(freshUntil, options.staleIfError ?? 0)))
  return { readAt, freshUntil, staleUntil, errorUntil }
}

/** Seconds of a TTL that are always kept. */
const EXACT_SECONDS = 60

/** Seconds that an empty result is kept when `emptyTtl` is not set and `ttl` is longer. */
export const DEFAULT_EMPTY_TTL = 10

/**
 * What the reader may do with an entry whose versions hold. A reader's own shorter `ttl` counts from `readAt`; a longer one changes
 * nothing. A `readAt` in the future (clocks differ) is a miss.
 */
export function freshness(
  entry: Lifetime,
  reader: TtlOptions,
  now: number,
): 'fresh' | 'stale' | 'error-only' | 'expired' {
  if (now < entry.readAt) return 'expired'
  const freshUntil = freshFor(entry, reader)
  if (now < freshUntil) return 'fresh'
  if (now < readerLimit(entry.staleUntil, freshUntil, reader, reader.staleWhileRevalidate)) return 'stale'
  if (now < readerLimit(entry.errorUntil, freshUntil, reader, reader.staleIfError)) return 'error-only'
  return 'expired'
}

/** Until when an entry is fresh for this reader. */
const freshFor = ({ freshUntil, readAt }: Lifetime, { ttl }: TtlOptions): number =>
  ttl === undefined ? freshUntil : Math.min(freshUntil, after(readAt, ttl))

/** A reader that names its own lifetimes accepts nothing beyond them; one that names none accepts the writer's. */
function readerLimit(stored: number, freshUntil: number, reader: TtlOptions, seconds: number | undefined): number {
  if (seconds === undefined && reader.ttl === undefined) return stored
  return Math.min(stored, after(freshUntil, seconds ?? 0))
}

/** Seconds until Redis may forget the entry, at least 1; `undefined`: no expiry. */
export function redisTtl(entry: Lifetime, now: number): number | undefined {
  const until = Math.max(entry.staleUntil, entry.errorUntil)
  return until >= NEVER ? undefined : Math.max(1, Math.ceil((until - now) / 1000))
}

/** Seconds left of freshness, for `CacheInfo.ttl`. */
export function secondsLeft(entry: Lifetime, reader: TtlOptions, now: number): number {
  const freshUntil = freshFor(entry, reader)
  return freshUntil >= NEVER ? Infinity : Math.max(0, (freshUntil - now) / 1000)
}
