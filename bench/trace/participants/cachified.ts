import { cachified, totalTtl } from '@epic-web/cachified'
import type { Cache, CacheEntry } from '@epic-web/cachified'
import { Redis } from '@upstash/redis'
import { LRUCache } from 'lru-cache'
import { load, send } from '../origin.ts'
import { TTL } from '../participant.ts'
import type { Isolate, Participant, Row } from '../participant.ts'
import { REDIS } from '../redis-endpoint.ts'

/** What its adapter for node-redis does, with Upstash's client. */
const upstashAdapter = (redis: Redis): Cache => ({
  name: 'Upstash',
  get: (key) => redis.get<CacheEntry>(key),
  set: (key, entry) => redis.set(key, entry, { pxat: entry.metadata.createdTime + totalTtl(entry.metadata) }),
  delete: (key) => redis.del(key),
})

function participant(setUp: string, memorySeconds: number): Participant {
  return {
    name: 'cachified + lru-cache',
    setUp,
    isolate({ waitUntil }): Isolate {
      const redis = new Redis(REDIS)
      const l2 = upstashAdapter(redis)
      // Its resolution would be a real millisecond.
      const l1 = new LRUCache<string, CacheEntry>({ max: 10_000, ttl: memorySeconds * 1000, ttlResolution: 0 })
      return {
        read: (queries) =>
          Promise.all(
            queries.map((query) => {
              const { key } = query
              const ofRedis = () =>
                cachified<readonly Row[]>({
                  key,
                  cache: l2,
                  ttl: TTL * 1000,
                  waitUntil,
                  getFreshValue: () => load(query),
                })
              return cachified({ key, cache: l1, ttl: memorySeconds * 1000, waitUntil, getFreshValue: ofRedis })
            }),
          ),
        write: async ({ keys, ...write }) => {
          await send({ keys, ...write })
          for (const key of keys) l1.delete(key)
          await redis.del(...keys)
        },
      }
    },
  }
}

export const cachifiedTiers = participant(
  'One cachified in the other: lru-cache, then an adapter for Upstash; a write deletes the keys that it can name.',
  TTL,
)
export const cachifiedBounded = participant('The same, with 2 s in lru-cache.', 2)
