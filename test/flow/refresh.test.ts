import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor } from '../../src/index.js'
import { Refreshes } from '../../src/refresh.js'
import { SQL, World } from '../support/isolates.js'

/** A refresh counts as dead after this time, in milliseconds. */
const LONGEST_REFRESH = 30_000
const OPTIONS = { ttl: 1, staleWhileRevalidate: 600 }

let world: World
let a: CachedQueryExecutor
/** Questions for the key of these tests, others not counted. */
let loads: number
/** What the next load comes to. */
let behaviour: 'answers' | 'fails' | 'waits' | 'dies'
/** Let loads that wait fail, in the order of their begin. */
let failures: (() => void)[]

beforeEach(async () => {
  world = new World()
  loads = 0
  behaviour = 'answers'
  failures = []
  world.database.answer = ({ params }) => {
    if (params[0] !== 1) return [[['n', 23, '0']]]
    loads++
    if (behaviour === 'fails') throw new Error('database down')
    if (behaviour === 'waits')
      return new Promise((_, reject) => failures.push(() => reject(new Error('database down'))))
    // What a request leaves behind that died: nothing of it ever settles.
    if (behaviour === 'dies') return new Promise(() => {})
    return [[['n', 23, String(loads)]]]
  }
  a = world.isolate()
  await world.warm(a)
  expect(await read()).toEqual(['miss', 1])
  await a.flush()
  world.now += 1_500
})

/** How one read came about, and its row. */
async function read(executor = a): Promise<[string, number]> {
  const { cache, rows } = await executor.queryResult<{ n: number }>(SQL, [1], OPTIONS)
  return [cache.outcome, rows[0]!.n]
}

/**
 * Lets background work get as far as it can. `flush` would wait for what is dead: so a whole other read, from Redis to the database,
 * is let by, which began later than whatever was begun before.
 */
async function settle(executor = a): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await executor.query(SQL, [2], { refreshCache: true })
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}

/** A hot route: a read every half second, so that its entry stays believed. Returns the outcomes. */
async function readFor(ms: number): Promise<Set<string>> {
  const outcomes = new Set<string>()
  for (let passed = 0; passed < ms; passed += 500) {
    world.now += 500
    outcomes.add((await read())[0])
    await settle()
  }
  return outcomes
}

describe('a refresh', () => {
  it('is one per key, however many read the stale entry', async () => {
    behaviour = 'dies'
    const answers = await Promise.all(Array.from({ length: 50 }, () => read()))
    await settle()
    expect(new Set(answers.map(([outcome]) => outcome))).toEqual(new Set(['stale']))
    expect(loads).toBe(2)
  })

  it('comes with an answer that tells its age, and that no time is left', async () => {
    const { cache } = await a.queryResult(SQL, [1], OPTIONS)
    expect(cache).toMatchObject({ outcome: 'stale', age: 1.5, ttl: 0 })
    await a.flush()
  })

  it('brings fresh rows for the next reader', async () => {
    expect(await read()).toEqual(['stale', 1])
    await a.flush()
    expect(await read()).toEqual(['l1', 2])
  })

  it('that has ended keeps no later one waiting', async () => {
    for (const rows of [1, 2, 3]) {
      expect(await read()).toEqual(['stale', rows])
      await a.flush()
      expect(await read()).toEqual(['l1', rows + 1])
      world.now += 1_500
    }
  })

  it('asks the database where Redis has newer rows that are stale too', async () => {
    const b = world.isolate()
    await b.query(SQL, [1], { ...OPTIONS, refreshCache: true })
    await b.flush()
    // What memory has goes on being believed.
    await a.query(SQL, [2], OPTIONS)
    world.now += 1_500
    expect(await read()).toEqual(['stale', 1])
    await a.flush()
    expect(loads).toBe(3)
    expect(await read()).toEqual(['l1', 3])
  })

  it('of one key is not begun again because one of another begins', async () => {
    await a.query(SQL, [2], OPTIONS)
    await a.flush()
    world.now += 1_500
    behaviour = 'waits'
    await read()
    await a.query(SQL, [2], OPTIONS)
    await settle()
    expect((await read())[0]).toBe('stale')
    await settle()
    expect(loads).toBe(2)
  })

  it('is remembered of a thousand keys, so that dead ones take no more room', () => {
    const refreshes = new Refreshes()
    const begin = (i: number) => refreshes.begin(`key ${i}`, 0)
    for (let i = 0; i < 1_024; i++) expect(begin(i)).toBe(true)
    expect(begin(0)).toBe(false)
    expect([begin(1_024), begin(0)]).toEqual([true, true])
    expect(begin(1_024)).toBe(false)
  })

  it('of one key does not wait for that of another', async () => {
    behaviour = 'dies'
    await read()
    await settle()
    const other = () => a.queryResult(SQL, [3], OPTIONS)
    await other()
    await settle()
    world.now += 1_500
    const before = world.database.trips
    expect((await other()).cache.outcome).toBe('stale')
    while (world.database.trips === before) await settle()
    expect((await other()).cache.outcome).toBe('l1')
  })
})

describe('a refresh whose request died', () => {
  it('keeps the next one off for a while, not for ever, and serves stale rows meanwhile', async () => {
    behaviour = 'dies'
    expect(await read()).toEqual(['stale', 1])
    await settle()
    expect(loads).toBe(2)
    behaviour = 'answers'
    expect(await readFor(LONGEST_REFRESH - 500)).toEqual(new Set(['stale']))
    expect(loads).toBe(2)
    world.now += 500
    expect(await read()).toEqual(['stale', 1])
    await settle()
    expect(loads).toBe(3)
    expect(await read()).toEqual(['l1', 3])
  })

  it('may be followed by one that dies too', async () => {
    behaviour = 'dies'
    await read()
    await readFor(2 * LONGEST_REFRESH + 1_000)
    expect(loads).toBe(4)
    behaviour = 'answers'
    await readFor(LONGEST_REFRESH)
    expect((await read())[1]).toBe(loads)
  })

  it('is forgotten on an isolate that finds the entry in Redis as well', async () => {
    behaviour = 'dies'
    const b = world.isolate()
    expect(await read(b)).toEqual(['stale', 1])
    await settle(b)
    expect(loads).toBe(2)
    behaviour = 'answers'
    world.now += LONGEST_REFRESH - 1
    expect(await read(b)).toEqual(['stale', 1])
    await settle(b)
    expect(loads).toBe(2)
    world.now += 1
    expect(await read(b)).toEqual(['stale', 1])
    await settle(b)
    expect(loads).toBe(3)
    expect(await read(b)).toEqual(['l1', 3])
  })
})

describe('a refresh that was given up', () => {
  it('changes nothing when it ends: another is under way by then, and stays the only one', async () => {
    behaviour = 'waits'
    await read()
    await readFor(LONGEST_REFRESH)
    expect(loads).toBe(3)
    failures[0]!()
    await settle()
    expect(await readFor(10_000)).toEqual(new Set(['stale']))
    expect(loads).toBe(3)
    failures[1]!()
  })
})

describe('a clock that was set back', () => {
  it.each(['dies', 'fails'] as const)('does not put off the refresh after one that %s', async (fate) => {
    world.now += 100_000
    behaviour = fate
    expect(await read()).toEqual(['stale', 1])
    await settle()
    expect(loads).toBe(2)
    world.now -= 90_000
    behaviour = 'answers'
    expect(await read()).toEqual(['stale', 1])
    await settle()
    expect(loads).toBe(3)
    expect((await read())[1]).toBe(3)
  })
})

describe('a refresh that fails', () => {
  it('keeps the stale entry until its end, and no longer', async () => {
    behaviour = 'fails'
    const end = world.now - 1_500 + (OPTIONS.ttl + OPTIONS.staleWhileRevalidate) * 1_000
    world.now = end - 5_500
    expect(await readFor(5_000)).toEqual(new Set(['stale']))
    world.now += 500
    await expect(read()).rejects.toThrow('database down')
    behaviour = 'answers'
    expect((await read())[0]).toBe('miss')
  })
})
