import * as d from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import { QueryBuilder, unionAll } from 'drizzle-orm/pg-core'
import { comments, dailyViews, groups, orders, posts, products, users } from './schema.mjs'

const ann = { name: 'Ann', email: 'ann@example.com' }
const day = new Date('2026-02-03T04:05:06Z')

export async function inserts({ db, of }) {
  await of('insert', () => db.insert(users).values(ann))
  await of('insert several', () => db.insert(users).values([ann, { ...ann, name: 'Bob', role: 'author' }]))
  await of('insert returning', () => db.insert(users).values(ann).returning())
  await of('insert returning some', () =>
    db.insert(posts).values({ title: 'T', body: 'B' }).returning({ id: posts.id }),
  )
  await of('insert of a schema', () => db.insert(products).values({ name: 'Pen', price: '1.50' }))
  await of('insert overriding system value', () =>
    db.insert(products).overridingSystemValue().values({ id: 5, name: 'Pen', price: '1.50' }),
  )
  await of('insert with an expression', () =>
    db.insert(users).values({ ...ann, createdAt: sql`now()`, name: sql`upper(${'ann'})` }),
  )
  await of('insert on conflict do nothing', () => db.insert(users).values(ann).onConflictDoNothing())
  await of('insert on conflict do nothing on a target', () =>
    db
      .insert(users)
      .values(ann)
      .onConflictDoNothing({ target: users.email, where: sql`verified` }),
  )
  await of('insert on conflict do update', () =>
    db
      .insert(users)
      .values(ann)
      .onConflictDoUpdate({ target: users.email, set: { name: 'Ann B.' } }),
  )
  await of('insert on conflict with where clauses', () =>
    db
      .insert(users)
      .values([ann, ann])
      .onConflictDoUpdate({
        target: [users.email, users.name],
        targetWhere: sql`verified = true`,
        set: { name: sql`excluded.name` },
        setWhere: sql`${users.name} <> excluded.name`,
      })
      .returning({ id: users.id }),
  )
  await of('insert with a with', () => {
    const counted = db.$with('counted').as(db.select({ n: sql`count(*)`.as('n') }).from(users))
    return db
      .with(counted)
      .insert(groups)
      .values({ name: sql`(select 'group ' || n from ${counted})` })
  })
  await of('insert of a select', () =>
    db.insert(groups).select(db.select({ id: users.id, name: users.name }).from(users)),
  )
  await of('insert of a union', () =>
    db
      .insert(groups)
      .select(
        unionAll(
          db.select({ id: comments.authorId, name: comments.text }).from(comments),
          new QueryBuilder().select({ id: products.id, name: products.name }).from(products),
        ),
      ),
  )
  await of('insert of raw sql', () => db.insert(groups).select(sql`select name from ${users}`))
  await of('insert defaults', () => db.insert(comments).values({ text: 'Hi', replyTo: null }))
}

export async function updates({ db, of }) {
  await of('update', () => db.update(users).set({ name: 'Mr. Dan' }).where(d.eq(users.name, 'Dan')))
  await of('update with an expression', () =>
    db
      .update(posts)
      .set({ views: sql`${posts.views} + 1` })
      .where(d.eq(posts.id, '00000000-0000-0000-0000-000000000000')),
  )
  await of('update returning', () => db.update(users).set({ createdAt: day }).returning({ id: users.id }))
  await of('update from', () =>
    db
      .update(orders)
      .set({ region: 'north' })
      .from(products)
      .where(d.and(d.eq(orders.productId, products.id), d.eq(products.category, 'pens'))),
  )
  await of('update from and joins', () =>
    db
      .update(comments)
      .set({ text: posts.title })
      .from(posts)
      .leftJoin(users, d.eq(users.id, posts.authorId))
      .where(d.eq(comments.postId, posts.id))
      .returning({ id: comments.id, name: users.name }),
  )
  await of('update with a with', () => {
    const average = db.$with('average').as(db.select({ price: sql`avg(${products.price})`.as('price') }).from(products))
    return db
      .with(average)
      .update(products)
      .set({ category: 'cheap' })
      .where(d.lt(products.price, sql`(select * from ${average})`))
      .returning({ id: products.id })
  })
  await of('update of a subquery', () =>
    db.update(posts).set({ title: sql`(select name from ${users} where ${users.id} = ${posts.authorId})` }),
  )
  await of('delete all', () => db.delete(comments))
  await of('delete', () => db.delete(users).where(d.eq(users.name, 'Dan')))
  await of('delete returning', () => db.delete(users).where(d.eq(users.name, 'Dan')).returning())
  await of('delete by a subquery', () =>
    db
      .delete(posts)
      .where(d.inArray(posts.authorId, db.select({ id: users.id }).from(users).where(d.eq(users.verified, false)))),
  )
  await of('delete with a with', () => {
    const average = db.$with('average').as(db.select({ n: sql`avg(${orders.quantity})`.as('n') }).from(orders))
    return db
      .with(average)
      .delete(orders)
      .where(d.gt(orders.quantity, sql`(select * from ${average})`))
      .returning({ id: orders.id })
  })
}

export async function raw({ db, of }) {
  await of('execute', () => db.execute(sql`select * from ${users} where ${users.id} = ${42}`))
  await of('execute of a raw join', () =>
    db.execute(
      sql`select p.*, u.name from ${posts} p join ${users} u on u.id = p.author_id where u.role = any(${['admin']})`,
    ),
  )
  await of('execute with sql.raw and sql.join', () =>
    db.execute(sql.join([sql`select * from`, sql.identifier('shop'), sql.raw('.'), sql.identifier('products')])),
  )
  await of('execute a recursive query', () =>
    db.execute(sql`
      with recursive thread as (
        select id, reply_to, 0 as depth from ${comments} where id = ${1}
        union all
        select c.id, c.reply_to, thread.depth + 1 from ${comments} c join thread on c.reply_to = thread.id
      )
      select * from thread`),
  )
  await of('execute a function', () => db.execute(sql`select * from generate_series(1, ${10}) as g(n)`))
  await of('execute a server-side setting', () => db.execute(sql`select set_config('app.user', ${'7'}, true)`))
  await of('execute truncate', () => db.execute(sql`truncate table ${comments}, ${posts} restart identity cascade`))
  await of('refresh a materialized view', () => db.refreshMaterializedView(dailyViews))
  await of('refresh a materialized view concurrently', () => db.refreshMaterializedView(dailyViews).concurrently())
  await of('refresh a materialized view with no data', () => db.refreshMaterializedView(dailyViews).withNoData())
  await of('transaction', () =>
    db.transaction(async (tx) => {
      await tx.update(users).set({ verified: true }).where(d.eq(users.id, 3))
      await tx.transaction((inner) => inner.delete(comments).where(d.eq(comments.authorId, 3)))
    }),
  )
  await of('transaction that rolls back', () =>
    db
      .transaction(
        async (tx) => {
          await tx.transaction((inner) => inner.rollback()).catch(() => {})
          tx.rollback()
        },
        { isolationLevel: 'serializable', accessMode: 'read only', deferrable: true },
      )
      .catch(() => {}),
  )
}
