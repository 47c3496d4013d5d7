/**
 * Every SQL text of this Worker, so that `/explain` can show what the cache reads out of each. Values are parameters, always.
 * @module
 */
export const statements = {
  searchCities: `
    select id, name, country, admin_code, population, latitude, longitude
    from cities
    where lower(name) like $1 and ($2 = '' or country = $2) and population >= $3
    order by population desc, id
    limit $4`,
  city: `
    select id, name, alternative_name, country, admin_code, feature_code, population, latitude, longitude
    from cities
    where id = $1`,
  countries: `
    select country, count(*)::int as cities, sum(population)::float8 as population, max(population) as largest
    from cities
    group by country
    order by population desc`,
  eventsByDay: `
    select (created_at at time zone 'UTC')::date::text as day, count(*)::int as events, count(distinct user_id)::int as users
    from audit_events
    where created_at >= $1 and created_at < $2
    group by 1
    order by 1`,
  eventsByAction: `
    select action, count(*)::int as events
    from audit_events
    where created_at >= $1 and created_at < $2
    group by action
    order by events desc, action`,
  latestEvents: `
    select id, user_id, action, created_at
    from audit_events
    order by id desc
    limit $1`,
  ordersByStatus: `
    select status, count(*)::int as orders, sum(total) as total
    from orders
    group by status
    order by status`,
  ordersOfUser: `
    select id, status, total, created_at
    from orders
    where user_id = $1
    order by created_at desc, id desc
    limit $2`,
  topCities: `
    select id, name, country, population
    from cities
    order by population desc, id
    limit $1`,
  user: `
    select id, name, email, country, created_at
    from users
    where id = $1`,
  usersByCountry: `
    select country, count(*)::int as users
    from users
    group by country
    order by users desc, country
    limit $1`,
  clock: `select now() as database_time`,
  renameUser: `update users set name = $2 where id = $1 returning id, name`,
  addOrder: `insert into orders (user_id, status, total) values ($1, 'open', $2) returning id, user_id, status, total`,
  addEvent: `insert into audit_events (user_id, action, detail) values ($1, $2, $3) returning id, user_id, action, created_at`,
} as const

export type StatementName = keyof typeof statements
