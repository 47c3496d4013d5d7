import { beforeEach, describe, expect, it } from 'vitest'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

let world: World
beforeEach(() => void (world = new World()))

const tick = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('a follower', () => {
  it('is answered by his own `staleIfError`, not by his leader having none', async () => {
    const a = world.isolate()
    await world.warm(a)
    const old = { ttl: 1, staleIfError: 600 }
    await world.outcome(a, old)
    world.now += 5_000
    world.database.answer = async () => {
      await tick()
      throw new Error('database down')
    }
    const leader = a.query(SQL, [1], { ttl: 1 })
    const follower = a.queryResult(SQL, [1], old)
    await expect(leader).rejects.toThrow('database down')
    expect((await follower).cache.outcome).toBe('stale-if-error')
  })

  it('says of what his leader looked up that it is as old as the leader', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(b, { ttl: 600 })
    world.now += 5_000
    world.database.answer = async () => {
      await tick()
      throw new Error('database down')
    }
    const leader = a.query(SQL, [1], { ttl: 1 })
    const follower = a.queryResult(SQL, [1], { staleIfError: 600 })
    await expect(leader).rejects.toThrow('database down')
    expect((await follower).cache.outcome).toBe('coalesced')
  })

  it.each([
    ['with Redis', () => undefined],
    ['while Redis is away', () => Promise.reject(new Error('away'))],
  ])('asks no database again after a load that failed, however many accept an old answer, %s', async (_, before) => {
    const a = world.isolate()
    await world.warm(a)
    world.database.answer = async () => {
      await tick()
      throw new Error('database down')
    }
    world.redis.before = before
    world.database.log.length = 0
    world.redis.reset()
    const readers = Array.from({ length: 20 }, () => a.query(SQL, [1], { staleIfError: 600 }))
    for (const end of await Promise.allSettled(readers))
      expect(end).toMatchObject({ status: 'rejected', reason: { message: 'database down' } })
    expect(world.database.log).toHaveLength(1)
    expect(world.redis.trips.filter(({ commands }) => commands[0]![0] === 'mget').length).toBeLessThanOrEqual(1)
  })

  it('looks for an old answer himself where his leader looked for none', async () => {
    const a = world.isolate()
    await world.warm(a)
    const old = { ttl: 1, staleIfError: 600 }
    await world.outcome(a, old)
    world.now += 5_000
    let fail!: () => void
    const down = new Promise<void>((resolve) => (fail = resolve))
    world.database.answer = async () => {
      await down
      throw new Error('database down')
    }
    world.database.log.length = 0
    const leader = a.query(SQL, [1], { ...old, refreshCache: true })
    const followers = Array.from({ length: 20 }, () => a.queryResult(SQL, [1], old))
    fail()
    await expect(leader).rejects.toThrow('database down')
    const [first, ...others] = (await Promise.all(followers)).map(({ cache }) => cache.outcome)
    expect(first).toBe('stale-if-error')
    expect(new Set(others)).toEqual(new Set(['coalesced']))
    expect(world.database.log).toHaveLength(2)
  })

  it('gets no rows older than he accepts', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a, { ttl: 600 })
    world.now += 5_000
    const leader = a.queryResult(SQL, [1], { ttl: 600 })
    const follower = a.queryResult(SQL, [1], { ttl: 1, staleIfError: 600 })
    await leader
    expect((await follower).cache.age).toBe(0)
  })

  it('of a check waits for a slow Redis no longer than `redis.timeoutMs`, the lookup after it included', async () => {
    const config = { redis: { timeoutMs: 2_000 } }
    const [a, b] = [world.isolate(config), world.isolate()]
    await world.warm(a)
    for (const id of [1, 2]) await world.outcome(a, {}, [id])
    world.now += 10_000
    await b.invalidate({ tables: ['users'] })
    let lookups = 0
    world.redis.before = async ({ commands }) => {
      if (commands[0]![0] !== 'mget') return
      if (++lookups > 1) await new Promise(() => undefined)
      await tick()
      world.now += 1_990
    }
    const since = performance.now()
    const leader = a.query(SQL, [1])
    await Promise.resolve()
    await Promise.all([leader, a.query(SQL, [2])])
    expect(lookups).toBe(2)
    expect(performance.now() - since).toBeLessThan(1_000)
  })

  it('waits for his leader also where `maxStalenessSeconds` is longer than any timer', async () => {
    const a = world.isolate({ consistency: { maxStalenessSeconds: 30 * 86_400 } })
    await world.warm(a)
    world.database.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return [[['n', 23, '7']]]
    }
    const readers = Array.from({ length: 5 }, () => a.queryResult(SQL, [1]))
    expect((await Promise.all(readers)).map(({ cache }) => cache.outcome).sort()[4]).toBe('miss')
    expect(world.database.trips).toBe(1)
  })

  it('finds the load that he may join also where one of another key began since', async () => {
    const a = world.isolate()
    await world.warm(a)
    const waiting: (() => void)[] = []
    world.database.answer = () => new Promise((resolve) => waiting.push(() => resolve([[['n', 23, '1']]])))
    const answers = [1, 2].map((id) => a.queryResult(SQL, [id]))
    await until('both loads', () => waiting.length === 2)
    answers.push(...[1, 2].map((id) => a.queryResult(SQL, [id])))
    await tick()
    for (const answer of waiting) answer()
    const outcomes = (await Promise.all(answers)).map(({ cache }) => cache.outcome)
    expect(outcomes).toEqual(['miss', 'miss', 'coalesced', 'coalesced'])
  })

  it('waits for his leader longer than `maxStalenessSeconds`, where that is short', async () => {
    const a = world.isolate({ consistency: { maxStalenessSeconds: 0 } })
    await world.warm(a)
    world.database.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return [[['n', 23, '1']]]
    }
    const answers = await Promise.all([1, 2].map(() => a.queryResult(SQL, [1])))
    expect(answers.map(({ cache }) => cache.outcome)).toEqual(['miss', 'coalesced'])
    expect(world.database.trips).toBe(1)
  })

  it('with another `timeoutMs` does not share a load', async () => {
    const a = world.isolate()
    await world.warm(a)
    let release!: () => void
    const gate = new Promise<void>((resolve) => (release = resolve))
    world.database.answer = async () => {
      await gate
      return [[['n', 23, '7']]]
    }
    const both = [a.queryResult(SQL, [1], { timeoutMs: 50 }), a.queryResult(SQL, [1])]
    while (world.database.trips < 2) await tick()
    release()
    expect((await Promise.all(both)).map(({ cache }) => cache.outcome)).toEqual(['miss', 'miss'])
  })

  it('does not queue up behind a value that cannot be shared', async () => {
    const a = world.isolate()
    class Odd {
      value = 1
    }
    let calls = 0
    let release!: () => void
    const allCalled = new Promise<void>((resolve) => (release = resolve))
    const load = async () => {
      calls++
      if (calls === 20) release()
      // The first one shows that the value cannot be shared; the others end when all of them have been asked.
      if (calls > 1) await allCalled
      return new Odd()
    }
    const values = await Promise.all(Array.from({ length: 20 }, () => a.cached('odd', load)))
    expect(new Set(values).size).toBe(20)
  })

  it('finds newer rows kept when an older load ends later', async () => {
    const a = world.isolate()
    await world.warm(a)
    let release!: () => void
    const gate = new Promise<void>((resolve) => (release = resolve))
    let reads = 0
    world.database.answer = async () => {
      const n = ++reads
      if (n === 1) await gate
      return [[['n', 23, String(n)]]]
    }
    const slow = a.query(SQL, [1])
    while (world.database.trips === 0) await tick()
    world.now += 10
    expect(await a.query(SQL, [1], { refreshCache: true })).toEqual([{ n: 2 }])
    await tick()
    release()
    await slow
    await a.flush()
    expect(await a.query(SQL, [1])).toEqual([{ n: 2 }])
    expect(await world.isolate().query(SQL, [1])).toEqual([{ n: 2 }])
  })
})

describe('many hot names', () => {
  it('are checked together, never by two checks at once', async () => {
    const a = world.isolate()
    const queries = Array.from({ length: 100 }, (_, i) => `SELECT n FROM t${i}`)
    await a.invalidate({ tables: queries.map((_, i) => `t${i}`) })
    await a.invalidateCache()
    await a.queryBatch(queries.map((sql) => ({ sql })))
    await a.flush()
    world.now += 70_000
    world.redis.reset()
    const results = await Promise.all(queries.map((sql) => a.queryResult(sql)))
    await a.flush()
    expect(results.every(({ cache }) => cache.outcome === 'l1' || cache.outcome === 'l2')).toBe(true)
    expect(world.redis.trips.filter(({ commands }) => commands[0]![0] === 'mget')).toHaveLength(1)
    world.redis.reset()
    for (let i = 0; i < 40; i++) {
      world.now += 100
      await Promise.all(queries.map((sql) => a.query(sql)))
      await a.flush()
    }
    expect(world.redis.trips.filter(({ commands }) => commands[0]![0] === 'mget').length).toBeLessThanOrEqual(4)
  })
})

it('names that nobody has read for two minutes are not checked with those in use', async () => {
  const a = world.isolate()
  const queries = Array.from({ length: 50 }, (_, i) => `SELECT n FROM t${i}`)
  await a.invalidate({ tables: queries.map((_, i) => `t${i}`) })
  await a.invalidateCache()
  await a.queryBatch(queries.map((sql) => ({ sql, options: { ttl: 3_600 } })))
  await a.flush()
  const checked = async () => {
    world.redis.reset()
    await world.outcome(a, { ttl: 3_600 }, [], queries[0])
    const keys = world.redis.trips.flatMap(({ commands }) => commands).flat()
    return new Set(keys.flatMap((key) => /:v:.*:t:(.*)/.exec(key)?.[1] ?? [])).size
  }
  for (const [seconds, tables] of [
    [60, 50],
    [59, 50],
    [2, 1],
    [2, 1],
  ] as const) {
    world.now += seconds * 1000
    expect([seconds, await checked()]).toEqual([seconds, tables])
  }
})

describe('what is handed out', () => {
  it('cannot be changed for others', async () => {
    const a = world.isolate()
    const { cache } = await a.queryResult(SQL, [1])
    expect(() => (cache.tables as string[]).push('evil')).toThrow(TypeError)
  })

  it('is refused when it would invalidate nothing', async () => {
    const a = world.isolate()
    await expect(a.invalidate({ tables: 'users' } as never)).rejects.toThrow('`tables`')
    await expect(a.invalidate({ table: ['users'] } as never)).rejects.toThrow('`table` is not an option')
  })

  it('takes a moment in a parameter for a clock', async () => {
    const { cache } = await world.isolate().queryResult('SELECT n FROM users WHERE at > $1', ['yesterday'])
    expect([cache.outcome, cache.reason]).toEqual(['bypass', 'unsupported-parameter'])
  })
})
