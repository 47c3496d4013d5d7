/** A parameter that PGlite asks for its text, and whose amount no copy of its properties has. */
export class Price {
  readonly #amount: number

  constructor(amount: number) {
    this.#amount = amount
  }

  toString(): string {
    return `${this.#amount}.00`
  }
}
