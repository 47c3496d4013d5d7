/** Seeded choices, and the last step from a sketch to a text: spaces, comments and case at random. */
export class Dice {
  #state: number
  #kept: string[] = []
  /** What is left for the statement under way; without it everything ends in leaves. */
  budget = 0

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Mulberry32. */
  next(): number {
    let t = (this.#state += 0x6d2b79f5)
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  below(n: number): number {
    return Math.floor(this.next() * n)
  }
  /** True once in `n` times. */
  once(n: number): boolean {
    return this.below(n) === 0
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
  /** `text` once in `n` times, otherwise nothing. */
  maybe(n: number, text: () => string): string {
    return this.once(n) ? text() : ''
  }
  /** From one to `most` pieces between separators. */
  list(most: number, piece: () => string, separator = ' , '): string {
    return Array.from({ length: 1 + this.below(most) }, piece).join(separator)
  }
  /** Runs one of the makers; a leaf when the budget is spent. */
  grow(leaves: readonly (() => string)[], branches: readonly (() => string)[]): string {
    return this.budget-- > 0 && !this.once(4) ? this.pick(branches)() : this.pick(leaves)()
  }

  /** Text that spaces, comments and case leave alone. */
  keep(text: string): string {
    return `\ue000${this.#kept.push(text) - 1}\ue000`
  }

  /** The sketch's spaces become any white space or comments, its letters any case. */
  finish(sketch: string): string {
    const style = this.below(4)
    const text = sketch
      .trim()
      // The oracle's scanner takes a comment for a token where PostgreSQL's looks ahead behind these words.
      .replace(/(?<!\b(?:not|nulls|with|without)) +/g, () => (this.once(12) ? this.#gap() : ' '))
      .replace(/[a-z]+/gi, (word) => (style === 0 || (style === 1 && this.once(2)) ? word.toUpperCase() : word))
      .replace(/\ue000(\d+)\ue000/g, (_, index: string) => this.#kept[Number(index)] as string)
    this.#kept = []
    return text
  }

  #gap(): string {
    return this.keep(
      this.pick([
        '\n',
        '\t \r\n',
        ' /* from secrets */ ',
        ' -- join hidden on now()\n',
        ' /* a /* nested; */ b */ ',
        " /* ' */ ",
        '\f',
        " -- it's\n",
      ]),
    )
  }
}
