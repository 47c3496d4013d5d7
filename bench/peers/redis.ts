/** The store over @upstash/redis that a user writes for a library that brings none. */
import { Redis } from '@upstash/redis'
import superjson from 'superjson'
import { UPSTASH } from '../lib/endpoints.ts'
import { TTL } from './peer.ts'

export interface RedisStore {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<void>
}

/** The SDK's own JSON: dates come back as text. */
export function plainRedis(): RedisStore {
  const redis = new Redis(UPSTASH)
  return {
    get: (key) => redis.get(key),
    set: async (key, value) => void (await redis.set(key, value, { ex: TTL })),
    delete: async (key) => void (await redis.del(key)),
  }
}

/** Types survive. */
export function typedRedis(): RedisStore {
  const redis = new Redis({ ...UPSTASH, automaticDeserialization: false })
  return {
    async get(key) {
      const text = await redis.get<string>(key)
      return text === null ? null : superjson.parse(text)
    },
    set: async (key, value) => void (await redis.set(key, superjson.stringify(value), { ex: TTL })),
    delete: async (key) => void (await redis.del(key)),
  }
}
