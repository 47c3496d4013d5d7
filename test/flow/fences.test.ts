/** What keeps a fence standing as long as its writer may write, whatever other writers, clocks and evictions do. */
import { beforeEach, describe, expect, it } from 'vitest'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import { World } from '../support/isolates.js'
import { until } from '../support/until.js'

const UPDATE = 'UPDATE users SET n = 1'
const FENCED = { consistency: { invalidate: 'fenced' as const } }
/** The default of `fenceSeconds`, in milliseconds. The world's clock begins with such a period. */
const PERIOD = 30_000

let world: World
/** Ends the writes that are under way, in the order of their begin. */
let commits: (() => void)[]
beforeEach(() => {
  world = new World()
  commits = []
  const { answer } = world.database
  world.database.answer = (statement) =>
    statement.sql === UPDATE ? new Promise((resolve) => commits.push(() => resolve([]))) : answer(statement)
})

const fences = () => [...world.redis.data.keys()].filter((key) => key.includes(':f:'))

/** What lookups have asked for since the last reset: whether each asked for fences. */
const asksForFences = () =>
  world.redis.trips.flatMap(({ commands }) =>
    commands.filter(([name]) => name === 'mget').map((keys) => keys.some((key) => key.includes(':f:'))),
  )

/** Begins a write and comes back when the database has it. */
async function begin(executor: CachedQueryExecutor): Promise<{ done: Promise<unknown> }> {
  const before = commits.length
  const done = executor.execute(UPDATE)
  await until('the write under way', () => commits.length > before)
  return { done }
}

/** Nothing is stored, and nothing that is stored is a hit. */
async function expectFenced(): Promise<void> {
  await world.outcome(world.isolate())
  expect(await world.outcome(world.isolate())).toBe('miss')
}

describe('a fence', () => {
  it.each([
    ['behind', 600, PERIOD - 300],
    ['ahead of', -900, PERIOD + 800],
  ])('is seen to the end of its time by those whose clock is %s its writer', async (_name, ahead, begunAt) => {
    const cache = createQueryCache({ type: 'hybrid', ...FENCED, redis: { client: world.redis.sdk } })
    const writer = new CachedQueryExecutor(world.database, cache, { now: () => world.now + ahead })
    await world.warm(writer)
    world.now += begunAt
    await begin(writer)
    await expectFenced()
    world.now += PERIOD - 100
    await expectFenced()
  })

  it.each([-500, 100, 900])('is seen by those who have looked before its period, %d ms from its begin', async (ms) => {
    const [writer, reader] = [world.isolate(FENCED), world.isolate({ type: 'redis' })]
    await world.warm(writer)
    world.now += PERIOD - 2_000
    await world.outcome(reader)
    expect(await world.outcome(reader)).toBe('l2')
    world.now += 1_200
    expect(await world.outcome(reader)).toBe('l2')
    world.now += 800 + ms
    await begin(writer)
    for (let looks = 0; looks < 2; looks++) expect(await world.outcome(reader)).toBe('miss')
  })

  it('is kept in Redis for three of its periods, and the second by which clocks may differ', async () => {
    const a = world.isolate({ consistency: { invalidate: 'fenced', fenceSeconds: 7 } })
    await a.execute('UPDATE posts SET n = 1')
    const commands = world.redis.trips.flatMap((trip) => trip.commands)
    const expiries = commands.filter(([name, key]) => name === 'expire' && key!.includes(':f:'))
    expect(expiries.map(([, , seconds]) => seconds)).toEqual(['22', '22'])
  })

  it('is not lifted by a writer whose own was evicted', async () => {
    const [a, b] = [world.isolate(FENCED), world.isolate(FENCED)]
    await world.warm(a)
    const evicted = await begin(b)
    world.redis.data.delete(fences()[0]!)
    await begin(a)
    commits[0]!()
    await evicted.done
    await expectFenced()
  })

  it('is anything but nothing: what lost halves leave behind may be less than 0', async () => {
    const a = world.isolate(FENCED)
    await world.warm(a)
    await begin(a)
    world.redis.data.set(fences()[0]!, '-1')
    await expectFenced()
  })

  it('is taken back when the database refuses the write', async () => {
    const a = world.isolate(FENCED)
    await world.warm(a)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(Object.assign(new Error('duplicate key'), { code: '23505' }))
    await expect(a.execute(UPDATE)).rejects.toThrow('duplicate')
    world.database.answer = answer
    await world.outcome(world.isolate())
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('is taken back from each table of the write', async () => {
    const a = world.isolate(FENCED)
    await world.warm(a, ['orders', 'users'])
    await a.transaction(['orders', 'users'].map((table) => ({ sql: `UPDATE ${table} SET n = 2` })))
    for (const sql of ['SELECT n FROM orders', 'SELECT n FROM users']) {
      await world.outcome(world.isolate(), {}, [], sql)
      expect(await world.outcome(world.isolate(), {}, [], sql)).toBe('l2')
    }
  })

  it('is not raised for what changes no table: Redis is not asked', async () => {
    const a = world.isolate(FENCED)
    expect((await a.execute('SELECT 1')).cache).toEqual({ tables: [], tags: [], invalidated: true })
    expect(world.redis.trips).toEqual([])
  })

  it('stays when the reply to its own write was lost', async () => {
    const a = world.isolate(FENCED)
    await world.warm(a)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await expect(a.execute(UPDATE)).rejects.toThrow('lost')
    world.database.answer = answer
    await a.flush()
    await expectFenced()
  })

  it('is not said to have stood when Redis refused it', async () => {
    const a = world.isolate(FENCED)
    await world.warm(a)
    world.redis.full = true
    const { done } = await begin(a)
    commits[0]!()
    expect(await done).toMatchObject({ cache: { invalidated: true, fenced: false } })
  })

  it.each([0, 1, 2])('is not said to have stood when only %d replies to what sets it arrive', async (count) => {
    const a = world.isolate(FENCED)
    await world.warm(a)
    world.redis.garble = (replies, { commands }) => (commands[0]![0] === 'incrby' ? replies.slice(0, count) : replies)
    const { done } = await begin(a)
    commits[0]!()
    expect(await done).toMatchObject({ cache: { invalidated: true, fenced: false } })
  })

  it('ends with what was stored before it, though writers die again and again', async () => {
    const lasting = { ttl: 3_600 }
    const reader = world.isolate()
    await world.warm(reader)
    await begin(world.isolate(FENCED))
    world.now += 3 * PERIOD + 10_000
    await world.outcome(reader, { ...lasting, refreshCache: true })
    expect(await world.outcome(world.isolate(), lasting)).toBe('l2')
    await begin(world.isolate(FENCED))
    world.now += 3 * PERIOD + 10_000
    expect(await world.outcome(world.isolate(), lasting)).toBe('miss')
  })

  it('of a moment takes no more keys to be looked for than a command can hold', async () => {
    const config = { consistency: { invalidate: 'fenced' as const, fenceSeconds: 1e-9 } }
    const a = world.isolate(config)
    await world.warm(a)
    await begin(a)
    expect(await world.outcome(world.isolate(config))).toBe('miss')
    expect(await world.outcome(world.isolate(config))).toBe('miss')
    const lookups = world.redis.trips.flatMap(({ commands }) => commands).filter(([name]) => name === 'mget')
    expect(lookups).toHaveLength(2)
    for (const [, ...keys] of lookups) expect(keys.length).toBeLessThan(60)
  })

  it('of a write that is not understood stands on everything', async () => {
    const a = world.isolate()
    await world.warm(a)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await expect(a.execute('CALL p()')).rejects.toThrow('lost')
    world.database.answer = answer
    await expectFenced()
  })
})

/** What an isolate must have seen unchanged for, to be sure that no fence stands: two periods, for clocks that differ by a second. */
const QUIET = 2 * PERIOD + 2_000

describe('fences that nobody raises', () => {
  const LASTING = { ttl: 36_000 }
  /** Without isolate memory, so that each read is a lookup. */
  let reader: CachedQueryExecutor
  const read = () => world.outcome(reader, LASTING)

  /** An isolate that no longer asks for fences. */
  beforeEach(async () => {
    reader = world.isolate({ type: 'redis' })
    await world.warm(reader)
    await read()
    world.now += 10_000
    await read()
    expect(world.redis.data.has('eqc:f')).toBe(true)
    await read()
    world.now += QUIET + 1
    world.redis.reset()
    expect(await read()).toBe('l2')
    expect(asksForFences()).toEqual([false])
    world.redis.reset()
  })

  it('are not asked for when the sum of all raises has not changed for as long as one stands', async () => {
    const other = world.isolate({ type: 'redis' })
    await world.outcome(other, LASTING)
    world.now += QUIET
    await world.outcome(other, LASTING)
    expect(asksForFences()).toEqual([true, true])
    world.now += 1
    expect(await world.outcome(other, LASTING)).toBe('l2')
    expect(asksForFences()).toEqual([true, true, false])
  })

  it('are asked for from the read on that finds that one was raised, for as long as it stands; hits are hits by their versions', async () => {
    await world.isolate(FENCED).execute('UPDATE posts SET n = 1')
    world.redis.reset()
    world.database.trips = 0
    expect(await read()).toBe('l2')
    expect(await read()).toBe('l2')
    expect(asksForFences()).toEqual([false, true])
    world.now += QUIET
    await read()
    expect(asksForFences()).toEqual([false, true, true])
    world.now += 1
    expect(await read()).toBe('l2')
    expect(asksForFences()).toEqual([false, true, true, false])
    expect(world.database.trips).toBe(0)
  })

  it('keep out what is read by whoever finds that one was raised, of whatever name', async () => {
    await world.isolate(FENCED).execute('UPDATE posts SET n = 1')
    expect(await world.outcome(reader, LASTING, [2])).toBe('miss')
    expect(world.events).toContainEqual({ type: 'not-stored', reason: 'fenced' })
    expect(await world.outcome(reader, LASTING, [2])).toBe('miss')
    expect(await world.outcome(reader, LASTING, [2])).toBe('l2')
  })

  /** An isolate with memory that has read when it found that a fence was raised, whose writer never ends. */
  async function readUnderFence(): Promise<CachedQueryExecutor> {
    const hot = world.isolate()
    await world.outcome(hot, LASTING)
    world.now += QUIET + 1
    await begin(world.isolate(FENCED))
    expect(await world.outcome(hot, LASTING)).toBe('miss')
    return hot
  }

  it('let memory keep what is read then for no longer than the bound', async () => {
    const hot = await readUnderFence()
    world.now += 1_900
    expect(await world.outcome(hot, LASTING)).toBe('l1')
    world.now += 200
    expect(await world.outcome(hot, LASTING)).toBe('miss')
  })

  it('leave nothing in memory that comes back when the fence of a dead writer is over', async () => {
    const hot = await readUnderFence()
    world.now += QUIET + 1
    expect(await world.outcome(hot, LASTING)).toBe('miss')
  })

  it('keep out what is read while one stands whose writer dies', async () => {
    await begin(world.isolate(FENCED))
    expect(await read()).toBe('miss')
    expect(await read()).toBe('miss')
    await expectFenced()
  })

  it('keep it out also after a write that is invalidated without one', async () => {
    await begin(world.isolate(FENCED))
    await world.isolate().invalidate({ tables: ['users'] })
    expect(await read()).toBe('miss')
    expect(await read()).toBe('miss')
  })

  it('keep it out after a write whose end is not known, without `fenced`', async () => {
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await expect(world.isolate().execute(UPDATE)).rejects.toThrow('lost')
    world.database.answer = answer
    expect(await read()).toBe('miss')
    expect(await read()).toBe('miss')
  })

  it('are asked for when the sum was lost, before and after a fence was raised', async () => {
    world.redis.data.delete('eqc:f')
    expect(await read()).toBe('l2')
    expect(await read()).toBe('l2')
    expect(asksForFences()).toEqual([false, true])
    await begin(world.isolate(FENCED))
    world.redis.data.delete('eqc:f')
    expect(await read()).toBe('miss')
    world.now += 10_000
    // Made anew by a push of statistics: it tells nothing of what was before.
    for (let looks = 0; looks < 3; looks++) expect(await read()).toBe('miss')
    expect(world.redis.data.has('eqc:f')).toBe(true)
  })

  it('keep out what is read when the sum was lost after a raise', async () => {
    await begin(world.isolate(FENCED))
    world.redis.data.delete('eqc:f')
    expect(await world.outcome(reader, LASTING, [2])).toBe('miss')
    world.now += QUIET + 1
    expect(await world.outcome(reader, LASTING, [2])).toBe('miss')
  })

  it('are asked for by a check of hot names too, and by whoever takes a lease', async () => {
    const hot = world.isolate()
    await world.outcome(hot, LASTING)
    world.now += QUIET + 1
    await world.outcome(hot, LASTING)
    await begin(world.isolate(FENCED))
    world.redis.reset()
    world.now += 1_500
    expect(await world.outcome(hot, LASTING)).toBe('l1')
    world.now += 1_100
    await world.outcome(hot, LASTING)
    expect(asksForFences()).toEqual([false, true])
    world.redis.reset()
    expect(await world.outcome(reader, { ...LASTING, coalesce: 'global' }, [2])).toBe('miss')
    expect(asksForFences()).toEqual([false, true])
  })

  it('are asked for by who fences his own writes, always, and he does not ask for the sum', async () => {
    const fenced = world.isolate({ type: 'redis', ...FENCED })
    await world.outcome(fenced, LASTING)
    world.now += 2 * QUIET
    await world.outcome(fenced, LASTING)
    expect(asksForFences()).toEqual([true, true])
    expect(world.redis.trips.flatMap(({ commands }) => commands.flat())).not.toContain('eqc:f')
  })

  it('are asked for while the clock is before the time at which the sum was seen', async () => {
    world.now -= 2 * QUIET
    await read()
    expect(asksForFences()).toEqual([true])
  })

  it('are summed up in a key without an end, which an invalidation of everything leaves alone', async () => {
    const before = world.redis.data.get('eqc:f')
    await reader.invalidateCache()
    await world.isolate({ type: 'redis', epoch: 'next' }).cleanupCache()
    expect(world.redis.data.get('eqc:f')).toBe(before)
    expect(Number(before)).toBeGreaterThan(0)
    expect(Number(before)).toBeLessThan(2 ** 25)
  })
})
