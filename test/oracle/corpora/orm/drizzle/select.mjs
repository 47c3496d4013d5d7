import * as d from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import { alias, except, intersect, union, unionAll } from 'drizzle-orm/pg-core'
import { admins, comments, dailyViews, orders as lines, posts, products, sales, users } from './schema.mjs'

const since = new Date('2026-01-01T00:00:00Z')

export async function select({ db, of }) {
  await of('select all', () => db.select().from(users))
  await of('select some columns', () => db.select({ id: users.id, name: users.name }).from(users))
  await of('select an expression', () =>
    db.select({ id: users.id, lower: sql`lower(${users.name})`.as('lower_name') }).from(users),
  )
  await of('select with a cast', () => db.select({ n: sql`cast(count(${users.id}) as int)` }).from(users))
  await of('where eq', () => db.select().from(users).where(d.eq(users.id, 42)))
  await of('where and, or, not', () =>
    db
      .select()
      .from(users)
      .where(d.and(d.or(d.eq(users.id, 42), d.not(d.eq(users.role, 'admin'))), d.isNotNull(users.invitedBy))),
  )
  await of('where comparisons', () =>
    db
      .select()
      .from(posts)
      .where(
        d.and(
          d.gt(posts.views, 1),
          d.gte(posts.views, 2),
          d.lt(posts.views, 30),
          d.lte(posts.views, 20),
          d.ne(posts.views, 7),
        ),
      ),
  )
  await of('where between and not between', () =>
    db
      .select()
      .from(posts)
      .where(d.and(d.between(posts.views, 2, 7), d.notBetween(posts.publishedAt, since, since))),
  )
  await of('where like', () =>
    db
      .select()
      .from(users)
      .where(
        d.or(
          d.like(users.name, '%an'),
          d.ilike(users.name, 'D%'),
          d.notLike(users.name, 'x%'),
          d.notIlike(users.name, 'y%'),
        ),
      ),
  )
  await of('where inArray', () =>
    db
      .select()
      .from(users)
      .where(d.inArray(users.id, [1, 2, 3])),
  )
  await of('where inArray of many', () =>
    db
      .select()
      .from(users)
      .where(
        d.inArray(
          users.id,
          Array.from({ length: 200 }, (_, index) => index),
        ),
      ),
  )
  await of('where inArray of none', () => db.select().from(users).where(d.inArray(users.id, [])))
  await of('where notInArray of a subquery', () =>
    db
      .select()
      .from(users)
      .where(d.notInArray(users.id, db.select({ id: posts.authorId }).from(posts))),
  )
  await of('where array operators', () =>
    db
      .select()
      .from(posts)
      .where(
        d.or(
          d.arrayContains(posts.tags, ['a', 'b']),
          d.arrayContained(posts.tags, ['a']),
          d.arrayOverlaps(posts.tags, ['c']),
        ),
      ),
  )
  await of('where exists', () =>
    db
      .select()
      .from(users)
      .where(
        d.exists(
          db
            .select({ one: sql`1` })
            .from(posts)
            .where(d.eq(posts.authorId, users.id)),
        ),
      ),
  )
  await of('where not exists', () =>
    db
      .select()
      .from(users)
      .where(d.notExists(db.select().from(comments).where(d.eq(comments.authorId, users.id)))),
  )
}

export async function orders({ db, of }) {
  await of('order by, limit, offset', () =>
    db.select().from(users).orderBy(d.desc(users.createdAt), d.asc(users.id)).limit(10).offset(20),
  )
  await of('order by nulls last', () =>
    db
      .select()
      .from(posts)
      .orderBy(sql`${posts.publishedAt} desc nulls last`),
  )
  await of('pagination by cursor', () =>
    db
      .select()
      .from(users)
      .where(d.or(d.lt(users.createdAt, since), d.and(d.eq(users.createdAt, since), d.gt(users.id, 7))))
      .orderBy(d.desc(users.createdAt), users.id)
      .limit(25),
  )
  await of('pagination by a tuple', () =>
    db
      .select()
      .from(users)
      .where(sql`(${users.createdAt}, ${users.id}) > (${since}, ${7})`)
      .limit(25),
  )
  await of('select distinct', () => db.selectDistinct({ role: users.role }).from(users).orderBy(users.role))
  await of('select distinct on', () =>
    db.selectDistinctOn([posts.authorId], { id: posts.id }).from(posts).orderBy(posts.authorId, d.desc(posts.views)),
  )
  await of('dynamic query', () => db.select().from(users).$dynamic().where(d.isNull(users.role)).limit(3))
  await of('prepared with placeholders', () =>
    db
      .select()
      .from(users)
      .where(d.and(d.eq(users.id, sql.placeholder('id')), sql`lower(${users.email}) = ${sql.placeholder('email')}`))
      .prepare('by_email')
      .execute({ id: 1, email: 'a@b.example' }),
  )
}

export async function sources({ db, of }) {
  await of('select from a view', () => db.select().from(admins))
  await of('select from a materialized view', () => db.select().from(dailyViews).where(d.gt(dailyViews.views, 5)))
  await of('select from a view of a schema', () => db.select().from(sales))
  await of('select from a schema', () => db.select().from(products).where(d.gt(products.price, '9.99')))
  await of('case', () =>
    db
      .select({
        size: sql`case when ${posts.views} > 100 then 'large' when ${posts.views} > 10 then 'medium' else 'small' end`,
      })
      .from(posts),
  )
  await of('now in raw sql', () =>
    db
      .select()
      .from(posts)
      .where(sql`${posts.publishedAt} < now() - interval '1 day'`),
  )
  await of('current_date in raw sql', () => db.select({ day: sql`current_date` }).from(posts))
  await of('random order', () =>
    db
      .select()
      .from(posts)
      .orderBy(sql`random()`)
      .limit(1),
  )
  await of('json operators', () =>
    db
      .select({ theme: sql`${users.settings}->>'theme'`, first: sql`${users.settings} #>> '{tabs,0}'` })
      .from(users)
      .where(sql`${users.settings} @> ${JSON.stringify({ beta: true })}::jsonb and ${users.settings} ? 'theme'`),
  )
  await of('full text search', () =>
    db
      .select({
        id: posts.id,
        rank: sql`ts_rank(to_tsvector('english', ${posts.body}), websearch_to_tsquery('english', ${'a b'}))`,
      })
      .from(posts)
      .where(sql`to_tsvector('english', ${posts.title} || ' ' || ${posts.body}) @@ to_tsquery('english', ${'a & b'})`),
  )
  await of('vector distance', () =>
    db
      .select({ id: products.id, similarity: sql`1 - (${d.cosineDistance(products.embedding, [1, 2, 3])})` })
      .from(products)
      .orderBy(d.l2Distance(products.embedding, [1, 2, 3]))
      .limit(5),
  )
  await of('point distance', () =>
    db
      .select({ distance: sql`${products.location} <-> point(${1}, ${2})` })
      .from(products)
      .orderBy(sql`${products.location} <-> point(0, 0)`),
  )
  await of('lock for update', () => db.select().from(users).where(d.eq(users.id, 1)).for('update'))
  await of('lock for update skip locked', () => db.select().from(posts).limit(1).for('update', { skipLocked: true }))
  await of('lock for share of a table', () =>
    db
      .select()
      .from(lines)
      .innerJoin(users, d.eq(lines.userId, users.id))
      .for('no key update', { of: users, noWait: true }),
  )
}

export async function sets({ db, of }) {
  const names = () => db.select({ name: users.name }).from(users)
  const titles = () => db.select({ name: posts.title }).from(posts)
  await of('union', () => union(names(), titles()).limit(10))
  await of('union all', () => unionAll(names(), titles()).orderBy(sql`1`))
  await of('intersect', () => intersect(names(), titles()))
  await of('except', () => except(names(), titles()))
  await of('set operations on a builder', () =>
    names()
      .unionAll(titles())
      .except(db.select({ name: products.name }).from(products)),
  )
  await of('intersect all and except all', () =>
    db
      .select({ id: users.id })
      .from(users)
      .intersectAll(db.select({ id: posts.authorId }).from(posts))
      .exceptAll(db.select({ id: comments.authorId }).from(comments)),
  )
  const inviter = alias(users, 'inviter')
  await of('union in a subquery', () => {
    const all = union(names(), titles()).as('all_names')
    return db.select({ n: d.count() }).from(all).leftJoin(inviter, d.eq(inviter.name, all.name))
  })
}
