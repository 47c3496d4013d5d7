/** When isolate memory begins to keep what a result is parsed to: not before somebody reads it again. */
import { beforeEach, expect, it } from 'vitest'
import type { CachedQueryExecutor } from '../../src/index.js'
import { SQL, World } from '../support/isolates.js'

let world: World
let parsed: number
beforeEach(() => {
  world = new World()
  parsed = 0
  world.database.parser = () => (text) => (parsed++, Number(text))
})

const warmIsolate = async () => {
  const a = world.isolate()
  await world.warm(a)
  return a
}
const sizeIn = ({ core: { cache } }: CachedQueryExecutor): number => {
  const [only, ...others] = cache.getEntries(world.now)
  expect(others).toEqual([])
  expect(cache.bytes - cache.statements.bytes).toBe(only!.size)
  return only!.size
}
/** What each read is answered by, and how many cells it has parsed. */
const read = async (executor: CachedQueryExecutor): Promise<[outcome: string, cells: number]> => {
  const before = parsed
  return [await world.outcome(executor), parsed - before]
}

const besideOneThatHasRead = async () => {
  await world.outcome(await warmIsolate())
  return world.isolate()
}

it.each([
  ['a miss', 'miss', warmIsolate],
  ['a hit in Redis', 'l2', besideOneThatHasRead],
] as const)('%s and the first hit after it parse, and no later one', async (_, outcome, isolate) => {
  const a = await isolate()
  expect(await read(a)).toEqual([outcome, 1])
  const unread = sizeIn(a)
  expect(await read(a)).toEqual(['l1', 1])
  expect(sizeIn(a)).toBeGreaterThan(unread)
  expect(await read(a)).toEqual(['l1', 0])
})

it('what Redis vouches for again is parsed once more, however often it does', async () => {
  const b = await besideOneThatHasRead()
  expect(await read(b)).toEqual(['l2', 1])
  for (const cells of [1, 0, 0]) {
    world.now += 10_000
    expect(await read(b)).toEqual(['l2', cells])
  }
})

it('followers of a load parse once together', async () => {
  const a = await warmIsolate()
  const readers = Array.from({ length: 20 }, () => a.query(SQL, [1]))
  const rows = await Promise.all(readers)
  expect(new Set(rows.flat()).size).toBe(20)
  expect(parsed).toBe(2)
})
