import { Brackets, NotBrackets } from 'typeorm'
import { Category, Photo, Question, User } from './entities.mjs'

export async function builder({ source, of }) {
  const user = () => source.getRepository(User).createQueryBuilder('user')
  await of('builder getOne', () => user().where('user.id = :id', { id: 1 }).getOne())
  await of('builder getMany', () =>
    user().where('user.firstName = :a OR user.lastName = :b', { a: 'x', b: 'y' }).getMany(),
  )
  await of('builder select', () => user().select(['user.id', 'user.firstName']).addSelect('user.password').getMany())
  await of('builder raw', () => user().select('SUM(user.age)', 'sum').where('user.isActive').getRawOne())
  await of('builder brackets', () =>
    user()
      .where('user.isActive = :active', { active: true })
      .andWhere(new Brackets((q) => q.where('user.firstName = :n', { n: 'x' }).orWhere('user.age > :m', { m: 5 })))
      .andWhere(new NotBrackets((q) => q.where('user.age < 1')))
      .getMany(),
  )
  await of('builder in', () =>
    user()
      .where('user.id IN (:...ids)', { ids: [1, 2, 3] })
      .getMany(),
  )
  await of('builder whereInIds', () => user().whereInIds([1, 2]).getMany())
  await of('builder join', () =>
    user().leftJoinAndSelect('user.photos', 'photo', 'photo.views > :v', { v: 1 }).getMany(),
  )
  await of('builder inner join without selection', () => user().innerJoin('user.photos', 'photo').getMany())
  await of('builder nested joins', () =>
    user()
      .innerJoinAndSelect('user.questions', 'q')
      .leftJoinAndSelect('q.categories', 'c')
      .orderBy('q.title')
      .getMany(),
  )
  await of('builder join of an entity', () => user().leftJoin(Photo, 'photo', 'photo.userId = user.id').getMany())
  await of('builder join of a subquery', () =>
    user()
      .innerJoin(
        (q) => q.select('p."userId"', 'uid').addSelect('MAX(p.views)', 'top').from(Photo, 'p').groupBy('p."userId"'),
        'best',
        'best.uid = user.id',
      )
      .select(['user.id AS id', 'best.top AS top'])
      .getRawMany(),
  )
  await of('builder map one', () => user().leftJoinAndMapOne('user.first', 'user.photos', 'photo').getMany())
  await of('builder pagination', () => user().leftJoinAndSelect('user.photos', 'photo').skip(5).take(10).getMany())
  await of('builder pagination ordered by a relation', () =>
    user()
      .leftJoinAndSelect('user.photos', 'photo')
      .orderBy('photo.views', 'DESC', 'NULLS LAST')
      .take(10)
      .getManyAndCount(),
  )
  await of('builder limit and offset', () => user().limit(10).offset(5).getMany())
}

export async function subqueries({ source, of }) {
  const user = () => source.getRepository(User).createQueryBuilder('user')
  const photo = () => source.getRepository(Photo).createQueryBuilder('photo')
  await of('builder group by, having', () =>
    photo()
      .select('photo.userId', 'owner')
      .addSelect('COUNT(*)', 'n')
      .groupBy('photo.userId')
      .having('COUNT(*) > :n', { n: 2 })
      .getRawMany(),
  )
  await of('builder distinct on', () => photo().distinctOn(['photo.userId']).orderBy('photo.userId').getMany())
  await of('builder distinct', () => user().select('user.firstName', 'name').distinct(true).getRawMany())
  await of('builder getCount', () => user().where('user.age > 1').getCount())
  await of('builder getCount with a join', () => user().leftJoin('user.photos', 'photo').getCount())
  await of('builder getExists', () => user().where('user.age > 1').getExists())
  await of('builder subquery in where', () => {
    const q = user()
    const names = q.subQuery().select('p.url').from(Photo, 'p').where('p.views > :v').getQuery()
    return q.where(`user.firstName IN ${names}`).setParameter('v', 3).getMany()
  })
  await of('builder exists subquery', () =>
    user().whereExists(source.createQueryBuilder(Photo, 'p').where('p.userId = user.id')).getMany(),
  )
  await of('builder from a subquery', () =>
    source
      .createQueryBuilder()
      .select('u.name', 'name')
      .from((q) => q.select('user.firstName', 'name').from(User, 'user').where('user.isActive = :r', { r: true }), 'u')
      .getRawMany(),
  )
  await of('builder subquery in select', () =>
    user()
      .select('user.id', 'id')
      .addSelect((q) => q.select('COUNT(*)').from(Photo, 'p').where('p.userId = user.id'), 'photos')
      .getRawMany(),
  )
  await of('builder common table expression', () =>
    source
      .createQueryBuilder()
      .addCommonTableExpression(user().select('user.id', 'id').where('user.age > 1'), 'grown')
      .select('g.id', 'id')
      .from('grown', 'g')
      .getRawMany(),
  )
  await of('builder recursive common table expression', () =>
    source
      .createQueryBuilder()
      .addCommonTableExpression(
        'SELECT "id", 0 AS "depth" FROM "folder" WHERE "parentId" IS NULL UNION ALL SELECT f."id", t."depth" + 1 FROM "folder" f JOIN "tree" t ON f."parentId" = t."id"',
        'tree',
        { recursive: true, columnNames: ['id', 'depth'] },
      )
      .select('t.id', 'id')
      .from('tree', 't')
      .getRawMany(),
  )
  await of('builder materialized common table expression that deletes', () =>
    source
      .createQueryBuilder()
      .addCommonTableExpression('DELETE FROM "category" WHERE "id" = 0 RETURNING "id"', 'gone', { materialized: true })
      .select('gone.id', 'id')
      .from('gone', 'gone')
      .getRawMany(),
  )
  await of('builder window function', () =>
    photo()
      .select('photo.id', 'id')
      .addSelect('RANK() OVER (PARTITION BY photo."userId" ORDER BY photo.views DESC)', 'rank')
      .getRawMany(),
  )
  await of('builder withDeleted', () => user().withDeleted().getMany())
  await of('builder lock', () =>
    source.transaction((manager) =>
      manager
        .createQueryBuilder(User, 'locked')
        .setLock('pessimistic_write', undefined, ['locked'])
        .setOnLocked('nowait')
        .getMany(),
    ),
  )
  await of('builder relation of', () => source.createQueryBuilder().relation(User, 'photos').of(1).loadMany())
  await of('builder relation of a many to many', () =>
    source.createQueryBuilder().relation(Category, 'questions').of(1).loadMany(),
  )
  await of(
    'builder stream',
    async () => void (await source.getRepository(Question).createQueryBuilder('q').getRawMany()),
  )
  await of('builder full text', () =>
    source
      .createQueryBuilder(Question, 'q')
      .where(`to_tsvector('simple', q.text) @@ plainto_tsquery('simple', :t)`, { t: 'x' })
      .orderBy(`ts_rank(to_tsvector('simple', q.text), plainto_tsquery('simple', :t))`, 'DESC')
      .getMany(),
  )
  await of('builder comment', () => user().comment('slow').getMany())
  await of('builder cursor', () =>
    user()
      .where('(user.createdAt, user.id) < (:at, :id)', { at: new Date(0), id: 5 })
      .orderBy('user.createdAt', 'DESC')
      .limit(10)
      .getMany(),
  )
}
