const since = new Date('2026-01-01T00:00:00Z')

export async function reads({ db, of }) {
  await of('findMany', () => db.user.findMany())
  await of('findUnique', () => db.user.findUnique({ where: { id: 1 } }))
  await of('findUnique by a compound id', () =>
    db.order.findUnique({ where: { year_number: { year: 2026, number: 1 } } }),
  )
  await of('findUnique by a compound key and a filter', () =>
    db.user.findUnique({ where: { name_age: { name: 'Ann', age: 30 }, role: 'USER' } }),
  )
  await of('findUnique in one tick', () => Promise.all([1, 2, 3].map((id) => db.user.findUnique({ where: { id } }))))
  await of('findFirst', () =>
    db.user.findFirst({ where: { email: { endsWith: 'example.com' } }, orderBy: { id: 'desc' } }),
  )
  await of('findFirstOrThrow', () => db.user.findFirstOrThrow({ where: { id: 99 } }).catch(() => {}))
  await of('select', () => db.user.findMany({ select: { email: true, name: true } }))
  await of('omit', () => db.user.findMany({ omit: { settings: true } }))
  await of('where of a schema and a name with a space', () =>
    db.order.findMany({ where: { region: 'north', total: { gte: '5.5' } } }),
  )
  await of('where string filters', () =>
    db.user.findMany({
      where: {
        OR: [
          { name: { contains: 'n' } },
          { name: { startsWith: 'A', mode: 'insensitive' } },
          { name: { not: null } },
          { email: { in: ['a', 'b'] } },
          { email: { notIn: ['c'] } },
          { email: { equals: 'A@B.EXAMPLE', mode: 'insensitive' } },
        ],
        NOT: { AND: [{ age: { lt: 5 } }, { age: { gte: 2 } }] },
      },
    }),
  )
  await of('where in many', () =>
    db.user.findMany({ where: { id: { in: Array.from({ length: 120 }, (_, index) => index) } } }),
  )
  await of('where in none', () => db.user.findMany({ where: { id: { in: [] } } }))
  await of('where a date and an enum', () =>
    db.user.findMany({ where: { createdAt: { gt: since }, role: { in: ['ADMIN'] } } }),
  )
  await of('where fields compare', () => db.post.findMany({ where: { title: { equals: db.post.fields.body } } }))
  await of('where scalar lists', () =>
    db.user.findMany({
      where: {
        OR: [
          { tags: { has: 'a' } },
          { tags: { hasEvery: ['a', 'b'] } },
          { tags: { hasSome: ['c'] } },
          { tags: { isEmpty: true } },
        ],
      },
    }),
  )
  await of('where JSON', () =>
    db.user.findMany({
      where: {
        OR: [
          { settings: { path: ['theme'], equals: 'dark' } },
          { settings: { path: ['tabs'], array_contains: ['a'] } },
          { settings: { path: ['name'], string_contains: 'x' } },
          { settings: { path: ['size'], gt: 5 } },
        ],
      },
    }),
  )
  await of('where full text', () => db.post.findMany({ where: { body: { search: 'cats & dogs' } } }))
  await of('order by relevance', () =>
    db.post.findMany({ orderBy: { _relevance: { fields: ['title', 'body'], search: 'cats', sort: 'desc' } }, take: 5 }),
  )
  await of('order by several', () =>
    db.user.findMany({ orderBy: [{ name: { sort: 'asc', nulls: 'last' } }, { id: 'desc' }] }),
  )
  await of('order by a relation', () => db.post.findMany({ orderBy: { author: { email: 'asc' } } }))
  await of('order by a count', () => db.user.findMany({ orderBy: { posts: { _count: 'desc' } }, take: 3 }))
  await of('skip and take', () => db.post.findMany({ skip: 2, take: 2 }))
  await of('take from the end', () => db.post.findMany({ take: -3, orderBy: { id: 'asc' } }))
  await of('cursor', () => db.user.findMany({ take: 4, skip: 1, cursor: { id: 1 }, orderBy: { id: 'asc' } }))
  await of('cursor in another order', () =>
    db.user.findMany({
      take: 4,
      cursor: { id: 1 },
      orderBy: [{ name: 'desc' }, { id: 'asc' }],
      where: { age: { gt: 1 } },
    }),
  )
  await of('distinct', () => db.user.findMany({ distinct: ['role'], orderBy: { role: 'asc' } }))
  await of('distinct in another order', () =>
    db.user.findMany({ distinct: ['role', 'name'], orderBy: { age: 'asc' }, take: 2 }),
  )
  await of('view', () => db.userInfo.findMany({ where: { bio: { not: null } } }))
}

const strategies = ['join', 'query']

export async function relations({ db, of }) {
  const all = (name, example) =>
    Promise.resolve().then(async () => {
      for (const relationLoadStrategy of strategies)
        await of(`${name}, ${relationLoadStrategy}`, () => example(relationLoadStrategy))
    })
  await all('include many', (relationLoadStrategy) =>
    db.user.findMany({ relationLoadStrategy, include: { posts: true } }),
  )
  await all('include one', (relationLoadStrategy) =>
    db.post.findMany({ relationLoadStrategy, include: { author: true } }),
  )
  await all('include one to one', (relationLoadStrategy) =>
    db.user.findMany({ relationLoadStrategy, include: { profile: true } }),
  )
  await all('include nested', (relationLoadStrategy) =>
    db.user.findUnique({
      relationLoadStrategy,
      where: { id: 1 },
      include: {
        posts: { include: { categories: true, comments: { include: { author: { select: { name: true } } } } } },
      },
    }),
  )
  await all('include filtered', (relationLoadStrategy) =>
    db.user.findMany({
      relationLoadStrategy,
      include: {
        posts: { where: { published: false }, orderBy: { title: 'asc' }, take: 2, skip: 1, select: { title: true } },
      },
    }),
  )
  await all('include many to many', (relationLoadStrategy) =>
    db.category.findMany({ relationLoadStrategy, include: { posts: { take: 2, orderBy: { title: 'desc' } } } }),
  )
  await all('include a self relation', (relationLoadStrategy) =>
    db.user.findMany({ relationLoadStrategy, include: { friends: true, friendOf: { select: { email: true } } } }),
  )
  await all('include a tree', (relationLoadStrategy) =>
    db.comment.findMany({ relationLoadStrategy, include: { replies: { include: { replies: true } }, parent: true } }),
  )
  await all('include of another schema', (relationLoadStrategy) =>
    db.user.findMany({
      relationLoadStrategy,
      include: { orders: { cursor: { year_number: { year: 2026, number: 1 } } } },
    }),
  )
  await all('select _count', (relationLoadStrategy) =>
    db.user.findMany({
      relationLoadStrategy,
      select: { id: true, _count: { select: { posts: true, friends: true } } },
    }),
  )
  await all('select a filtered _count', (relationLoadStrategy) =>
    db.user.findMany({
      relationLoadStrategy,
      select: { _count: { select: { posts: { where: { published: true } } } } },
    }),
  )
  await all('include distinct', (relationLoadStrategy) =>
    db.user.findMany({ relationLoadStrategy, include: { posts: { distinct: ['views'], orderBy: { views: 'asc' } } } }),
  )
  await of('some', () => db.user.findMany({ where: { posts: { some: { views: { gt: 1 } } } } }))
  await of('every', () => db.user.findMany({ where: { posts: { every: { published: true } } } }))
  await of('none', () => db.user.findMany({ where: { posts: { none: { views: { gt: 9 } } } } }))
  await of('is and isNot', () =>
    db.post.findMany({ where: { author: { is: { age: { gt: 1 } }, isNot: { name: 'x' } } } }),
  )
  await of('is null', () => db.post.findMany({ where: { author: null } }))
  await of('some of a many to many', () => db.post.findMany({ where: { categories: { some: { name: 'cats' } } } }))
  await of('some nested', () =>
    db.user.findMany({ where: { posts: { some: { comments: { every: { author: { name: { not: 'x' } } } } } } } }),
  )
  await of('fluent', () => db.user.findUnique({ where: { id: 1 } }).posts({ where: { views: 0 } }))
  await of('fluent twice', () =>
    db.post
      .findFirst({ where: { views: 0 } })
      .author()
      .profile(),
  )
}

export async function aggregates({ db, of }) {
  await of('count', () => db.user.count())
  await of('count where', () => db.user.count({ where: { posts: { some: {} } } }))
  await of('count of fields', () => db.user.count({ select: { _all: true, name: true } }))
  await of('count with skip and take', () =>
    db.user.count({ skip: 1, take: 5, orderBy: { id: 'asc' }, cursor: { id: 1 } }),
  )
  await of('aggregate', () =>
    db.user.aggregate({
      _count: true,
      _avg: { age: true },
      _sum: { age: true },
      _min: { age: true },
      _max: { age: true },
    }),
  )
  await of('aggregate of the first', () =>
    db.user.aggregate({ _avg: { age: true }, where: { email: { contains: '@' } }, orderBy: { age: 'asc' }, take: 10 }),
  )
  await of('groupBy', () => db.user.groupBy({ by: ['role'], _count: { _all: true } }))
  await of('groupBy having', () =>
    db.user.groupBy({
      by: ['role', 'name'],
      where: { email: { contains: '@' } },
      _sum: { age: true },
      having: { age: { _avg: { gt: 1 } }, name: { not: null } },
      orderBy: [{ _sum: { age: 'desc' } }, { role: 'asc' }],
      skip: 0,
      take: 5,
    }),
  )
  await of('groupBy of another schema', () => db.order.groupBy({ by: ['region'], _max: { total: true } }))
}
