/**
 * Which names are CTEs where they are read. Each step costs the same however deep the nesting is.
 * @module
 */

/** Names that a `WITH RECURSIVE` list has read so far and may yet define. */
type Pending = Set<string>

export class Scope {
  /** How many visible CTEs have the name. */
  readonly #visible = new Map<string, number>()
  readonly #defined: string[] = []
  readonly #pending: Pending[] = []

  /** A mark to give to `leave` where the statement ends whose `WITH` list follows. */
  enter(): number {
    return this.#defined.length
  }

  leave(mark: number): void {
    for (const name of this.#defined.splice(mark)) this.#visible.set(name, (this.#visible.get(name) as number) - 1)
  }

  define(name: string): void {
    this.#defined.push(name)
    this.#visible.set(name, (this.#visible.get(name) ?? 0) + 1)
  }

  openRecursive(): void {
    this.#pending.push(new Set())
  }

  /** Ends a recursive list; hands its undecided names to the list around it, or returns them as tables. */
  closeRecursive(names: readonly string[]): Iterable<string> {
    const undecided = this.#pending.pop() as Pending
    for (const name of names) undecided.delete(name)
    const outer = this.#pending.length - 1
    const around = this.#pending[outer]
    if (!around) return undecided
    // The smaller set moves, so that nested lists cost no more than flat ones.
    const [few, many] = around.size < undecided.size ? [around, undecided] : [undecided, around]
    for (const name of few) many.add(name)
    this.#pending[outer] = many
    return []
  }

  /** `cte`, `table`, or `later`: a recursive list is open that may still define it, and `closeRecursive` will tell. */
  resolve(name: string): 'cte' | 'table' | 'later' {
    if (this.#visible.get(name)) return 'cte'
    const pending = this.#pending.at(-1)
    if (!pending) return 'table'
    pending.add(name)
    return 'later'
  }
}
