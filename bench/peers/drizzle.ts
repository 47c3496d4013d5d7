import { neon } from '@neondatabase/serverless'
import { upstashCache } from 'drizzle-orm/cache/upstash'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/neon-http'
import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  pgTable,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { CONNECTION, UPSTASH } from '../lib/endpoints.ts'
import type { TypedRow } from '../lib/workload.ts'
import { TTL } from './peer.ts'
import type { Peer } from './peer.ts'

const products = pgTable('products', {
  id: integer().notNull(),
  views: bigint({ mode: 'number' }).notNull(),
  price: numeric().notNull(),
  title: text().notNull(),
  active: boolean().notNull(),
  created_at: timestamp({ withTimezone: true }).notNull(),
  attributes: jsonb().$type<TypedRow['attributes']>().notNull(),
  score: doublePrecision().notNull(),
  category_id: integer().notNull(),
})
const shown = {
  id: products.id,
  views: products.views,
  price: products.price,
  title: products.title,
  active: products.active,
  created_at: products.created_at,
  attributes: products.attributes,
  score: products.score,
}

export const peer: Peer = {
  start() {
    const cache = upstashCache({ ...UPSTASH, config: { ex: TTL }, global: true })
    const db = drizzle({ client: neon(CONNECTION), cache })
    return {
      query: (id) => db.select(shown).from(products).where(eq(products.category_id, id)).orderBy(products.id).execute(),
    }
  },
}
