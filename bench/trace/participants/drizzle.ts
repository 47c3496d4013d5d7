import { neon } from '@neondatabase/serverless'
import { avg, count, desc, eq, max, sum } from 'drizzle-orm'
import { upstashCache } from 'drizzle-orm/cache/upstash'
import { drizzle as connect } from 'drizzle-orm/neon-http'
import type { NeonHttpDatabase } from 'drizzle-orm/neon-http'
import { boolean, integer, jsonb, numeric, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { NEON, tokenOf } from '../neon-endpoint.ts'
import { TTL } from '../participant.ts'
import type { Isolate, Participant, Row } from '../participant.ts'
import { REDIS } from '../redis-endpoint.ts'
import type { Query, Write } from '../requests.ts'
import type { Read, WriteKind } from '../statements.ts'

const createdAt = () => timestamp('created_at', { withTimezone: true })
const products = pgTable('products', {
  id: integer(),
  category_id: integer(),
  title: text(),
  price: numeric(),
  active: boolean(),
  created_at: createdAt(),
  attributes: jsonb(),
  rev: integer(),
})
const reviews = pgTable('reviews', {
  id: integer().generatedAlwaysAsIdentity(),
  product_id: integer(),
  user_id: integer(),
  stars: integer(),
  body: text(),
  created_at: createdAt(),
  rev: integer(),
})
const orders = pgTable('orders', {
  id: integer().generatedAlwaysAsIdentity(),
  user_id: integer(),
  product_id: integer(),
  quantity: integer(),
  total: numeric(),
  created_at: createdAt(),
  rev: integer(),
})

type Build = (database: NeonHttpDatabase, params: readonly never[]) => PromiseLike<Row[]> & { toSQL(): { sql: string } }

const select: Record<Read, Build> = {
  product: (db, [id]) => db.select().from(products).where(eq(products.id, id!)),
  reviews: (db, [id, limit]) =>
    db.select().from(reviews).where(eq(reviews.product_id, id!)).orderBy(desc(reviews.id)).limit(limit!),
  category: (db, [id, limit]) =>
    db.select().from(products).where(eq(products.category_id, id!)).orderBy(products.id).limit(limit!),
  orders: (db, [limit]) => {
    const { id, user_id, quantity, total, created_at, rev } = orders
    return db
      .select({ id, user_id, quantity, total, created_at, rev, title: products.title })
      .from(orders)
      .innerJoin(products, eq(products.id, orders.product_id))
      .orderBy(desc(orders.id))
      .limit(limit!)
  },
  bestSellers: (db, [limit]) =>
    db
      .select({ id: products.id, title: products.title, sum: sum(orders.quantity), max: max(orders.rev) })
      .from(orders)
      .innerJoin(products, eq(products.id, orders.product_id))
      .groupBy(products.id, products.title)
      .orderBy(desc(sum(orders.quantity)))
      .limit(limit!),
  totals: (db) =>
    db
      .select({ category_id: products.category_id, count: count(), avg: avg(products.price), max: max(products.rev) })
      .from(products)
      .groupBy(products.category_id),
  latest: (db, [limit]) => {
    const { id, stars, body, created_at, rev } = reviews
    return db
      .select({ id, stars, body, created_at, rev, title: products.title })
      .from(reviews)
      .innerJoin(products, eq(products.id, reviews.product_id))
      .orderBy(desc(reviews.id))
      .limit(limit!)
  },
}

const change: Record<WriteKind, (db: NeonHttpDatabase, params: readonly never[]) => ReturnType<Build>> = {
  edit: (db, [title, price, id]) => db.update(products).set({ title, price }).where(eq(products.id, id!)) as never,
  review: (db, [product_id, user_id, stars, body]) =>
    db.insert(reviews).values({ product_id, user_id, stars, body }) as never,
  order: (db, [user_id, product_id, quantity, total]) =>
    db.insert(orders).values({ user_id, product_id, quantity, total }) as never,
}

/** Everybody asks the same: what drizzle makes of its builder is the text that the others are given. */
function sameText<T extends { toSQL(): { sql: string } }>(built: T, { sql }: Query | Write): T {
  const { sql: made } = built.toSQL()
  if (made !== sql) throw new Error(`drizzle writes ${made}\nnot ${sql}`)
  return built
}

export const drizzle: Participant = {
  name: 'drizzle upstashCache',
  setUp:
    '`upstashCache({ global: true, config: { ex } })`: its own keys, its own invalidation on writes, `$withAuth(token)` for what belongs to a user.',
  isolate(): Isolate {
    const cache = upstashCache({ ...REDIS, global: true, config: { ex: TTL } })
    const db = connect(neon(NEON.connectionString), { cache })
    return {
      read: (queries) =>
        Promise.all(
          queries.map(async (query) => {
            const asked = query.user === undefined ? db : (db.$withAuth(tokenOf(query.user)) as unknown as typeof db)
            return sameText(select[query.read](asked, query.params as never[]), query)
          }),
        ),
      write: async (write) => void (await sameText(change[write.kind](db, write.params as never[]), write)),
    }
  },
}
