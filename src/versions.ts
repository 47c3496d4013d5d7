/**
 * What this isolate knows of versions, and since when. Knowledge ages from when a check was *sent*, is lost by a local invalidation,
 * and is only ever replaced by a reply to a newer check.
 * @module
 */

/** One name of one database. Entries hold the object itself, so that a hit looks nothing up. */
export interface Known {
  /** The Redis key of the version. */
  readonly key: string
  /** `undefined`: not known. */
  version: string | undefined
  /** When the newest accepted check was sent, in the reader's clock. */
  checkedAt: number
  /** Order of the newest accepted check. */
  checkOrder: number
  /** Order of the last local invalidation's begin or end: what began before it is not trusted. */
  barrier: number
  /** An invalidation of this name was not acknowledged: nothing in Redis is trusted until a later one is. */
  distrusted: boolean
  /** A write to it may be under way until then, with no Redis to say so. */
  blockedUntil: number
  /** When an entry that depends on it was last read. */
  usedAt: number
  /** The order of the lookup that asks for it, and where in its reply it is. */
  askedIn: number
  askedAt: number
  /** Its short form in a client's cookie, once worked out. */
  hash?: string
}

/** What one reply of Redis says about the names of one query. */
export interface Captured {
  /** In the order of the names; `undefined` when one is missing, fenced or distrusted, so that nothing may be stored or hit. */
  versions: string[] | undefined
  /** Names without a version in Redis, to be created after the answer. */
  missing: Known[]
  /** One stands, or, where there are `versions`, may stand: what they vouch for is a hit, and nothing may be stored. */
  fenced: boolean
}

export type Validity = 'valid' | 'unknown' | 'invalid'

/** Names are never forgotten: tables, 1,024 buckets of keys and 4,096 of tags bound their number. */
export class VersionBook {
  readonly #names = new Map<string, Known>()
  #order = 0

  /** A point in this isolate's own order of events. */
  mark(): number {
    return ++this.#order
  }

  name(key: string): Known {
    let known = this.#names.get(key)
    if (known) return known
    known = {
      key,
      version: undefined,
      checkedAt: 0,
      checkOrder: 0,
      barrier: 0,
      distrusted: false,
      blockedUntil: 0,
      usedAt: 0,
      askedIn: 0,
      askedAt: 0,
    }
    this.#names.set(key, known)
    return known
  }

  /** Takes over the reply to a check that was sent at `sentAt`, with `order` marked before sending it. */
  accept(
    names: readonly Known[],
    versions: readonly (string | null)[],
    fences: readonly boolean[],
    order: number,
    sentAt: number,
    unsure = false,
  ): Captured {
    const missing: Known[] = []
    let fenced = false
    let usable = true
    for (let i = 0; i < names.length; i++) {
      const known = names[i]!
      const version = versions[i] || undefined
      if (version === undefined) missing.push(known)
      if (fences[i]) fenced = true
      if (known.distrusted || known.barrier > order) usable = false
      if (known.barrier > order || known.checkOrder > order) continue
      known.checkOrder = order
      known.checkedAt = sentAt
      known.version = fences[i] ? undefined : version
    }
    usable &&= missing.length === 0 && !fenced
    return { versions: usable ? (versions as string[]) : undefined, missing, fenced: fenced || unsure }
  }

  /** Whether versions that an entry recorded still hold, as far as is known and not older than `maxAgeMs`. */
  validity(names: readonly Known[], versions: readonly string[], now: number, maxAgeMs: number): Validity {
    let result: Validity = 'valid'
    for (let i = 0; i < names.length; i++) {
      const known = names[i]!
      known.usedAt = now
      if (known.distrusted) return 'invalid'
      if (known.version === undefined) result = 'unknown'
      else if (known.version !== versions[i]) return 'invalid'
      else if (now < known.checkedAt || now - known.checkedAt > maxAgeMs) result = 'unknown'
    }
    return result
  }

  /** When the oldest check of these names was sent. */
  oldestCheck(names: readonly Known[]): number {
    let oldest = Infinity
    for (const known of names) if (known.checkedAt < oldest) oldest = known.checkedAt
    return oldest
  }

  /** True when no local invalidation of these names began or ended since `order`. */
  untouchedSince(names: readonly Known[], order: number): boolean {
    for (const known of names) if (known.barrier > order) return false
    return true
  }

  /** A local invalidation begins or ends: what is known of the names, and what was begun before, is void. */
  invalidated(names: readonly Known[]): void {
    const barrier = this.mark()
    for (const known of names) {
      known.barrier = barrier
      known.version = undefined
    }
  }

  /** Without Redis: nothing is kept for these names until then. */
  blockUntil(names: readonly Known[], until: number): void {
    for (const known of names) known.blockedUntil = until
  }

  blocked(names: readonly Known[], now: number): boolean {
    return names.some((known) => now < known.blockedUntil)
  }

  distrust(names: readonly Known[], distrusted: boolean): void {
    for (const known of names) known.distrusted = distrusted
  }

  /** Names that entries were read by after `since`, the most lately read first, at most `most`. For checks that look after many entries at once. */
  inUse(most: number, since: number): Known[] {
    const used: Known[] = []
    for (const known of this.#names.values()) if (known.usedAt > since && !known.distrusted) used.push(known)
    if (used.length > most) used.sort((a, b) => b.usedAt - a.usedAt)
    return used.slice(0, most)
  }
}
