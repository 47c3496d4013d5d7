export async function select({ knex, of }) {
  const users = () => knex('users')
  await of('select', () => users().select())
  await of('select columns', () => users().select('id', 'first_name as name', 'users.email'))
  await of('select by object', () => users().where({ first_name: 'Test', last_name: 'User' }).select('id'))
  await of('first', () => users().where('id', 1).first('id', 'email'))
  await of('pluck', () => users().pluck('id'))
  await of('column and from', () => knex.column('title', { by: 'author' }).select().from('books'))
  await of('table alias', () =>
    knex({ a: 'users', b: 'accounts' }).select({ aId: 'a.id', bId: 'b.id' }).whereRaw('?? = ??', ['a.id', 'b.user_id']),
  )
  await of('from only', () => knex.select('*').from('users', { only: true }))
  await of('with schema', () =>
    knex.withSchema('app').select('name').from('users').join('posts', 'users.id', 'posts.user_id'),
  )
  await of('distinct', () => users().distinct('first_name', 'last_name'))
  await of('distinct on', () => users().distinctOn('age').orderBy('age'))
  await of('where operators', () =>
    users().where('votes', '>', 100).andWhere('name', 'like', '%x%').orWhere('age', '<>', 5),
  )
  await of('where grouped', () =>
    users()
      .where((q) => q.where('id', 1).orWhere('id', '>', 10))
      .orWhere({ name: 'Tester' }),
  )
  await of('where not', () =>
    users()
      .whereNot('id', 1)
      .whereNot((q) => q.where('id', 1).orWhereNot('id', '>', 10)),
  )
  await of('where in', () => users().whereIn('id', [1, 2, 3]).orWhereIn('id', [4, 5, 6]).whereNotIn('name', ['a']))
  await of('where in of many', () =>
    users().whereIn(
      'id',
      Array.from({ length: 120 }, (_, index) => index),
    ),
  )
  await of('where in of none', () => users().whereIn('id', []))
  await of('where in a subquery', () => users().whereIn('account_id', (q) => q.select('id').from('accounts')))
  await of('where in of tuples', () =>
    users().whereIn(
      ['account_id', 'email'],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ),
  )
  await of('where in a subquery of tuples', () =>
    users().whereIn(['account_id', 'email'], knex.select('id', 'email').from('accounts')),
  )
  await of('where null', () => users().whereNull('updated_at').orWhereNotNull('deleted_at'))
  await of('where exists', () =>
    users().whereExists((q) => q.select('*').from('accounts').whereRaw('users.account_id = accounts.id')),
  )
  await of('where not exists', () =>
    users().whereNotExists(knex.select(1).from('accounts').whereColumn('users.account_id', 'accounts.id')),
  )
  await of('where between', () => users().whereBetween('votes', [1, 100]).orWhereNotBetween('age', [10, 20]))
  await of('where raw', () => users().whereRaw('id = ?', [1]).orWhereRaw('lower(name) = :name', { name: 'x' }))
  await of('where like and ilike', () => users().whereLike('email', '%mail%').orWhereILike('email', '%MAIL%'))
  await of('where a subquery compares', () => users().where('age', '>', knex('users').avg('age')))
  await of('where JSON object, superset, subset', () =>
    users()
      .whereJsonObject('json_col', { user_name: 'x' })
      .whereJsonSupersetOf('json_col', { a: 1 })
      .orWhereJsonSubsetOf('json_col', { b: 2 }),
  )
  await of('where JSON path', () => users().whereJsonPath('json_col', '$.age', '>', 18))
  await of('json extract', () =>
    users().jsonExtract([
      ['json_col', '$.name'],
      ['json_col', '$.roles[0]', 'role'],
    ]),
  )
  await of('json set, insert, remove', () =>
    users()
      .jsonSet('json_col', '$.name', 'x', 'a')
      .jsonInsert('json_col', '$.b', 1, 'b')
      .jsonRemove('json_col', '$.c', 'c'),
  )
  await of('order by', () =>
    users()
      .orderBy('email')
      .orderBy([{ column: 'age', order: 'desc', nulls: 'last' }, 'id'])
      .orderByRaw('name desc nulls first'),
  )
  await of('order by a subquery', () =>
    users().orderBy(knex('posts').count('*').whereColumn('posts.user_id', 'users.id'), 'desc'),
  )
  await of('limit and offset', () => users().select('*').limit(10).offset(30))
  await of('pagination by cursor', () =>
    users()
      .whereRaw('(created_at, id) < (?, ?)', ['2026-01-01', 9])
      .orderBy([
        { column: 'created_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ])
      .limit(20),
  )
  await of('group by, having', () =>
    users()
      .select('year')
      .sum({ total: 'votes' })
      .groupBy('year')
      .having('year', '>', 2000)
      .havingRaw('sum(votes) > ?', [100]),
  )
  await of('having in, between, null', () =>
    users().select('age').groupBy('age').havingIn('age', [1, 2]).havingBetween('age', [5, 10]).havingNotNull('age'),
  )
  await of('group by raw', () => users().select('year').groupByRaw('grouping sets ((year), ())'))
  await of('count', () => users().count())
  await of('count as', () => users().count({ a: 'active', v: 'valid' }))
  await of('count distinct', () => users().countDistinct('active').countDistinct('email as emails'))
  await of('min, max, sum, avg', () =>
    users()
      .min('age as youngest')
      .max('age')
      .sum('votes')
      .avg('votes')
      .sumDistinct('votes as s')
      .avgDistinct('votes as a'),
  )
  await of('rank and row number', () =>
    users()
      .select('*')
      .rank('r', 'email', 'first_name')
      .rowNumber('n', (q) => q.orderBy('email').partitionBy('age')),
  )
  await of('dense rank by raw', () =>
    users()
      .select('*')
      .denseRank('d', knex.raw('order by ??', ['email'])),
  )
  await of('raw select', () =>
    users().select(knex.raw('count(*) over() as total'), knex.raw('coalesce(??, ?) as nick', ['nickname', 'none'])),
  )
  await of('raw json aggregate', () =>
    users()
      .select('users.id', knex.raw("coalesce(json_agg(posts.*) filter (where posts.id is not null), '[]') as posts"))
      .leftJoin('posts', 'posts.user_id', 'users.id')
      .groupBy('users.id'),
  )
  await of('subquery in select', () =>
    users().select('name', knex('posts').count('*').where('user_id', knex.ref('users.id')).as('posts'), {
      a: knex.raw('age + 1'),
    }),
  )
  await of('from a subquery', () =>
    knex.avg('sum_column1').from((q) => q.sum('column1 as sum_column1').from('t1').groupBy('column1').as('t1')),
  )
  await of('from raw', () => knex.select('g').fromRaw('generate_series(1, ?) as g', [5]))
  await of('function helpers', () => users().select(knex.fn.now()).where('created_at', '<', knex.fn.now(3)))
  await of('uuid helper', () => users().select(knex.raw('gen_random_uuid()')))
  await of('full text search', () =>
    knex('articles')
      .whereRaw("to_tsvector('simple', body) @@ phraseto_tsquery('simple', ?)", ['a b'])
      .orderByRaw('ts_rank_cd(tsv, plainto_tsquery(?)) desc', ['a']),
  )
  await of('array operator and escaped question mark', () =>
    users().whereRaw('tags && ?::text[]', ['{a}']).whereRaw("settings \\? 'dark'"),
  )
  await of('for update', () => users().select().where('id', 1).forUpdate())
  await of('for update skip locked', () => users().select().limit(1).forUpdate('users').skipLocked())
  await of('for share no wait', () => users().select().forShare().noWait())
  await of('for no key update, for key share', () => users().select().forNoKeyUpdate())
  await of('for key share', () => users().select().forKeyShare('users'))
  await of('comment', () => users().where('id', 1).comment('Get user by id'))
  await of('hint comment', () => users().hintComment('NO_ICP(users)'))
  await of('clear and modify', () =>
    users()
      .select('a')
      .clearSelect()
      .select('b')
      .modify((q) => q.where('b', true)),
  )
  await of('dates', () => users().whereRaw("created_at > current_timestamp - interval '7 days'"))
}

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
