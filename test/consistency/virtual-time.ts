/** A clock that stands still between events, and the events in the order of a seed. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash, createHmac } from 'node:crypto'

/** On whose behalf code runs: what dies takes its timers and replies with it. */
export interface Context {
  dead: boolean
  readonly parent?: Context
}

export const context = new AsyncLocalStorage<Context>()
export const alive = (of: Context | undefined): boolean => !of || (!of.dead && alive(of.parent))

interface Event {
  at: number
  order: number
  run: () => void
  cancelled: boolean
}

export class VirtualTime {
  now = 1_800_000_000_000
  readonly startedAt = this.now
  #order = 0
  #sequence = 0
  readonly #heap: Event[] = []

  /** A point in the one order of everything that happens. */
  mark(): number {
    return ++this.#sequence
  }

  after(ms: number, run: () => void): Event {
    const event = { at: this.now + Math.max(0, ms), order: this.#order++, run, cancelled: false }
    this.#push(event)
    return event
  }

  /** Runs what is due until `done` says so or nothing is left. Promises settle between two events. */
  async drive(done: () => boolean): Promise<void> {
    for (;;) {
      await settled()
      if (done()) return
      const next = this.#pop()
      if (!next) return
      if (next.cancelled) continue
      this.now = Math.max(this.now, next.at)
      next.run()
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let i = heap.push(event) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      if (!before(event, heap[up]!)) break
      heap[i] = heap[up]!
      i = up
    }
    heap[i] = event
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (!top || !last || heap.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return top
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

const turn = setImmediate
/** Nothing real is waited for, so that one turn of the loop ends every chain of promises. */
const settled = (): Promise<void> => new Promise((resolve) => turn(resolve))

let current: VirtualTime | undefined

/** The time that the sources' timers run on from now on. */
export function useTime(time: VirtualTime): void {
  current = time
}

export function installTimers(): void {
  const virtual = (run: () => void, ms = 0) => {
    const of = context.getStore()
    return current!.after(ms, () => alive(of) && context.run(of!, run))
  }
  globalThis.setTimeout = virtual as unknown as typeof setTimeout
  globalThis.clearTimeout = ((event?: Event) => {
    if (event && typeof event === 'object') event.cancelled = true
  }) as unknown as typeof clearTimeout
  Date.now = () => current?.now ?? 0
}

let random: (() => number) | undefined

/** What versions, fences and the time of a digest are made of from now on. */
export function useRandom(next: () => number): void {
  random = next
}

/** Versions from the seed, so that a history replays with the same ones; digests and signatures at a time that the seed decides. */
export function installCrypto(): void {
  const bits = (count: number) => Math.floor(random!() * 2 ** count)
  const hex = (digits: number) =>
    bits(4 * digits)
      .toString(16)
      .padStart(digits, '0')
  const define = (on: object, name: string, value: unknown) => Object.defineProperty(on, name, { value })
  define(crypto, 'randomUUID', () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`)
  define(crypto, 'getRandomValues', (words: Uint32Array) => words.map(() => bits(32)))
  // The real ones answer from a thread pool, at a moment that no seed decides.
  const later = (bytes: Uint8Array): Promise<ArrayBuffer> =>
    new Promise((resolve) => {
      const end = () => resolve(new Uint8Array(bytes).buffer)
      if (random!() < 0.8) end()
      else setTimeout(end, bits(1))
    })
  const hmac = (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest()
  const { subtle } = crypto
  define(subtle, 'digest', (_: string, data: Uint8Array) => later(createHash('sha256').update(data).digest()))
  define(subtle, 'importKey', async (_: string, raw: Uint8Array) => raw)
  define(subtle, 'sign', (_: string, key: Uint8Array, data: Uint8Array) => later(hmac(key, data)))
  define(subtle, 'verify', async (_: unknown, key: Uint8Array, signature: Uint8Array, data: Uint8Array) =>
    hmac(key, data).equals(signature),
  )
}

/** Numbers in [0, 1) from a seed (sfc32). */
export function randomFrom(seed: number): () => number {
  let [a, b, c, d] = [0x9e3779b9 ^ seed, 0x243f6a88, 0xb7e15162 ^ (seed << 7), 1]
  const next = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    c |= 0
    return (t >>> 0) / 0x1_0000_0000
  }
  for (let i = 0; i < 15; i++) next()
  return next
}

export class Chance {
  readonly next: () => number

  constructor(seed: number) {
    this.next = randomFrom(seed)
  }

  of(probability: number): boolean {
    return this.next() < probability
  }

  between(low: number, high: number): number {
    return Math.floor(low + this.next() * (high - low + 1))
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)]!
  }
}
