/**
 * Two readers and a writer, a reader and two writers: millions of orders. One is run of those that differ only in neighbouring steps
 * that provably commute, because they touch nothing in common; `two-actors.test.ts` runs every single one and finds no difference.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HELD } from './run.js'
import type { Held, Scenario } from './run.js'
import { Tally, standStill, sweep } from './sweep.js'

let moveOn: () => void
beforeAll(() => void (moveOn = standStill()))
afterAll(() => moveOn())

/** Where there are most orders: the two beginnings between them take a reader to the database, and to what Redis and memory hold. */
const TWO: readonly Held[] = ['versions', 'memory']

const scene = (isolates: string, readers: number): Pick<Scenario, 'readers' | 'writers'> => ({
  readers: isolates.split('').slice(0, readers),
  writers: isolates
    .split('')
    .slice(readers)
    .map((isolate) => ({ isolate })),
})

async function sweepOf(isolates: string, readers: number, held: readonly Held[], more: Partial<Scenario> = {}) {
  const tally = new Tally()
  for (const one of held)
    await sweep(tally, { ...scene(isolates, readers), kind: 'query', mode: 'after', held: one, ...more })
  expect(tally.violations).toBe('')
  expect(tally.stoodFor).toBe(tally.expected)
  for (const happened of ['stored: entry', 'stored: none', 'judged: F1, l2', 'judged: F2 own isolate'])
    expect(tally.count(happened), happened).toBeGreaterThan(0)
  return tally
}

// The letters are the isolates, readers first.
describe('two readers and a writer keep the contract', { timeout: 120_000 }, () => {
  it.each([
    ['abc', HELD],
    ['aba', HELD],
    ['aab', TWO],
  ] as const)('in isolates %s', async (isolates, held) => {
    expect((await sweepOf(isolates, 2, held)).expected).toBe(held.length * 1_681_680)
  })

  it('in one isolate', async () => {
    const tally = await sweepOf('aaa', 2, ['versions'])
    expect(tally.expected).toBe(1_681_680)
    expect(tally.count('on the way: coalesced')).toBeGreaterThan(0)
  })

  it.each(['abc', 'aba'])('with `cached()` in isolates %s', async (isolates) => {
    expect((await sweepOf(isolates, 2, TWO, { kind: 'cached' })).expected).toBe(2 * 1_681_680)
  })

  it('around a fence', async () => {
    expect((await sweepOf('abc', 2, TWO, { mode: 'fenced' })).expected).toBe(2 * 17_153_136)
    expect((await sweepOf('aba', 2, ['versions'], { mode: 'fenced' })).expected).toBe(17_153_136)
  })

  it('with everything lost at any time', async () => {
    const tally = await sweepOf('abc', 2, ['nothing', 'memory'], { loss: 'everything' })
    expect(tally.expected).toBe(2 * 28_588_560)
  })
})

describe('a reader and two writers keep the contract', { timeout: 120_000 }, () => {
  it.each(['abc', 'aab', 'abb'])('in isolates %s', async (isolates) => {
    expect((await sweepOf(isolates, 1, HELD)).expected).toBe(4 * 210_210)
  })

  it('in one isolate', async () => {
    expect((await sweepOf('aaa', 1, TWO)).expected).toBe(2 * 210_210)
  })

  it('around two fences', async () => {
    expect((await sweepOf('abc', 1, TWO, { mode: 'fenced' })).expected).toBe(2 * 17_153_136)
    expect((await sweepOf('abb', 1, ['versions'], { mode: 'fenced' })).expected).toBe(17_153_136)
  })

  it('with everything lost at any time', async () => {
    const tally = await sweepOf('abc', 1, ['nothing', 'memory'], { loss: 'everything' })
    expect(tally.expected).toBe(2 * 3_153_150)
  })
})
