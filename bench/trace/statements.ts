/** The SQL of the shop, the same text for every participant: it is what drizzle makes of its query builder. */

export const READS = {
  product:
    'select "id", "category_id", "title", "price", "active", "created_at", "attributes", "rev" from "products" where "products"."id" = $1',
  reviews:
    'select "id", "product_id", "user_id", "stars", "body", "created_at", "rev" from "reviews" where "reviews"."product_id" = $1 order by "reviews"."id" desc limit $2',
  category:
    'select "id", "category_id", "title", "price", "active", "created_at", "attributes", "rev" from "products" where "products"."category_id" = $1 order by "products"."id" limit $2',
  orders:
    'select "orders"."id", "orders"."user_id", "orders"."quantity", "orders"."total", "orders"."created_at", "orders"."rev", "products"."title" from "orders" inner join "products" on "products"."id" = "orders"."product_id" order by "orders"."id" desc limit $1',
  bestSellers:
    'select "products"."id", "products"."title", sum("orders"."quantity"), max("orders"."rev") from "orders" inner join "products" on "products"."id" = "orders"."product_id" group by "products"."id", "products"."title" order by sum("orders"."quantity") desc limit $1',
  totals: 'select "category_id", count(*), avg("price"), max("rev") from "products" group by "products"."category_id"',
  latest:
    'select "reviews"."id", "reviews"."stars", "reviews"."body", "reviews"."created_at", "reviews"."rev", "products"."title" from "reviews" inner join "products" on "products"."id" = "reviews"."product_id" order by "reviews"."id" desc limit $1',
} as const

export const WRITES = {
  edit: 'update "products" set "title" = $1, "price" = $2 where "products"."id" = $3',
  review:
    'insert into "reviews" ("id", "product_id", "user_id", "stars", "body", "created_at", "rev") values (default, $1, $2, $3, $4, default, default)',
  order:
    'insert into "orders" ("id", "user_id", "product_id", "quantity", "total", "created_at", "rev") values (default, $1, $2, $3, $4, default, default)',
} as const

export type Read = keyof typeof READS
export type WriteKind = keyof typeof WRITES
