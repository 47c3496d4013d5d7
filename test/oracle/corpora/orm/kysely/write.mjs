import { sql } from 'kysely'

const jennifer = { first_name: 'Jennifer', last_name: 'Aniston', age: 40 }

export async function inserts({ db, of }) {
  const person = () => db.insertInto('person')
  await of('insert', () => person().values(jennifer).executeTakeFirst())
  await of('insert several', () =>
    person()
      .values([jennifer, { first_name: 'A', last_name: 'S', age: 70 }])
      .execute(),
  )
  await of('insert returning', () => person().values(jennifer).returning(['id', 'first_name as name']).execute())
  await of('insert returning all', () => person().values(jennifer).returningAll().execute())
  await of('insert expressions', () =>
    person()
      .values(({ ref, selectFrom, fn }) => ({
        first_name: 'J',
        last_name: sql`${'a'} || ${'b'}`,
        middle_name: ref('first_name'),
        age: selectFrom('person').select(fn.avg('age').as('avg')),
      }))
      .execute(),
  )
  await of('insert from a query', () =>
    person()
      .columns(['first_name', 'last_name', 'age'])
      .expression((eb) =>
        eb.selectFrom('pet').select((e) => ['pet.name', e.val('Petson').as('last'), e.lit(7).as('age')]),
      )
      .execute(),
  )
  await of('insert defaults', () => person().defaultValues().returning('id').execute())
  await of('on conflict do nothing', () =>
    person()
      .values(jennifer)
      .onConflict((oc) => oc.column('email').doNothing())
      .execute(),
  )
  await of('on conflict on a constraint', () =>
    person()
      .values(jennifer)
      .onConflict((oc) => oc.constraint('person_email_key').doUpdateSet({ age: 41 }))
      .execute(),
  )
  await of('on conflict do update with excluded', () =>
    person()
      .values(jennifer)
      .onConflict((oc) =>
        oc
          .columns(['first_name', 'last_name'])
          .where('age', '>', 1)
          .doUpdateSet((eb) => ({ age: eb.ref('excluded.age'), last_name: eb.ref('person.last_name') }))
          .where('person.age', '<', 90),
      )
      .execute(),
  )
  await of('on conflict of an expression', () =>
    person()
      .values(jennifer)
      .onConflict((oc) => oc.expression(sql`lower(email)`).doNothing())
      .execute(),
  )
  await of('insert a JSON value and an array', () =>
    person()
      .values({ profile: JSON.stringify({ a: 1 }), tags: sql`array[${sql.join(['a', 'b'])}]::text[]` })
      .execute(),
  )
}

export async function updates({ db, of }) {
  const person = () => db.updateTable('person')
  await of('update', () => person().set({ first_name: 'J' }).where('id', '=', 1).executeTakeFirst())
  await of('update returning', () => person().set('age', 5).where('id', '=', 1).returningAll().execute())
  await of('update expressions', () =>
    person()
      .set((eb) => ({
        age: eb('age', '+', 1),
        first_name: eb.selectFrom('pet').select('name').limit(1),
        last_name: 'updated',
      }))
      .where('id', '=', 1)
      .execute(),
  )
  await of('update from', () =>
    person()
      .from('pet')
      .set((eb) => ({ first_name: eb.ref('pet.name') }))
      .whereRef('pet.owner_id', '=', 'person.id')
      .execute(),
  )
  await of('update from and joins', () =>
    db
      .updateTable('person as p')
      .from('pet')
      .innerJoin('toy', 'toy.pet_id', 'pet.id')
      .set({ nickname: null })
      .whereRef('pet.owner_id', '=', 'p.id')
      .returning(['p.id', 'toy.name'])
      .execute(),
  )
  await of('update of a schema', () => db.withSchema('app').updateTable('person').set({ age: 1 }).execute())
  await of('delete', () => db.deleteFrom('person').where('id', '=', 1).executeTakeFirst())
  await of('delete returning', () => db.deleteFrom('person').where('id', '=', 1).returning('id').execute())
  await of('delete using', () =>
    db
      .deleteFrom('pet')
      .using('person')
      .leftJoin('toy', 'toy.pet_id', 'pet.id')
      .whereRef('pet.owner_id', '=', 'person.id')
      .where('person.age', '>', 90)
      .returningAll('pet')
      .execute(),
  )
  await of('delete by a subquery', () =>
    db
      .deleteFrom('person')
      .where('id', 'in', (eb) => eb.selectFrom('pet').select('owner_id').where('name', '=', 'x'))
      .execute(),
  )
  await of('delete explained', () => db.deleteFrom('person').explain('text', sql`analyze`))
}

export async function raw({ db, of }) {
  await of('raw sql', () => sql`select * from person where id = ${1}`.execute(db))
  await of('raw sql with helpers', () =>
    sql`select ${sql.ref('p.id')}, ${sql.lit('x')} from ${sql.table('my_schema.person')} as p where ${sql.id('p', 'age')} = any(${[1, 2]}) ${sql.raw('limit 5')}`.execute(
      db,
    ),
  )
  await of('raw call of a function', () =>
    sql`select * from json_to_recordset(${'[]'}) as x(a int, b text)`.execute(db),
  )
  await of('raw truncate', () => sql`truncate table ${sql.table('pet')}`.execute(db))
  await of('call', () => sql`call refresh_stats(${1})`.execute(db))
  await of('transaction', () =>
    db.transaction().execute(async (trx) => {
      await trx.insertInto('person').values({ first_name: 'T' }).returning('id').executeTakeFirst()
      await trx.updateTable('pet').set({ owner_id: null }).execute()
    }),
  )
  await of('transaction with settings', () =>
    db
      .transaction()
      .setIsolationLevel('serializable')
      .setAccessMode('read only')
      .execute((trx) => trx.selectFrom('person').select('id').execute()),
  )
  await of('controlled transaction', async () => {
    const trx = await db.startTransaction().execute()
    const saved = await trx.savepoint('before').execute()
    await saved.rollbackToSavepoint('before').execute()
    await saved.releaseSavepoint('before').execute()
    await trx.rollback().execute()
  })
  await of('create and drop a view', async () => {
    await db.schema
      .createView('dogs')
      .orReplace()
      .as(db.selectFrom('pet').selectAll().where('species', '=', 'dog'))
      .execute()
    await db.schema.createView('dog_names').materialized().as(db.selectFrom('pet').select('name')).execute()
    await db.schema.refreshMaterializedView('dog_names').concurrently().execute()
    await db.schema.dropView('dogs').ifExists().execute()
  })
  await of('create, alter and drop a table', async () => {
    await db.schema
      .createTable('toy')
      .ifNotExists()
      .addColumn('id', 'serial', (column) => column.primaryKey())
      .addColumn('pet_id', 'integer', (column) => column.references('pet.id').onDelete('cascade'))
      .execute()
    await db.schema.createTable('copy').temporary().as(db.selectFrom('person').select('id')).execute()
    await db.schema.alterTable('toy').renameTo('toys').execute()
    await db.schema.createIndex('toy_pet').on('toy').column('pet_id').where('pet_id', 'is not', null).execute()
    await db.schema.dropTable('toy').ifExists().cascade().execute()
  })
}
