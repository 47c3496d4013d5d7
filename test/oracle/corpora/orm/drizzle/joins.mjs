import * as d from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { admins, comments, groups, orders, posts, products, users, usersToGroups } from './schema.mjs'

export async function joins({ db, of }) {
  await of('left join', () => db.select().from(users).leftJoin(posts, d.eq(users.id, posts.authorId)))
  await of('right join', () => db.select().from(users).rightJoin(posts, d.eq(users.id, posts.authorId)))
  await of('inner join of a part', () =>
    db.select({ name: users.name, title: posts.title }).from(users).innerJoin(posts, d.eq(users.id, posts.authorId)),
  )
  await of('full join', () => db.select().from(users).fullJoin(comments, d.eq(users.id, comments.authorId)))
  await of('cross join', () => db.select().from(groups).crossJoin(products))
  await of('many to many', () =>
    db
      .select()
      .from(usersToGroups)
      .leftJoin(users, d.eq(usersToGroups.userId, users.id))
      .leftJoin(groups, d.eq(usersToGroups.groupId, groups.id))
      .where(d.eq(groups.id, 1)),
  )
  const inviter = alias(users, 'inviter')
  await of('self join by alias', () =>
    db.select().from(users).leftJoin(inviter, d.eq(inviter.id, users.invitedBy)).where(d.eq(inviter.name, 'Ann')),
  )
  await of('join of schemas', () =>
    db
      .select()
      .from(orders)
      .innerJoin(products, d.eq(orders.productId, products.id))
      .leftJoin(users, d.eq(users.id, orders.userId)),
  )
  await of('join of a subquery', () => {
    const counts = db
      .select({ authorId: posts.authorId, n: sql`count(*)`.as('n') })
      .from(posts)
      .groupBy(posts.authorId)
      .as('counts')
    return db.select({ name: users.name, n: counts.n }).from(users).leftJoin(counts, d.eq(users.id, counts.authorId))
  })
  await of('lateral join', () => {
    const latest = db
      .select({ title: posts.title })
      .from(posts)
      .where(d.eq(posts.authorId, users.id))
      .orderBy(d.desc(posts.publishedAt))
      .limit(3)
      .as('latest')
    return db
      .select()
      .from(users)
      .leftJoinLateral(latest, sql`true`)
  })
  await of('inner and cross lateral join', () => {
    const one = db.select({ text: comments.text }).from(comments).where(d.eq(comments.postId, posts.id)).as('one')
    const two = db.select({ name: users.name }).from(users).where(d.eq(users.id, posts.authorId)).as('two')
    return db
      .select()
      .from(posts)
      .innerJoinLateral(one, sql`true`)
      .crossJoinLateral(two)
  })
  await of('join of a view', () => db.select().from(posts).innerJoin(admins, d.eq(admins.id, posts.authorId)))
}

/** Sends what wants a row of the answer that the silent pool does not give. */
async function withoutAnswer(query) {
  try {
    await query
  } catch {}
}

export async function aggregates({ db, of }) {
  await of('$count', () => withoutAnswer(db.$count(users)))
  await of('$count with a filter', () => withoutAnswer(db.$count(users, d.eq(users.verified, true))))
  await of('$count in a selection', () =>
    db.select({ name: users.name, n: db.$count(posts, d.eq(posts.authorId, users.id)) }).from(users),
  )
  await of('count, countDistinct', () => db.select({ n: d.count(), names: d.countDistinct(users.name) }).from(users))
  await of('sum, avg, min, max', () =>
    db
      .select({ sum: d.sum(posts.views), avg: d.avg(posts.views), min: d.min(posts.views), max: d.max(posts.views) })
      .from(posts),
  )
  await of('sumDistinct, avgDistinct', () =>
    db.select({ sum: d.sumDistinct(posts.views), avg: d.avgDistinct(posts.views) }).from(posts),
  )
  await of('group by', () => db.select({ role: users.role, n: d.count() }).from(users).groupBy(users.role))
  await of('group by, having', () =>
    db
      .select({ authorId: posts.authorId, n: sql`cast(count(*) as int)` })
      .from(posts)
      .groupBy(posts.authorId)
      .having(({ n }) => d.gt(n, 1)),
  )
  await of('aggregate with filter', () =>
    db
      .select({
        all: d.count(),
        popular: sql`count(*) filter (where ${posts.views} > ${100})`.mapWith(Number),
        tags: sql`array_agg(distinct ${posts.title} order by ${posts.title})`,
      })
      .from(posts),
  )
  await of('rows that have children', () =>
    db
      .select({ id: users.id })
      .from(users)
      .leftJoin(posts, d.eq(posts.authorId, users.id))
      .groupBy(users.id)
      .having(d.gte(d.count(posts.id), 1)),
  )
  await of('group by rollup', () =>
    db
      .select({ region: orders.region, total: d.sum(orders.quantity) })
      .from(orders)
      .groupBy(sql`rollup (${orders.region}, ${orders.productId})`),
  )
  await of('date_trunc', () =>
    db
      .select({ day: sql`date_trunc('day', ${users.createdAt})`.as('day'), n: d.count() })
      .from(users)
      .groupBy(sql`day`)
      .orderBy(sql`day`),
  )
  await of('window function', () =>
    db
      .select({
        id: posts.id,
        rank: sql`rank() over (partition by ${posts.authorId} order by ${posts.views} desc)`,
        total: sql`count(*) over()`.mapWith(Number),
        moving: sql`avg(${posts.views}) over (order by ${posts.publishedAt} rows between 6 preceding and current row)`,
      })
      .from(posts)
      .limit(10),
  )
  await of('json_agg', () =>
    db
      .select({
        id: users.id,
        posts: sql`coalesce(json_agg(json_build_object('id', ${posts.id}, 'title', ${posts.title})) filter (where ${posts.id} is not null), '[]'::json)`,
      })
      .from(users)
      .leftJoin(posts, d.eq(posts.authorId, users.id))
      .groupBy(users.id),
  )
}
