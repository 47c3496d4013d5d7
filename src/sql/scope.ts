/**
 * Which names are CTEs where they are read. Each step costs the same however deep the nesting is.
 * @module
 */

/** How many visible CTEs have a name. */
let visible: Map<string, number>
/** The CTEs that are visible, in the order of the text. */
let defined: string[]
/** For each open `WITH RECURSIVE` list: names that it has read so far and may yet define. */
let pending: Set<string>[]

/** Forgets the text before. */
export function clearScope(): void {
  visible = new Map()
  defined = []
  pending = []
}

const count = (name: string, by: number) => visible.set(name, (visible.get(name) ?? 0) + by)

/** A mark to give to `leave` where the statement ends whose `WITH` list follows. */
export const enter = (): number => defined.length

export function leave(mark: number): void {
  for (const name of defined.splice(mark)) count(name, -1)
}

export function define(name: string): void {
  defined.push(name)
  count(name, 1)
}

export function openRecursive(): void {
  pending.push(new Set())
}

/** Ends the recursive list that began at a mark; hands its undecided names to the list around it, or returns them as tables. */
export function closeRecursive(mark: number): Iterable<string> {
  const undecided = pending.pop() as Set<string>
  for (const name of defined.slice(mark)) undecided.delete(name)
  const around = pending.pop()
  if (!around) return undecided
  // The smaller set moves, so that nested lists cost no more than flat ones.
  const [few, many] = around.size < undecided.size ? [around, undecided] : [undecided, around]
  for (const name of few) many.add(name)
  pending.push(many)
  return []
}

/** False for a CTE, and while a recursive list is open that may still define the name: `closeRecursive` will tell. */
export function isTable(name: string): boolean {
  if (visible.get(name)) return false
  return !pending.at(-1)?.add(name)
}
