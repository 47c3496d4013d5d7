/**
 * Plots on a table that nobody else writes to: what they leave in Redis stays there until it matters, seconds later. One in each
 * history, beside everything else.
 */
import type { Client } from './clients.ts'
import type { Isolate } from './isolate.ts'
import type { Issuer } from './issue.ts'
import { QUIET } from './sites.ts'
import type { World } from './world.ts'
import { writeTo, writeToBoth } from './writes.ts'
import type { Part } from './writes.ts'

const TABLE = QUIET.tables[0]!
const OTHERS = ['users', 'posts', 'notes']

export class QuietPlots {
  readonly #world: World
  readonly #issuer: Issuer
  #at = 0

  constructor(world: World, issuer: Issuer) {
    this.#world = world
    this.#issuer = issuer
  }

  one(): void {
    const { chance, isolates, count } = this.#world
    const fenced = isolates.some((isolate) => isolate.fenced)
    const plots = ['forgotten write', 'forgotten write', 'session taken back', 'period border', 'owed fence']
    if (fenced) plots.push('two dead writers', 'lost fence', 'lost fence')
    const plot = chance.pick(plots)
    count(`plot: ${plot}`)
    this.#at = chance.between(300, 2_000)
    this.#warm()
    if (plot === 'forgotten write') this.#forgottenWrite()
    else if (plot === 'session taken back') this.#takenBack()
    else if (plot === 'period border') this.#periodBorder()
    else if (plot === 'owed fence') this.#owedFence()
    else if (plot === 'two dead writers') this.#twoDeadWriters()
    else this.#lostFence()
  }

  /** Nobody has raised a fence for so long that none is asked for any more; then somebody writes of whom only his fence tells. @returns how long it takes. */
  unasked(): number {
    const { chance, fenceMs, isolates, count } = this.#world
    count('plot: unasked fence')
    this.#at = 0
    const quiet = 2 * fenceMs + 2_100
    for (const isolate of isolates) for (const ms of [0, quiet, quiet + 300]) this.#read(ms, isolate)
    const writer = this.#writer(true)
    const takesMs = chance.between(20, 900)
    const aim = writer.fenced ? 'orphan' : 'ambiguous'
    const start = quiet + 600
    this.#after(start, () => writer.dead || this.#issuer.write(writer, TABLE, { aim, takesMs }))
    for (let i = 0; i < 12; i++) this.#read(start + chance.between(10, takesMs + 1_000))
    this.#late(start + takesMs)
    return start + takesMs + 4 * fenceMs
  }

  #after(ms: number, run: () => void): void {
    this.#world.time.after(this.#at + ms, run)
  }

  /** Somebody reads, wherever it is. */
  #read(ms: number, isolate?: Isolate): void {
    this.#after(ms, () => this.#issuer.read(this.#alive(isolate), [QUIET]))
  }

  /** A client reads; its handler may do something else first, while somebody else asks the same. */
  #readBy(client: Client, ms: number): void {
    const { chance, time } = this.#world
    this.#after(ms, () => {
      const there = this.#alive()
      const pauseMs = chance.of(0.5) ? chance.between(4, 30) : 0
      this.#issuer.read(there, [QUIET], { client, pauseMs })
      if (pauseMs > 0) time.after(chance.between(1, pauseMs), () => there.dead || this.#issuer.read(there, [QUIET]))
    })
  }

  #alive(isolate?: Isolate): Isolate {
    return isolate && !isolate.dead ? isolate : this.#world.chance.pick(this.#world.isolates)
  }

  /** Every isolate has the result, and Redis too. */
  #warm(): void {
    for (const isolate of this.#world.isolates) for (const ms of [-280, -150, -20]) this.#read(ms, isolate)
  }

  /** An isolate that writes with fences, or without, where there is one; else any. */
  #writer(fenced: boolean): Isolate {
    const { chance, isolates } = this.#world
    const such = isolates.filter((isolate) => isolate.fenced === fenced)
    return chance.pick(such.length > 0 ? such : isolates)
  }

  #change(ms: number, client: Client, isolate: () => Isolate, ...parts: Part[]): void {
    this.#after(ms, () => {
      const there = isolate()
      if (!there.dead) this.#issuer.changes(there, parts, { client, manner: 'in turn' })
    })
  }

  /**
   * A client writes, Redis does not hear of it, and the isolate is gone before it says so again: only the client's session knows. It
   * goes on writing other things. Each of its reads brings what it wrote back into Redis, so that the first one counts.
   */
  #forgottenWrite(): void {
    const { chance, clients } = this.#world
    const client = chance.pick(clients)
    const writer = this.#writer(false)
    const anyone = () => chance.pick(this.#world.isolates.filter((isolate) => isolate !== writer))
    const kind = chance.pick(['alone', 'alone', 'ambiguous', 'many', 'many'])
    this.#world.count(`forgotten write: ${kind}`)
    const takesMs = chance.between(600, 3_000)
    const aimed = kind === 'ambiguous' ? { aim: 'ambiguous' as const, takesMs } : { aim: 'lost-invalidation' as const }
    this.#change(0, client, () => writer, writeTo(TABLE, aimed))
    this.#after(chance.between(110, 190), () => this.#world.kill(writer))
    // More at once than one client may carry.
    if (kind === 'many')
      for (let i = 0; i < 10; i++) this.#change(chance.between(0, 20), client, anyone, writeTo(OTHERS[i % 3]!))
    if (kind !== 'alone') {
      this.#change(350, client, anyone, writeTo(kind === 'ambiguous' ? TABLE : chance.pick(OTHERS)))
      if (chance.of(0.7)) this.#change(700, client, anyone, writeTo(chance.pick(OTHERS)))
    }
    for (let i = 0; i < 6; i++) this.#read(chance.between(200, 900))
    const first = kind === 'alone' ? chance.between(10_000, 32_000) : chance.between(800, 4_000)
    for (let i = 0; i < 6; i++) this.#readBy(client, first + i * chance.between(50, 800))
  }

  /** A client writes to two tables and then to the other one alone; memory elsewhere knows neither yet. */
  #takenBack(): void {
    const { chance, clients } = this.#world
    const client = chance.pick(clients)
    const writer = this.#writer(false)
    const anyone = () => this.#alive()
    const other = chance.pick(OTHERS)
    const earlier = chance.of(0.5) ? [writeToBoth(TABLE, other)] : [writeTo(TABLE), writeTo(other)]
    this.#change(0, client, () => writer, ...earlier)
    this.#change(chance.between(60, 160), client, anyone, writeTo(other))
    for (let i = 0; i < 10; i++) this.#readBy(client, chance.between(100, 900))
  }

  /** A write whose fence is of the next period by its own clock, and a reader whose clock is behind. */
  #periodBorder(): void {
    const { chance, isolates, time, fenceMs } = this.#world
    const [reader, writer] = [...isolates]
      .sort((a, b) => a.skew - b.skew)
      .filter((_, i, all) => i % (all.length - 1) === 0)
    const apart = writer!.skew - reader!.skew
    if (apart < 150) return
    this.#world.count('a write at the border of two periods')
    const clock = time.now + this.#at + writer!.skew
    const border = fenceMs - (clock % fenceMs) + chance.between(1, 30)
    const takesMs = apart + chance.between(50, 800)
    const aim = writer!.fenced ? 'orphan' : 'ambiguous'
    this.#read(border - 300, reader)
    this.#read(border - 100, reader)
    this.#after(border, () => writer!.dead || this.#issuer.write(writer!, TABLE, { aim, takesMs }))
    for (let i = 0; i < 6; i++) this.#read(border + chance.between(20, apart), reader)
    this.#late(border + takesMs)
  }

  /** A write that may still commit and whose fence is owed; a second failure must not forget that. */
  #owedFence(): void {
    const { chance } = this.#world
    const writer = this.#writer(chance.of(0.3))
    const takesMs = chance.between(900, 3_500)
    this.#after(0, () => writer.dead || this.#issuer.write(writer, TABLE, { aim: 'ambiguous', takesMs }))
    this.#after(chance.between(60, 180), () => {
      if (!writer.dead) this.#issuer.write(writer, TABLE, { aim: 'lost-invalidation' })
    })
    for (let i = 0; i < 10; i++) this.#read(chance.between(150, takesMs + 200))
    this.#late(takesMs)
  }

  /** Two writers, long apart, each dead after its commit: only their fences told, and what stood between them is old. */
  #twoDeadWriters(): void {
    const { chance, fenceMs } = this.#world
    const write = (ms: number) =>
      this.#after(ms, () =>
        this.#issuer.write(this.#writer(true), TABLE, { aim: 'orphan', takesMs: chance.between(20, 300) }),
      )
    const gone = 2 * fenceMs + 1_100
    write(0)
    for (let i = 0; i < 5; i++) this.#read(gone + i * 150)
    write(gone + 900)
    for (let i = 0; i < 6; i++) this.#read(gone + chance.between(900, 4_000))
    for (let i = 0; i < 5; i++) this.#read(2 * gone + 900 + i * 150)
  }

  /** A fence is lost while its writer is at work, another writer raises his own, and the first takes his back. */
  #lostFence(): void {
    const { chance, time, fenceMs, redis } = this.#world
    const clock = time.now + this.#at
    // All of it in one period, by any clock.
    const start = fenceMs - (clock % fenceMs) + 600
    const first = chance.between(150, 500)
    const second = chance.between(20, 700)
    const takesMs = 1_500
    const write = (ms: number, given: { aim?: 'orphan'; takesMs: number }) =>
      this.#after(ms, () => this.#issuer.write(this.#writer(true), TABLE, given))
    write(start, { takesMs: first })
    const lost = chance.between(40, 110)
    this.#after(start + lost, () =>
      redis.store.lose(redis.store.keys().filter((key) => key.includes(`:f:`) && key.includes(TABLE))),
    )
    write(start + lost + second, { aim: 'orphan', takesMs })
    for (let i = 0; i < 12; i++) this.#read(start + chance.between(first, lost + second + takesMs))
    this.#late(start + lost + second + takesMs)
  }

  /** When the fences are gone, and just before. */
  #late(ms: number): void {
    const { chance, fenceMs } = this.#world
    for (let i = 0; i < 4; i++) this.#read(ms + chance.between(100, 3_000))
    for (let i = 0; i < 6; i++) this.#read(ms + chance.between(fenceMs, 2 * fenceMs + 1_500))
  }
}
