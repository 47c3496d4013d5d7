/**
 * Clock, randomness and background work, all injectable. Nothing here runs before the first request: a Worker's module scope has
 * no clock, no randomness and no timers.
 * @module
 */

/** What a request lends to the cache. `bind(c.executionCtx)` works: `waitUntil` is always called as a method of this object. */
export interface Runtime {
  /** Keeps the request's work alive after its response. Without it background work runs on its own, as in plain Node. */
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined
  /** Milliseconds since the epoch. Default `Date.now`. */
  now?: (() => number) | undefined
  /** A number in [0, 1), which spreads expiries and refreshes over time. Default `Math.random`. Versions come from `crypto`. */
  random?: (() => number) | undefined
}

/** Calls what is the user's own, which may fail at once or, where it is asynchronous, later. */
export function quietly(call: () => unknown): void {
  try {
    void (call() as Partial<Promise<unknown>> | undefined)?.catch?.(() => undefined)
  } catch {
    // Nobody here can help it.
  }
}

/** Background promises that are not settled yet, and the one way to start one. */
export class Background {
  readonly #pending = new Set<Promise<unknown>>()
  readonly #wakers = new Set<() => void>()
  #settling = 0

  /** Runs `work` after the response. Its failure is swallowed: whoever cares has handled it inside. */
  run(runtime: Runtime, work: Promise<unknown>): void {
    const over = () => void this.#pending.delete(quiet)
    const quiet: Promise<void> = work.then(over, over)
    this.#pending.add(quiet)
    // The request may be over already (workerd throws then): the work goes on as long as the isolate lets it.
    quietly(() => runtime.waitUntil?.(quiet))
  }

  /** Waits `ms`, or until `settle` is called; not at all while it is under way. */
  sleep(ms: number): Promise<void> {
    if (this.#settling > 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#wakers.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wakers.add(done)
    })
  }

  /** Resolves when nothing is under way any more; work that is waiting to try again tries now. */
  async settle(): Promise<void> {
    this.#settling++
    try {
      for (const wake of this.#wakers) wake()
      while (this.#pending.size > 0) await Promise.race(this.#pending)
    } finally {
      this.#settling--
    }
  }
}

interface Process {
  getBuiltinModule?(name: string): unknown
}

let asked: { process: Process | undefined; modules: Map<string, unknown> } | undefined

/** A module of Node's own, asked for once by name: an import would end every build for a platform without them. */
export function builtin(name: string): unknown {
  const { process } = globalThis as { process?: Process }
  if (asked?.process !== process) asked = { process, modules: new Map() }
  const { modules } = asked!
  if (!modules.has(name)) modules.set(name, process?.getBuiltinModule?.(name))
  return modules.get(name)
}

export const isWorkerd = (): boolean =>
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers'

export function clock(runtime: Runtime): number {
  return runtime.now ? runtime.now() : Date.now()
}

/**
 * A text that is never repeated: the value of a version. It does not parse as JSON, so that no SDK turns it into a number. Never from
 * `runtime.random`: a generator that repeats itself would revive old entries.
 */
export const uniqueValue = (): string => `v${crypto.randomUUID()}`

/** A positive integer below 2^31, the addend of a fence. */
export const randomAddend = (): number =>
  1 + Math.floor((crypto.getRandomValues(new Uint32Array(1))[0]! / 0x1_0000_0000) * 0x7fff_fffe)

/** A number in [0, 1) for spreading things over time. Nothing secret or unique comes of it. */
export const chance = (runtime: Runtime): number => (runtime.random ? runtime.random() : Math.random())

/** Waits for all of them, and only then fails when one of them has. */
export async function settleAll(work: readonly Promise<unknown>[]): Promise<void> {
  for (const end of await Promise.allSettled(work)) if (end.status === 'rejected') throw end.reason
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The longest delay a timer can have; a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2_147_483_647

/** Settles like `promise`, or rejects with what `onTimeout` makes after `ms`. The timer belongs to the caller's own request. */
export function withTimeout<T>(promise: Promise<T>, ms: number, onTimeout: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(onTimeout()), Math.min(ms, LONGEST_TIMER_MS))
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
