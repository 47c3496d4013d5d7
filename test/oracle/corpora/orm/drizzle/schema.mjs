import { relations, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'

export const role = pg.pgEnum('role', ['admin', 'author', 'reader'])

export const users = pg.pgTable('users', {
  id: pg.serial('id').primaryKey(),
  name: pg.text('name').notNull(),
  email: pg.varchar('email', { length: 256 }).notNull().unique(),
  role: role('role').default('reader'),
  verified: pg.boolean('verified').notNull().default(false),
  invitedBy: pg.integer('invited_by').references(() => users.id),
  settings: pg.jsonb('settings').$type(),
  createdAt: pg.timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export const posts = pg.pgTable('posts', {
  id: pg.uuid('id').defaultRandom().primaryKey(),
  title: pg.text('title').notNull(),
  body: pg.text('body').notNull(),
  tags: pg.text('tags').array().notNull().default([]),
  views: pg.integer('views').notNull().default(0),
  authorId: pg.integer('author_id').references(() => users.id),
  publishedAt: pg.timestamp('published_at'),
  updatedAt: pg
    .timestamp('updated_at')
    .notNull()
    .$onUpdate(() => sql`now()`),
})

export const comments = pg.pgTable('comments', {
  id: pg.bigserial('id', { mode: 'number' }).primaryKey(),
  text: pg.text('text').notNull(),
  authorId: pg.integer('author_id').references(() => users.id),
  postId: pg.uuid('post_id').references(() => posts.id),
  replyTo: pg.bigint('reply_to', { mode: 'number' }),
})

export const groups = pg.pgTable('groups', { id: pg.serial('id').primaryKey(), name: pg.text('name').notNull() })

export const usersToGroups = pg.pgTable(
  'users_to_groups',
  {
    userId: pg.integer('user_id').references(() => users.id),
    groupId: pg.integer('group_id').references(() => groups.id),
  },
  (table) => [pg.primaryKey({ columns: [table.userId, table.groupId] })],
)

export const shop = pg.pgSchema('shop')
export const products = shop.table('products', {
  id: pg.integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: pg.text('name').notNull(),
  price: pg.numeric('price', { precision: 10, scale: 2 }).notNull(),
  category: pg.text('category'),
  embedding: pg.vector('embedding', { dimensions: 3 }),
  location: pg.point('location'),
})
export const orders = shop.table('Order Lines', {
  id: pg.integer('id').primaryKey().generatedByDefaultAsIdentity(),
  productId: pg.integer('productId').references(() => products.id),
  userId: pg.integer('userId').references(() => users.id),
  quantity: pg.integer('quantity').notNull(),
  region: pg.text('region'),
})

export const admins = pg.pgView('admins').as((qb) =>
  qb
    .select()
    .from(users)
    .where(sql`${users.role} = 'admin'`),
)
export const dailyViews = pg
  .pgMaterializedView('daily_views', { day: pg.date('day'), views: pg.integer('views') })
  .existing()
export const sales = shop.view('sales', { region: pg.text('region'), total: pg.numeric('total') }).existing()

export const usersRelations = relations(users, ({ one, many }) => ({
  posts: many(posts),
  comments: many(comments),
  groups: many(usersToGroups),
  inviter: one(users, { fields: [users.invitedBy], references: [users.id] }),
}))
export const postsRelations = relations(posts, ({ one, many }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
  comments: many(comments),
}))
export const commentsRelations = relations(comments, ({ one }) => ({
  author: one(users, { fields: [comments.authorId], references: [users.id] }),
  post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}))
export const groupsRelations = relations(groups, ({ many }) => ({ members: many(usersToGroups) }))
export const usersToGroupsRelations = relations(usersToGroups, ({ one }) => ({
  group: one(groups, { fields: [usersToGroups.groupId], references: [groups.id] }),
  user: one(users, { fields: [usersToGroups.userId], references: [users.id] }),
}))
export const productsRelations = relations(products, ({ many }) => ({ orders: many(orders) }))
export const ordersRelations = relations(orders, ({ one }) => ({
  product: one(products, { fields: [orders.productId], references: [products.id] }),
  user: one(users, { fields: [orders.userId], references: [users.id] }),
}))
