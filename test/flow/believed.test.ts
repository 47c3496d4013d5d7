import { beforeEach, describe, expect, it } from 'vitest'
import { announce, checkUnderWay, hotNames } from '../../src/check.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

const ORDERS = 'SELECT n FROM orders WHERE id = $1'
const BOTH = 'SELECT n FROM users JOIN orders USING (id) WHERE id = $1'
let world: World
beforeEach(() => void (world = new World()))

describe('a hot route', () => {
  it.each([{}, { tags: ['hot'] }])(
    'waits for no check, however long memory alone has answered it: %j',
    async (options) => {
      const a = world.isolate()
      await world.warm(a, ['users'], ['hot'])
      await world.outcome(a, { ttl: 3_600, ...options })
      const outcomes = new Set<string>()
      for (let seconds = 0; seconds < 300; seconds++) {
        world.now += 1_000
        outcomes.add(await world.outcome(a, { ttl: 3_600, ...options }))
      }
      expect([...outcomes]).toEqual(['l1'])
    },
  )

  it('waits for no check when one of its tables was looked up lately and the other was not', async () => {
    const a = world.isolate()
    await world.warm(a, ['users', 'orders'])
    await world.outcome(a, {}, [1], BOTH)
    world.now += 1_100
    expect(await world.outcome(a, {}, [1], ORDERS)).toBe('miss')
    world.now += 100
    expect(await world.outcome(a, {}, [1], BOTH)).toBe('l1')
    world.now += 1_000
    expect(await world.outcome(a, {}, [1], BOTH)).toBe('l1')
  })
})

it('a hot route waits for no check beside results that are asked for again and again, long after their checks', async () => {
  const a = world.isolate()
  const tables = ['users', ...Array.from({ length: 6 }, (_, i) => `t${i}`)]
  await world.warm(a, tables)
  const lasting = { ttl: 3_600 }
  for (const table of tables) await world.outcome(a, lasting, [], `SELECT n FROM ${table}`)
  world.redis.reset()
  const outcomes = new Set<string>()
  for (let half = 0; half < 80; half++) {
    world.now += 500
    await world.outcome(a, lasting, [], `SELECT n FROM t${half % 6}`)
    outcomes.add(await world.outcome(a, lasting, [], 'SELECT n FROM users'))
  }
  expect([...outcomes]).toEqual(['l1'])
  const ofUsers = world.redis.trips.filter(({ commands }) => commands[0]!.some((key) => key.includes('t:public.users')))
  // Twice in each of the 20 bounds that went by.
  expect(ofUsers.length).toBeLessThanOrEqual(40)
})

it('a check that Redis did not answer is not repeated by the next hit, but when half of the bound is over', async () => {
  const a = world.isolate()
  await world.warm(a)
  await world.outcome(a)
  world.redis.reset()
  world.redis.before = () => Promise.reject(new Error('away'))
  const checks: number[] = []
  for (let ms = 0; ms <= 2_000; ms += 100) {
    expect(await world.outcome(a)).toBe('l1')
    checks.push(world.redis.trips.length)
    world.now += 100
  }
  expect([checks[9], checks[10], checks[19], checks[20]]).toEqual([0, 1, 1, 2])
})

it('a check that another has followed ends without it: there are never two at once', async () => {
  const a = world.isolate()
  await world.warm(a)
  await world.outcome(a)
  let end!: () => void
  const { core } = a
  announce(core, hotNames(core, world.now), world.now, world.now, new Promise<void>((resolve) => (end = resolve)))
  announce(core, hotNames(core, world.now), world.now, world.now, new Promise(() => undefined))
  const second = checkUnderWay(core, [], world.now)
  end()
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(second).toBeDefined()
  expect(checkUnderWay(core, [], world.now)).toBe(second)
})

it('a check under way is waited for by those only whose result it may vouch for', async () => {
  const a = world.isolate()
  await world.warm(a)
  await world.outcome(a)
  world.now += 1_500
  let answer: (() => void) | undefined
  world.redis.after = () => (answer ? undefined : new Promise((resolve) => (answer = resolve)))
  expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('l1')
  await until('the check', () => answer !== undefined)
  // Nothing of it is in memory: it has no use for the check, which is not answered before it.
  expect((await a.queryResult(SQL, [2])).cache.outcome).toBe('miss')
  world.now += 1_000
  const waiting = a.queryResult(SQL, [1])
  answer!()
  expect((await waiting).cache.outcome).toBe('l1')
  await a.flush()
})

describe('memory after an invalidation that Redis did not acknowledge', () => {
  it('believes no older result, though a lookup for another brings the version by which it would hold', async () => {
    const a = world.isolate()
    await world.warm(a)
    for (const outcome of ['miss', 'l1']) expect(await world.outcome(a)).toBe(outcome)
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mset') throw new Error('lost')
    }
    expect((await a.execute('UPDATE users SET n = n + 1')).cache.invalidated).toBe(false)
    expect((await a.queryResult(SQL, [2])).cache.outcome).toBe('miss')
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('miss')
  })
})

describe("memory after an invalidation of this isolate's own", () => {
  it('believes no reply that Redis gave before it and that arrives after it', async () => {
    const a = world.isolate()
    await world.warm(a)
    for (const outcome of ['miss', 'l1']) expect(await world.outcome(a)).toBe(outcome)
    let arrive: (() => void) | undefined
    let acknowledge: (() => void) | undefined
    world.redis.before = ({ commands }) =>
      commands[0]![0] === 'mset' ? new Promise((resolve) => (acknowledge = resolve)) : undefined
    world.redis.after = ({ commands }) =>
      commands[0]![0] === 'mget' ? new Promise((resolve) => (arrive = resolve)) : undefined
    const write = a.execute('UPDATE users SET n = n + 1')
    await until('the invalidation', () => acknowledge !== undefined)
    const other = a.query(SQL, [2])
    await until('the reply with the older version', () => arrive !== undefined)
    world.redis.after = () => {}
    acknowledge!()
    await write
    arrive!()
    await other
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('miss')
  })
})

describe('what Redis has vouched for when it was asked', () => {
  it.each(['hybrid', 'redis'] as const)(
    'and is kept for staleIfError alone is no answer while the database has one (%s)',
    async (type) => {
      const [a, b] = [world.isolate({ type }), world.isolate({ type })]
      const options = { ttl: 1, staleIfError: 600 }
      await world.warm(a)
      await world.outcome(a, options)
      for (const one of [b, a, b]) {
        world.now += 1_500
        const { cache, rows } = await one.queryResult(SQL, [1], options)
        await one.flush()
        expect([cache.outcome, rows]).toEqual(['miss', [{ n: world.database.log.length }]])
      }
      world.now += 1_500
      world.database.answer = () => Promise.reject(new Error('database down'))
      expect(await world.outcome(world.isolate({ type }), options)).toBe('stale-if-error')
    },
  )

  it.each(['is there still', 'was evicted'])(
    'answers under staleIfError though the database takes long to fail, when its stored text %s',
    async (text) => {
      const a = world.isolate()
      const options = { ttl: 1, staleIfError: 600 }
      await world.warm(a)
      await world.outcome(a, options)
      for (const key of world.redis.data.keys())
        if (key.includes(':e:') && text === 'was evicted') world.redis.data.delete(key)
      world.now += 5_000
      world.database.answer = () => {
        world.now += 10_000
        return Promise.reject(new Error('database down'))
      }
      expect(await world.outcome(a, options)).toBe('stale-if-error')
    },
  )
})
