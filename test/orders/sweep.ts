/** All orders of a scenario, or one of each class, with the figures that show that none is missing. */
import { createHash } from 'node:crypto'
import { vi } from 'vitest'
import type { Order } from './interleave.js'
import { classOf, differentOrders, everyOrder, multinomial, sizeOfClass } from './interleave.js'
import { prepare, runOrder, scriptsOf } from './run.js'
import type { Ran, Scenario } from './run.js'

/** Timers stand still and digests are ready at once: nothing happens that no gate was opened for. */
export function standStill(): () => void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const digest = (_: string, data: Uint8Array) =>
    Promise.resolve(new Uint8Array(createHash('sha256').update(data).digest()).buffer)
  Object.defineProperty(crypto.subtle, 'digest', { value: digest, configurable: true })
  return () => {
    // The real one is the prototype's.
    Reflect.deleteProperty(crypto.subtle, 'digest')
    vi.useRealTimers()
  }
}

export class Tally {
  /** Orders that were run, orders that those stand for, and orders that there are. */
  run = 0
  stoodFor = 0
  expected = 0
  readonly #broken = new Map<string, string[]>()
  readonly outcomes = new Map<string, number>()

  add(scenario: Scenario, order: Order, ran: Ran): void {
    this.run++
    for (const outcome of ran.outcomes) this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
    for (const violation of ran.violations) this.violation(violation, tell(scenario, order))
  }

  violation(what: string, order: string): void {
    const clause = what.split(':')[0]!
    const told = `${what} [${order}]`
    const broken = this.#broken.get(clause)
    if (broken) broken.push(told)
    else this.#broken.set(clause, [told])
  }

  /** Which clauses were broken, how often, and by which order first; nothing when none was. */
  get violations(): string {
    const clauses = [...this.#broken].sort(([a], [b]) => (a < b ? -1 : 1))
    const counts = clauses.map(([clause, broken]) => `${clause} (${broken.length})`)
    return [counts.join(', '), ...clauses.map(([, [first]]) => first)].join('\n')
  }

  /** How often something happened whose name begins so. */
  count(start: string): number {
    let sum = 0
    for (const [outcome, count] of this.outcomes) if (outcome.startsWith(start)) sum += count
    return sum
  }
}

/** One order of each class. */
export async function sweep(tally: Tally, scenario: Scenario): Promise<void> {
  const scripts = scriptsOf(scenario)
  const data = await prepare(scenario)
  const [one, other] = twins(scenario)
  tally.expected += multinomial(scripts.map((script) => script.length))
  for (const order of differentOrders(scripts)) {
    // Of two orders in which twins have changed places one is enough.
    if (order.indexOf(other) < order.indexOf(one)) continue
    tally.add(scenario, order, await runOrder(scenario, order, data))
    tally.stoodFor += sizeOfClass(scripts, order) * (one < 0 ? 1 : 2)
  }
}

/** Every single order; those of one class must end alike, or what is told of the steps is wrong. */
export async function sweepAll(tally: Tally, scenario: Scenario): Promise<void> {
  const scripts = scriptsOf(scenario)
  const data = await prepare(scenario)
  const ends = new Map<string, string>()
  tally.expected += multinomial(scripts.map((script) => script.length))
  for (const order of everyOrder(scripts)) {
    const ran = await runOrder(scenario, order, data)
    const [id, end] = [classOf(scripts, order), ran.outcomes.join()]
    if ((ends.get(id) ?? end) !== end) ran.violations.push(`steps do not commute: ${end}, otherwise ${ends.get(id)}`)
    ends.set(id, end)
    tally.add(scenario, order, ran)
    tally.stoodFor++
  }
  if (ends.size !== [...differentOrders(scripts)].length) tally.violation('classes were missed', tell(scenario, []))
}

/** Two actors that do the same in the same isolate, whose first steps therefore conflict. */
function twins({ readers, writers }: Scenario): [number, number] {
  if (readers.length === 2 && readers[0] === readers[1]) return [0, 1]
  const [one, other] = writers
  if (other && one!.isolate === other.isolate && one!.fault === other.fault) return [readers.length, readers.length + 1]
  return [-1, -1]
}

function tell(scenario: Scenario, order: Order): string {
  const scripts = scriptsOf(scenario)
  const at = scripts.map(() => 0)
  const { kind, mode, held, readers, writers, loss } = scenario
  const isolates = [...readers, ...writers.map(({ isolate, fault }) => `${isolate}!${fault ?? ''}`)]
  const steps = order.map((who) => `${who}.${scripts[who]![at[who]!++]!.name}`)
  return `${kind}, ${mode}, ${held}, ${isolates.join(' ')}, lost: ${loss ?? 'nothing'}: ${steps.join(' ')}`
}
