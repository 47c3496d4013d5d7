import * as d from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import { comments, posts, users } from './schema.mjs'

/** `db.query`: one statement however deep, of lateral joins and JSON. */
export async function relational({ db, of }) {
  const q = db.query
  await of('findMany', () => q.users.findMany())
  await of('findFirst', () => q.users.findFirst())
  await of('findMany with many', () => q.users.findMany({ with: { posts: true } }))
  await of('findMany with one', () => q.posts.findMany({ with: { author: true } }))
  await of('findMany with two', () => q.posts.findMany({ with: { author: true, comments: true } }))
  await of('findFirst with nested', () => q.users.findFirst({ with: { posts: { with: { comments: true } } } }))
  await of('findMany with three levels', () =>
    q.users.findMany({ with: { posts: { with: { comments: { with: { author: { with: { inviter: true } } } } } } } }),
  )
  await of('findMany with columns', () =>
    q.posts.findMany({ columns: { id: true, title: true }, with: { comments: { columns: { authorId: false } } } }),
  )
  await of('findMany with no columns of its own', () =>
    q.users.findMany({ columns: {}, with: { posts: { columns: { title: true } } } }),
  )
  await of('findMany where', () => q.users.findMany({ where: d.eq(users.id, 1) }))
  await of('findMany where by callback', () =>
    q.users.findMany({ where: (user, { and, eq, like }) => and(eq(user.verified, true), like(user.name, '%a%')) }),
  )
  await of('findMany where on nested', () =>
    q.posts.findMany({
      where: (post, { eq }) => eq(post.authorId, 1),
      with: { comments: { where: (comment, { lt }) => lt(comment.id, 100), orderBy: d.desc(comments.id), limit: 3 } },
    }),
  )
  await of('findMany order, limit, offset', () =>
    q.posts.findMany({
      orderBy: [d.asc(posts.views), d.desc(posts.id)],
      limit: 5,
      offset: 2,
      with: { comments: { offset: 3, limit: 3 } },
    }),
  )
  await of('findMany with extras', () =>
    q.users.findMany({
      extras: { loweredName: sql`lower(${users.name})`.as('lowered_name') },
      with: { posts: { extras: (table, { sql }) => ({ length: sql`length(${table.body})`.as('length') }) } },
    }),
  )
  await of('findMany with a counting extra', () =>
    q.users.findMany({ extras: { n: db.$count(posts, d.eq(posts.authorId, users.id)).as('n') } }),
  )
  await of('findMany where a child exists', () =>
    q.users.findMany({ where: d.exists(db.select().from(posts).where(d.eq(posts.authorId, users.id))) }),
  )
  await of('findMany many to many', () => q.users.findMany({ with: { groups: { with: { group: true } } } }))
  await of('findMany many to many from the other side', () =>
    q.groups.findMany({ with: { members: { columns: {}, with: { user: { columns: { name: true } } } } } }),
  )
  await of('findMany self relation', () => q.users.findMany({ with: { inviter: true } }))
  await of('findMany of a schema', () => q.products.findMany({ with: { orders: { with: { user: true } } } }))
  await of('findMany prepared', () =>
    q.users
      .findMany({
        where: d.eq(users.id, sql.placeholder('id')),
        limit: sql.placeholder('limit'),
        with: { posts: { where: d.eq(posts.title, sql.placeholder('title')) } },
      })
      .prepare('with_posts')
      .execute({ id: 1, limit: 2, title: 'x' }),
  )
}
