import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig, QueryCache } from '../../src/index.js'
import type { L1Entry } from '../../src/l1.js'
import { FakeDatabase } from '../support/fake-database.js'
import { until } from '../support/until.js'

const SQL = 'SELECT n FROM users WHERE id = $1'
const MIB = 1024 * 1024

let database: FakeDatabase
let cache: QueryCache
let executor: CachedQueryExecutor

function start(queryCache: CacheConfig['queryCache']): void {
  cache = createQueryCache({ type: 'local', queryCache })
  executor = new CachedQueryExecutor(database, cache, { now: () => 1_000_000 })
}

const ask = (...ids: number[]) => Promise.all(ids.map((id) => executor.query(SQL, [id])))
/** How often the database was asked for it. */
const asked = async (...ids: number[]) => {
  const before = database.log.length
  for (const id of ids) await ask(id)
  return database.log.length - before
}

beforeEach(() => {
  database = new FakeDatabase()
  database.answer = ({ params }) => [[['n', 25, `text of ${String(params[0])}`]]]
})

afterEach(() => void vi.restoreAllMocks())

/** Rows that take far more when they are kept parsed. */
const times = (length: number) => () =>
  Array.from({ length }, (): [string, number, string][] => [['n', 1184, '2026-01-02 03:04:05+00']])

describe('isolate memory', () => {
  it('tells what it holds: key, tables, size, age and hits', async () => {
    start({})
    await executor.query(SQL, [1], { cacheKey: 'user:1' })
    await executor.query(SQL, [1], { cacheKey: 'user:1' })
    const [entry, ...more] = cache.getEntries(1_002_000)
    expect(more).toEqual([])
    expect(entry).toEqual({
      key: 'user:1',
      tables: ['public.users'],
      size: expect.any(Number) as number,
      age: 2,
      hits: 1,
    })
    expect(entry!.size).toBeGreaterThan(500)
  })

  it('tells it in lists of its own, and no age below 0 where a clock runs behind', async () => {
    start({})
    await ask(1)
    const [entry] = cache.getEntries(999_000)
    expect(entry!.age).toBe(0)
    ;(entry!.tables as string[]).length = 0
    expect(cache.getEntries()[0]!.tables).toEqual(['public.users'])
  })

  it('says how many entries were dropped', async () => {
    start({})
    await ask(1, 2, 3)
    expect(await executor.invalidateCache()).toBe(3)
    expect(await executor.invalidateCache()).toBe(0)
  })

  it.each([true, false])('writes its events to the console where `debug` says so: %s', (debug) => {
    const written = vi.spyOn(console, 'debug').mockImplementation(() => undefined)
    const event = { type: 'entry-rejected', reason: 'undecodable' } as const
    createQueryCache({ type: 'local', debug }).events.emit(event)
    expect(written.mock.calls.map((call) => call.at(-1))).toEqual(debug ? [event] : [])
  })

  it('stays within its bytes when what it holds is read again and parsed', async () => {
    start({ maxSizeMB: 1 })
    database.answer = times(20)
    for (let id = 0; id < 600; id++) await ask(id)
    expect(executor.getCacheStats().evictions).toBeGreaterThan(0)
    for (let id = 599; id > 500; id--) await ask(id)
    expect(executor.getCacheStats().totalSizeMB).toBeLessThanOrEqual(1)
  })

  it('does not count what somebody still reads after it was dropped', async () => {
    start({})
    database.answer = times(20)
    await ask(1)
    const held: L1Entry[] = []
    cache.dropWhere((entry) => held.push(entry) > 0)
    const before = cache.bytes
    expect(held).toHaveLength(1)
    cache.keep(held[0]!)
    expect(cache.bytes).toBe(before)
  })

  it('counts entries and what is remembered of statements', async () => {
    start({})
    const empty = executor.getCacheStats().totalSizeMB
    expect(empty).toBe(0)
    await ask(1)
    const one = executor.getCacheStats().totalSizeMB * MIB
    expect(one).toBeCloseTo(cache.bytes)
    expect(one).toBeGreaterThan(cache.getEntries()[0]!.size)
    await ask(2)
    expect(executor.getCacheStats().totalSizeMB * MIB - one).toBeCloseTo(cache.getEntries()[1]!.size)
    await executor.invalidateCache()
    expect(executor.getCacheStats().totalSizeMB * MIB).toBeLessThan(one)
  })

  it('stays within its number of entries and its bytes, and counts what it threw out', async () => {
    start({ maxQueries: 10 })
    for (let id = 0; id < 25; id++) await ask(id)
    expect(cache.getEntries()).toHaveLength(10)
    expect(executor.getCacheStats().evictions).toBe(15)
    start({ maxSizeMB: 1 })
    for (let id = 0; id < 2_000; id++) await ask(id)
    const { totalSizeMB, evictions } = executor.getCacheStats()
    expect(totalSizeMB).toBeLessThanOrEqual(1)
    expect(totalSizeMB).toBeGreaterThan(0.99)
    expect(evictions).toBe(2_000 - cache.getEntries().length)
  })

  it('keeps what is read often through a scan of queries that are asked once', async () => {
    start({ maxQueries: 20 })
    const hot = [1, 2, 3, 4, 5]
    await ask(...hot)
    for (let id = 100; id < 400; id++) {
      await ask(id)
      if (id % 10 === 0) expect(await asked(...hot)).toBe(0)
    }
  })

  it('keeps the way to what is read often through a scan of texts that are asked once', async () => {
    start({ maxSizeMB: 1 })
    const keys = ['user:1', 'user:2']
    const hot = async () => {
      await ask(1, 2)
      for (const key of keys) await executor.cached(key, () => Promise.resolve(key), { tables: ['users'] })
      for (const cacheKey of keys) await executor.query(SQL, [7], { cacheKey })
    }
    await hot()
    const misses = executor.getCacheStats().cacheMisses
    for (let i = 0; i < 2_000; i++) {
      await executor.query(`SELECT n FROM users WHERE id = ${i}`)
      if (i % 20 === 0) await hot()
    }
    expect(executor.getCacheStats().cacheMisses).toBe(misses + 2_000)
  })

  it('remembers so much of texts and names as is a part of it, and keeps the limit with them', async () => {
    start({ maxSizeMB: 2 })
    for (let i = 0; i < 3_000; i++) await executor.query(`SELECT n FROM users WHERE id = ${i}`)
    for (let i = 0; i < 3_000; i++) await executor.query(SQL, [i], { cacheKey: `user:${i}`, tags: [`tag ${i}`] })
    expect(cache.statements.bytes).toBeGreaterThan(0.45 * MIB)
    expect(cache.statements.bytes).toBeLessThanOrEqual(0.5 * MIB)
    expect(executor.getCacheStats().totalSizeMB).toBeLessThanOrEqual(2)
    expect(cache.getEntries().length).toBeGreaterThan(500)
  })

  it('gives way to texts that are remembered while nothing is stored', async () => {
    start({ maxSizeMB: 1 })
    for (let i = 0; i < 3_000; i++) await executor.query(SQL, [i])
    for (let i = 0; i < 500; i++) executor.explain(`SELECT n FROM users WHERE id = ${i}`)
    expect(cache.statements.bytes).toBeGreaterThan(0.2 * MIB)
    expect(executor.getCacheStats().totalSizeMB).toBeLessThanOrEqual(1)
  })

  it('is bounded for texts where there is none for results', () => {
    const alone = createQueryCache({ type: 'redis', redis: { url: 'https://redis.example', token: 'token' } })
    const reader = new CachedQueryExecutor(database, alone)
    for (let i = 0; i < 4_000; i++) reader.explain(`SELECT n FROM users WHERE id = ${i}`)
    expect(reader.getCacheStats().totalSizeMB).toBeGreaterThan(3)
    expect(reader.getCacheStats().totalSizeMB).toBeLessThanOrEqual(4)
  })

  it('lets no database push the statements of another out but by its size', async () => {
    start({ maxSizeMB: 1 })
    for (let i = 0; i < 1_000; i++) await executor.query(`SELECT n FROM users WHERE id = ${i}`)
    const other = new FakeDatabase()
    other.identity = 'another/db/user'
    const second = new CachedQueryExecutor(other, cache, { now: () => 1_000_000 })
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 10; i++) await second.query(`SELECT n FROM posts WHERE id = ${i}`)
    expect(other.log).toHaveLength(10)
  })

  it('refuses what would take more than an eighth of it', async () => {
    start({ maxSizeMB: 1 })
    await ask(1)
    database.answer = () => [[['n', 25, 'x'.repeat(140_000)]]]
    expect(await asked(2, 2)).toBe(2)
    expect(await asked(1)).toBe(0)
    expect(executor.getCacheStats().evictions).toBe(0)
  })

  it('forgets what was there before where the newer result is too large', async () => {
    start({ maxSizeMB: 1 })
    await ask(1)
    database.answer = () => [[['n', 25, 'x'.repeat(140_000)]]]
    await executor.query(SQL, [1], { refreshCache: true })
    expect(await asked(1)).toBe(1)
    expect(cache.getEntries()).toEqual([])
  })

  it.each([800, 1_000])('keeps of %i rows that are read again no more than their text', async (length) => {
    start({ maxSizeMB: 1 })
    database.answer = times(length)
    expect(await asked(1, 1, 1)).toBe(1)
    const { size } = cache.getEntries()[0]!
    expect(size).toBeGreaterThan(MIB / 32)
    expect(size).toBeLessThanOrEqual(MIB / 8)
  })

  it('keeps what was read last when loads end in another order', async () => {
    start({})
    let now = 1_000_000
    const timed = new CachedQueryExecutor(database, cache, { now: () => now })
    const answers: ((n: number) => void)[] = []
    database.answer = () => new Promise((resolve) => answers.push((n) => resolve([[['n', 23, String(n)]]])))
    const slow = timed.query(SQL, [1])
    await until('the first load', () => answers.length === 1)
    now += 1_000
    const fast = timed.query(SQL, [1], { refreshCache: true })
    await until('the second load', () => answers.length === 2)
    answers[1]!(2)
    expect(await fast).toEqual([{ n: 2 }])
    answers[0]!(1)
    expect(await slow).toEqual([{ n: 1 }])
    expect(await timed.query(SQL, [1])).toEqual([{ n: 2 }])
    expect(cache.getEntries()).toHaveLength(1)
  })
})
