import { Prisma } from '@prisma/client'

export async function writes({ db, of }) {
  await of('create', () => db.user.create({ data: { email: 'cy@example.com', name: 'Cy', tags: ['x'] } }))
  await of('create with select', () =>
    db.user.create({ data: { email: 'di@example.com', settings: { a: 1 } }, select: { id: true } }),
  )
  await of('create nested', () =>
    db.user.create({
      data: {
        email: 'ed@example.com',
        profile: { create: { bio: 'x' } },
        posts: {
          create: [
            { title: 'A', categories: { create: { name: 'new' } } },
            { title: 'B', categories: { connect: { id: 1 } } },
          ],
        },
      },
      include: { posts: { include: { categories: true } } },
    }),
  )
  await of('create that connects or creates', () =>
    db.post.create({
      data: {
        title: 'C',
        author: { connectOrCreate: { where: { email: 'fay@example.com' }, create: { email: 'fay@example.com' } } },
      },
    }),
  )
  await of('createMany', () => db.category.createMany({ data: [{ name: 'x' }, { name: 'y' }] }))
  await of('createMany that skips duplicates', () =>
    db.user.createMany({ data: [{ email: 'ann@example.com' }, { email: 'gus@example.com' }], skipDuplicates: true }),
  )
  await of('createManyAndReturn', () =>
    db.category.createManyAndReturn({ data: [{ name: 'x' }], select: { id: true } }),
  )
  await of('update', () => db.user.update({ where: { id: 1 }, data: { name: 'Anna' } }))
  await of('update numbers and lists', () =>
    db.user.update({ where: { id: 1 }, data: { age: { increment: 1 }, tags: { push: 'z' } } }),
  )
  await of('update arithmetic', () =>
    db.user.update({ where: { email: 'bob@example.com' }, data: { age: { multiply: 2 } } }),
  )
  await of('update nested', () =>
    db.user.update({
      where: { id: 1 },
      data: {
        posts: {
          updateMany: { where: { views: 0 }, data: { views: 1 } },
          deleteMany: { title: 'none' },
          create: { title: 'N' },
        },
        profile: { upsert: { create: { bio: 'c' }, update: { bio: 'u' } } },
        friends: { disconnect: [{ id: 2 }] },
      },
      include: { profile: true },
    }),
  )
  await of('update that sets a relation', () =>
    db.user.update({ where: { id: 1 }, data: { friends: { set: [{ id: 2 }] } } }),
  )
  await of('updateMany', () =>
    db.post.updateMany({ where: { author: { email: { contains: 'bob' } } }, data: { published: true } }),
  )
  await of('updateManyAndReturn', () =>
    db.post.updateManyAndReturn({ where: { views: { gt: 100 } }, data: { views: 0 } }),
  )
  await of('upsert', () =>
    db.user.upsert({
      where: { email: 'hal@example.com' },
      update: { name: 'Hal' },
      create: { email: 'hal@example.com', name: 'Hal' },
    }),
  )
  await of('upsert that includes', () =>
    db.user.upsert({
      where: { id: 2 },
      update: { posts: { create: { title: 'U' } } },
      create: { email: 'ida@example.com' },
      include: { posts: true },
    }),
  )
  await of('delete', () => db.category.delete({ where: { id: 2 } }))
  await of('delete that includes', async () => {
    const { id } = await db.post.findFirstOrThrow({ where: { title: 'C' } })
    await db.post.delete({ where: { id }, include: { author: true } })
  })
  await of('deleteMany', () => db.comment.deleteMany({ where: { author: { name: { contains: 'nobody' } } } }))
  await of('deleteMany all', () => db.profile.deleteMany())
  await of('deleteMany with a limit', () => db.comment.deleteMany({ where: { text: 'x' }, limit: 2 }))
}

export async function raw({ db, of }) {
  await of('$queryRaw', () => db.$queryRaw`SELECT * FROM "User" WHERE "email" = ${'ann@example.com'}`)
  await of('$queryRaw with join and raw', () =>
    db.$queryRaw(
      Prisma.sql`SELECT ${Prisma.raw('"id"')} FROM "User" WHERE "id" IN (${Prisma.join([1, 2])}) ${Prisma.empty}`,
    ),
  )
  await of('$queryRaw with a cast', () => db.$queryRaw`SELECT LENGTH(${'x'}::text), ${5}::int + 1 AS n`)
  await of('$queryRawUnsafe', () =>
    db.$queryRawUnsafe('SELECT * FROM shop."Order Lines" WHERE "year" = $1 ORDER BY "number"', 2026),
  )
  await of('$executeRaw', () => db.$executeRaw`UPDATE "User" SET "age" = "age" + 1 WHERE "id" = ${1}`)
  await of('$executeRawUnsafe', () => db.$executeRawUnsafe('TRUNCATE TABLE "Comment" RESTART IDENTITY CASCADE'))
  await of('$queryRaw of a setting', () => db.$queryRaw`SELECT set_config('app.tenant', ${'7'}, TRUE)`)
  await of('$transaction of a list', () =>
    db.$transaction([db.post.findMany({ where: { views: 7 } }), db.user.updateMany({ data: { age: 5 } })], {
      isolationLevel: 'Serializable',
    }),
  )
  await of('$transaction of a function', () =>
    db.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { age: { decrement: 1 } } })
      await tx.$queryRaw`SELECT "id" FROM "User" WHERE "id" = 1 FOR UPDATE`
    }),
  )
  await of('$transaction that rolls back', () =>
    db
      .$transaction(async (tx) => {
        await tx.user.count()
        throw new Error('back')
      })
      .catch(() => {}),
  )
}
