import { Namespace, createCache } from '@unkey/cache'
import { MemoryStore, UpstashRedisStore } from '@unkey/cache/stores'
import { Redis } from '@upstash/redis'
import { load, send } from '../origin.ts'
import { TTL } from '../participant.ts'
import type { Isolate, Participant, Row } from '../participant.ts'
import { REDIS } from '../redis-endpoint.ts'

function participant(setUp: string, memory: boolean): Participant {
  return {
    name: '@unkey/cache',
    setUp,
    isolate({ waitUntil }): Isolate {
      const l1 = memory ? [new MemoryStore<'rows', Row[]>({ persistentMap: new Map(), unstableEvictOnSet: EVICT })] : []
      const l2 = new UpstashRedisStore<'rows', Row[]>({ redis: new Redis(REDIS) })
      const lifetime = { fresh: TTL * 1000, stale: TTL * 1000 }
      const { rows } = createCache({
        rows: new Namespace<Row[]>({ waitUntil }, { stores: [...l1, l2], ...lifetime }),
      })
      return {
        read: (queries) =>
          Promise.all(queries.map(async (query) => (await rows.swr(query.key, async () => load(query))).val!)),
        write: async (write) => {
          await send(write)
          await rows.remove(write.keys)
        },
      }
    },
  }
}

const EVICT = { frequency: 0.01, maxItems: 10_000 }

export const unkey = participant(
  'MemoryStore and UpstashRedisStore in a TieredStore, `swr()`; a write removes the keys that it can name.',
  true,
)
export const unkeyBounded = participant(
  'UpstashRedisStore alone: it has no lifetime of its own for the MemoryStore.',
  false,
)
