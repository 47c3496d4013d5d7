/** Policies of eviction that were compared for isolate memory, each bounded by bytes as L1 is. */
import { Sieve as OwnSieve } from '../../dist/sieve.js'
import type { Kept } from '../../src/sieve.js'
import { OWN } from '../lib/types.ts'

export interface Policy {
  /** Asks for a key and stores it when it is not there. True: it was there. */
  ask(key: number, size: number): boolean
}

interface Node {
  key: number
  size: number
  /** How often it was read lately; a bit for most. */
  reads: number
  newer: Node | undefined
  older: Node | undefined
  /** S3-FIFO: which queue it is in. */
  main: boolean
}

/** A list with O(1) at both ends and in the middle. */
class Queue {
  newest: Node | undefined
  oldest: Node | undefined
  bytes = 0

  push(node: Node): void {
    node.older = this.newest
    node.newer = undefined
    if (this.newest) this.newest.newer = node
    else this.oldest = node
    this.newest = node
    this.bytes += node.size
  }

  remove(node: Node): void {
    if (node.newer) node.newer.older = node.older
    else this.newest = node.older
    if (node.older) node.older.newer = node.newer
    else this.oldest = node.newer
    this.bytes -= node.size
  }
}

abstract class Listed implements Policy {
  protected readonly nodes = new Map<number, Node>()
  protected readonly queue = new Queue()
  protected readonly most: number

  constructor(most: number) {
    this.most = most
  }

  ask(key: number, size: number): boolean {
    const found = this.nodes.get(key)
    if (found) {
      this.read(found)
      return true
    }
    // As in L1: a single large result must not empty the rest.
    if (size > this.most / 8) return false
    while (this.bytes + size > this.most) this.evict()
    const node: Node = { key, size, reads: 0, newer: undefined, older: undefined, main: false }
    this.nodes.set(key, node)
    this.add(node)
    return false
  }

  protected get bytes(): number {
    return this.queue.bytes
  }

  protected add(node: Node): void {
    this.queue.push(node)
  }

  protected drop(node: Node): void {
    this.queue.remove(node)
    this.nodes.delete(node.key)
  }

  protected abstract read(node: Node): void
  protected abstract evict(): void
}

export class Fifo extends Listed {
  protected read(): void {}

  protected evict(): void {
    this.drop(this.queue.oldest!)
  }
}

export class Lru extends Listed {
  protected read(node: Node): void {
    this.queue.remove(node)
    this.queue.push(node)
  }

  protected evict(): void {
    this.drop(this.queue.oldest!)
  }
}

/** What L1 did before: a read entry goes to the end of the queue once more. */
export class SecondChance extends Listed {
  protected read(node: Node): void {
    node.reads = 1
  }

  protected evict(): void {
    const { queue } = this
    while (queue.oldest!.reads > 0) {
      const node = queue.oldest!
      node.reads = 0
      queue.remove(node)
      queue.push(node)
    }
    this.drop(queue.oldest!)
  }
}

/** Zhang et al., NSDI 2024: a read entry stays where it is, and a hand goes over the queue from old to new. */
export class Sieve extends Listed {
  #hand: Node | undefined

  protected read(node: Node): void {
    node.reads = 1
  }

  protected evict(): void {
    let node = this.#hand ?? this.queue.oldest!
    while (node.reads > 0) {
      node.reads = 0
      node = node.newer ?? this.queue.oldest!
    }
    this.#hand = node.newer
    this.drop(node)
  }
}

/** Yang et al., SOSP 2023: what is new passes a tenth of the memory first; what was thrown out of it is remembered by its key. */
export class S3Fifo extends Listed {
  readonly #main = new Queue()
  readonly #ghosts = new Set<number>()

  protected override get bytes(): number {
    return this.queue.bytes + this.#main.bytes
  }

  protected read(node: Node): void {
    if (node.reads < 3) node.reads++
  }

  protected override add(node: Node): void {
    if (this.#ghosts.delete(node.key)) this.#promote(node)
    else this.queue.push(node)
  }

  #promote(node: Node): void {
    node.main = true
    this.#main.push(node)
  }

  protected evict(): void {
    if (this.queue.bytes > this.most / 10 || !this.#main.oldest) this.#evictNew()
    else this.#evictMain()
  }

  #evictNew(): void {
    const node = this.queue.oldest!
    if (node.reads > 1) {
      node.reads = 0
      this.queue.remove(node)
      this.#promote(node)
      return
    }
    this.drop(node)
    this.#ghosts.add(node.key)
    if (this.#ghosts.size > this.nodes.size) this.#ghosts.delete(this.#ghosts.values().next().value!)
  }

  #evictMain(): void {
    let node = this.#main.oldest!
    while (node.reads > 0) {
      node.reads--
      this.#main.remove(node)
      this.#main.push(node)
      node = this.#main.oldest!
    }
    this.#main.remove(node)
    this.nodes.delete(node.key)
  }
}

interface Item extends Kept<Item> {
  key: string
}

/** The package's own: SIEVE that remembers for a while what it threw out. */
class Own implements Policy {
  readonly #kept = new OwnSieve<Item>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  ask(number: number, size: number): boolean {
    const key = `1|-|d${number};`
    const found = this.#kept.get(key)
    if (found) return (found.visited = true)
    if (size > this.#most / 8) return false
    while (this.#kept.bytes + size > this.#most) this.#kept.evict()
    this.#kept.add({ key, size, visited: false, newer: undefined, older: undefined })
    return false
  }
}

export const POLICIES: Record<string, new (most: number) => Policy> = {
  FIFO: Fifo,
  LRU: Lru,
  'second chance': SecondChance,
  SIEVE: Sieve,
  'S3-FIFO': S3Fifo,
  [OWN]: Own,
}
