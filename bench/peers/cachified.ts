import { cachified } from '@epic-web/cachified'
import type { Cache, CacheEntry } from '@epic-web/cachified'
import { Redis } from '@upstash/redis'
import { LRUCache } from 'lru-cache'
import { UPSTASH } from '../lib/endpoints.ts'
import { keyOf, load, TTL } from './peer.ts'
import type { Peer } from './peer.ts'

export const peer: Peer = {
  l2Note: 'an adapter of our own over lru-cache and @upstash/redis',
  start(waitUntil) {
    const memory = new LRUCache<string, CacheEntry>({ max: 10_000 })
    const redis = new Redis(UPSTASH)
    const cache: Cache = {
      name: 'lru-cache, then Redis',
      get: (key) => memory.get(key) ?? fromRedis(key),
      // The answer does not wait for Redis.
      set(key, entry) {
        memory.set(key, entry)
        waitUntil(redis.set(key, entry, { ex: TTL }))
      },
      async delete(key) {
        memory.delete(key)
        await redis.del(key)
      },
    }
    async function fromRedis(key: string) {
      const entry = await redis.get<CacheEntry>(key)
      if (entry) memory.set(key, entry)
      return entry
    }
    return { query: (id) => cachified({ key: keyOf(id), cache, ttl: TTL * 1000, getFreshValue: () => load(id) }) }
  },
}
