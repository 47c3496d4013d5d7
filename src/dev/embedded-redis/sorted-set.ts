import { Dictionary } from './dictionary.js'

export interface Scored {
  readonly member: string
  readonly score: number
}

/** Members by score, then by their bytes. */
export class SortedSet {
  readonly scores = new Dictionary<number>()
  readonly #order: Scored[] = []

  get size(): number {
    return this.#order.length
  }

  score(member: string): number | undefined {
    return this.scores.get(member)
  }

  set(member: string, score: number): void {
    this.delete(member)
    this.scores.set(member, score)
    const item = { member, score }
    this.#order.splice(this.#indexOf(item), 0, item)
  }

  delete(member: string): boolean {
    const score = this.scores.get(member)
    if (score === undefined) return false
    this.scores.delete(member)
    this.#order.splice(this.#indexOf({ member, score }), 1)
    return true
  }

  /** Position from the lowest, undefined when absent. */
  rank(member: string): number | undefined {
    const score = this.scores.get(member)
    return score === undefined ? undefined : this.#indexOf({ member, score })
  }

  /** Items at the indexes `start` to `end`, `end` excluded. */
  slice(start: number, end: number): Scored[] {
    return this.#order.slice(start, end)
  }

  /** How many items from the lowest on satisfy `isBefore`, which must hold for a beginning of the order only. */
  countWhile(isBefore: (item: Scored) => boolean): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const item = this.#order[middle]
      if (item && isBefore(item)) low = middle + 1
      else high = middle
    }
    return low
  }

  copy(): SortedSet {
    const copy = new SortedSet()
    for (const { member, score } of this.#order) copy.set(member, score)
    return copy
  }

  #indexOf({ member, score }: Scored): number {
    return this.countWhile(
      (item) => item.score < score || (item.score === score && compareBytes(item.member, member) < 0),
    )
  }
}

/** The order of two texts' UTF-8 bytes, which differs from that of their UTF-16 units where surrogates are met. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rankOfUnit(x) - rankOfUnit(y)
  }
  return a.length - b.length
}

function rankOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
