import { describe, expect, it } from 'vitest'
import { classOf, differentOrders, everyOrder, multinomial, sizeOfClass } from './interleave.js'
import { readerScript, writerScript } from './actors.js'
import type { Script } from './interleave.js'

const sum = (scripts: readonly Script[]) =>
  [...differentOrders(scripts)].reduce((total, order) => total + sizeOfClass(scripts, order), 0)
const lengths = (scripts: readonly Script[]) => scripts.map((script) => script.length)

describe('the orders of several scripts', () => {
  it('are as many as the multinomial coefficient says', () => {
    expect(multinomial([6, 4])).toBe(210)
    expect(multinomial([6, 6, 4])).toBe(1_681_680)
    const scripts = [readerScript('a', ['end']), writerScript({ isolate: 'b' }, false, 'end')]
    expect(new Set([...everyOrder(scripts)].map(String)).size).toBe(210)
  })

  it.each([
    ['one isolate', ['a', 'a', 'a']],
    ['three isolates', ['a', 'b', 'c']],
  ] as const)('each belong to one class, of which one order is given: %s', (_name, [one, other, third]) => {
    const two = [readerScript(one, ['end']), writerScript({ isolate: third }, true, 'end')]
    const classes = new Set([...everyOrder(two)].map((order) => classOf(two, order)))
    const given = [...differentOrders(two)].map((order) => classOf(two, order))
    expect(given.length).toBe(classes.size)
    expect(new Set(given)).toEqual(classes)
    const three = [...two, writerScript({ isolate: other }, false, 'other end')]
    expect(sum(three)).toBe(multinomial(lengths(three)))
  })

  it('differ where neighbours touch the same thing, and not where they do not', () => {
    const touching = (changes: string[], reads: string[] = []): Script => [{ name: 'step', changes, reads }]
    expect([...differentOrders([touching(['x']), touching(['y'])])]).toHaveLength(1)
    expect([...differentOrders([touching([], ['x']), touching([], ['x'])])]).toHaveLength(1)
    expect([...differentOrders([touching(['x']), touching([], ['x'])])]).toHaveLength(2)
    expect([...differentOrders([touching(['x']), touching(['x'])])]).toHaveLength(2)
  })
})
