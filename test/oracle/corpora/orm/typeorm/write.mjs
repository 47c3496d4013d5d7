import { Category, Photo, Profile, Question, User } from './entities.mjs'

export async function writes({ source, of }) {
  const users = source.getRepository(User)
  let ann
  await of('save', async () => void (ann = await users.save({ firstName: 'Ann', email: 'ann@example.com' })))
  await of('save with cascades', () =>
    users.save({
      firstName: 'Bob',
      email: 'bob@example.com',
      profile: { bio: 'x' },
      photos: [{ url: 'a' }, { url: 'b' }],
    }),
  )
  await of('save again', () => users.save({ id: ann.id, firstName: 'Anna' }))
  await of('save a many to many', () =>
    source
      .getRepository(Question)
      .save({ title: 't', text: 'x', author: { id: ann.id }, categories: [{ name: 'cats' }, { name: 'dogs' }] }),
  )
  await of('insert', () =>
    users.insert([
      { firstName: 'C', email: 'c@example.com' },
      { firstName: 'D', email: 'd@example.com', age: 4 },
    ]),
  )
  await of('update', () => users.update({ firstName: 'C' }, { lastName: 'See' }))
  await of('update by ids', () => users.update([1, 2], { isActive: true }))
  await of('upsert', () => users.upsert([{ firstName: 'E', email: 'e@example.com' }], ['email']))
  await of('upsert that skips', () =>
    users.upsert(
      { firstName: 'E', email: 'e@example.com' },
      { conflictPaths: ['email'], skipUpdateIfNoValuesChanged: true },
    ),
  )
  await of('increment', () => users.increment({ firstName: 'C' }, 'age', 3))
  await of('decrement', () => users.decrement({ firstName: 'C' }, 'age', 3))
  await of('softDelete', () => users.softDelete({ firstName: 'D' }))
  await of('restore', () => users.restore({ firstName: 'D' }))
  await of('softRemove', () => users.softRemove({ id: ann.id }))
  await of('recover', () => users.recover({ id: ann.id }))
  await of('delete', () => users.delete({ firstName: 'nobody' }))
  await of('delete by ids', () => users.delete([98, 99]))
  await of('remove', async () =>
    source.getRepository(Profile).remove(await source.getRepository(Profile).save({ bio: 'gone' })),
  )
  await of('clear', () => source.getRepository(Photo).clear())
  await of('builder insert', () =>
    source
      .createQueryBuilder()
      .insert()
      .into(Category)
      .values([{ name: 'x' }, { name: () => "CONCAT('a', 'b')" }])
      .execute(),
  )
  await of('builder insert or ignore', () =>
    source
      .createQueryBuilder()
      .insert()
      .into(User)
      .values({ firstName: 'E', email: 'e@example.com' })
      .orIgnore()
      .execute(),
  )
  await of('builder insert or update', () =>
    source
      .createQueryBuilder()
      .insert()
      .into(User)
      .values({ firstName: 'E', email: 'e@example.com' })
      .orUpdate(['firstName', 'lastName'], ['email'], {
        skipUpdateIfNoValuesChanged: true,
        overwriteCondition: { where: { age: 3 } },
      })
      .returning(['id', 'email'])
      .execute()
      .catch(() => {}),
  )
  await of('builder insert of a query result', () =>
    source
      .createQueryBuilder()
      .insert()
      .into(User, ['firstName', 'email', 'version'])
      .values({ firstName: () => '(SELECT max(name) FROM category)', email: 'f', version: 1 })
      .returning('*')
      .execute(),
  )
  await of('builder update', () =>
    source
      .createQueryBuilder()
      .update(User)
      .set({ age: () => 'age + 1', lastName: 'x' })
      .where('id = :id', { id: 1 })
      .returning('*')
      .execute(),
  )
  await of('builder update of a subquery', () =>
    source
      .createQueryBuilder()
      .update(User)
      .set({ lastName: 'y' })
      .where('"profileId" IN (SELECT id FROM user_profile WHERE gender = :g)', { g: 'm' })
      .execute(),
  )
  await of('builder delete', () =>
    source.createQueryBuilder().delete().from(Photo).where('id = :id', { id: 1 }).returning('id').execute(),
  )
  await of('builder soft delete and restore', async () => {
    await source.createQueryBuilder().softDelete().from(User).where('id = :id', { id: 77 }).execute()
    await source.createQueryBuilder().restore().from(User).where('id = :id', { id: 77 }).execute()
  })
  await of('builder relation add, remove, set', async () => {
    await source
      .createQueryBuilder()
      .relation(Category, 'questions')
      .of(1)
      .remove('00000000-0000-0000-0000-000000000000')
    await source.createQueryBuilder().relation(User, 'profile').of(1).set(null)
  })
  await of('transaction', () =>
    source.transaction((manager) => manager.save(User, { firstName: 'T', email: 't@example.com' })),
  )
  await of('transaction that is serializable and rolls back', () =>
    source
      .transaction('SERIALIZABLE', async (manager) => {
        await manager.transaction(async (inner) => void (await inner.update(User, 1, { age: 2 })))
        throw new Error('back')
      })
      .catch(() => {}),
  )
  await of('query', () => source.query('SELECT * FROM "user" WHERE id = $1', [1]))
  await of('query as a template', () => source.sql`SELECT ${1}::int AS one FROM media.photos WHERE views > ${2}`)
}
