import { sql } from 'kysely'
import { jsonArrayFrom, jsonBuildObject, jsonObjectFrom } from 'kysely/helpers/postgres'

export async function values({ db, of }) {
  const person = () => db.selectFrom('person')
  await of('case', () =>
    person()
      .select((eb) =>
        eb
          .case()
          .when('age', '<', 13)
          .then('child')
          .when(eb.and([eb('age', '<', 20), eb('verified', '=', true)]))
          .then('teen')
          .else('adult')
          .end()
          .as('phase'),
      )
      .execute(),
  )
  await of('case of a value', () =>
    person()
      .select((eb) => eb.case('gender').when('male').then('Mr.').else(null).end().as('title'))
      .execute(),
  )
  await of('casts', () =>
    person()
      .select((eb) => [eb.cast('age', 'text').as('age'), sql`${sql.ref('age')}::float8`.as('float')])
      .where(onNewYear)
      .execute(),
  )
  await of('json references', () =>
    person()
      .select((eb) => [
        eb.ref('profile', '->').key('addresses').at(0).key('city').as('city'),
        eb.ref('profile', '->>').key('name').as('name'),
      ])
      .execute(),
  )
  await of('jsonArrayFrom and jsonObjectFrom', () =>
    person()
      .select((eb) => [
        'id',
        jsonArrayFrom(
          eb
            .selectFrom('pet')
            .select(['pet.id as pet_id', 'pet.name'])
            .whereRef('pet.owner_id', '=', 'person.id')
            .orderBy('pet.name'),
        ).as('pets'),
        jsonObjectFrom(
          eb
            .selectFrom('pet')
            .select('pet.name')
            .whereRef('pet.owner_id', '=', 'person.id')
            .where('is_favorite', '=', true),
        ).as('favorite'),
        jsonBuildObject({ first: eb.ref('first_name'), last: eb.ref('last_name') }).as('name'),
      ])
      .execute(),
  )
  await of('jsonArrayFrom nested', () =>
    person()
      .select((eb) => [
        'id',
        jsonArrayFrom(
          eb
            .selectFrom('pet')
            .whereRef('pet.owner_id', '=', 'person.id')
            .select((pet) => [
              'name',
              jsonArrayFrom(pet.selectFrom('toy').select('toy.name').whereRef('toy.pet_id', '=', 'pet.id')).as('toys'),
            ]),
        ).as('pets'),
      ])
      .execute(),
  )
  await of('full text search', () =>
    db
      .selectFrom('article')
      .selectAll()
      .where(sql`to_tsvector('english', body) @@ plainto_tsquery('english', ${'cats'})`)
      .orderBy(sql`ts_rank(to_tsvector('english', body), plainto_tsquery('english', ${'cats'}))`, 'desc')
      .execute(),
  )
}

export async function locks({ db, of }) {
  const person = () => db.selectFrom('person')
  await of('row locks', () => person().selectAll().where('id', '=', 1).forUpdate().execute())
  await of('row locks of a table, skip locked', () =>
    person()
      .innerJoin('pet', 'pet.owner_id', 'person.id')
      .selectAll('person')
      .forNoKeyUpdate('person')
      .skipLocked()
      .execute(),
  )
  await of('row locks, no wait', () => person().selectAll().forShare().noWait().execute())
  await of('key share lock', () => person().selectAll().forKeyShare().execute())
  await of('explain', () => person().selectAll().explain())
  await of('explain analyze', () =>
    person()
      .selectAll()
      .explain('json', sql`analyze`),
  )
  await of('modifiers', () =>
    person()
      .modifyFront(sql`all`)
      .select('id')
      .modifyEnd(sql`for update`)
      .execute(),
  )
  await of('no table', () => db.selectNoFrom((eb) => eb.fn('upper', [eb.val('a')]).as('upper')).execute())
  await of('exists as a value', () =>
    db
      .selectNoFrom((eb) =>
        eb.exists(eb.selectFrom('person').select('id').where('email', '=', 'a@b.example')).as('taken'),
      )
      .execute(),
  )
  await of('now', () =>
    person()
      .selectAll()
      .where('created_at', '<', sql`now()`)
      .execute(),
  )
  await of('function call', () =>
    person()
      .select(({ fn }) => [fn('lower', ['email']).as('email'), fn.toJson('pet').as('pet')])
      .innerJoin('pet', 'pet.owner_id', 'person.id')
      .execute(),
  )
  await of('dynamic references', () =>
    person().select(db.dynamic.ref('person.age')).orderBy(db.dynamic.ref('first_name')).execute(),
  )
}

function onNewYear(eb) {
  return eb(eb.cast('created_at', 'date'), '=', eb.cast(eb.val('2026-01-01'), 'date'))
}
