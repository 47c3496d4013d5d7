import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor } from '../../src/index.js'
import { OwnWrites } from '../../src/own-writes.js'
import { recordOf } from '../../src/plan.js'
import { shortcut } from '../../src/shortcut.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

/** How a call without options is answered. */
const asked = async (executor: CachedQueryExecutor, params: unknown[], sql = SQL): Promise<string> => {
  const { cache } = await executor.queryResult(sql, params)
  await executor.flush()
  return cache.outcome
}

/** An isolate that holds the answer for these parameters, and its versions. */
async function holding(params: unknown[], sql = SQL): Promise<CachedQueryExecutor> {
  const executor = world.isolate()
  await world.warm(executor)
  expect(await asked(executor, params, sql)).toBe('miss')
  expect(await asked(executor, params, sql)).toBe('l1')
  return executor
}

describe('a statement and one parameter', () => {
  const VALUES: unknown[][] = [
    [],
    [0],
    [-0],
    [1],
    [1, 2],
    ['1'],
    [1n],
    [true],
    ['d1;'],
    [null],
    [undefined],
    [['1']],
    [NaN],
    ['a'.repeat(4_000)],
  ]

  it('tells all parameters apart that the key tells apart', async () => {
    const executor = world.isolate()
    await world.warm(executor)
    for (const params of VALUES) expect(await asked(executor, params), String(params[0])).toBe('miss')
    for (const params of VALUES) expect(await asked(executor, params), String(params[0])).toBe('l1')
    expect(world.database.log).toHaveLength(VALUES.length)
  })

  it.each([
    ['a scope of the call', (executor: CachedQueryExecutor) => executor.with({ ...executor.call, scope: 'a' })],
    [
      'a scope of the database',
      (executor: CachedQueryExecutor) =>
        executor.with(executor.call, Object.assign(new FakeDatabase(), { scope: 'a' })),
    ],
  ])('keeps %s apart', async (_name, scoped) => {
    const everybodys = await holding([1])
    const own = scoped(everybodys)
    expect(await asked(own, [1])).toBe('miss')
    expect(await asked(own, [1])).toBe('l1')
    expect(await asked(everybodys, [1])).toBe('l1')
  })

  it.each([[[1]], [['a text']], [['two', 2]], [[]]])('are the short way to a hit (%j)', async (params) => {
    const executor = await holding(params)
    const { core, call } = executor
    expect(shortcut(core, call, recordOf(core, SQL), params, undefined, world.now)).toMatchObject({ outcome: 'l1' })
  })

  it.each(['ttl', 'staleWhileRevalidate', 'staleIfError', 'emptyTtl', 'timeoutMs'])(
    'are the short way to a hit with `%s`',
    async (name) => {
      const executor = await holding([1])
      const { core, call } = executor
      expect(shortcut(core, call, recordOf(core, SQL), [1], { [name]: 9 }, world.now)).toMatchObject({ outcome: 'l1' })
    },
  )

  it('tells scopes apart that share parameters', async () => {
    const shared = world.isolate()
    await world.warm(shared)
    const [a, b] = ['a', 'b'].map((scope) => shared.with({ ...shared.call, scope }))
    for (const outcome of ['miss', 'l1']) for (const one of [a!, b!]) expect(await asked(one, ['x'])).toBe(outcome)
    const rows = await Promise.all([a!, b!].map((one) => one.query(SQL, ['x'])))
    expect(rows[0]).not.toEqual(rows[1])
  })

  it('keeps to a lifetime that the call names, and refuses one that cannot be meant', async () => {
    const executor = await holding([1])
    world.now += 5_000
    await executor.query(SQL, [1])
    await executor.flush()
    expect((await executor.queryResult(SQL, [1], { ttl: 10 })).cache).toMatchObject({ outcome: 'l1', ttl: 5 })
    expect((await executor.queryResult(SQL, [1], { ttl: 5 })).cache.outcome).toBe('miss')
    expect((await executor.queryResult(SQL, [1], { ttl: 0 })).cache.outcome).toBe('bypass')
    for (const options of [
      { ttl: -1 },
      { ttl: '9' as never },
      { timeoutMs: Infinity },
      { timeoutMs: 0 },
      { nope: 1 } as never,
    ])
      await expect(executor.query(SQL, [1], options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it.each(['tables', 'tags', 'cacheKey', 'scope', 'refreshCache', 'skipCache'])('is not for `%s`', async (name) => {
    const executor = await holding([1])
    const value = { tables: ['orders'], tags: ['t'], cacheKey: 'k:1', scope: 's' }[name] ?? true
    expect((await executor.queryResult(SQL, [1], { [name]: value })).cache.outcome).not.toBe('l1')
  })

  it.each([
    ['needsScope', 'scope-required'],
    ['inTransaction', 'in-transaction'],
  ])('is not answered once the database says %s', async (property, reason) => {
    const executor = await holding([1])
    Object.assign(world.database, { [property]: true })
    expect((await executor.queryResult(SQL, [1])).cache).toMatchObject({ outcome: 'bypass', reason })
  })

  it('is not answered inside a loader', async () => {
    const executor = await holding([1])
    const inner = await executor.cached('k', async (inside) => (await inside.queryResult(SQL, [1])).cache.outcome)
    expect(inner).toBe('bypass')
  })

  it('shows a client what it has written', async () => {
    const executor = await holding([1])
    const own = new OwnWrites(executor.core.cache.versions.mark(), Infinity)
    const client = executor.with({ ...executor.call, own })
    expect(await asked(client, [1])).toBe('l1')
    own.mustSeeEverything()
    expect(await asked(client, [1])).toBe('miss')
  })

  it('is asked anew after an invalidation, of this isolate and of another', async () => {
    const executor = await holding([1])
    await executor.invalidate({ tables: ['users'] })
    expect(await asked(executor, [1])).toBe('miss')
    expect(await asked(executor, [1])).toBe('l1')
    await world.isolate().invalidate({ tables: ['users'] })
    world.now += 2_001
    expect(await asked(executor, [1])).toBe('miss')
  })

  it('is asked anew when its time is over', async () => {
    const executor = await holding([1])
    world.now += 300_001
    expect(await asked(executor, [1])).toBe('miss')
  })

  it('forgets what isolate memory has dropped', async () => {
    const executor = world.isolate({ queryCache: { maxQueries: 1 } })
    await world.warm(executor)
    await asked(executor, [1])
    await asked(executor, [2])
    expect(await asked(executor, [1])).toBe('l2')
    expect(await executor.invalidateCache()).toBe(1)
    expect([...executor.core.statements.all()].map(({ plain }) => plain.shortcuts!.size)).toEqual([0])
  })

  it('says the same of its answer, and counts it, like any other hit', async () => {
    const executor = await holding([1])
    world.now += 1_000
    const before = executor.getCacheStats()
    const { cache } = await executor.queryResult(SQL, [1])
    const { cache: long } = await executor.queryResult(SQL, [1], { timeoutMs: 5_000 })
    expect(cache).toEqual(long)
    expect(cache).toMatchObject({ outcome: 'l1', age: 1, tables: ['public.users'], tags: [] })
    expect(executor.getCacheStats().l1Hits - before.l1Hits).toBe(2)
    expect(executor.core.cache.getEntries(world.now)[0]!.hits).toBe(3)
  })

  it('gives rows that are the caller’s own', async () => {
    const executor = await holding([1])
    const [row] = await executor.query<{ n: number }>(SQL, [1])
    row!.n = -1
    expect((await executor.query<{ n: number }>(SQL, [1]))[0]!.n).not.toBe(-1)
  })
})
