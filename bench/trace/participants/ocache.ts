import { composeStorage, createMemoryStorage, defineCachedFunction } from 'ocache'
import { Redis } from '@upstash/redis'
import { load, send } from '../origin.ts'
import { TTL } from '../participant.ts'
import type { Isolate, Participant, Row } from '../participant.ts'
import { REDIS } from '../redis-endpoint.ts'
import type { Query } from '../requests.ts'

const upstashStorage = (redis: Redis) => ({
  get: <T>(key: string) => redis.get<T>(key),
  set: async (key: string, value: unknown, { ttl }: { ttl?: number } = {}) => {
    if (value === null || value === undefined) await redis.del(key)
    else await redis.set(key, value, ttl === undefined ? undefined : { px: Math.ceil(ttl * 1000) })
  },
})

function participant(setUp: string, memorySeconds: number): Participant {
  return {
    name: 'ocache',
    setUp,
    isolate({ waitUntil }): Isolate {
      const storage = composeStorage([
        { storage: createMemoryStorage(), ttl: memorySeconds },
        upstashStorage(new Redis(REDIS)),
      ])
      const rows = defineCachedFunction(async (query: Query): Promise<readonly Row[]> => load(query), {
        name: 'rows',
        getKey: ({ key }) => key,
        maxAge: TTL,
        storage,
        waitUntil,
      })
      return {
        read: (queries) => Promise.all(queries.map((query) => rows(query))),
        write: async (write) => {
          await send(write)
          await Promise.all(write.keys.map(async (key) => rows.invalidate(named(key))))
        },
      }
    },
  }
}

/** Only its key is looked at. */
const named = (key: string): Query => ({ read: 'product', sql: '', params: [], of: 0, key })

export const ocache = participant(
  'createMemoryStorage and a storage for Upstash in composeStorage; a write invalidates the keys that it can name.',
  TTL,
)
export const ocacheBounded = participant('The same, with 2 s in memory.', 2)
