/** A reader and a writer: every order of their steps, with a loss of keys at every place in between. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOSSES } from './actors.js'
import { HELD } from './run.js'
import { Tally, standStill, sweep, sweepAll } from './sweep.js'

let moveOn: () => void
beforeAll(() => void (moveOn = standStill()))
afterAll(() => moveOn())

const PLACES = [
  ['one isolate', ['a', 'a']],
  ['two isolates', ['a', 'b']],
] as const

const scene = (reader: string, writer: string) => ({ readers: [reader], writers: [{ isolate: writer }] })

describe.each(PLACES)('a reader and a writer in %s', { timeout: 120_000 }, (_name, [reader, writer]) => {
  it('keep the contract in every single order', async () => {
    const tally = new Tally()
    for (const kind of ['query', 'cached'] as const)
      for (const held of HELD) await sweepAll(tally, { ...scene(reader, writer), kind, mode: 'after', held })
    expect(tally.violations).toBe('')
    expect(tally.expected).toBe(8 * 210)
    expect(tally.run).toBe(tally.expected)
    expectBothEnds(tally)
  })

  it('keep the contract in every order around a fence', async () => {
    const tally = new Tally()
    for (const kind of ['query', 'cached'] as const)
      for (const held of HELD) await sweep(tally, { ...scene(reader, writer), kind, mode: 'fenced', held })
    expect(tally.violations).toBe('')
    expect(tally.expected).toBe(8 * 924)
    expect(tally.stoodFor).toBe(tally.expected)
    expectBothEnds(tally)
  })

  it.each(LOSSES.filter((loss) => loss !== 'fences'))('keep it when Redis loses at any time: %s', async (loss) => {
    const tally = new Tally()
    for (const held of HELD) await sweep(tally, { ...scene(reader, writer), kind: 'query', mode: 'after', held, loss })
    expect(tally.violations).toBe('')
    expect(tally.expected).toBe(4 * 210 * 11)
    expect(tally.stoodFor).toBe(tally.expected)
    expectBothEnds(tally)
  })

  it('keep it with `cached()` when Redis loses everything at any time', async () => {
    const tally = new Tally()
    for (const held of HELD)
      await sweep(tally, { ...scene(reader, writer), kind: 'cached', mode: 'after', held, loss: 'everything' })
    expect(tally.violations).toBe('')
    expect(tally.expected).toBe(4 * 210 * 11)
    expect(tally.stoodFor).toBe(tally.expected)
    expectBothEnds(tally)
  })

  it.each(LOSSES)('keep it around a fence when Redis loses at any time: %s', async (loss) => {
    const tally = new Tally()
    for (const held of ['versions', 'memory'] as const)
      await sweep(tally, { ...scene(reader, writer), kind: 'query', mode: 'fenced', held, loss })
    expect(tally.violations).toBe('')
    expect(tally.expected).toBe(2 * 924 * 13)
    expect(tally.stoodFor).toBe(tally.expected)
    expect(tally.count('judged: F1')).toBeGreaterThan(0)
  })
})

function expectBothEnds(tally: Tally): void {
  for (const end of ['stored: entry', 'stored: versions', 'stored: none', 'on the way: l2', 'on the way: miss'])
    expect(tally.count(end), end).toBeGreaterThan(0)
  for (const judged of ['judged: F1, l2', 'judged: F1, miss', 'judged: F2 own isolate'])
    expect(tally.count(judged), judged).toBeGreaterThan(0)
}
