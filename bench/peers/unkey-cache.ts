import { createCache, Namespace } from '@unkey/cache'
import { MemoryStore, UpstashRedisStore } from '@unkey/cache/stores'
import { Redis } from '@upstash/redis'
import { UPSTASH } from '../lib/endpoints.ts'
import type { TypedRow } from '../lib/workload.ts'
import { keyOf, load, TTL } from './peer.ts'
import type { Peer } from './peer.ts'

export const peer: Peer = {
  start(waitUntil) {
    const rows = new Namespace<TypedRow[]>(
      { waitUntil },
      {
        stores: [new MemoryStore({ persistentMap: new Map() }), new UpstashRedisStore({ redis: new Redis(UPSTASH) })],
        fresh: TTL * 1000,
        stale: TTL * 1000,
      },
    )
    const cache = createCache({ rows })
    return {
      async query(id) {
        const { val, err } = await cache.rows.swr(keyOf(id), () => load(id))
        if (err) throw err
        return val!
      },
    }
  },
}
