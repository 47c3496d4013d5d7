/**
 * Every order of several actors' steps. Orders that differ only in neighbours that touch nothing in common are one order to anybody
 * who looks; one of them is run, and the number of those it stands for is counted, so that the sum tells whether one is missing.
 */
export interface Step {
  readonly name: string
  /** What it looks at, and what it changes; two steps commute unless one changes what the other touches. */
  readonly reads: readonly string[]
  readonly changes: readonly string[]
}

export type Script = readonly Step[]

/** The actors' indices in the order in which each takes its next step. */
export type Order = readonly number[]

const conflict = (a: Step, b: Step): boolean =>
  a.changes.some((what) => b.changes.includes(what) || b.reads.includes(what)) ||
  b.changes.some((what) => a.reads.includes(what))

/** All of them, one by one. */
export function* everyOrder(scripts: readonly Script[]): Generator<Order> {
  const at = scripts.map(() => 0)
  const order: number[] = []
  function* next(): Generator<Order> {
    let ended = true
    for (let actor = 0; actor < scripts.length; actor++) {
      if (at[actor] === scripts[actor]!.length) continue
      ended = false
      at[actor]!++
      order.push(actor)
      yield* next()
      order.pop()
      at[actor]!--
    }
    if (ended) yield [...order]
  }
  yield* next()
}

/**
 * Exactly one order of each class (sleep sets, Godefroid 1996, section 5): an actor whose next step was tried here stays asleep on the
 * later branches until a step that conflicts with its own has been taken.
 */
export function* differentOrders(scripts: readonly Script[]): Generator<Order> {
  const at = scripts.map(() => 0)
  const order: number[] = []
  const stepOf = (actor: number) => scripts[actor]![at[actor]!]
  function* next(asleep: readonly number[]): Generator<Order> {
    if (order.length === scripts.reduce((sum, script) => sum + script.length, 0)) yield [...order]
    const sleeping = [...asleep]
    for (let actor = 0; actor < scripts.length; actor++) {
      const step = stepOf(actor)
      if (!step || sleeping.includes(actor)) continue
      const stillAsleep = sleeping.filter((other) => !conflict(stepOf(other)!, step))
      at[actor]!++
      order.push(actor)
      yield* next(stillAsleep)
      order.pop()
      at[actor]!--
      sleeping.push(actor)
    }
  }
  yield* next([])
}

/** Each actor's step may be taken when so many steps of each actor are over: what conflicts and came earlier in this order. */
function needs(scripts: readonly Script[], order: Order): number[][][] {
  const at = scripts.map(() => 0)
  const result: number[][][] = scripts.map(() => [])
  for (const actor of order) {
    const step = scripts[actor]![at[actor]!]!
    result[actor]!.push(
      scripts.map((script, other) => {
        const over = script.slice(0, at[other])
        return other === actor ? at[actor]! : over.findLastIndex((before) => conflict(before, step)) + 1
      }),
    )
    at[actor]!++
  }
  return result
}

/** The same text for two orders when and only when they are of one class. */
export const classOf = (scripts: readonly Script[], order: Order): string => JSON.stringify(needs(scripts, order))

/** How many orders are of this one's class: the linear extensions of what conflicts, counted over the actors' progress. */
export function sizeOfClass(scripts: readonly Script[], order: Order): number {
  const needed = needs(scripts, order)
  const strides: number[] = []
  let states = 1
  for (const script of scripts) {
    strides.push(states)
    states *= script.length + 1
  }
  const ways = new Float64Array(states)
  ways[0] = 1
  for (let state = 0; state < states; state++) {
    if (ways[state] === 0) continue
    const at = scripts.map((script, actor) => Math.floor(state / strides[actor]!) % (script.length + 1))
    scripts.forEach((script, actor) => {
      if (at[actor] === script.length) return
      if (needed[actor]![at[actor]!]!.every((count, other) => other === actor || at[other]! >= count))
        ways[state + strides[actor]!]! += ways[state]!
    })
  }
  return ways[states - 1]!
}

/** (a + b + ...)! / (a! b! ...): the number of orders of scripts of these lengths. */
export function multinomial(lengths: readonly number[]): number {
  let result = 1
  let total = 0
  for (const length of lengths) for (let i = 1; i <= length; i++) result = (result * ++total) / i
  return result
}
