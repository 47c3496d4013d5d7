import { sql } from 'kysely'

const since = new Date('2026-01-01T00:00:00Z')

export async function select({ db, of }) {
  const person = () => db.selectFrom('person')
  await of('select all', () => person().selectAll().execute())
  await of('select all of a table', () =>
    db.selectFrom(['person', 'pet']).selectAll('person').whereRef('pet.owner_id', '=', 'person.id').execute(),
  )
  await of('select a column', () => person().select('id').where('first_name', '=', 'Arnold').executeTakeFirst())
  await of('select with aliases', () =>
    db.selectFrom('person as p').select(['first_name as fn', 'p.last_name as ln', 'p.id']).execute(),
  )
  await of('select expressions', () =>
    person()
      .select(({ fn, val, lit, eb, or }) => [
        fn.coalesce('nickname', 'first_name').as('name'),
        val('hello').as('greeting'),
        lit(7).as('seven'),
        or([eb('first_name', '=', 'A'), eb('age', '>', 30)]).as('known'),
        sql`concat(first_name, ' ', last_name)`.as('full_name'),
        eb('age', '+', 1).as('next_age'),
        eb.neg('age').as('minus'),
      ])
      .execute(),
  )
  await of('select a scalar subquery', () =>
    person()
      .select((eb) => [
        'id',
        eb.selectFrom('pet').whereRef('person.id', '=', 'pet.owner_id').select('pet.name').limit(1).as('first_pet'),
      ])
      .execute(),
  )
  await of('select distinct', () => person().select('first_name').distinct().execute())
  await of('select distinct on', () =>
    person()
      .innerJoin('pet', 'pet.owner_id', 'person.id')
      .where('pet.name', '=', 'Doggo')
      .distinctOn('person.id')
      .selectAll('person')
      .orderBy('person.id')
      .execute(),
  )
  await of('where several', () =>
    person()
      .selectAll()
      .where('first_name', 'like', 'A%')
      .where('age', '>', 40)
      .where('verified', 'is', true)
      .execute(),
  )
  await of('where in', () => person().selectAll().where('id', 'in', [1, 2, 3]).execute())
  await of('where in of many', () =>
    person()
      .selectAll()
      .where(
        'id',
        'in',
        Array.from({ length: 150 }, (_, index) => index),
      )
      .execute(),
  )
  await of('where in of tuples', () =>
    person()
      .selectAll()
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('first_name', 'last_name'), 'in', [tuple('A', 'B'), tuple('C', 'D')]),
      )
      .execute(),
  )
  await of('where tuple in a subquery', () =>
    person()
      .selectAll()
      .where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple('first_name', 'id'),
          'in',
          selectFrom('pet').select(['name', 'owner_id']).$asTuple('name', 'owner_id'),
        ),
      )
      .execute(),
  )
  await of('where or, and, not', () =>
    person()
      .selectAll()
      .where(({ eb, or, and, not, exists, selectFrom }) =>
        and([
          or([eb('first_name', '=', 'A'), eb('age', '<', 10)]),
          not(exists(selectFrom('pet').select('pet.id').whereRef('pet.owner_id', '=', 'person.id'))),
        ]),
      )
      .execute(),
  )
  await of('where null, between, ilike, any', () =>
    person()
      .selectAll()
      .where((eb) =>
        eb.or([
          eb('nickname', 'is', null),
          eb('nickname', 'is not', null),
          eb('nickname', 'is distinct from', 'x'),
          eb.between('age', 10, 20),
          eb.betweenSymmetric('age', 30, 20),
          eb('last_name', 'ilike', '%z'),
          eb(eb.val('x'), '=', eb.fn.any('tags')),
          eb('last_name', '~*', '^a'),
        ]),
      )
      .execute(),
  )
  await of('where a subquery compares', () =>
    person()
      .selectAll()
      .where('age', '>', (eb) => eb.selectFrom('person as other').select((e) => e.fn.avg('other.age').as('avg')))
      .execute(),
  )
}

export async function orders({ db, of }) {
  const person = () => db.selectFrom('person')
  await of('order by, limit, offset', () =>
    person().selectAll().orderBy('last_name', 'desc').orderBy('id').limit(10).offset(20).execute(),
  )
  await of('order by nulls, collate', () =>
    person()
      .selectAll()
      .orderBy('nickname', (order) => order.collate('C').desc().nullsLast())
      .execute(),
  )
  await of('fetch with ties', () => person().selectAll().orderBy('age').offset(0).fetch(10, 'with ties').execute())
  await of('pagination by cursor', () =>
    person()
      .selectAll()
      .where(({ eb, refTuple, tuple }) => eb(refTuple('created_at', 'id'), '<', tuple(since, 5)))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(20)
      .execute(),
  )
  await of('group by, having', () =>
    person()
      .select(({ fn }) => ['last_name', fn.count('id').as('n'), fn.max('age').as('oldest'), fn.sum('age').as('years')])
      .groupBy('last_name')
      .having(({ fn }) => fn.count('id'), '>', 10)
      .execute(),
  )
  await of('aggregates', () =>
    person()
      .select(({ fn }) => [
        fn.countAll().as('all'),
        fn.countAll('person').as('persons'),
        fn.count('first_name').distinct().as('names'),
        fn.avg('age').filterWhere('verified', '=', true).as('avg'),
        fn.agg('array_agg', ['first_name']).orderBy('age', 'desc').as('first_names'),
        fn
          .agg('percentile_cont', [sql.lit(0.5)])
          .withinGroupOrderBy('age')
          .as('median'),
        fn.jsonAgg('nickname').as('nicknames'),
      ])
      .execute(),
  )
  await of('window functions', () =>
    person()
      .select(({ fn }) => [
        'id',
        fn.countAll().over().as('total'),
        fn
          .avg('age')
          .over((over) => over.partitionBy('last_name').orderBy('id', 'desc'))
          .as('avg'),
        fn
          .agg('row_number')
          .over((over) => over.orderBy('age'))
          .as('row'),
      ])
      .execute(),
  )
}
