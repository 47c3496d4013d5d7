import { composeStorage, createMemoryStorage, defineCachedFunction } from 'ocache'
import type { StorageInterface } from 'ocache'
import { keyOf, load, TTL } from './peer.ts'
import type { Peer } from './peer.ts'
import { plainRedis, typedRedis } from './redis.ts'

export const peer: Peer = {
  start(waitUntil, typed) {
    const redis = typed ? typedRedis() : plainRedis()
    const storage = composeStorage([
      { storage: createMemoryStorage({ maxBytes: Infinity }), ttl: TTL },
      redis as StorageInterface,
    ])
    const query = defineCachedFunction(load, { name: 'rows', maxAge: TTL, getKey: keyOf, storage, waitUntil })
    return { query }
  },
}
