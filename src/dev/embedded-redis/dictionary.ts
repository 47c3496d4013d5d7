interface Slot<V> {
  readonly id: number
  readonly key: string
  value: V
  live: boolean
}

/** A map that can be read page by page while it changes. */
export class Dictionary<V> {
  /** Ascending by id; deleted slots stay until there are too many of them. */
  #slots: Slot<V>[] = []
  readonly #byKey = new Map<string, Slot<V>>()
  #lastId = 0

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): V | undefined {
    return this.#byKey.get(key)?.value
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** Returns true when the key is new. A key that is overwritten keeps its place in scans. */
  set(key: string, value: V): boolean {
    const known = this.#byKey.get(key)
    if (known) {
      known.value = value
      return false
    }
    const slot = { id: ++this.#lastId, key, value, live: true }
    this.#slots.push(slot)
    this.#byKey.set(key, slot)
    return true
  }

  delete(key: string): boolean {
    const slot = this.#byKey.get(key)
    if (!slot) return false
    slot.live = false
    this.#byKey.delete(key)
    if (this.#slots.length > 2 * this.size + 32) this.#slots = this.#slots.filter(({ live }) => live)
    return true
  }

  keys(): string[] {
    return [...this.#byKey.keys()]
  }

  entries(): [string, V][] {
    return Array.from(this.#byKey.values(), ({ key, value }) => [key, value])
  }

  /**
   * Reads about `count` entries. Pages go from the newest key to the oldest: keys added meanwhile lie behind the cursor, so a scan
   * ends, and keys that stay lie before it until they are returned. Cursor 0 begins, and 0 in the answer ends.
   */
  page(cursor: number, count: number): { cursor: number; entries: [string, V][] } {
    const entries: [string, V][] = []
    let index = (cursor === 0 ? this.#slots.length : this.#firstFrom(cursor)) - 1
    for (let left = count; index >= 0 && left > 0; index--, left--) {
      const slot = this.#slots[index]
      if (slot?.live) entries.push([slot.key, slot.value])
    }
    return { cursor: index < 0 ? 0 : (this.#slots[index + 1]?.id ?? 0), entries: entries.toReversed() }
  }

  /** One key by chance; undefined when empty. */
  randomKey(): string | undefined {
    if (this.size === 0) return undefined
    for (;;) {
      const slot = this.#slots[Math.floor(Math.random() * this.#slots.length)]
      if (slot?.live) return slot.key
    }
  }

  copy(): Dictionary<V> {
    const copy = new Dictionary<V>()
    for (const { key, value } of this.#byKey.values()) copy.set(key, value)
    return copy
  }

  /** Index of the first slot whose id is at least `id`. */
  #firstFrom(id: number): number {
    let low = 0
    let high = this.#slots.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#slots[middle]?.id ?? 0) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
