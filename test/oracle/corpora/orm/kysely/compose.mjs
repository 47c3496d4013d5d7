import { sql } from 'kysely'
import { mergeAction } from 'kysely/helpers/postgres'

export async function joins({ db, of }) {
  const person = () => db.selectFrom('person')
  await of('inner join', () =>
    person().innerJoin('pet', 'pet.owner_id', 'person.id').select(['person.id', 'pet.name']).execute(),
  )
  await of('inner join with aliases', () =>
    db
      .selectFrom('person as p')
      .innerJoin('pet as p2', 'p2.owner_id', 'p.id')
      .where('p2.name', '=', 'x')
      .selectAll()
      .execute(),
  )
  await of('left, right and full join', () =>
    person()
      .leftJoin('pet', 'pet.owner_id', 'person.id')
      .rightJoin('toy', 'toy.pet_id', 'pet.id')
      .fullJoin('article', 'article.author_id', 'person.id')
      .selectAll('article')
      .execute(),
  )
  await of('cross join', () => person().crossJoin('toy').selectAll().execute())
  await of('join with conditions', () =>
    person()
      .leftJoin('pet', (join) => join.onRef('pet.owner_id', '=', 'person.id').on('pet.name', '=', 'Doggo'))
      .selectAll()
      .execute(),
  )
  await of('join of a subquery', () =>
    person()
      .innerJoin(
        (eb) => eb.selectFrom('pet').select(['owner_id as owner', 'name']).where('name', '=', 'Doggo').as('doggos'),
        (join) => join.onRef('doggos.owner', '=', 'person.id'),
      )
      .selectAll('doggos')
      .execute(),
  )
  await of('lateral joins', () =>
    person()
      .leftJoinLateral(
        (eb) => eb.selectFrom('pet').select('name').whereRef('pet.owner_id', '=', 'person.id').limit(1).as('p'),
        (join) => join.onTrue(),
      )
      .innerJoinLateral(
        (eb) => eb.selectFrom('toy').select('toy.name as toy').whereRef('toy.pet_id', '=', 'person.id').as('t'),
        (join) => join.onTrue(),
      )
      .crossJoinLateral((eb) => eb.selectFrom('article').select('body').whereRef('author_id', '=', 'person.id').as('a'))
      .select(['p.name', 't.toy', 'a.body'])
      .execute(),
  )
  await of('from a subquery', () =>
    db
      .selectFrom((eb) => eb.selectFrom('person').select('person.id as id').where('age', '>', 9).as('grown'))
      .select('grown.id')
      .execute(),
  )
  await of('from a function', () =>
    db
      .selectFrom([sql`generate_series(1, ${10})`.as('g'), 'person'])
      .select(sql`g`.as('g'))
      .execute(),
  )
  await of('from values', () =>
    db
      .selectFrom(sql`(values (${1}, ${'a'}), (${2}, ${'b'}))`.as(sql`v(id, name)`))
      .innerJoin('person', (join) => join.on(sql`v.id = person.id`))
      .selectAll('person')
      .execute(),
  )
  await of('with schema', () =>
    db.withSchema('my_schema').selectFrom('person').innerJoin('pet', 'pet.owner_id', 'person.id').selectAll().execute(),
  )
  await of('with schema and a CTE', () =>
    db
      .withSchema('my_schema')
      .with('grown', (qb) => qb.selectFrom('person').selectAll().where('age', '>', 18))
      .selectFrom('grown')
      .innerJoin('pet', 'pet.owner_id', 'grown.id')
      .selectAll()
      .execute(),
  )
  await of('from a schema', () => db.selectFrom('some_schema.cat as c').selectAll('c').execute())
  await of('from a quoted name', () => db.selectFrom('Weird "Table"').select('camelCase').execute())
}

export async function withs({ db, of }) {
  await of('with', () =>
    db
      .with('jennifers', (qb) => qb.selectFrom('person').where('first_name', '=', 'Jennifer').select(['id', 'age']))
      .with('adults', (qb) => qb.selectFrom('jennifers').where('age', '>', 18).select(['id', 'age']))
      .selectFrom('adults')
      .where('age', '<', 60)
      .selectAll()
      .execute(),
  )
  await of('with materialized', () =>
    db
      .with(
        (cte) => cte('p').materialized(),
        (qb) => qb.selectFrom('person').selectAll(),
      )
      .with(
        (cte) => cte('q').notMaterialized(),
        (qb) => qb.selectFrom('pet').selectAll(),
      )
      .selectFrom(['p', 'q'])
      .selectAll('p')
      .execute(),
  )
  await of('with recursive', () =>
    db
      .withRecursive('tree(id, parent, depth)', (qb) =>
        qb
          .selectFrom('node')
          .select(['id', 'parent_id', sql`0`.as('depth')])
          .where('parent_id', 'is', null)
          .unionAll(
            qb
              .selectFrom('node')
              .innerJoin('tree', 'tree.id', 'node.parent_id')
              .select(['node.id', 'node.parent_id', sql`tree.depth + 1`.as('depth')]),
          ),
      )
      .selectFrom('tree')
      .selectAll()
      .execute(),
  )
  await of('with that writes', () =>
    db
      .with('new_person', (qb) => qb.insertInto('person').values({ first_name: 'J', age: 35 }).returning('id'))
      .with('new_pet', (qb) =>
        qb
          .insertInto('pet')
          .values({ name: 'D', owner_id: (eb) => eb.selectFrom('new_person').select('id') })
          .returning('id'),
      )
      .selectFrom(['new_person', 'new_pet'])
      .select(['new_person.id as person_id', 'new_pet.id as pet_id'])
      .execute(),
  )
  await of('with that deletes, inserted', () =>
    db
      .with('gone', (qb) => qb.deleteFrom('pet').where('name', '=', 'x').returning(['name', 'owner_id']))
      .insertInto('pet_archive')
      .columns(['name', 'owner_id'])
      .expression((eb) => eb.selectFrom('gone').select(['name', 'owner_id']))
      .execute(),
  )
  await of('with an updated one', () =>
    db
      .with('moved', (qb) => qb.updateTable('pet').set({ owner_id: 2 }).returningAll())
      .deleteFrom('toy')
      .using('moved')
      .whereRef('toy.pet_id', '=', 'moved.id')
      .execute(),
  )
}

export async function sets({ db, of }) {
  const pets = () => db.selectFrom('pet').select(['id', 'name'])
  const persons = () => db.selectFrom('person').select(['id', 'first_name as name'])
  await of('union', () => persons().union(pets()).orderBy('name').execute())
  await of('union all', () => persons().unionAll(pets()).limit(5).execute())
  await of('intersect and except', () => persons().intersect(pets()).except(pets()).execute())
  await of('intersect all and except all', () => persons().intersectAll(pets()).exceptAll(pets()).execute())
  await of('union in parentheses', () =>
    persons()
      .union((eb) => eb.parens(pets().unionAll(db.selectFrom('toy').select(['id', 'name']))))
      .execute(),
  )
  await of('union in a subquery', () =>
    db
      .selectFrom(persons().union(pets()).as('all'))
      .select(({ fn }) => fn.countAll().as('n'))
      .execute(),
  )
}

export async function merges({ db, of }) {
  await of('merge', () =>
    db
      .mergeInto('person as target')
      .using('pet as source', 'source.owner_id', 'target.id')
      .whenMatchedAnd('target.verified', '!=', true)
      .thenUpdateSet({ verified: true })
      .whenMatched()
      .thenDelete()
      .whenNotMatched()
      .thenInsertValues({ first_name: 'New', age: 1 })
      .execute(),
  )
  await of('merge that does nothing, returning', () =>
    db
      .mergeInto('wine')
      .using('wine_stock_change', 'wine_stock_change.id', 'wine.id')
      .whenMatched()
      .thenDoNothing()
      .whenNotMatchedBySource()
      .thenDelete()
      .returning([mergeAction().as('action'), 'wine.id'])
      .execute(),
  )
}
