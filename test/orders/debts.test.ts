/** Writers whose invalidation goes wrong, and a reader: every order of their steps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HELD } from './run.js'
import { Tally, standStill, sweep } from './sweep.js'

let moveOn: () => void
beforeAll(() => void (moveOn = standStill()))
afterAll(() => moveOn())

const PLACES = [
  ['one isolate', ['a', 'a']],
  ['two isolates', ['a', 'b']],
] as const

describe.each(PLACES)('a reader, and a writer in %s', { timeout: 120_000 }, (_name, [reader, writer]) => {
  it.each(['request lost', 'reply lost'] as const)(
    'whose invalidation is not acknowledged, and repeated: %s',
    async (fault) => {
      const tally = new Tally()
      const scene = { readers: [reader], writers: [{ isolate: writer, fault }] }
      for (const held of HELD) await sweep(tally, { ...scene, kind: 'query', mode: 'after', held })
      for (const held of ['versions', 'memory'] as const) {
        await sweep(tally, { ...scene, kind: 'cached', mode: 'after', held })
        await sweep(tally, { ...scene, kind: 'query', mode: 'fenced', held })
      }
      expect(tally.violations).toBe('')
      expect(tally.expected).toBe(6 * 1716 + 2 * 5005)
      expect(tally.stoodFor).toBe(tally.expected)
      for (const happened of ['stored: entry', 'stored: none', 'in debt: miss', 'judged: F2 own isolate, miss'])
        expect(tally.count(happened), happened).toBeGreaterThan(0)
    },
  )

  it('whose invalidation a full Redis refuses, so that it deletes the versions', async () => {
    const tally = new Tally()
    const scene = { readers: [reader], writers: [{ isolate: writer, fault: 'full' as const }] }
    for (const kind of ['query', 'cached'] as const)
      for (const held of HELD) await sweep(tally, { ...scene, kind, mode: 'after', held })
    expect(tally.violations).toBe('')
    expect(tally.expected).toBe(8 * 924)
    expect(tally.stoodFor).toBe(tally.expected)
    expect(tally.count('stored: entry')).toBeGreaterThan(0)
    expect(tally.count('stored: none')).toBeGreaterThan(0)
  })

  it('that dies behind its fence, between commit and invalidation', async () => {
    const tally = new Tally()
    const scene = { readers: [reader], writers: [{ isolate: writer, fault: 'dies' as const }] }
    for (const kind of ['query', 'cached'] as const)
      for (const held of HELD) await sweep(tally, { ...scene, kind, mode: 'fenced', held })
    expect(tally.violations).toBe('')
    expect(tally.expected).toBe(8 * 84)
    expect(tally.stoodFor).toBe(tally.expected)
    expect(tally.count('stored: entry')).toBeGreaterThan(0)
    expect(tally.count('stored: none')).toBeGreaterThan(0)
  })
})
