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
}

export async function wheres({ knex, of }) {
  const users = () => knex('users')
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
}

export async function values({ knex, of }) {
  const users = () => knex('users')
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
}

export async function raws({ knex, of }) {
  const users = () => knex('users')
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
