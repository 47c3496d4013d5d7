/** The run, phase after phase, under a load that never pauses. What is checked of it is in checks.ts. */
import type { Load, Sample } from './load.ts'
import type { RedisProcess } from './redis-process.ts'
import { until } from '../support/until.ts'
import { statsOf } from './stats.ts'
import type { WorkerStats } from './stats.ts'

export interface Phase {
  name: string
  /** Whether something is wrong with Redis in it. */
  fault: boolean
  from: number
  to: number
  before: WorkerStats
  after: WorkerStats
  /** Of a phase in which the breaker opens: the part with reads only in which it is open all the time. */
  open?: { from: number; to: number; before: WorkerStats; after: WorkerStats }
  /** What `invalidated` says in the writes of this phase. */
  acknowledges: boolean
  /** Milliseconds until an answer came from Redis again; `undefined`: within the bound it did not. */
  recoveredAfter?: number
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const PHASE_MS = 3_000
const WRITES_MS = 600
/**
 * How long the open breaker is watched. The first probe is due 1 s after it opened, and the next one 2 s after the first has failed: in
 * this time there is exactly one.
 */
const OPEN_MS = 2_200
export const PROBES_WHILE_OPEN = 1
/** The fault ends about when the second probe is due. If that fails too, the third is due 4 s later. */
const RECOVERY_MS = 15_000

export class Run {
  readonly phases: Phase[] = []
  readonly #load: Load
  readonly #redis: RedisProcess
  readonly #worker: string

  constructor(load: Load, redis: RedisProcess, worker: string) {
    this.#load = load
    this.#redis = redis
    this.#worker = worker
  }

  async all(): Promise<void> {
    const redis = this.#redis
    await this.#warmUp()
    await this.#phase('healthy', { fault: false, acknowledges: true }, () => this.#writesFor(PHASE_MS + 1_000))
    await this.#outage('stopped', () => redis.kill())
    await this.#recovery('started again', () => redis.start())
    await this.#outage('hung', async () => redis.hang())
    await this.#recovery('woken', async () => redis.wake())
    await this.#phase('filled', { fault: true, acknowledges: true }, async () => {
      await redis.command(['CONFIG', 'SET', 'maxmemory-policy', 'noeviction'])
      // Less than it needs for itself: everything that would need memory is refused.
      await redis.command(['CONFIG', 'SET', 'maxmemory', '1'])
      await this.#writesFor(PHASE_MS)
    })
    await this.#recovery('emptied', () => redis.command(['CONFIG', 'SET', 'maxmemory', '0']))
    await this.#phase('flushed', { fault: true, acknowledges: true }, async () => {
      const end = performance.now() + PHASE_MS
      const flushes = async () => {
        for (; performance.now() < end; await pause(50)) await redis.command(['FLUSHALL'])
      }
      await Promise.all([flushes(), this.#writesFor(PHASE_MS)])
    })
    await this.#recovery('left alone', async () => {})
  }

  /** Until every tier has answered and code paths have been run often enough to be compiled. */
  async #warmUp(): Promise<void> {
    const { samples } = this.#load
    const seen = (outcome: string) => samples.some((sample) => sample.outcome === outcome)
    const warm = async () => {
      await this.#load.writes()
      return samples.length > 400 && ['l1', 'l2', 'miss'].every(seen)
    }
    await until('answers of every tier', warm, 20_000)
  }

  async #phase(
    name: string,
    kind: Pick<Phase, 'fault' | 'acknowledges'>,
    body: (phase: Phase) => Promise<unknown>,
  ): Promise<void> {
    const before = await statsOf(this.#worker)
    const phase: Phase = { name, ...kind, from: performance.now(), to: 0, before, after: before }
    this.phases.push(phase)
    await body(phase)
    phase.after = await statsOf(this.#worker)
    phase.to = performance.now()
  }

  /** Reads only until the breaker has been open for a while, then writes too, which ask Redis all the same. */
  #outage(name: string, begin: () => Promise<unknown>): Promise<void> {
    return this.#phase(name, { fault: true, acknowledges: false }, async (phase) => {
      await begin()
      const opened = ({ events }: WorkerStats) => events['breaker-open'] ?? 0
      let before = phase.before
      const isOpen = async () => {
        before = await statsOf(this.#worker)
        return opened(before) > opened(phase.before)
      }
      // Only waited for: a busy machine takes its time until enough reads have failed.
      await until('open breaker', isOpen, RECOVERY_MS)
      const from = performance.now()
      await pause(OPEN_MS)
      const after = await statsOf(this.#worker)
      phase.open = { from, to: performance.now(), before, after }
      await this.#writesFor(WRITES_MS)
    })
  }

  /** Ends the fault, waits for an answer from Redis, and goes on with writes. */
  #recovery(name: string, end: () => Promise<unknown>): Promise<void> {
    return this.#phase(name, { fault: false, acknowledges: true }, async (phase) => {
      await end()
      const from = performance.now()
      const fromRedis = ({ outcome, sentAt }: Sample) => outcome === 'l2' && sentAt >= from
      // A check of its own tells of it when this does not happen.
      await until('answer from Redis', () => this.#load.samples.some(fromRedis), RECOVERY_MS).then(
        () => (phase.recoveredAfter = performance.now() - from),
        () => undefined,
      )
      await this.#writesFor(WRITES_MS)
    })
  }

  async #writesFor(ms: number): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end;) await this.#load.writes()
  }
}
