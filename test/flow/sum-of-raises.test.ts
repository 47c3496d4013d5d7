/** The one sum that tells isolates that no fence was raised: what it must never say wrongly, and what it may cost. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor } from '../../src/index.js'
import { World } from '../support/isolates.js'
import { until } from '../support/until.js'

const UPDATE = 'UPDATE users SET n = 1'
const FENCED = { consistency: { invalidate: 'fenced' as const } }
/** For so long the sum must be unchanged: two periods, and two seconds for clocks that differ. */
const QUIET = 62_000
const LASTING = { ttl: 36_000 }
const SUM = 'eqc:f'

let world: World
let reader: CachedQueryExecutor
const read = (params?: unknown[]) => world.outcome(reader, LASTING, params)
const sum = () => world.redis.data.get(SUM) as string | undefined
const sent = () => world.redis.trips.flatMap(({ commands }) => commands)
const asksForFences = () =>
  sent()
    .filter(([name]) => name === 'mget')
    .map((keys) => keys.some((key) => key.startsWith(`${SUM}:`)))

/** A write that never ends, once the database has it. */
async function begin(writer: CachedQueryExecutor): Promise<void> {
  const { answer } = world.database
  let begun = false
  world.database.answer = (statement) =>
    statement.sql === UPDATE ? ((begun = true), new Promise(() => undefined)) : answer(statement)
  void writer.execute(UPDATE)
  await until('the write under way', () => begun)
}

/** Redis refuses to add to the sum, and nothing else. */
function refuseSum(): void {
  const before = sum()
  world.redis.garble = (replies, { commands }) =>
    replies.map((reply, i) => {
      if (commands[i]![0] !== 'incrby' || commands[i]![1] !== SUM) return reply
      world.redis.data.set(SUM, before!)
      return { error: "OOM command not allowed when used memory > 'maxmemory'." }
    })
}

/** An isolate that no longer asks for fences. */
beforeEach(async () => {
  world = new World()
  reader = world.isolate({ type: 'redis' })
  await world.warm(reader)
  await read()
  world.now += 10_000
  await read()
  await read()
  world.now += QUIET + 1
  expect(await read()).toBe('l2')
  world.redis.reset()
})

describe('the sum of all raises', () => {
  it('is of every generation and cache of a Redis', async () => {
    await begin(world.isolate({ ...FENCED, epoch: 'next', queryCache: { keyPrefix: 'other' } }))
    for (let looks = 0; looks < 2; looks++) expect(await read()).toBe('miss')
  })

  it('grows with each raise, and begins somewhere else after a loss', async () => {
    const writer = world.isolate(FENCED)
    for (let before = Number(sum()), raises = 0; raises < 20; raises++, before = Number(sum())) {
      await writer.execute('UPDATE posts SET n = 1')
      expect(Number(sum())).toBeGreaterThan(before)
    }
    const begins = new Set<unknown>()
    for (let losses = 0; losses < 2; losses++) {
      world.redis.data.delete(SUM)
      await writer.execute('UPDATE posts SET n = 1')
      begins.add(sum())
      world.redis.data.delete(SUM)
      await read()
      world.now += 10_000
      await read()
      begins.add(sum())
    }
    expect(begins.size).toBe(4)
    expect(begins).not.toContain(undefined)
  })

  it('is made once, without an end, and not over a raise that came in between', async () => {
    world.redis.data.delete(SUM)
    world.now += 10_000
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'bitfield') world.redis.data.set(SUM, '77')
    }
    await read()
    expect(sent().find(([name, key]) => name === 'set' && key === SUM)).toEqual(['set', SUM, expect.anything(), 'nx'])
    expect(sum()).toBe('77')
    world.redis.reset()
    for (let pushes = 0; pushes < 2; pushes++) {
      world.now += 10_000
      await read()
    }
    expect(sent().map(([name]) => name)).toEqual(['mget', 'bitfield', 'mget', 'bitfield'])
  })

  it('that is smaller than before was lost', async () => {
    world.redis.data.set(SUM, '0')
    expect(await world.outcome(reader, LASTING, [2])).toBe('miss')
    expect(await world.outcome(reader, LASTING, [2])).toBe('miss')
    expect(asksForFences()).toEqual([false, true])
  })

  it('may come as a number from a client that parses what it gets', async () => {
    world.redis.garble = (replies, { commands }) =>
      replies.map(({ result }, i) => ({
        result: commands[i]![0] === 'mget' ? [...(result as string[]).slice(0, -1), Number(sum())] : result,
      }))
    for (const outcome of ['l2', 'l2']) expect(await read()).toBe(outcome)
    world.now += QUIET + 1
    world.redis.reset()
    expect(await read()).toBe('l2')
    expect(asksForFences()).toEqual([false])
    await begin(world.isolate(FENCED))
    for (let looks = 0; looks < 2; looks++) expect(await read()).toBe('miss')
  })

  it('is no news while the clock is long before the time at which it was seen', async () => {
    world.now -= 4 * QUIET
    await read()
    expect(asksForFences()).toEqual([true])
  })

  it('is known since its reply arrived, however long that took', async () => {
    const other = world.isolate({ type: 'redis' })
    world.redis.after = () => void (world.now += 5_000)
    await world.outcome(other, LASTING)
    world.redis.after = () => {}
    world.redis.reset()
    world.now += QUIET
    await world.outcome(other, LASTING)
    world.now += 1
    await world.outcome(other, LASTING)
    expect(asksForFences()).toEqual([true, false])
  })

  it('keeps what is in memory vouched for, as fences did', async () => {
    const hot = world.isolate()
    await world.outcome(hot, LASTING)
    world.now += QUIET + 1
    await world.outcome(hot, LASTING)
    world.redis.reset()
    for (let reads = 0; reads < 4; reads++) {
      world.now += 1_200
      expect(await world.outcome(hot, LASTING)).toBe('l1')
    }
    expect(new Set(asksForFences())).toEqual(new Set([false]))
  })

  it('is not enough for whoever takes a lease, whose result is everybody’s', async () => {
    const shared = { ...LASTING, coalesce: 'global' as const }
    expect(await world.outcome(reader, shared, [2])).toBe('miss')
    expect(asksForFences()).toEqual([false, true])
    world.redis.before = async ({ commands }) => {
      if (!commands[0]![1]!.includes(':l:')) return
      world.redis.before = () => {}
      await begin(world.isolate(FENCED))
    }
    expect(await world.outcome(reader, shared, [3])).toBe('miss')
    expect(await read([3])).toBe('miss')
  })
})

describe('a raise that could not be added to the sum', () => {
  it('is no fence', async () => {
    refuseSum()
    expect((await world.isolate(FENCED).execute('UPDATE users SET n = 2')).cache.fenced).toBe(false)
  })

  it('is owed by a write that may still commit', async () => {
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    const writer = world.isolate()
    refuseSum()
    await expect(writer.queryResult(UPDATE)).rejects.toThrow('lost')
    world.redis.garble = (replies) => replies
    world.database.answer = answer
    expect(world.events.find(({ type }) => type === 'write')).toMatchObject({ outcome: 'unknown', invalidated: false })
    await writer.flush()
    for (let looks = 0; looks < 2; looks++) expect(await read()).toBe('miss')
  })
})
