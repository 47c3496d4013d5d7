/** Isolates on one Redis and one database, both behind the gates of whoever acts. */
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'
import type { Trip } from '../support/fake-redis.js'
import { Actor, acting } from './actors.js'

export const MAX_STALENESS_MS = 2_000
export const FENCE_MS = 30_000
const SQL = 'SELECT n FROM users WHERE id = $1'
const UPDATE = 'UPDATE users SET n = n + 1 WHERE id = $1'

export type Kind = 'query' | 'cached'
export type Mode = 'after' | 'fenced'

export class Stage {
  readonly redis = new FakeRedis()
  /** The bits of the writers that have committed, and of those whose invalidation Redis has executed. */
  committed = 0
  invalidated = 0
  now = 1_800_000_000_000
  readonly #database = new FakeDatabase()
  readonly #isolates = new Map<string, CachedQueryExecutor>()
  readonly #kind: Kind
  readonly #mode: Mode

  constructor(kind: Kind, mode: Mode) {
    this.#kind = kind
    this.#mode = mode
    this.redis.before = (trip) => this.#beforeTrip(trip)
    this.redis.after = (trip) => this.#afterTrip(trip)
    this.#database.answer = ({ sql }) => (sql === SQL ? this.#read() : this.#commit())
  }

  isolate(name: string): CachedQueryExecutor {
    let executor = this.#isolates.get(name)
    if (executor) return executor
    const cache = createQueryCache({
      type: 'hybrid',
      // No timer ends anything in the middle of an order; nothing is compressed, because that ends in a thread pool's own time.
      redis: { client: this.redis.sdk, timeoutMs: 3_600_000, enableCompression: false },
      consistency: {
        maxStalenessSeconds: MAX_STALENESS_MS / 1000,
        fenceSeconds: FENCE_MS / 1000,
        invalidate: this.#mode,
      },
      onEvent: (event) => {
        const actor = acting.getStore()
        if (event.type === 'query' && actor) actor.outcome = event.outcome
      },
    })
    executor = new CachedQueryExecutor(this.#database, cache, { now: () => this.now, random: () => 0.5 })
    this.#isolates.set(name, executor)
    return executor
  }

  /** What the actor sees: the bits of the commits that its rows know of. */
  async ask(actor: Actor): Promise<number> {
    const executor = this.isolate(actor.isolate)
    const rows = (asked: CachedQueryExecutor) => asked.query<{ n: number }>(SQL, [1], { ttl: 3_600 })
    const ask = () =>
      this.#kind === 'query' ? rows(executor) : executor.cached('report:1', rows, { tables: ['users'], ttl: 3_600 })
    return (await acting.run(actor, ask))[0]!.n
  }

  async write(actor: Actor): Promise<{ invalidated: boolean; fenced?: boolean }> {
    return (await acting.run(actor, () => this.isolate(actor.isolate).execute(UPDATE, [1]))).cache
  }

  async #read(): Promise<[string, number, string][][]> {
    const actor = acting.getStore()!
    await actor.gate('snapshot')
    const seen = this.committed
    await actor.gate('rows')
    return [[['n', 23, String(seen)]]]
  }

  async #commit(): Promise<[]> {
    const actor = acting.getStore()!
    await actor.gate('commit')
    actor.commits++
    this.committed |= actor.bit
    await actor.gate('committed')
    return []
  }

  async #beforeTrip({ commands }: Trip): Promise<void> {
    const actor = acting.getStore()
    const [executes, arrives] = actor?.trip(commands) ?? []
    if (!actor || !executes) return
    if (executes === 'store') actor.store = commands.some(([name]) => name === 'set') ? 'entry' : 'versions'
    await actor.gate(executes)
    if (executes === 'mget') actor.foundInvalidated = this.invalidated
    this.redis.full = executes === 'refused'
    if (executes === 'invalidate' && actor.writer?.fault === 'request lost') {
      actor.invalidations++
      await actor.gate(arrives!)
      throw new Error('fetch failed')
    }
    if (executes === 'invalidate' || executes === 'again') this.invalidated |= actor.bit
  }

  async #afterTrip({ commands }: Trip): Promise<void> {
    this.redis.full = false
    const actor = acting.getStore()
    const [executes, arrives] = actor?.trip(commands) ?? []
    if (!actor || !executes || !arrives) return
    if (actor.writer && executes !== 'fence') actor.invalidations++
    await actor.gate(arrives)
    if (executes === 'invalidate' && actor.writer?.fault === 'reply lost') throw new Error('fetch failed')
  }
}
