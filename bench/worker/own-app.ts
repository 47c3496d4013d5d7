/** Our middleware in front of a route with one query, as the README says. */
import { Hono } from 'hono'
import { createQueryCache } from '../../dist/index.js'
import type { QueryCache } from '../../dist/index.js'
import { cachedQuery, queryCache } from '../../dist/hono/index.js'
import { UPSTASH } from '../lib/endpoints.ts'
import { SQL } from '../lib/workload.ts'
import type { TypedRow } from '../lib/workload.ts'
import { TTL } from '../peers/peer.ts'
import { withControls } from './controls.ts'

export function ownApp(): Hono {
  let cache: QueryCache
  const forget = () => (cache = createQueryCache({ type: 'hybrid', queryCache: { defaultTTL: TTL }, redis: UPSTASH }))
  forget()
  const app = new Hono<{ Bindings: { DATABASE_URL: string } }>()
  app.use('/rows/*', queryCache({ cache: () => cache }))
  app.get('/rows/:id', async (c) => c.json(await cachedQuery<TypedRow>(c, SQL, [Number(c.req.param('id'))])))
  return withControls(app as unknown as Hono, forget)
}
