import * as t from 'typeorm'
import { ActiveUser, Folder, Photo, Question, User } from './entities.mjs'

export async function find({ source, of }) {
  const users = source.getRepository(User)
  const photos = source.getRepository(Photo)
  const questions = source.getRepository(Question)
  await of('find', () => users.find())
  await of('find select', () => users.find({ select: { firstName: true, lastName: true } }))
  await of('find relations', () =>
    users.find({ relations: { profile: true, photos: true, questions: { categories: true } } }),
  )
  await of('find relations, where on a relation', () =>
    users.find({ relations: { photos: true }, where: { photos: { url: t.Like('%.png') }, profile: { gender: 'f' } } }),
  )
  await of('find relations by queries', () =>
    users.find({
      relations: { profile: true, photos: true, questions: { categories: true } },
      relationLoadStrategy: 'query',
    }),
  )
  await of('find where', () => users.find({ where: { firstName: 'Timber', lastName: 'Saw' } }))
  await of('find where or', () => users.find({ where: [{ firstName: 'A' }, { lastName: 'B', age: 3 }] }))
  await of('find order', () => users.find({ order: { firstName: 'ASC', age: { direction: 'DESC', nulls: 'LAST' } } }))
  await of('find withDeleted', () => users.find({ withDeleted: true }))
  await of('find skip and take', () => users.find({ skip: 5, take: 10 }))
  await of('find skip and take with relations', () =>
    users.find({ relations: { photos: true }, order: { photos: { views: 'DESC' }, id: 'ASC' }, skip: 1, take: 10 }),
  )
  await of('findOne', () => users.findOne({ where: { id: 1 } }))
  await of('findOne with relations', () => users.findOne({ where: { id: 1 }, relations: { photos: { album: true } } }))
  await of('findOneBy', () => users.findOneBy({ email: 'ann@example.com' }))
  await of('findOneOrFail', () => users.findOneOrFail({ where: { id: 99 } }).catch(() => {}))
  await of('findBy In', () => users.findBy({ id: t.In([1, 2, 3]) }))
  await of('findBy In of many', () => users.findBy({ id: t.In(Array.from({ length: 100 }, (_, index) => index)) }))
  await of('findBy In of none', () => users.findBy({ id: t.In([]) }))
  await of('findAndCount', () => users.findAndCount({ where: { isActive: true }, take: 2 }))
  await of('findAndCount with relations', () => users.findAndCount({ relations: { photos: true }, take: 2 }))
  await of('find eager', () => photos.find())
  await of('find without eager', () => photos.find({ loadEagerRelations: false }))
  await of('find relation ids', () => questions.find({ loadRelationIds: true }))
  await of('find with a comment', () => users.find({ comment: 'for the list */ of users' }))
  await of('find many to many', () =>
    questions.find({ relations: { categories: true }, where: { categories: { name: 'cats' } } }),
  )
  await of('find from a view', () => source.getRepository(ActiveUser).find({ where: { name: 'Ann' } }))
}

export async function operators({ source, of }) {
  const users = source.getRepository(User)
  const texts = {
    Not: t.Not('x'),
    Like: t.Like('%a%'),
    ILike: t.ILike('%A%'),
    IsNull: t.IsNull(),
    Equal: t.Equal('x'),
    Any: t.Any(['a', 'b']),
    'Not IsNull': t.Not(t.IsNull()),
    Raw: t.Raw((alias) => `lower(${alias}) = lower(:value)`, { value: 'x' }),
    'And and Or': t.And(t.Not(t.Equal('x')), t.Or(t.Like('a%'), t.Like('b%'))),
  }
  for (const [name, lastName] of Object.entries(texts)) await of(`find ${name}`, () => users.findBy({ lastName }))
  const numbers = {
    LessThan: t.LessThan(10),
    LessThanOrEqual: t.LessThanOrEqual(10),
    MoreThan: t.MoreThan(1),
    Between: t.Between(1, 10),
  }
  for (const [name, age] of Object.entries(numbers)) await of(`find ${name}`, () => users.findBy({ age }))
  await of('find MoreThan a date', () =>
    users.findBy({ createdAt: t.MoreThanOrEqual(new Date('2026-01-01T00:00:00Z')) }),
  )
  await of('find Raw with now', () =>
    users.findBy({ createdAt: t.Raw((alias) => `${alias} > NOW() - interval '1 day'`) }),
  )
  await of('find ArrayContains', () => users.findBy({ roles: t.ArrayContains(['admin']) }))
  await of('find ArrayContainedBy, ArrayOverlap', () =>
    users.find({ where: [{ roles: t.ArrayContainedBy(['a']) }, { roles: t.ArrayOverlap(['b']) }] }),
  )
  await of('find JsonContains', () => users.findBy({ settings: t.JsonContains({ theme: 'dark' }) }))
  await of('count', () => users.count({ where: { firstName: 'Timber' } }))
  await of('count with relations', () => users.count({ relations: { photos: true }, where: { photos: { views: 1 } } }))
  await of('exists', () => users.exists({ where: { firstName: 'Timber' } }))
  await of('existsBy', () => users.existsBy({ age: 5 }))
  await of('sum', () => users.sum('age', { isActive: true }))
  await of('average, minimum, maximum', async () => {
    await users.average('age', { firstName: 'x' })
    await users.minimum('age')
    await users.maximum('age')
  })
  await of('find with a lock', () =>
    source.transaction((manager) =>
      manager
        .getRepository(User)
        .findOne({ where: { id: 1 }, lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' } }),
    ),
  )
  await of('find with a lock of a table', () =>
    source.transaction((manager) =>
      manager.getRepository(User).find({ lock: { mode: 'pessimistic_read', onLocked: 'nowait', tables: ['user'] } }),
    ),
  )
  await of('find with weaker locks', () =>
    source.transaction(async (manager) => {
      await manager.getRepository(User).find({ lock: { mode: 'for_no_key_update' } })
      await manager.getRepository(User).find({ lock: { mode: 'for_key_share' } })
    }),
  )
}

export async function trees({ source, of }) {
  const folders = source.getTreeRepository(Folder)
  let root
  await of('tree save a root', async () => void (root = await folders.save({ name: 'root' })))
  await of('tree save', () => folders.save({ name: 'child', parent: root }))
  await of('tree findTrees', () => folders.findTrees())
  await of('tree findRoots', () => folders.findRoots())
  await of('tree findDescendants', () => folders.findDescendants(root))
  await of('tree findDescendantsTree', () => folders.findDescendantsTree(root))
  await of('tree countDescendants', () => folders.countDescendants(root))
  await of('tree findAncestors', () => folders.findAncestors(root))
  await of('tree countAncestors', () => folders.countAncestors(root))
}
