import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import type { CreateDriverResult, L2CacheDriver } from 'bentocache/types'
import { Redis } from '@upstash/redis'
import superjson from 'superjson'
import { UPSTASH } from '../lib/endpoints.ts'
import { keyOf, load, TTL } from './peer.ts'
import type { Peer } from './peer.ts'

export const peer: Peer = {
  start(_waitUntil, typed) {
    const store = bentostore()
      // Without `serialize: false` its memory keeps JSON, which is slower and turns dates into text.
      .useL1Layer(memoryDriver({ maxItems: 10_000, serialize: false }))
      .useL2Layer(upstashDriver())
    const bento = new BentoCache({
      default: 'rows',
      ttl: TTL * 1000,
      ...(typed && { serializer }),
      stores: { rows: store },
    })
    return { query: (id) => bento.getOrSet({ key: keyOf(id), factory: () => load(id) }) }
  },
}

const serializer = { serialize: superjson.stringify, deserialize: (text: string) => superjson.parse(text) }

/** Its own driver for Redis speaks TCP only; this one is the least that the contract for drivers asks. Values are texts already. */
function upstashDriver(): CreateDriverResult<L2CacheDriver> {
  const redis = new Redis({ ...UPSTASH, automaticDeserialization: false })
  const driver: L2CacheDriver = {
    type: 'l2',
    namespace: () => driver,
    get: async (key) => (await redis.get<string>(key)) ?? undefined,
    pull: async (key) => (await redis.getdel<string>(key)) ?? undefined,
    set: async (key, value, ttl) => (await redis.set(key, value, ttl ? { px: ttl } : undefined)) === 'OK',
    clear: async () => undefined,
    delete: async (key) => (await redis.del(key)) > 0,
    deleteMany: async (keys) => (await redis.del(...keys)) > 0,
    disconnect: async () => undefined,
  }
  return { options: {}, factory: () => driver }
}
