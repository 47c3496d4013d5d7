import { composeStorage, createMemoryStorage, defineCachedFunction } from 'ocache'
import { Redis } from '@upstash/redis'
import { UPSTASH } from '../lib/endpoints.ts'
import { keyOf, load, TTL } from './peer.ts'
import type { Peer } from './peer.ts'

export const peer: Peer = {
  l2Note: 'a storage of our own over @upstash/redis',
  start(waitUntil) {
    const redis = new Redis(UPSTASH)
    const storage = composeStorage([
      { storage: createMemoryStorage({ maxBytes: Infinity }), ttl: TTL },
      {
        get: (key) => redis.get(key),
        set: async (key, value, { ttl = TTL } = {}) => void (await redis.set(key, value, { ex: ttl })),
      },
    ])
    const query = defineCachedFunction(load, { name: 'rows', maxAge: TTL, getKey: keyOf, storage, waitUntil })
    return { query }
  },
}
