import * as d from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import { comments, groups, orders, posts, users } from './schema.mjs'

export async function subqueries({ db, of }) {
  await of('select from a subquery', () => {
    const sq = db.select().from(users).where(d.eq(users.id, 42)).as('sq')
    return db.select().from(sq)
  })
  await of('scalar subquery in a selection', () =>
    db
      .select({ id: users.id, posts: sql`(select count(*) from ${posts} where ${posts.authorId} = ${users.id})` })
      .from(users),
  )
  await of('scalar subquery in where', () =>
    db
      .select()
      .from(posts)
      .where(d.gt(posts.views, sql`(${db.select({ avg: d.avg(posts.views) }).from(posts)})`)),
  )
  await of('with', () => {
    const sq = db.$with('sq').as(db.select().from(users).where(d.eq(users.id, 42)))
    return db.with(sq).select().from(sq)
  })
  await of('two withs', () => {
    const regional = db.$with('regional_sales').as(
      db
        .select({ region: orders.region, total: sql`sum(${orders.quantity})`.as('total') })
        .from(orders)
        .groupBy(orders.region),
    )
    const top = db.$with('top_regions').as(
      db
        .select({ region: regional.region })
        .from(regional)
        .where(d.gt(regional.total, db.select({ s: sql`sum(${regional.total}) / 10` }).from(regional))),
    )
    return db
      .with(regional, top)
      .select({ region: orders.region, product: orders.productId, n: sql`sum(${orders.quantity})::int` })
      .from(orders)
      .where(d.inArray(orders.region, db.select({ region: top.region }).from(top)))
      .groupBy(orders.region, orders.productId)
  })
  await of('with that hides a table', () => {
    const hidden = db.$with('users').as(db.select({ id: posts.authorId }).from(posts))
    return db.with(hidden).select().from(hidden)
  })
  await of('with of raw sql', () => {
    const sq = db.$with('sq', { id: users.id }).as(sql`select * from ${users} where ${users.id} = ${42}`)
    return db.with(sq).select().from(sq)
  })
  await of('with that inserts', () => {
    const added = db.$with('added').as(db.insert(groups).values({ name: 'New' }).returning())
    return db.with(added).select().from(added)
  })
  await of('with that updates and one that deletes', () => {
    const updated = db.$with('updated').as(db.update(posts).set({ views: 0 }).where(d.eq(posts.views, 1)).returning())
    const deleted = db.$with('deleted').as(db.delete(comments).where(d.isNull(comments.postId)).returning())
    return db.with(updated, deleted).select().from(updated).leftJoin(deleted, d.eq(updated.id, deleted.postId))
  })
}
