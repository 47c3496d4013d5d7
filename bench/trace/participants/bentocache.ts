import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import type { L2CacheDriver } from 'bentocache/types'
import { Redis } from '@upstash/redis'
import { load, send } from '../origin.ts'
import { TTL } from '../participant.ts'
import type { Isolate, Participant } from '../participant.ts'
import { REDIS } from '../redis-endpoint.ts'

/** Its own Redis driver needs TCP: this one, of the shape that its documentation asks of a driver, speaks to Upstash over HTTP. */
class UpstashDriver implements L2CacheDriver {
  type = 'l2' as const
  readonly #redis = new Redis({ ...REDIS, automaticDeserialization: false })
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  namespace(namespace: string): UpstashDriver {
    return new UpstashDriver(`${this.#prefix}:${namespace}`)
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.#redis.get<string>(this.#key(key))) ?? undefined
  }

  async pull(key: string): Promise<string | undefined> {
    return (await this.#redis.getdel<string>(this.#key(key))) ?? undefined
  }

  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    await this.#redis.set(this.#key(key), value, ttl === undefined ? undefined : { px: ttl })
    return true
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key])
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    return (await this.#redis.del(...keys.map((key) => this.#key(key)))) > 0
  }

  async clear(): Promise<void> {}
  async disconnect(): Promise<void> {}

  #key(key: string): string {
    return `${this.#prefix}:${key}`
  }
}

const upstash = { options: {}, factory: () => new UpstashDriver('bento') }

function participant(setUp: string, memory: boolean): Participant {
  return {
    name: 'bentocache',
    setUp,
    isolate(): Isolate {
      const store = memory
        ? bentostore()
            .useL1Layer(memoryDriver({ maxItems: 10_000 }))
            .useL2Layer(upstash)
        : bentostore().useL2Layer(upstash)
      const bento = new BentoCache({ default: 'rows', stores: { rows: store } })
      return {
        read: (queries) =>
          Promise.all(
            queries.map((query) => bento.getOrSet({ key: query.key, ttl: TTL * 1000, factory: () => load(query) })),
          ),
        write: async (write) => {
          await send(write)
          await bento.deleteMany({ keys: write.keys })
        },
      }
    },
  }
}

export const bentocache = participant(
  'Memory and a driver for Upstash over HTTP; no bus, which needs a connection that Workers cannot keep; a write deletes the keys that it can name.',
  true,
)
export const bentocacheBounded = participant(
  'The driver for Upstash alone: it has no lifetime of its own for memory.',
  false,
)
