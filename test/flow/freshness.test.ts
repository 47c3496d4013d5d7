import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { announce, hotNames } from '../../src/check.js'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig } from '../../src/index.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

let world: World
let random: number
beforeEach(() => {
  world = new World()
  random = 0
})

/** An isolate whose chance is the test's own. */
function isolate(config: Partial<CacheConfig> = {}): CachedQueryExecutor {
  const cache = createQueryCache({ type: 'hybrid', ...config, redis: { client: world.redis.sdk } })
  return new CachedQueryExecutor(world.database, cache, { now: () => world.now, random: () => random })
}

describe('TTL jitter', () => {
  it('takes a part off what a TTL has beyond its first minute, so that results of one moment end apart', async () => {
    const a = isolate()
    await world.warm(a)
    const ends: number[] = []
    for (let i = 0; i < 10; i++) {
      random = i / 10
      ends.push((await a.queryResult(SQL, [i], { ttl: 360 })).cache.ttl)
    }
    expect(new Set(ends).size).toBe(10)
    expect([Math.max(...ends), Math.min(...ends)]).toEqual([360, 346.5])
  })

  it('keeps a TTL of a minute or less exactly, and every one where it is 0', async () => {
    random = 0.999
    const ttl = async (executor: CachedQueryExecutor, seconds: number) =>
      (await executor.queryResult(SQL, [1], { ttl: seconds, refreshCache: true })).cache.ttl
    const [a, b] = [isolate(), isolate({ queryCache: { ttlJitter: 0 } })]
    expect([await ttl(a, 1), await ttl(a, 60), await ttl(b, 3_600)]).toEqual([1, 60, 3_600])
    expect(await ttl(a, Infinity)).toBe(Infinity)
  })
})

describe('refresh ahead of time', () => {
  const TTL = { ttl: 50 }

  it('loads a hot result in the last tenth of its life, once, while hits go on being hits', async () => {
    const a = isolate()
    await world.warm(a)
    await world.outcome(a, TTL)
    for (let i = 0; i < 20; i++) await world.outcome(a, TTL)
    world.now += 44_000
    await world.outcome(a, TTL)
    await world.outcome(a, TTL)
    expect(world.database.log).toHaveLength(1)
    world.now += 2_000
    expect(await world.outcome(a, TTL)).toBe('l1')
    expect(world.database.log).toHaveLength(2)
    world.now += 10_000
    expect(await world.outcome(a, TTL)).toBe('l2')
    expect(world.database.log).toHaveLength(2)
  })

  it('is for one hit in sixteen, for hot results only, and off by option', async () => {
    const cold = isolate()
    await world.warm(cold)
    await world.outcome(cold, TTL)
    const off = isolate({ queryCache: { refreshAhead: 0 } })
    for (let i = 0; i < 30; i++) await world.outcome(off, TTL)
    const unlucky = isolate()
    for (let i = 0; i < 30; i++) await world.outcome(unlucky, TTL)
    world.now += 49_000
    await world.outcome(cold, TTL)
    await world.outcome(off, TTL)
    random = 1 / 16
    await world.outcome(unlucky, TTL)
    expect(world.database.log).toHaveLength(1)
    random = 1 / 16 - 0.001
    await world.outcome(unlucky, TTL)
    expect(world.database.log).toHaveLength(2)
  })

  it('takes over what another isolate has refreshed already', async () => {
    const [a, b] = [isolate(), isolate()]
    await world.warm(a)
    await world.outcome(a, TTL)
    for (let i = 0; i < 20; i++) await world.outcome(b, TTL)
    world.now += 46_000
    await world.outcome(a, { ...TTL, refreshCache: true })
    expect(await world.outcome(b, TTL)).toBe('l2')
    expect(await world.outcome(b, TTL)).toBe('l1')
    expect(world.database.log).toHaveLength(2)
  })
})

describe('a failing refresh', () => {
  const STALE = { ttl: 1, staleWhileRevalidate: 600 }

  it.each(['hybrid', 'redis'] as const)('keeps the stale result and is tried ever more rarely (%s)', async (type) => {
    const a = isolate({ type })
    await world.warm(a)
    await world.outcome(a, STALE)
    world.database.answer = () => Promise.reject(new Error('away'))
    const tries: number[] = []
    const startedAt = world.now + 2_000
    world.now = startedAt
    for (let second = 0; second < 300; second++) {
      const before = world.database.log.length
      expect(await world.outcome(a, STALE)).toBe('stale')
      if (world.database.log.length > before) tries.push(second)
      world.now += 1_000
    }
    expect(tries).toEqual([0, 5, 15, 35, 75, 135, 195, 255])
    world.now = startedAt + 601_000
    await expect(a.query(SQL, [1], STALE)).rejects.toThrow('away')
  })

  it('that was given up for slow does not end the one that took its place', async () => {
    const a = isolate()
    await world.warm(a)
    await world.outcome(a, STALE)
    const tick = () => new Promise((resolve) => setTimeout(resolve, 2))
    const fail: ((error: Error) => void)[] = []
    world.database.answer = () => new Promise((_, reject) => void fail.push(reject))
    world.now += 2_000
    await a.query(SQL, [1], STALE)
    for (let i = 0; i < 200 && fail.length < 1; i++) await tick()
    world.now += 30_000
    await a.query(SQL, [1], STALE)
    for (let i = 0; i < 200 && fail.length < 2; i++) await tick()
    fail[0]!(new Error('slow failure'))
    for (let i = 0; i < 10; i++) await tick()
    world.now += 5_001
    await a.query(SQL, [1], STALE)
    for (let i = 0; i < 10; i++) await tick()
    expect(fail).toHaveLength(2)
  })

  it('begins anew when the request of the last one has died', async () => {
    const a = isolate()
    await world.warm(a)
    await world.outcome(a, STALE)
    const { answer } = world.database
    world.database.answer = () => new Promise(() => undefined)
    world.now += 2_000
    expect((await a.queryResult(SQL, [1], STALE)).cache.outcome).toBe('stale')
    await until('the next query', () => world.database.log.length === 2, 1_500)
    world.database.answer = answer
    world.now += 29_000
    expect((await a.queryResult(SQL, [1], STALE)).cache.outcome).toBe('stale')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(world.database.log).toHaveLength(2)
    world.now += 1_001
    await a.queryResult(SQL, [1], STALE)
    await until('the next query', () => world.database.log.length === 3)
    await until('the trip that stores', () => world.redis.trips.at(-1)!.commands[0]![0] === 'set')
    expect((await a.queryResult(SQL, [1], STALE)).cache.outcome).toBe('l1')
  })
})

describe('refreshCache', () => {
  it('joins no load that is under way, and takes no result that is kept', async () => {
    const a = isolate()
    await world.warm(a)
    let arrive: (() => void) | undefined
    const { answer } = world.database
    world.database.answer = async (statement) => {
      await new Promise<void>((resolve) => (arrive = resolve))
      return answer(statement)
    }
    const first = a.query(SQL, [1])
    await until('the load under way', () => arrive !== undefined)
    world.database.answer = answer
    const forced = a.queryResult(SQL, [1], { refreshCache: true })
    // Sooner than a follower would take over from a leader that it waits for, which is after two seconds.
    await until('the next query', () => world.database.log.length === 2, 1_500)
    expect((await forced).cache.outcome).toBe('miss')
    arrive!()
    await first
    expect(await world.outcome(a, { refreshCache: true })).toBe('miss')
    expect(world.database.log).toHaveLength(3)
  })
})

describe('a check whose request died', () => {
  afterEach(() => void vi.useRealTimers())

  it('does not keep later ones from being sent', async () => {
    const a = isolate()
    await world.warm(a)
    await world.outcome(a)
    world.now += 1_500
    // Neither its reply nor its timers come any more.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    world.redis.reset()
    world.redis.before = () => new Promise<never>(() => undefined)
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('l1')
    while (world.redis.trips.length === 0) await Promise.resolve()
    vi.useRealTimers()
    world.redis.before = () => {}
    for (let i = 0; i < 3; i++) {
      world.now += 10_000
      expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('l2')
    }
  })
})

it('a check in the background is handed to `waitUntil`: a request whose answer is given may end', async () => {
  const a = isolate()
  await world.warm(a)
  await world.outcome(a)
  world.now += 1_500
  const held: Promise<unknown>[] = []
  const bound = a.bind({ now: () => world.now, waitUntil: (promise) => void held.push(promise) })
  world.redis.reset()
  expect((await bound.queryResult(SQL, [1])).cache.outcome).toBe('l1')
  expect(held).toHaveLength(1)
  await Promise.all(held)
  expect(world.redis.trips.map(({ commands }) => commands[0]![0])).toEqual(['mget'])
})

describe('a check that Redis did not answer', () => {
  it('is no reason to ask it once more for who waited for the check', async () => {
    const a = isolate()
    await world.warm(a)
    for (const id of [1, 2]) for (let i = 0; i < 2; i++) await world.outcome(a, {}, [id])
    world.now += 3_000
    world.redis.reset()
    let fail!: (error: Error) => void
    world.redis.before = () => new Promise((_, reject) => (fail = reject))
    const first = a.queryResult(SQL, [1])
    await until('the check', () => world.redis.trips.length === 1)
    const second = a.queryResult(SQL, [2])
    await new Promise((resolve) => setTimeout(resolve, 0))
    fail(new Error('away'))
    const answers = await Promise.all([first, second])
    expect(answers.map(({ cache }) => cache.outcome)).toEqual(['miss', 'miss'])
    expect(world.redis.trips.filter(({ commands }) => commands[0]![0] === 'mget')).toHaveLength(1)
    world.redis.before = () => {}
    await a.flush()
  })

  it('is over with it: the next read asks Redis again', async () => {
    const [a, b] = [isolate(), isolate()]
    await world.warm(a)
    for (const id of [1, 2]) for (const one of [b, a]) await world.outcome(one, {}, [id])
    world.now += 3_000
    world.redis.before = () => {
      throw new Error('away')
    }
    expect(await world.outcome(a, {}, [1])).toBe('miss')
    world.redis.before = () => {}
    expect(await world.outcome(a, {}, [2])).toBe('l2')
  })
})

describe('staleIfError', () => {
  it.each(['local', 'hybrid'] as const)('serves nothing that was invalidated while it was asked (%s)', async (type) => {
    const a = isolate({ type })
    const options = { ttl: 1, staleIfError: 600 }
    // Without versions: it is the first read.
    await a.query(SQL, [1], options)
    world.now += 1_500
    let fail: (() => void) | undefined
    world.database.answer = ({ sql }) =>
      sql === SQL ? new Promise((_, reject) => (fail = () => reject(new Error('database down')))) : []
    const read = a.query(SQL, [1], options)
    await until('the load under way', () => fail !== undefined)
    await a.execute('UPDATE users SET n = 1')
    fail!()
    await expect(read).rejects.toThrow('database down')
  })

  it('answers from memory without Redis for as long as the last check vouches for the result, and no longer', async () => {
    const a = isolate()
    const options = { ttl: 1, staleIfError: 600 }
    await world.warm(a)
    await a.query(SQL, [1], options)
    await a.flush()
    world.redis.before = () => Promise.reject(new Error('away'))
    world.database.answer = () => Promise.reject(new Error('database down'))
    world.now += 1_500
    expect((await a.queryResult(SQL, [1], options)).cache.outcome).toBe('stale-if-error')
    // Another isolate may have written meanwhile.
    world.now += 1_000
    await expect(a.query(SQL, [1], options)).rejects.toThrow('database down')
  })
})

describe('a clock that was set back', () => {
  it('makes what is known of versions unknown: a check in the future is of no known age', async () => {
    const [a, b] = [isolate(), isolate()]
    await world.warm(a)
    await world.outcome(b)
    world.now += 1_500
    expect(await world.outcome(b)).toBe('l1')
    world.now -= 1_400
    await a.invalidate({ tables: ['users'] })
    expect(await world.outcome(b)).toBe('miss')
  })

  it.each(['local', 'hybrid'] as const)('keeps nothing from being cached anew (%s)', async (type) => {
    const a = isolate({ type })
    await world.warm(a)
    await world.outcome(a)
    world.now -= 3_600_000
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(a)).toBe('l1')
    if (type === 'hybrid') expect(await world.outcome(isolate())).toBe('l2')
  })

  it('lets nobody wait for a check from before, whose request has died', async () => {
    const a = isolate()
    await world.warm(a)
    await world.outcome(a)
    announce(a.core, hotNames(a.core, world.now), world.now, world.now, new Promise(() => undefined))
    world.now -= 3_600_000
    await world.outcome(a)
    world.redis.reset()
    world.now += 2_500
    expect(await world.outcome(a)).toBe('l2')
    world.now += 1_500
    expect(await world.outcome(a)).toBe('l1')
    expect(world.redis.trips).toHaveLength(2)
  })
})

describe('a reply that is overtaken by a newer one', () => {
  it('tells nothing any more: what the newer one vouches for goes on being a hit', async () => {
    const [a, b] = [isolate(), isolate()]
    await world.warm(a)
    let arrive: (() => void) | undefined
    world.redis.after = () => new Promise((resolve) => (arrive = resolve))
    const slow = b.query(SQL, [1])
    await until('the load under way', () => arrive !== undefined)
    world.redis.after = () => {}
    await a.invalidate({ tables: ['users'] })
    expect(await b.queryResult(SQL, [2])).toMatchObject({ cache: { outcome: 'miss' } })
    arrive!()
    await slow
    expect(await world.outcome(b, {}, [2])).toBe('l1')
  })
})

describe("a write's signal", () => {
  const UPDATE = 'UPDATE users SET n = 1'

  it('ends the wait, not the write, which is invalidated', async () => {
    const a = isolate()
    let commit: (() => void) | undefined
    world.database.answer = () => new Promise((resolve) => (commit = () => resolve([])))
    const controller = new AbortController()
    const write = a.execute(UPDATE, [], { signal: controller.signal })
    await until('the write under way', () => commit !== undefined)
    controller.abort(new Error('enough'))
    await expect(write).rejects.toThrow('enough')
    expect(world.redis.trips).toHaveLength(0)
    commit!()
    await a.flush()
    expect(world.redis.trips.map(({ commands }) => commands[0]![0])).toEqual(['mset'])
  })

  it('that is over already sends nothing', async () => {
    const a = isolate()
    await expect(a.query(UPDATE, [], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    await a.flush()
    expect(world.database.log).toEqual([])
  })
})
