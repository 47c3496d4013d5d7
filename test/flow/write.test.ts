import { beforeEach, describe, expect, it } from 'vitest'
import { SQL, World } from '../support/isolates.js'

const UPDATE = 'UPDATE users SET n = n + 1 WHERE id = $1'
let world: World
beforeEach(() => void (world = new World()))

/** Lets everything run that is ready, timers included. */
const tick = () => new Promise((resolve) => setTimeout(resolve, 0))
const names = (world: World) => world.redis.trips.map(({ commands }) => commands.map(([name]) => name))

describe('a write', () => {
  it('costs one database trip and one command, whatever it names', async () => {
    const a = world.isolate()
    const { cache } = await a.execute(UPDATE, [1], { tables: ['orders', 'app.audit'], tags: ['x', 'y'] })
    const tables = ['app.audit', 'public.orders', 'public.users']
    expect(cache).toEqual({ tables, tags: ['x', 'y'], invalidated: true })
    expect([world.database.trips, names(world)]).toEqual([1, [['mset']]])
  })

  it('is invalidated when it is given to query, and runs once', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    expect(await world.outcome(b)).toBe('l2')
    await a.query(UPDATE, [1])
    expect(world.database.log.filter((sql) => sql === UPDATE)).toHaveLength(1)
    expect(await world.outcome(a)).toBe('miss')
    world.now += 2_001
    expect(await world.outcome(b)).toBe('l2')
  })

  it.each(['DELETE FROM users; SELECT 1', 'FROBNICATE users'])(
    'is what is not understood, given to query: %s',
    async (sql) => {
      const a = world.isolate()
      await world.warm(a)
      await world.outcome(a)
      expect(await world.outcome(a)).toBe('l1')
      await a.query(sql)
      expect(world.database.log.filter((text) => text === sql)).toHaveLength(1)
      expect(await world.outcome(a)).toBe('miss')
    },
  )

  it.each([
    'INSERT INTO posts (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET (id, n) = (1, 2)',
    'MERGE INTO posts USING users ON posts.id = users.id WHEN NOT MATCHED THEN INSERT (id) VALUES (1)',
  ])('%s leaves the results of other tables alone', async (sql) => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    await a.execute(sql)
    expect(await world.outcome(a)).toBe('l1')
  })

  it.each([
    [
      'throws, as that of a request that is over does',
      () => {
        throw new Error('the request is over')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the request is over'))],
  ])('and a read work as ever with a waitUntil that %s', async (_name, waitUntil: () => unknown) => {
    const [plain, b] = [world.isolate(), world.isolate()]
    await world.warm(plain)
    const a = plain.bind({ now: () => world.now, waitUntil })
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(b)).toBe('l2')
    expect((await a.execute(UPDATE, [1])).cache.invalidated).toBe(true)
    world.now += 2_001
    expect(await world.outcome(b)).toBe('miss')
  })

  it.each(['TRUNCATE orders, users', 'WITH gone AS (DELETE FROM orders RETURNING id) UPDATE users SET n = 1'])(
    'of several tables in one text ends the results of each: %s',
    async (sql) => {
      const a = world.isolate()
      await world.warm(a, ['orders', 'users'])
      const reads = ['SELECT n FROM orders', 'SELECT n FROM users']
      for (const read of reads) await world.outcome(a, {}, [], read)
      expect((await a.execute(sql)).cache.tables).toEqual(['public.orders', 'public.users'])
      for (const read of reads) expect(await world.outcome(a, {}, [], read)).toBe('miss')
    },
  )

  it('of unknown text renews the root', async () => {
    const a = world.isolate()
    await world.outcome(a)
    const { cache } = await a.execute('CALL do_something($1)', [1])
    expect(cache.invalidated).toBe(true)
    expect(await world.outcome(a)).toBe('miss')
  })

  it.each([
    ['calls a function that nobody declared', 'SELECT bump_users()', {}],
    ['calls a procedure, whatever tables are named with it', 'CALL p()', { tables: ['orders'] }],
  ])('that %s invalidates everything', async (_name, sql, options) => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    expect(await world.outcome(a)).toBe('l1')
    await a.execute(sql, [], options)
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('that is given to query, or to a batch, invalidates the tags and tables of its options', async () => {
    const a = world.isolate()
    await world.warm(a, ['users', 'orders', 'posts'], ['hot'])
    const sites = [
      { options: { tags: ['hot'] }, read: () => world.outcome(a, { tags: ['hot'] }, [], 'SELECT n FROM posts') },
      { options: { tables: ['orders'] }, read: () => world.outcome(a, {}, [], 'SELECT n FROM orders') },
    ]
    for (const { options, read } of sites)
      for (const write of [
        () => a.query(UPDATE, [1], options),
        () => a.queryResult(UPDATE, [1], options),
        () => a.queryBatch([{ sql: UPDATE, params: [1], options }]),
      ]) {
        await read()
        expect(await read()).toBe('l1')
        await write()
        expect(await read()).toBe('miss')
      }
  })

  it('that fails with an SQL error is thrown unchanged and invalidates nothing', async () => {
    const a = world.isolate()
    const failure = Object.assign(new Error('duplicate key'), { code: '23505' })
    world.database.answer = () => Promise.reject(failure)
    await expect(a.execute(UPDATE, [1])).rejects.toBe(failure)
    expect(world.redis.trips).toHaveLength(0)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'write', outcome: 'failed' }))
  })

  it.each([
    'UPDATE users SET n = 1; UPDATE posts SET n = n / 0',
    'CALL p()',
    'DO $$ BEGIN UPDATE users SET n = 1; END $$',
  ])('of which a part may have happened is invalidated though it failed: %s', async (sql) => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(Object.assign(new Error('division by zero'), { code: '22012' }))
    await expect(a.execute(sql)).rejects.toThrow('division by zero')
    world.database.answer = answer
    expect(await world.outcome(a)).toBe('miss')
  })

  it('of several statements is invalidated though it failed, when one of them may have committed', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(Object.assign(new Error('division by zero'), { code: '22012' }))
    const statements = ['UPDATE posts SET n = 1', 'CALL p()'].map((sql) => ({ sql }))
    await expect(a.transaction(statements)).rejects.toThrow('division by zero')
    world.database.answer = answer
    expect(await world.outcome(a)).toBe('miss')
  })

  it('whose reply is lost is thrown unchanged, never repeated, and leaves a fence', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    const { answer } = world.database
    const failure = new Error('Error connecting to database: fetch failed')
    world.database.answer = () => Promise.reject(failure)
    await expect(a.execute(UPDATE, [1])).rejects.toBe(failure)
    world.database.answer = answer
    expect(world.database.log.filter((sql) => sql === UPDATE)).toHaveLength(1)
    for (let i = 0; i < 3; i++) {
      expect(await world.outcome(b)).toBe('miss')
      world.now += 2_001
    }
    // The fence ends with its period; the next read stores again.
    world.now += 100_000
    await world.outcome(b)
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it.each([
    ['committed', true, undefined],
    ['failed', true, { code: '23505' }],
    ['unknown', true, {}],
    ['committed', false, undefined],
    ['unknown', false, {}],
  ])('tells who listens its end: %s, invalidated: %s', async (outcome, invalidated, error) => {
    const a = world.isolate()
    if (error) world.database.answer = () => Promise.reject(Object.assign(new Error('refused'), error))
    if (!invalidated) world.redis.before = () => Promise.reject(new Error('away'))
    await a.execute(UPDATE, [1]).catch(() => undefined)
    const told = world.events.filter(({ type }) => type === 'write')
    expect(told).toEqual([{ type: 'write', outcome, invalidated, tables: ['public.users'] }])
    await a.flush()
  })

  it('that is not understood tells of the tables that were named with it', async () => {
    const a = world.isolate()
    const tables = ['public.orders']
    expect((await a.execute('CALL p()', [], { tables: ['orders'] })).cache.tables).toEqual(tables)
    expect(world.events).toContainEqual({ type: 'write', outcome: 'committed', invalidated: true, tables })
  })

  it('is sent with the parameters of the call, whatever the caller does to them meanwhile', async () => {
    const a = world.isolate({ consistency: { invalidate: 'fenced' } })
    const seen: unknown[] = []
    world.database.answer = ({ params }) => {
      seen.push(structuredClone(params))
      return []
    }
    const params = [[1, 2], new Date(5)]
    const pending = a.execute('UPDATE users SET a = $1, at = $2', params)
    ;(params[0] as number[])[0] = 99
    params.length = 1
    await pending
    expect(seen).toEqual([[[1, 2], new Date(5)]])
  })

  it('survives a Redis that does not acknowledge: the result is returned, the names distrusted, the invalidation repeated', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    let down = true
    world.redis.before = ({ commands }) => {
      if (down && commands[0]![0] === 'mset') throw new Error('lost')
    }
    const { rowCount, cache } = await a.execute(UPDATE, [1])
    expect([rowCount, cache.invalidated]).toEqual([1, false])
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('miss')
    down = false
    await a.flush()
    expect(await world.outcome(b)).toBe('miss')
  })

  it('invalidates by DEL where a full Redis refuses SET', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    world.redis.full = true
    expect((await a.execute(UPDATE, [1])).cache.invalidated).toBe(true)
    expect(names(world).at(-1)).toEqual(['del'])
    expect(await world.outcome(b)).toBe('miss')
  })

  it('is handed to waitUntil, whole, before it is sent', async () => {
    const a = world.isolate()
    const order: string[] = []
    world.database.answer = () => {
      order.push('sent')
      return [[['n', 23, '1']]]
    }
    const bound = a.bind({ now: () => world.now, waitUntil: () => void order.push('waitUntil') })
    await bound.execute(UPDATE, [1])
    expect(order[0]).toBe('waitUntil')
  })

  it('with `fenced` costs one trip more and keeps readers out while it runs', async () => {
    const [a, b] = [world.isolate({ consistency: { invalidate: 'fenced' } }), world.isolate()]
    await world.warm(a)
    await world.outcome(b)
    let during: string | undefined
    const { answer } = world.database
    world.database.answer = async (statement) => {
      if (statement.sql === UPDATE) {
        world.now += 2_001
        during = await world.outcome(world.isolate())
      }
      return answer(statement)
    }
    const { cache } = await a.execute(UPDATE, [1])
    expect(cache).toMatchObject({ invalidated: true, fenced: true })
    expect(during).toBe('miss')
    await world.outcome(b)
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('with `fenced` leaves nothing stale when its isolate dies between commit and invalidation', async () => {
    const [a, b] = [world.isolate({ consistency: { invalidate: 'fenced' } }), world.isolate()]
    await world.warm(a)
    await world.outcome(b)
    const { answer } = world.database
    const committed: string[] = []
    world.database.answer = (statement) => {
      if (statement.sql !== UPDATE) return answer(statement)
      committed.push(statement.sql)
      return new Promise(() => {})
    }
    void a.execute(UPDATE, [1])
    while (committed.length === 0) await tick()
    for (const wait of [2_001, 10_000, 10_000, 90_000]) {
      world.now += wait
      expect(await world.outcome(b)).toBe('miss')
    }
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('in a transaction is one database trip and one invalidation', async () => {
    const a = world.isolate()
    const { results, cache } = await a.transaction([
      { sql: UPDATE, params: [1] },
      { sql: 'INSERT INTO orders (id) VALUES ($1)', params: [2] },
    ])
    expect(results).toHaveLength(2)
    expect(cache).toEqual({ tables: ['public.orders', 'public.users'], tags: [], invalidated: true })
    expect([world.database.trips, names(world)]).toEqual([1, [['mset']]])
  })

  it('in a batch stands in its place: reads after it see it', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.database.answer = () => [[['n', 23, String(world.database.log.filter((sql) => sql === UPDATE).length)]]]
    const [before, , after] = await a.queryBatch([
      { sql: SQL, params: [1] },
      { sql: UPDATE, params: [1] },
      { sql: SQL, params: [1] },
    ])
    expect([before, after]).toEqual([[{ n: 0 }], [{ n: 1 }]])
  })

  it('beats a load that began before it', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    let release!: () => void
    const gate = new Promise<void>((resolve) => (release = resolve))
    let version = 0
    world.database.answer = async ({ sql }) => {
      const read = version
      if (sql === SQL) await gate
      else version++
      return [[['n', 23, String(read)]]]
    }
    const slow = a.query(SQL, [1])
    while (!world.database.log.includes(SQL)) await tick()
    await a.execute(UPDATE, [1])
    release()
    expect(await slow).toEqual([{ n: 0 }])
    await a.flush()
    expect(await a.query(SQL, [1])).toEqual([{ n: 1 }])
    expect(await b.query(SQL, [1])).toEqual([{ n: 1 }])
  })
})
