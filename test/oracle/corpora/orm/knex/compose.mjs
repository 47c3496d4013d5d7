export async function joins({ knex, of }) {
  const users = () => knex('users')
  await of('inner join', () =>
    users().join('contacts', 'users.id', '=', 'contacts.user_id').select('users.id', 'contacts.phone'),
  )
  await of('join with several conditions', () =>
    users().join('accounts', (on) =>
      on
        .on('accounts.id', '=', 'users.account_id')
        .orOn('accounts.owner_id', '=', 'users.id')
        .onVal('accounts.kind', 'x'),
    ),
  )
  await of('left, right, full, cross join', () =>
    users()
      .leftJoin('accounts', 'users.id', 'accounts.user_id')
      .leftOuterJoin('orders as o', 'o.user_id', 'users.id')
      .rightJoin('pets', 'pets.user_id', 'users.id')
      .fullOuterJoin('toys', { 'toys.pet_id': 'pets.id' })
      .crossJoin('colors'),
  )
  await of('join using', () => users().join('accounts', (on) => on.using(['id', 'region'])))
  await of('join conditions', () =>
    users().leftJoin('contacts', (on) =>
      on
        .on('users.id', 'contacts.id')
        .onIn('contacts.id', [7, 9])
        .onNull('contacts.email')
        .onBetween('contacts.n', [5, 30])
        .onExists((q) => q.select('*').from('accounts')),
    ),
  )
  await of('join of a subquery', () =>
    users()
      .join(knex('posts').select('user_id').count('* as n').groupBy('user_id').as('p'), 'p.user_id', 'users.id')
      .select('users.*', 'p.n'),
  )
  await of('join raw', () => users().joinRaw('natural full join table1').where('id', 1))
  await of('lateral join raw', () =>
    users().joinRaw('cross join lateral (select * from posts where posts.user_id = users.id limit 3) as p'),
  )
  await of('join of schemas', () => knex('app.users as u').innerJoin('billing.invoices as i', 'i.user_id', 'u.id'))
}

export async function withs({ knex, of }) {
  const users = () => knex('users')
  await of('with', () =>
    knex.with('with_alias', knex.select('*').from('books').where('author', 'Test')).select('*').from('with_alias'),
  )
  await of('with raw', () =>
    knex
      .with('with_alias', knex.raw('select * from "books" where "author" = ?', 'Test'))
      .select('*')
      .from('with_alias'),
  )
  await of('with columns', () =>
    knex
      .with('w', ['title'], (q) => q.select('title').from('books'))
      .select('*')
      .from('w'),
  )
  await of('with recursive', () =>
    knex
      .withRecursive('ancestors', ['id', 'parent_id'], (q) =>
        q
          .select('id', 'parent_id')
          .from('people')
          .where('id', 1)
          .union((u) =>
            u.select('p.id', 'p.parent_id').from('people as p').join('ancestors', 'ancestors.parent_id', 'p.id'),
          ),
      )
      .select('*')
      .from('ancestors'),
  )
  await of('with materialized', () =>
    knex
      .withMaterialized('m', knex('books'))
      .withNotMaterialized('n', knex('authors'))
      .select('*')
      .from('m')
      .join('n', 'n.id', 'm.author_id'),
  )
  await of('with that deletes', () =>
    knex
      .with('gone', knex('books').where('id', 1).del().returning('*'))
      .insert(knex.select('*').from('gone'))
      .into('old_books'),
  )
  await of('with and update', () =>
    knex
      .with('w', knex('authors').select('id'))
      .from('books')
      .update({ known: true })
      .whereIn('author_id', knex('w').select('id')),
  )
  await of('union', () =>
    users()
      .whereNull('last_name')
      .union((q) => q.select('*').from('users').whereNull('first_name')),
  )
  await of('union all, wrapped', () =>
    users()
      .select('id')
      .unionAll([knex('pets').select('id'), knex('toys').select('id')], true)
      .limit(3),
  )
  await of('intersect', () => users().select('id').intersect(knex('pets').select('id')))
  await of('except', () =>
    users()
      .select('id')
      .except([knex('pets').select('id')]),
  )
}
