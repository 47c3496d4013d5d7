import { cachified } from '@epic-web/cachified'
import type { Cache, CacheEntry } from '@epic-web/cachified'
import { LRUCache } from 'lru-cache'
import { keyOf, load, TTL } from './peer.ts'
import type { Peer } from './peer.ts'
import { plainRedis, typedRedis } from './redis.ts'

export const peer: Peer = {
  start(waitUntil, typed) {
    const memory = new LRUCache<string, CacheEntry>({ max: 10_000 })
    const redis = typed ? typedRedis() : plainRedis()
    const cache: Cache = {
      name: 'lru-cache, then Redis',
      get: (key) => memory.get(key) ?? fromRedis(key),
      // The answer does not wait for Redis.
      set(key, entry) {
        memory.set(key, entry)
        waitUntil(redis.set(key, entry))
      },
      async delete(key) {
        memory.delete(key)
        await redis.delete(key)
      },
    }
    async function fromRedis(key: string) {
      const entry = await redis.get(key)
      if (entry) memory.set(key, entry as CacheEntry)
      return entry as CacheEntry
    }
    return { query: (id) => cachified({ key: keyOf(id), cache, ttl: TTL * 1000, getFreshValue: () => load(id) }) }
  },
}
