/** Random requests of random isolates, aimed at one another: the same few results, read and written within milliseconds. */
import type { Client } from './clients.ts'
import type { Isolate } from './isolate.ts'
import { Issuer } from './issue.ts'
import type { Sources } from './load-sources.ts'
import { Plots } from './plots.ts'
import { QuietPlots } from './quiet-plots.ts'
import { QUIET, SITES } from './sites.ts'
import type { Site } from './sites.ts'
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
  readonly #plots: Plots

  constructor(seed: number, sources: Sources, counts: Map<string, number>, tracing: boolean) {
    this.world = new World(seed, sources, counts, tracing)
    this.#issuer = new Issuer(this.world)
    this.#plots = new Plots(this.world, this.#issuer)
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
    const quiet = new QuietPlots(world, this.#issuer)
    quiet.one()
    await time.drive(() => left <= 0)
    for (const name of Object.keys(faults) as (keyof typeof faults)[]) faults[name] = 0
    redis.store.full = redis.away = false
    await this.#pass(CALM_MS)
    judge.settled(this.#issuer.pending())
    for (let round = 0; round < 2; round++) {
      if (round === 1) judge.repaid()
      for (const isolate of world.isolates) for (const site of [...some, QUIET]) this.#issuer.read(isolate, [site])
      await this.#pass(6_000)
    }
    judge.settled(this.#issuer.pending())
    await this.#pass(quiet.unasked())
    judge.settled(this.#issuer.pending())
    // Where nobody else's checks tell the isolate what it must find out by itself.
    this.#plots.edge(QUIET, true)
    await this.#pass(8_000)
    await this.#hot()
    return {
      operations: this.#issuer.operations,
      violations: [...judge.violations, ...world.refuted],
      lines: world.lines,
    }
  }

  /** A hot route whose checks died with their requests: when that is over nothing but memory and Redis is asked. */
  async #hot(): Promise<void> {
    const { chance, isolates, time, maxStalenessMs } = this.world
    const { judge } = this.#issuer
    const isolate = chance.pick(isolates)
    const [dying, over, end] = [400, 400 + maxStalenessMs, 400 + 5 * maxStalenessMs]
    for (let at = 0; at < end; at += chance.between(60, 200)) {
      const aim = at > dying && at < over ? 'dead-check' : undefined
      time.after(at, () => this.#issuer.read(isolate, [QUIET], { aim, hot: true }))
    }
    judge.hotFrom = time.now + over + 2 * maxStalenessMs
    await this.#pass(end + 5_000)
    judge.settled(this.#issuer.pending())
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
    const aimed = this.#plots.some(site)
    if (aimed > 0) return aimed
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
          issuer.read(
            chance.of(0.3) && !writer.dead ? writer : this.#some(),
            [chance.of(0.8) ? site : chance.pick(sites)],
            { client: this.#someClient() },
          ),
        )
      return 2
    }
    const count = chance.of(0.1) ? 3 : 1
    for (let i = 0; i < count; i++)
      issuer.read(this.#some(), chance.of(0.1) ? [site, chance.pick(sites)] : [site], { client: this.#someClient() })
    return count
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
