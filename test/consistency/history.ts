/** Random requests of random isolates, aimed at one another: the same few results, read and written within milliseconds. */
import type { Client } from './clients.ts'
import type { Isolate } from './isolate.ts'
import { Issuer } from './issue.ts'
import type { Sources } from './load-sources.ts'
import { SITES } from './requests.ts'
import type { Aim, Site } from './requests.ts'
import { useRandom, useTime } from './virtual-time.ts'
import { World } from './world.ts'

const OPERATIONS = 320
/** After the last of them: long enough for every fence, retry and bound to be over. */
const CALM_MS = 30_000

export interface Told {
  operations: number
  violations: string[]
  lines: string[]
}

export class History {
  readonly world: World
  readonly #issuer: Issuer

  constructor(seed: number, sources: Sources, counts: Map<string, number>, tracing: boolean) {
    this.world = new World(seed, sources, counts, tracing)
    this.#issuer = new Issuer(this.world)
  }

  async run(): Promise<Told> {
    const { world } = this
    const { time, chance, faults, redis } = world
    const { judge } = this.#issuer
    useTime(time)
    useRandom(chance.next)
    let left = OPERATIONS
    const mean = chance.pick([15, 60, 150])
    const hot = chance.between(1, SITES.length)
    const some = SITES.toSorted(() => chance.next() - 0.5).slice(0, hot + 2)
    const writes = chance.pick([0.03, 0.1, 0.25])
    const step = (): void => {
      if (left <= 0) return
      left -= this.#burst(some, writes)
      this.#disturb()
      time.after(chance.of(0.03) ? chance.between(500, 7000) : Math.ceil(-Math.log(1 - chance.next()) * mean), step)
    }
    time.after(0, step)
    await time.drive(() => left <= 0)
    for (const name of Object.keys(faults) as (keyof typeof faults)[]) faults[name] = 0
    redis.store.full = redis.away = false
    await this.#pass(CALM_MS)
    judge.settled(this.#issuer.pending())
    for (let round = 0; round < 2; round++) {
      if (round === 1) judge.repaid()
      for (const isolate of world.isolates) for (const site of some) this.#issuer.read(isolate, [site])
      await this.#pass(6_000)
    }
    judge.settled(this.#issuer.pending())
    return {
      operations: this.#issuer.operations,
      violations: [...judge.violations, ...world.refuted],
      lines: world.lines,
    }
  }

  async #pass(ms: number): Promise<void> {
    let over = false
    this.world.time.after(ms, () => (over = true))
    await this.world.time.drive(() => over)
  }

  #some = (): Isolate => this.world.chance.pick(this.world.isolates)

  /** Some requests are of clients with cookies. */
  #someClient(): Client | undefined {
    const { chance, clients } = this.world
    return chance.of(0.3) ? chance.pick(clients) : undefined
  }

  /** A few requests at once. Returns how many. */
  #burst(sites: Site[], writes: number): number {
    const { chance, time, maxStalenessMs } = this.world
    const issuer = this.#issuer
    const site = chance.pick(sites)
    if (chance.of(0.012)) return this.#duel(site)
    if (chance.of(0.008)) return this.#debt(site)
    if (chance.of(0.015)) return this.#session(site)
    if (chance.of(0.01)) return this.#rush(site)
    if (chance.of(0.012)) return this.#edge(site)
    if (chance.of(writes)) {
      const writer = this.#some()
      // Aimed: a load just before the write, in the same isolate or another, and reads just after.
      if (chance.of(0.4)) issuer.read(this.#some(), [site])
      issuer.change(writer, site, this.#someClient())
      // Aimed: reads elsewhere when the bound is just over.
      if (chance.of(0.4))
        for (let i = chance.between(1, 3); i > 0; i--)
          time.after(maxStalenessMs + chance.between(20, 300), () => issuer.read(this.#some(), [site]))
      if (chance.of(0.25)) issuer.change(chance.of(0.5) ? writer : this.#some(), site)
      for (let i = chance.between(0, 3); i > 0; i--)
        time.after(chance.between(0, 60), () =>
          issuer.read(chance.of(0.3) && !writer.dead ? writer : this.#some(), [site], this.#someClient()),
        )
      return 2
    }
    const count = chance.of(0.1) ? 3 : 1
    for (let i = 0; i < count; i++)
      issuer.read(this.#some(), chance.of(0.1) ? [site, chance.pick(sites)] : [site], this.#someClient())
    return count
  }

  /** Aimed: a client that writes here and reads there, where others keep the old result and loads of it under way. */
  #session(site: Site): number {
    const { chance, time, clients } = this.world
    const issuer = this.#issuer
    const client = chance.pick(clients)
    const isolate = this.#some()
    for (let i = 0; i < 3; i++) issuer.read(this.#some(), [site])
    time.after(chance.between(20, 60), () => {
      if (isolate.dead) return
      if (chance.of(0.7)) issuer.write(isolate, chance.pick(site.tables), { client, aim: this.#sessionAim() })
      else issuer.change(isolate, site, client)
    })
    for (let i = 0; i < 12; i++) {
      const at = chance.between(30, chance.of(0.5) ? 400 : 4000)
      const there = this.#some()
      if (chance.of(0.6)) time.after(at - chance.between(0, 15), () => there.dead || issuer.read(there, [site]))
      time.after(at, () => there.dead || issuer.read(there, [site], client))
    }
    return 8
  }

  #sessionAim(): Aim | undefined {
    const { chance } = this.world
    return chance.of(0.3) ? chance.pick<Aim>(['lost-invalidation', 'ambiguous', 'late-reply']) : undefined
  }

  /** Aimed: every isolate wants a result that nobody has, and a write comes in between. */
  #rush(site: Site): number {
    const { chance, time, isolates } = this.world
    const issuer = this.#issuer
    issuer.change(this.#some(), site)
    for (const isolate of isolates)
      for (let i = chance.between(1, 3); i > 0; i--)
        time.after(chance.between(30, 60), () => isolate.dead || issuer.read(isolate, [site]))
    if (chance.of(0.5)) time.after(chance.between(40, 100), () => issuer.change(this.#some(), site))
    return 8
  }

  /** Aimed: a check that is slow to answer, a write that it did not see, and hits at the end of the bound, counted from either side of it. */
  #edge(site: Site): number {
    const { chance, time, maxStalenessMs } = this.world
    const issuer = this.#issuer
    const reader = this.#some()
    const writer = chance.of(0.4) ? reader : this.#some()
    const read = (at: number, aim?: Aim) =>
      time.after(at, () => reader.dead || issuer.read(reader, [site], undefined, aim))
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
    const { chance, time } = this.world
    const issuer = this.#issuer
    const table = chance.pick(site.tables)
    const writer = this.#some()
    issuer.write(writer, table, { aim: 'slow' })
    // Aimed: lookups that come between the fence and its version.
    for (let i = 0; i < 3; i++) issuer.read(this.#some(), [site])
    time.after(chance.between(20, 300), () => issuer.write(this.#some(), table))
    for (let i = 0; i < 20; i++) time.after(chance.between(0, 2500), () => issuer.read(this.#some(), [site]))
    return 10
  }

  /** Aimed: an acknowledgement that arrives after a later invalidation has failed; or one that must not pay for a fence. */
  #debt(site: Site): number {
    const { chance, time } = this.world
    const issuer = this.#issuer
    const table = chance.pick(site.tables)
    const writer = this.#some()
    const fence = chance.of(0.5)
    const write = (aim?: Aim) => () => writer.dead || issuer.write(writer, table, { aim })
    write(fence ? 'ambiguous' : 'late-reply')()
    time.after(
      fence ? chance.between(150, 500) : chance.between(40, 100),
      write(fence ? undefined : 'lost-invalidation'),
    )
    for (let i = 0; i < 20; i++)
      time.after(chance.between(0, chance.of(0.5) ? 400 : 5000), () =>
        issuer.read(chance.of(0.5) && !writer.dead ? writer : this.#some(), [site]),
      )
    return 10
  }

  /** Random faults of the world. */
  #disturb(): void {
    const { world } = this
    const { chance, faults, redis, time } = world
    const { store } = redis
    if (chance.of(faults.evict)) store.lose(store.keys().filter(() => chance.of(0.1)))
    if (chance.of(faults.flush)) {
      world.count('fault: FLUSHDB')
      world.trace(undefined, 'FLUSHDB')
      store.lose(store.keys())
    }
    if (!store.full && chance.of(faults.full)) {
      store.full = true
      time.after(chance.between(100, 4000), () => (store.full = false))
    }
    if (!redis.away && chance.of(faults.away)) {
      redis.away = true
      time.after(chance.between(500, 4000), () => (redis.away = false))
    }
    if (chance.of(faults.isolateDies)) world.kill(chance.pick(world.isolates))
  }
}
