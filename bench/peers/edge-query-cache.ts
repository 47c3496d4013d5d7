import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../dist/index.js'
import { CONNECTION, UPSTASH } from '../lib/endpoints.ts'
import { SQL } from '../lib/workload.ts'
import type { TypedRow } from '../lib/workload.ts'
import { TTL } from './peer.ts'
import type { Peer } from './peer.ts'

export const peer: Peer = {
  start(waitUntil) {
    const cache = createQueryCache({
      type: 'hybrid',
      queryCache: { defaultTTL: TTL },
      redis: { ...UPSTASH, localCacheSizeMB: 64 },
    })
    const executor = new CachedQueryExecutor(createConnectionPool(CONNECTION), cache, { waitUntil })
    return { query: (id) => executor.query<TypedRow>(SQL, [id]) }
  },
}
