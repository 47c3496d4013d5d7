import { beforeEach, describe, expect, it } from 'vitest'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))
const keys = (kind: string) => [...world.redis.data.keys()].filter((key) => key.includes(`:${kind}:`))

describe('what is kept in Redis', () => {
  it('are at most 4,096 versions of tags and 1,024 of keys, however many there are', async () => {
    const a = world.isolate()
    const tags = Array.from({ length: 20_000 }, (_, i) => `user:${i}`)
    await a.invalidate({ tags })
    expect(keys('v').length).toBeGreaterThan(3_900)
    expect(keys('v').length).toBeLessThanOrEqual(4_096)
    world.redis.data.clear()
    await a.invalidate({ keys: tags })
    expect(keys('v').length).toBeGreaterThan(1_000)
    expect(keys('v').length).toBeLessThanOrEqual(1_024)
  })

  it('are results of one text under other names, side by side', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a, ['users', 'orders'], ['hot', 'cold'])
    const sites = [{}, { tags: ['hot'] }, { tags: ['cold'] }, { tables: ['orders'] }, { cacheKey: 'user:1' }]
    await a.invalidate({ keys: ['user:1', 'user:*'] })
    for (const site of sites) expect(await world.outcome(a, site)).toBe('miss')
    for (const site of sites) expect(await world.outcome(b, site)).toBe('l2')
    expect(keys('e')).toHaveLength(sites.length)
  })

  it('is a result that each of its tables, tags and prefixes ends', async () => {
    const a = world.isolate()
    const site = { tables: ['orders', 'posts'], tags: ['hot', 'cold'], cacheKey: 'user:1:home' }
    await world.warm(a, ['users', ...site.tables], site.tags, ['user:*', 'user:1:*', site.cacheKey])
    for (const named of [
      ...['users', ...site.tables].map((table) => ({ tables: [table] })),
      ...site.tags.map((tag) => ({ tags: [tag] })),
      ...['user:*', 'user:1:*', 'user:1', 'user:1:home', '*'].map((key) => ({ keys: [key] })),
    ]) {
      await world.outcome(a, site)
      expect(await world.outcome(a, site)).toBe('l1')
      await a.invalidate(named)
      expect(await world.outcome(a, site)).toBe('miss')
      expect(await world.outcome(world.isolate(), site)).toBe('l2')
    }
  })

  it('is a result of the names of its call, whatever signs are in them and where one list ends', async () => {
    const a = world.isolate()
    for (const { tables, tags } of [
      { tables: [], tags: ['a,b'] },
      { tables: [], tags: ['a', 'b'] },
      { tables: ['orders', 'b'], tags: [] },
      { tables: ['orders'], tags: ['b'] },
    ]) {
      const { cache } = await a.queryResult(SQL, [1], { tables, tags })
      expect(cache.tags).toEqual(tags)
      expect(cache.tables).toEqual([...tables, 'users'].map((table) => `public.${table}`).sort())
    }
  })

  it('is a result of tables in the default schema, where a call or an invalidation names none', async () => {
    const a = world.isolate({ sql: { defaultSchema: 'app' } })
    const site = { tables: ['orders'] }
    await world.warm(a, ['users', 'orders'])
    expect(a.explain(SQL, [1], site).tables).toEqual(['app.orders', 'app.users'])
    for (const table of ['orders', 'app.orders']) {
      await world.outcome(a, site)
      expect(await world.outcome(a, site)).toBe('l1')
      await a.invalidate({ tables: [table] })
      expect(await world.outcome(a, site), table).toBe('miss')
    }
  })

  it('is ended by a table of which nobody knows what changes with it', async () => {
    const a = world.isolate({ sql: { dependencies: { orders: { writes: ['*'] } } } })
    await world.warm(a)
    await world.outcome(a)
    await a.invalidate({ tables: ['orders'] })
    expect(await world.outcome(a)).toBe('miss')
  })

  it('says of what it depends on, and cannot be told otherwise', async () => {
    const a = world.isolate()
    const asked = async () => (await a.queryResult(SQL, [1], { tags: ['hot'] })).cache
    const { tables, tags } = await asked()
    for (const names of [tables, tags]) expect(() => (names as string[]).push('more')).toThrow(TypeError)
    expect(await asked()).toMatchObject({ tables: ['public.users'], tags: ['hot'] })
  })

  it('is nothing that a write to another database ends', async () => {
    const [a, other] = [world.isolate(), new FakeDatabase()]
    await world.warm(a)
    await world.outcome(a)
    other.invalidationIdentity = 'fake/other'
    await world.isolate({}, other).execute('DELETE FROM users')
    world.now += 3_000
    expect(await world.outcome(a)).toBe('l2')
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('is a result that its tags alone end, where nothing else is wanted to', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    const site = { tags: ['hot'], tagsOnly: true }
    await world.warm(a, ['users', 'orders'], ['hot', 'cold'])
    expect(await world.outcome(a, site)).toBe('miss')
    expect(await world.outcome(a, { tags: ['hot'] })).toBe('miss')
    await a.execute('UPDATE users SET n = 1', [], { tags: ['cold'] })
    expect(await world.outcome(a, site)).toBe('l1')
    expect(await world.outcome(b, site)).toBe('l2')
    expect(await world.outcome(a, { tags: ['hot'] })).toBe('miss')
    for (const end of [
      () => a.execute('UPDATE users SET n = 1', [], { tags: ['hot'] }),
      () => a.invalidate({ tags: ['hot'] }),
      () => a.invalidateCache(),
    ]) {
      await end()
      expect(await world.outcome(a, site)).toBe('miss')
    }
    const withTable = { ...site, tables: ['orders'] }
    expect(await world.outcome(a, withTable)).toBe('miss')
    await a.execute('UPDATE orders SET n = 1')
    expect(await world.outcome(a, withTable)).toBe('miss')
    expect((await a.queryResult('SELECT n FROM users WHERE id = $1', [1], site)).cache.tables).toEqual([])
  })

  it('is nothing that depends on nothing, or on whose rows they are without saying whose', async () => {
    const a = world.isolate({ sql: { rowSecurity: ['users'], dependencies: { clock_view: 'volatile' } } })
    await expect(a.query('SELECT n FROM orders', [], { tagsOnly: true })).rejects.toThrow(
      /`tagsOnly` is set without `tags`/,
    )
    const site = { tags: ['hot'], tagsOnly: true }
    expect((await a.queryResult('SELECT n FROM users', [], site)).cache.reason).toBe('scope-required')
    expect((await a.queryResult('SELECT n FROM clock_view', [], site)).cache.reason).toBe('volatile-function')
  })

  it('is a fence before its fresh version, and after the last one: a lookup may come between two commands of a pipeline', async () => {
    const a = world.isolate({ consistency: { invalidate: 'fenced' } })
    await a.execute('UPDATE users SET n = 1')
    const trips = world.redis.trips.map(({ commands }) => commands.map(([name]) => name).join(' '))
    expect(trips).toEqual(['incrby incrby expire mset', 'mset incrby expire'])
    // The sum of all raises first: who finds it unchanged has come before the fence.
    expect(world.redis.trips[0]!.commands.map(([, key]) => key)).toEqual([
      'eqc:f',
      ...Array<unknown>(3).fill(expect.anything()),
    ])
    world.redis.reset()
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await world
      .isolate()
      .execute('UPDATE users SET n = 1')
      .catch(() => undefined)
    expect(world.redis.trips[0]!.commands.map(([name]) => name).join(' ')).toBe('incrby incrby expire mset')
  })

  it('are versions without an expiry, and entries that end with their last use', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a, { ttl: 20, staleWhileRevalidate: 5, staleIfError: 30 })
    const commands = world.redis.trips.flatMap((trip) => trip.commands)
    const stored = commands.find(([name, key]) => name === 'set' && key!.includes(':e:'))!
    expect(stored.slice(3)).toEqual(['ex', '50'])
    await a.execute('UPDATE users SET n = 1')
    const all = world.redis.trips.flatMap((trip) => trip.commands)
    expect(all.filter(([name, key]) => name === 'expire' && key!.includes(':v:'))).toEqual([])
    expect(all.filter(([name, key, , ...rest]) => name === 'set' && key!.includes(':v:') && rest.length > 0)).toEqual(
      [],
    )
  })
})

describe('an invalidation', () => {
  it.each([
    [{ tables: ['users', 'app.posts'], tags: ['a', 'b', 'c'], keys: ['user:1', 'user:2'] }, false],
    [{ keys: ['user:*', '*'] }, true],
  ])('tells who listens the tables, and of tags and keys no more than their number: %j', async (named, everything) => {
    const { tables = [], tags = [], keys } = { tables: undefined, tags: undefined, ...named }
    const a = world.isolate()
    const told = () => world.events.filter(({ type }) => type === 'invalidation')
    const event = { type: 'invalidation', tables, tags: tags.length, keys: keys.length, everything }
    await a.invalidate(named)
    expect(told()).toEqual([{ ...event, acknowledged: true }])
    world.redis.before = () => Promise.reject(new Error('away'))
    await expect(a.invalidate(named)).rejects.toThrow('acknowledged')
    expect(told()[1]).toEqual({ ...event, acknowledged: false })
    await a.flush()
  })

  it('drops from memory what depends on one of its names among others, and says how many', async () => {
    const a = world.isolate()
    await world.warm(a, ['users', 'orders'], [], ['user:1'])
    await world.outcome(a, { cacheKey: 'user:1:home' })
    await world.outcome(a, { cacheKey: 'user:1:posts' })
    await world.outcome(a, { cacheKey: 'user:2' })
    expect(await a.invalidateCache('user:1:*')).toBe(2)
    expect(await a.invalidateCache('user:*')).toBe(1)
  })
})
