/** Requests that are aimed at one another, on results that others ask for too. */
import type { Client } from './clients.ts'
import type { Isolate } from './isolate.ts'
import type { Issuer } from './issue.ts'
import { TABLES } from './model-postgres.ts'
import type { Aim } from './requests.ts'
import { FORGIVING, REVALIDATED } from './sites.ts'
import type { Site } from './sites.ts'
import type { World } from './world.ts'
import { partFor, writeInLoader, writeTo, writeToBoth } from './writes.ts'
import type { Part } from './writes.ts'

const BUSY = TABLES.filter((table) => table !== 'plans')

export class Plots {
  readonly #world: World
  readonly #issuer: Issuer

  constructor(world: World, issuer: Issuer) {
    this.#world = world
    this.#issuer = issuer
  }

  /** Now and then one of them. Returns for how many operations it stands. */
  some(site: Site): number {
    const { chance } = this.#world
    if (chance.of(0.012)) return this.#duel(site)
    if (chance.of(0.008)) return this.#debt(site)
    if (chance.of(0.018)) return this.#session(site)
    if (chance.of(0.004)) return this.#returning()
    if (chance.of(0.01)) return this.#overlap(site)
    if (chance.of(0.008)) return this.#failing()
    if (chance.of(0.01)) return this.#rush(site)
    if (chance.of(0.012)) return this.edge(site)
    return 0
  }

  #anyone = (): Isolate => this.#world.chance.pick(this.#world.isolates)

  /** Aimed: a client that writes here and reads there, where others keep the old result and loads of it under way. */
  #session(site: Site): number {
    const { chance, time, clients } = this.#world
    const issuer = this.#issuer
    const client = chance.pick(clients)
    for (let i = 0; i < 3; i++) issuer.read(this.#anyone(), [site])
    const apart = chance.pick([0, 60, 250])
    const requests = chance.pick([1, 1, 2, 3])
    for (let i = 0; i < requests; i++) {
      const isolate = this.#anyone()
      time.after(20 + i * apart + chance.between(0, 40), () => {
        if (!isolate.dead) issuer.changes(isolate, this.#parts(site), { client })
      })
    }
    for (let i = 0; i < 12; i++) {
      const at = chance.between(30, chance.of(0.6) ? 500 : 4000)
      const there = this.#anyone()
      const pauseMs = chance.of(0.4) ? chance.between(2, 25) : 0
      if (chance.of(0.7)) time.after(at - chance.between(-pauseMs, 15), () => there.dead || issuer.read(there, [site]))
      time.after(at, () => there.dead || issuer.read(there, [site], { client, pauseMs }))
    }
    // Aimed: what was read after the write, and is stale by now.
    for (let i = 0; i < 3; i++) this.#readBy(client, chance.between(2_000, 9_000), site)
    return 8 + requests
  }

  #readBy(client: Client, ms: number, site: Site): void {
    const { chance, time } = this.#world
    time.after(ms, () => this.#issuer.read(chance.pick(this.#world.isolates), [site], { client }))
  }

  /** Aimed: a client that comes back to the isolate where it wrote, to a result that was read after its write and is past its `ttl`. */
  #returning(): number {
    const { chance, time, clients } = this.#world
    const issuer = this.#issuer
    const client = chance.pick(clients)
    const writer = this.#anyone()
    const { ttl } = REVALIDATED.options
    issuer.changes(writer, [writeTo(REVALIDATED.tables[0], { takesMs: 3 })], { client })
    const loaded = chance.between(150, 300)
    time.after(loaded, () => writer.dead || issuer.read(writer, [REVALIDATED]))
    for (let i = 0; i < 3; i++)
      time.after(loaded + ttl * 1000 + chance.between(100, 900), () => {
        if (!writer.dead) issuer.read(writer, [REVALIDATED], { client })
      })
    return 5
  }

  /**
   * Aimed: two writes of one request. At once, the first to have its version is the last to hear of it; or the second goes on when the
   * response is there. Somebody reads in between.
   */
  #overlap(site: Site): number {
    const { chance, time, clients } = this.#world
    const issuer = this.#issuer
    const client = chance.pick(clients)
    const [writer, reader] = [this.#anyone(), this.#anyone()]
    const table = chance.pick(site.tables)
    const atOnce = chance.of(0.5)
    const takesMs = chance.between(60, 140)
    issuer.read(reader, [site])
    const first = writeTo(table, atOnce ? { aim: 'late-reply', takesMs: 3 } : { takesMs: 3 })
    const manner = atOnce ? 'at once' : 'left open'
    time.after(30, () => {
      if (!writer.dead) issuer.changes(writer, [first, writeTo(table, { takesMs })], { client, manner })
    })
    for (let i = 0; i < 4; i++)
      time.after(30 + chance.between(12, takesMs), () => reader.dead || issuer.read(reader, [site]))
    for (let i = 0; i < 6; i++)
      time.after(30 + chance.between(160, 900), () => reader.dead || issuer.read(reader, [site], { client }))
    return 6
  }

  /** Aimed: a result past its `ttl` that memory or Redis vouches for, and a database that fails. */
  #failing(): number {
    const { chance, time, redis } = this.#world
    const reader = this.#anyone()
    const read = (ms: number, aim?: Aim) =>
      time.after(ms, () => reader.dead || this.#issuer.read(reader, [FORGIVING], { aim }))
    read(0)
    read(60)
    if (chance.of(0.5))
      time.after(1_060, () => {
        redis.away = true
        time.after(600, () => (redis.away = false))
      })
    for (let i = 0; i < 4; i++) read(chance.between(1_065, 1_400), 'read-fails')
    return 4
  }

  /** Several writes of one request, mostly to one table, each with a fate of its own. */
  #parts(site: Site): Part[] {
    const { chance } = this.#world
    const main = chance.pick(site.tables)
    const aims: (Aim | undefined)[] = ['lost-invalidation', 'ambiguous', 'late-reply', 'refused']
    return Array.from({ length: chance.pick([1, 1, 2, 2, 3]) }, () => {
      const aim = chance.of(0.65) ? undefined : chance.pick(aims)
      const given = aim === undefined && chance.of(0.4) ? { takesMs: chance.between(30, 400) } : { aim }
      const kind = chance.next()
      if (kind < 0.75) return writeTo(chance.of(0.85) ? main : chance.pick(BUSY), given)
      if (kind < 0.82) return writeInLoader(main, this.#world)
      return kind < 0.9 ? writeToBoth(main, chance.pick(BUSY), given) : partFor(site, this.#world)
    })
  }

  /** Aimed: every isolate wants a result that nobody has, and a write comes in between. */
  #rush(site: Site): number {
    const { chance, time, isolates } = this.#world
    const issuer = this.#issuer
    issuer.change(this.#anyone(), site)
    for (const isolate of isolates)
      for (let i = chance.between(1, 3); i > 0; i--)
        time.after(chance.between(30, 60), () => isolate.dead || issuer.read(isolate, [site]))
    if (chance.of(0.5)) time.after(chance.between(40, 100), () => issuer.change(this.#anyone(), site))
    return 8
  }

  /** Aimed: a check that is slow to answer, a write that it did not see, and hits at the end of the bound, counted from either side of it. */
  edge(site: Site, alone = false): number {
    const { chance, time, maxStalenessMs } = this.#world
    const issuer = this.#issuer
    const reader = this.#anyone()
    const writer = chance.of(0.4) ? reader : this.#anyone()
    const read = (at: number, aim?: Aim) =>
      time.after(at, () => reader.dead || issuer.read(reader, [site], { aim, hot: alone }))
    read(0)
    read(60)
    const check = maxStalenessMs / 2 + 150
    read(check, 'slow-check')
    time.after(check + chance.between(8, 14), () => writer.dead || issuer.write(writer, chance.pick(site.tables)))
    // A reply from before the writer's own invalidation comes when that is over.
    for (let i = 0; i < 6; i++) read(check + chance.between(40, 500))
    for (let i = 0; i < 12; i++) read(check + maxStalenessMs + chance.between(20, 240))
    return 8
  }

  /** Aimed: a slow writer, a quick one on the same table, and readers all the while. */
  #duel(site: Site): number {
    const { chance, time } = this.#world
    const issuer = this.#issuer
    const table = chance.pick(site.tables)
    const writer = this.#anyone()
    issuer.write(writer, table, { aim: 'slow' })
    // Aimed: lookups that come between the fence and its version.
    for (let i = 0; i < 3; i++) issuer.read(this.#anyone(), [site])
    time.after(chance.between(20, 300), () => issuer.write(this.#anyone(), table))
    for (let i = 0; i < 20; i++) time.after(chance.between(0, 2500), () => issuer.read(this.#anyone(), [site]))
    return 10
  }

  /** Aimed: an acknowledgement that arrives after a later invalidation has failed; or one that must not pay for a fence. */
  #debt(site: Site): number {
    const { chance, time } = this.#world
    const issuer = this.#issuer
    const table = chance.pick(site.tables)
    const writer = this.#anyone()
    const fence = chance.of(0.5)
    const write = (aim?: Aim) => () => writer.dead || issuer.write(writer, table, { aim })
    write(fence ? 'ambiguous' : 'late-reply')()
    const again = fence && chance.of(0.5) ? undefined : 'lost-invalidation'
    time.after(fence ? chance.between(60, 400) : chance.between(40, 100), write(again))
    for (let i = 0; i < 20; i++)
      time.after(chance.between(0, chance.of(0.5) ? 400 : 5000), () =>
        issuer.read(chance.of(0.5) && !writer.dead ? writer : this.#anyone(), [site]),
      )
    return 10
  }
}
