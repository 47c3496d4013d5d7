/** One history's world: time, Redis, Postgres, isolates and the faults that its seed chose. */
import type { CacheConfig, CacheEvent } from '../../src/index.js'
import { Client } from './clients.ts'
import { Isolate } from './isolate.ts'
import type { Op } from './requests.ts'
import type { Sources } from './load-sources.ts'
import { ModelPostgres } from './model-postgres.ts'
import { ModelRedis, WAIT_MS } from './model-redis.ts'
import { Chance, VirtualTime, context } from './virtual-time.ts'

/** Probabilities, each per occasion. */
export interface Faults {
  lostRequest: number
  lostReply: number
  delayed: number
  reverse: number
  loseFreshVersion: number
  evict: number
  flush: number
  full: number
  away: number
  slowRead: number
  readFails: number
  ambiguous: number
  slowWrite: number
  dieAfterCommit: number
  requestDies: number
  disconnects: number
  isolateDies: number
}

const MOST: Faults = {
  lostRequest: 0.08,
  lostReply: 0.08,
  delayed: 0.2,
  reverse: 0.3,
  loseFreshVersion: 0.15,
  evict: 0.06,
  flush: 0.01,
  full: 0.012,
  away: 0.006,
  slowRead: 0.25,
  readFails: 0.1,
  ambiguous: 0.25,
  slowWrite: 0.3,
  dieAfterCommit: 0.2,
  requestDies: 0.06,
  disconnects: 0.08,
  isolateDies: 0.01,
}

/** By how much two clocks may differ, as the fences promise. */
export const MOST_SKEW_MS = 1_000

export class World {
  readonly time = new VirtualTime()
  readonly chance: Chance
  readonly faults: Faults
  readonly redis: ModelRedis
  readonly postgres: ModelPostgres
  readonly isolates: Isolate[] = []
  readonly clients = Array.from({ length: 5 }, (_, id) => new Client(id))
  readonly maxStalenessMs: number
  /** Milliseconds by which Redis's replicas may be behind, in this history. */
  readonly lagMs: number
  /** No Redis: each isolate is on its own. */
  readonly local: boolean
  /** How often others come between two commands of a pipeline. */
  readonly pipelineGaps: number
  /** Part of the reads that coalesce over all isolates. */
  readonly globalShare: number
  /** Whether somebody invalidates everything now and then. */
  readonly emptied: boolean
  /** Part of the requests that ask as the second role of their isolate. */
  readonly roleShare: number
  readonly fenceMs = 5_000
  readonly counts: Map<string, number>
  readonly lines: string[] = []
  readonly refuted: string[] = []
  readonly #sources: Sources
  readonly #tracing: boolean
  readonly #epochs: string[]
  readonly #modes: ('after' | 'fenced')[]
  #nextIsolate = 0

  constructor(seed: number, sources: Sources, counts: Map<string, number>, tracing: boolean) {
    this.#sources = sources
    this.#tracing = tracing
    this.counts = counts
    const chance = (this.chance = new Chance(seed))
    // Half of the faults in a history, each as strong as it likes: all at once would hide each other.
    const faults = { ...MOST }
    for (const name of Object.keys(faults) as (keyof Faults)[])
      faults[name] = chance.of(0.5) ? 0 : faults[name] * chance.next()
    this.faults = faults
    this.maxStalenessMs = chance.pick([1000, 2000])
    this.#epochs = chance.of(0.4) ? ['a', 'b'] : ['a']
    this.#modes = chance.pick([['after'], ['fenced'], ['after', 'fenced']])
    this.lagMs = chance.of(0.2) ? chance.pick([40, 400, 2500]) : 0
    this.local = chance.of(0.04)
    this.pipelineGaps = chance.pick([0.1, 0.6])
    this.globalShare = chance.pick([0, 0, 0.5, 1])
    this.emptied = chance.of(0.5)
    this.roleShare = chance.pick([0, 0, 0.1, 0.4])
    this.redis = new ModelRedis(this)
    this.postgres = new ModelPostgres(this)
    if (this.lagMs > 0) this.count('replicas lag behind')
    if (this.local) this.count('no redis: local caches')
    if (this.#epochs.length > 1) this.count('two epochs at once')
    const size = chance.between(2, 4)
    for (let slot = 0; slot < size; slot++) this.isolates.push(this.#isolate(slot))
    if (new Set(this.isolates.map(({ databases: [one] }) => one)).size > 1) this.count('two roles at once')
    if (this.roleShare > 0) this.count('two roles on one cache')
  }

  #isolate(slot: number): Isolate {
    const { chance } = this
    const skew = chance.between(-MOST_SKEW_MS / 2, MOST_SKEW_MS / 2)
    const epoch = this.#epochs[slot % this.#epochs.length]!
    const roles = chance.of(0.8) ? ['model/db/app', 'model/db/other'] : ['model/db/other', 'model/db/app']
    const databases = roles.map((role) => this.postgres.client(role))
    const config: CacheConfig = {
      type: this.local ? 'local' : chance.of(0.85) ? 'hybrid' : 'redis',
      redis: { timeoutMs: WAIT_MS, enableCompression: false },
      consistency: {
        maxStalenessSeconds: this.maxStalenessMs / 1000,
        invalidate: chance.pick(this.#modes),
        fenceSeconds: this.fenceMs / 1000,
      },
      queryCache: { defaultTTL: 3600 },
      epoch,
      onEvent: (event) => this.#noteEvent(event),
    }
    const given = { id: this.#nextIsolate++, slot, skew, endsRequests: chance.of(0.5) }
    return new Isolate(this, this.#sources, config, databases, given)
  }

  /** Nothing of it happens any more; another takes its place. */
  kill(isolate: Isolate): void {
    if (isolate.dead) return
    isolate.dead = true
    this.isolates[isolate.slot] = this.#isolate(isolate.slot)
    this.count('isolate died')
  }

  count = (what: string): void => {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  /** Something that no history may show, whoever did it. */
  refute = (what: string): void => {
    this.refuted.push(what)
    this.trace(undefined, `VIOLATION ${what}`)
  }

  trace = (op: Op | undefined, what: string): void => {
    if (!this.#tracing) return
    const at = String(this.time.now - this.time.startedAt).padStart(7)
    this.lines.push(`${at} ${op ? `isolate ${op.isolate.id} op ${op.id}` : 'world'}: ${what}`)
  }

  #noteEvent(event: CacheEvent): void {
    const op = context.getStore() as Op | undefined
    if (event.type === 'query') op?.outcomes.push(event.reason === 'database-error' ? 'failed' : event.outcome)
    else if (event.type === 'write') {
      op?.writeEvents.push({ outcome: event.outcome, invalidated: event.invalidated })
      this.count(`write ${event.outcome}, ${event.invalidated ? 'invalidated' : 'not acknowledged'}`)
    } else if (event.type === 'not-stored' || event.type === 'entry-rejected')
      this.count(`${event.type}: ${event.reason}`)
    else if (event.type === 'redis-failed') this.count(`redis failed: ${event.operation} ${event.failure}`)
    else if (event.type === 'breaker') this.count(`breaker ${event.state}`)
  }
}
