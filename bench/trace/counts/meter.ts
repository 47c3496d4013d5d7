/** Endpoints that count, for isolates of our own: every statement is answered with one row, the clock stands still unless it is moved. */
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../../dist/index.js'
import type { CacheConfig } from '../../../dist/index.js'
import { Clock } from '../clock.ts'
import { NEON, NEON_HOSTS } from '../neon-endpoint.ts'
import { Network } from '../network.ts'
import type { Endpoint } from '../network.ts'
import { REDIS, RedisEndpoint } from '../redis-endpoint.ts'

export interface Costs {
  /** Trips whose answer was waited for, in the order in which they were sent. */
  waited: ('redis' | 'database')[]
  /** Commands in them. */
  commands: number
  /** Trips to Redis that end after the answer, and their commands. */
  after: number
  commandsAfter: number
  queries: number
}

export interface Trip {
  commands: string[][]
  /** Simulated milliseconds. */
  at: number
}

class OneRow implements Endpoint {
  queries = 0

  answer(_path: string, _headers: Headers, body: string): { status: number; text: string } {
    const sent = JSON.parse(body) as { queries?: unknown[] }
    this.queries += sent.queries?.length ?? 1
    const results = (sent.queries ?? [sent]).map(() => ROW)
    return { status: 200, text: sent.queries ? `{"results":[${results.join(',')}]}` : ROW }
  }
}

const ROW = '{"command":"SELECT","rowCount":1,"rowAsArray":true,"fields":[{"name":"n","dataTypeID":23}],"rows":[["1"]]}'

export class Meter {
  readonly clock = new Clock()
  readonly redis = new RedisEndpoint(this.clock)
  readonly #database = new OneRow()
  readonly #network = new Network({
    'redis.test': this.redis,
    ...Object.fromEntries(NEON_HOSTS.map((host) => [host, this.#database])),
  })
  readonly #restore = [this.clock.install(), this.#network.install()]
  /** Every trip to Redis since the last `costs`. */
  trips: Trip[] = []
  /** The most MGETs among them that were under way at once. */
  mostLookups = 0

  stop(): void {
    for (const undo of this.#restore) undo()
  }

  isolate(extra: Partial<CacheConfig> = {}): CachedQueryExecutor {
    const cache = createQueryCache({ type: 'hybrid', redis: REDIS, ...extra })
    return new CachedQueryExecutor(createConnectionPool(NEON), cache, { now: () => this.clock.now })
  }

  /** Gives names the versions that a first write or read of them would give. */
  async warm(tables: readonly string[], tags: readonly string[] = []): Promise<void> {
    const any = this.isolate()
    await any.invalidate({ tables, tags })
    await any.invalidateCache()
  }

  async costs(executors: readonly CachedQueryExecutor[], work: () => Promise<unknown>): Promise<Costs> {
    const before = { commands: this.redis.commands, queries: this.#database.queries }
    const sent: { to: 'redis' | 'database'; answered: boolean }[] = []
    this.trips = []
    this.mostLookups = 0
    let underWay = 0
    this.#network.observe = (endpoint, body) => {
      const trip = { to: endpoint === this.redis ? ('redis' as const) : ('database' as const), answered: false }
      sent.push(trip)
      const commands = trip.to === 'redis' ? commandsOf(body) : []
      const lookups = commands.filter(([name]) => name!.toLowerCase() === 'mget').length
      if (trip.to === 'redis') this.trips.push({ commands, at: this.clock.now })
      this.mostLookups = Math.max(this.mostLookups, (underWay += lookups))
      return () => {
        trip.answered = true
        underWay -= lookups
      }
    }
    await work()
    const waited = sent.filter(({ answered }) => answered).map(({ to }) => to)
    const commands = this.redis.commands - before.commands
    for (const executor of executors) await executor.flush()
    await this.#network.settle()
    const redisTrips = (trips: readonly string[]) => trips.filter((to) => to === 'redis').length
    return {
      waited,
      commands,
      after: this.trips.length - redisTrips(waited),
      commandsAfter: this.redis.commands - before.commands - commands,
      queries: this.#database.queries - before.queries,
    }
  }

  /** Lets what was sent be answered. */
  async settle(): Promise<void> {
    await this.#network.settle()
  }

  keys(pattern: string): string[] {
    return (this.redis.store.run(['keys', pattern]) as string[]).sort()
  }
}

function commandsOf(body: string): string[][] {
  const sent = JSON.parse(body) as (string | string[])[]
  return Array.isArray(sent[0]) ? (sent as string[][]) : [sent as string[]]
}
