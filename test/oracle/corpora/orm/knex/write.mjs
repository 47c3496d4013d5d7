export async function writes({ knex, of }) {
  const users = () => knex('users')
  await of('insert', () => users().insert({ title: 'Slaughterhouse Five' }))
  await of('insert several', () => users().insert([{ x: 20 }, { y: 30 }, { x: 10, y: 20 }]))
  await of('insert returning', () => users().insert({ a: 1 }, ['id', 'a']))
  await of('insert returning all', () => knex.insert({ a: 1 }).returning('*').into('app.users'))
  await of('insert defaults', () => users().insert({}))
  await of('insert of a query', () =>
    knex(knex.raw('?? (??, ??)', ['archive', 'id', 'name'])).insert(users().select('id', 'name')),
  )
  await of('on conflict ignore', () => users().insert({ email: 'a', name: 'b' }).onConflict('email').ignore())
  await of('on conflict of anything', () => users().insert({ email: 'a' }).onConflict().ignore())
  await of('on conflict merge', () => users().insert({ email: 'a', name: 'b' }).onConflict(['email', 'tenant']).merge())
  await of('on conflict merge some, where', () =>
    users()
      .insert({ email: 'a', name: 'b', updated_at: knex.fn.now() })
      .onConflict('email')
      .merge(['name'])
      .where('users.locked', false)
      .returning('id'),
  )
  await of('on conflict merge values', () =>
    users()
      .insert({ email: 'a' })
      .onConflict(knex.raw('(email) where active'))
      .merge({ name: knex.raw('excluded.name') }),
  )
  await of('update', () =>
    users().where('published_date', '<', 2000).update({ status: 'archived', thisKeyIsSkipped: undefined }),
  )
  await of('update a column', () => users().update('title', 'x'))
  await of('update returning', () => users().where({ id: 42 }).update({ title: 'x' }, ['id', 'title']))
  await of('update from', () =>
    users()
      .update({ name: knex.ref('accounts.name') })
      .updateFrom('accounts')
      .whereColumn('accounts.user_id', 'users.id'),
  )
  await of('update raw', () =>
    users().update({ votes: knex.raw('?? + 1', ['votes']), team: knex('teams').select('id').limit(1) }),
  )
  await of('increment and decrement', () =>
    users().where('id', 1).increment({ balance: 50, times: 1 }).decrement('tries', 1),
  )
  await of('delete', () => users().where('activated', false).del())
  await of('delete returning', () => users().where('id', 1).del(['id', 'title']))
  await of('delete with a join', () =>
    users().join('accounts', 'accounts.id', 'users.account_id').where('accounts.closed', true).del(),
  )
  await of('delete using', () => users().using('accounts').whereColumn('accounts.id', 'users.account_id').del())
  await of('truncate', () => users().truncate())
  await of('column info', () => users().columnInfo())
  await of('batch insert', () => knex.batchInsert('users', [{ a: 1 }, { a: 2 }, { a: 3 }], 2).returning('id'))
}

export async function raw({ knex, of }) {
  await of('raw', () => knex.raw('select * from users where id = ?', [1]))
  await of('raw with names', () =>
    knex.raw('select * from :tbl: where :col: = :val', { tbl: 'users', col: 'id', val: 1 }),
  )
  await of('raw with an array', () => knex.raw('select * from users where id = any(?)', [[1, 2, 3]]))
  await of('raw in a schema', () => knex.raw('select nextval(?)', ['users_id_seq']))
  await of('transaction', () =>
    knex.transaction(async (trx) => {
      await trx('books').insert({ name: 'Moby Dick' }, 'id')
      await trx.transaction((inner) => inner('books').where('id', 1).update({ name: 'x' }))
    }),
  )
  await of('transaction that rolls back', async () => {
    const trx = await knex.transaction(undefined, { isolationLevel: 'repeatable read', readOnly: true })
    await trx('books').select('id').forUpdate()
    await trx.rollback()
  })
  await of('savepoint that rolls back', () =>
    knex.transaction((trx) =>
      trx.transaction(async (inner) => void (await inner.rollback(new Error('back')))).catch(() => {}),
    ),
  )
  await of('has table and has column', async () => {
    await knex.schema.hasTable('users').catch(() => {})
    await knex.schema.hasColumn('users', 'email').catch(() => {})
  })
  await of('schema', async () => {
    await knex.schema.createTable('pets', (table) => {
      table.increments()
      table.string('name').index()
      table.integer('user_id').references('users.id').onDelete('cascade')
      table.timestamps(true, true)
    })
    await knex.schema.alterTable('pets', (table) => table.dropColumn('name'))
    await knex.schema.renameTable('pets', 'animals')
    await knex.schema.createView('user_names', (view) => view.as(knex('users').select('name')))
    await knex.schema.createMaterializedView('user_counts', (view) => view.as(knex('users').count()))
    await knex.schema.refreshMaterializedView('user_counts')
    await knex.schema.dropView('user_names')
    await knex.schema.dropTableIfExists('pets')
  })
}
