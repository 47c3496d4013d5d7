/** Runs one order, asks every isolate once more, and judges each answer by the commits that its rows know of. */
import { vi } from 'vitest'
import { Actor, endingOf, lose, lossScript, readerScript, writerScript } from './actors.js'
import type { Loss, WriterPlan } from './actors.js'
import type { Order, Script } from './interleave.js'
import { FENCE_MS, MAX_STALENESS_MS, Stage } from './stage.js'
import type { Kind, Mode } from './stage.js'

/** What there is before an order begins. `memory`: in every isolate too, past the bound; the bystander has just read it. */
export const HELD = ['nothing', 'versions', 'entry', 'memory'] as const
export type Held = (typeof HELD)[number]

export interface Scenario {
  kind: Kind
  mode: Mode
  held: Held
  /** The isolate of each reader. */
  readers: string[]
  writers: WriterPlan[]
  loss?: Loss
}

export interface Ran {
  violations: string[]
  /** What came of it, to be counted and compared. */
  outcomes: string[]
}

/** Who must be seen, and from when on. */
interface Duty {
  bit: number
  isolate: string
  everyone: boolean
  at: number
}

export const scriptsOf = ({ readers, writers, mode, loss }: Scenario): Script[] => [
  ...readers.map((isolate) =>
    readerScript(
      isolate,
      writers.map((_, i) => endingOf(i)),
    ),
  ),
  ...writers.map((plan, i) => writerScript(plan, mode === 'fenced', endingOf(i))),
  ...(loss ? [lossScript(loss)] : []),
]

const inDebt = ({ fault }: WriterPlan): boolean => fault === 'request lost' || fault === 'reply lost'

/** Ticks come when no promise is left to settle, and nothing here waits for anything but promises. */
const turn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

/** What Redis holds at the beginning, made once for all orders of a scenario. */
export async function prepare({ kind, mode, held }: Scenario): Promise<Map<string, string>> {
  const stage = new Stage(kind, mode)
  const reads = { nothing: 0, versions: 1, entry: 2, memory: 2 }[held]
  for (let i = 0; i < reads; i++) {
    await stage.ask(new Actor(`first ${i}`, false))
    await stage.isolate(`first ${i}`).flush()
  }
  return stage.redis.data as Map<string, string>
}

class Run {
  readonly violations: string[] = []
  readonly outcomes: string[] = []
  readonly #stage: Stage
  readonly #duties: Duty[] = []
  readonly #scenario: Scenario
  readonly #actors: Actor[]
  readonly #ends: (Promise<unknown> | undefined)[] = []
  #open = 0

  constructor(scenario: Scenario, data: ReadonlyMap<string, string>) {
    this.#scenario = scenario
    this.#stage = new Stage(scenario.kind, scenario.mode)
    for (const [key, value] of data) this.#stage.redis.data.set(key, value)
    this.#actors = [
      ...scenario.readers.map((isolate) => new Actor(isolate, true)),
      ...scenario.writers.map((plan, i) => new Actor(plan.isolate, true, plan, 1 << i)),
    ]
  }

  async order(order: Order, scripts: readonly Script[]): Promise<void> {
    const stage = this.#stage
    if (this.#scenario.held === 'memory') await this.#fillMemories()
    const at = scripts.map(() => 0)
    for (const who of order) {
      const { name } = scripts[who]![at[who]!++]!
      stage.now++
      const actor = this.#actors[who]
      if (actor) await this.#step(actor, who, name)
      else lose(stage.redis.data, this.#scenario.loss!)
    }
    // Whoever began late, in another's place, has steps left.
    const living = this.#actors.filter(({ writer }) => writer?.fault !== 'dies')
    for (;;) {
      const gates = living.flatMap((actor) => actor.gates.splice(0))
      if (gates.length === 0) break
      for (const { open } of gates) open()
      await turn()
    }
    if (this.#open > 0) this.violations.push('F10: somebody never came to an end')
    await this.#askAll()
  }

  async #fillMemories(): Promise<void> {
    const stage = this.#stage
    for (const { isolate } of this.#actors) await stage.ask(new Actor(isolate, false))
    stage.now += MAX_STALENESS_MS + 1
    await stage.ask(new Actor('bystander', false))
  }

  async #step(actor: Actor, who: number, name: string): Promise<void> {
    if (!this.#ends[who]) {
      this.#ends[who] = actor.writer ? this.#write(actor) : this.#read(actor, 'on the way')
      await turn()
      if (name === 'send') return
    }
    if (name === 'pause') vi.advanceTimersByTime(1_000)
    else {
      const gate = actor.gates.shift()
      if (!gate) return
      if (gate.step !== name) this.violations.push(`off the script: at ${gate.step} instead of ${name}`)
      gate.open()
    }
    await turn()
  }

  async #write(actor: Actor): Promise<void> {
    const { fault } = actor.writer!
    const { isolate, bit } = actor
    // Behind a fence the commit alone must be seen, whatever becomes of its writer.
    if (fault === 'dies') return void this.#stage.write(actor).catch(() => {})
    this.#open++
    try {
      const { invalidated, fenced } = await this.#stage.write(actor)
      if (invalidated === inDebt(actor.writer!)) this.violations.push(`F4: invalidated is ${invalidated}`)
      if (fenced !== (this.#scenario.mode === 'fenced' || undefined)) this.violations.push(`F4: fenced is ${fenced}`)
      this.#duties.push({ bit, isolate, everyone: invalidated, at: this.#stage.now })
    } catch (error) {
      this.violations.push(`F4: the write failed: ${String(error)}`)
    }
    this.#open--
    if (actor.commits !== 1) this.violations.push(`F4: ${actor.commits} commits`)
  }

  async #read(actor: Actor, when: string): Promise<void> {
    const stage = this.#stage
    const startedAt = stage.now
    const dead = this.#scenario.writers.some(({ fault }) => fault === 'dies')
    const duties = [...this.#duties]
    if (dead) duties.push({ bit: stage.committed, isolate: '', everyone: true, at: startedAt })
    this.#open++
    try {
      const seen = await stage.ask(actor)
      const { outcome, foundInvalidated } = actor
      this.outcomes.push(`${when}: ${outcome}`)
      const told = `${when} on ${actor.isolate}: ${outcome} knows of ${seen}`
      const asked = outcome !== 'l1' && outcome !== 'coalesced'
      for (const { bit, isolate, everyone, at } of duties) {
        const late = startedAt > at + MAX_STALENESS_MS
        const own = isolate === actor.isolate && 'F2 own isolate'
        const clause = own || (everyone && ((asked && 'F1') || (late && 'F2')))
        if (!clause) continue
        this.outcomes.push(`judged: ${clause}, ${outcome}`)
        if ((seen & bit) !== bit) this.violations.push(`${clause}: ${told}, not ${bit}`)
      }
      if (outcome === 'l2' && (seen & foundInvalidated) !== foundInvalidated)
        this.violations.push(`F3: ${told}, after the invalidation of ${foundInvalidated} was executed`)
    } catch (error) {
      this.violations.push(`F10: a read failed: ${String(error)}`)
    }
    this.#open--
  }

  /** A fresh isolate first: it finds what Redis holds, before another's answer covers it. */
  async #askAll(): Promise<void> {
    const stage = this.#stage
    const { readers, writers, held, mode } = this.#scenario
    for (const { store } of this.#actors.slice(0, readers.length)) this.outcomes.push(`stored: ${store}`)
    for (const { isolate } of writers.filter(inDebt)) await this.#ask(isolate, 'in debt')
    const alive = new Set(this.#actors.map(({ isolate }) => isolate))
    for (const { isolate, fault } of writers) if (fault === 'dies') alive.delete(isolate)
    for (const isolate of alive) await stage.isolate(isolate).flush()
    for (const duty of this.#duties) duty.everyone = true
    await this.#ask('fresh', 'at once')
    await turn()
    if (held === 'memory') alive.add('bystander')
    for (const isolate of alive) await this.#ask(isolate, 'at once')
    stage.now += MAX_STALENESS_MS
    for (const isolate of alive) await this.#ask(isolate, 'after the bound')
    if (mode === 'after') return
    stage.now += 3 * FENCE_MS
    await this.#ask('fresh too', 'after the fence')
  }

  #ask(isolate: string, when: string): Promise<void> {
    this.#stage.now++
    return this.#read(new Actor(isolate, false), when)
  }
}

export async function runOrder(scenario: Scenario, order: Order, data: ReadonlyMap<string, string>): Promise<Ran> {
  const run = new Run(scenario, data)
  await run.order(order, scriptsOf(scenario))
  vi.clearAllTimers()
  // Lets the runner breathe.
  await new Promise((resolve) => setImmediate(resolve))
  return run
}
