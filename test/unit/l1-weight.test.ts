import { describe, expect, it } from 'vitest'
import { columnsToText } from '../../src/codec/columns.js'
import { packResult } from '../../src/codec/payload.js'
import type { RowsPayload } from '../../src/codec/payload.js'
import { columnsBytes, dependencyBytes, entryBytes, statementBytes, textBytes } from '../../src/weight.js'

type Column = [name: string, oid: number, ...texts: (string | null)[]]

const rows = (...columns: Column[]): RowsPayload => {
  const payload = packResult({
    raw: true,
    fields: columns.map(([name, dataTypeID]) => ({ name, dataTypeID })),
    rowCount: null,
    command: 'SELECT',
    rows: (columns[0] ?? []).slice(2).map((_, row) => columns.map((column) => column[row + 2] as string | null)),
  })
  if (payload.kind !== 'rows') throw new Error('expected rows')
  return payload
}
const unread = (...columns: Column[]) => entryBytes(['key'], 2, rows(...columns))
const size = (...columns: Column[]) => {
  const payload = rows(...columns)
  const [before, after] = [false, true].map((parsed) => columnsBytes(payload, payload.columns, parsed)) as [
    number,
    number,
  ]
  return unread(...columns) + after - before
}

describe('a text', () => {
  it('takes a byte for each character, two when one of them is beyond Latin-1, in steps of eight', () => {
    expect(textBytes('x'.repeat(100))).toBe(120)
    expect(textBytes('é'.repeat(100))).toBe(120)
    expect(textBytes('ж'.repeat(100))).toBe(216)
    expect(textBytes('x'.repeat(99) + '🦊')).toBe(224)
  })

  it('of one character takes nothing: there is one for all', () => {
    expect([textBytes(''), textBytes('t')]).toEqual([0, 0])
  })
})

describe('an entry', () => {
  it('grows with rows, columns, texts, keys and names', () => {
    const base = size(['a', 25, 'some text'])
    expect(size(['a', 25, 'some text and more'])).toBeGreaterThan(base)
    expect(size(['a', 25, 'some text', 'some text'])).toBeGreaterThan(base + 60)
    expect(size(['a', 25, 'some text'], ['b', 25, 'some text'])).toBeGreaterThan(base + 90)
    expect(size(['a', 25, null])).toBeLessThan(base)
    const once = unread(['a', 25, 'some text'])
    expect(entryBytes(['key', 'x'.repeat(100)], 2, rows(['a', 25, 'some text']))).toBe(once + 120)
    expect(entryBytes(['key'], 12, rows(['a', 25, 'some text']))).toBeGreaterThan(once)
  })

  it('counts what texts are parsed to from its second read on', () => {
    const text = '2026-01-02 03:04:05+00'
    expect(unread(['a', 1184, text])).toBe(unread(['a', 25, text]))
    expect(size(['a', 1184, text]) - size(['a', 25, text])).toBeGreaterThanOrEqual(96)
    expect(size(['a', 1184, text, null]) - size(['a', 1184, text, text])).toBeLessThan(-96)
    expect(size(['a', 701, '1.5', '2.5']) - size(['a', 25, '1.5', '2.5'])).toBe(32)
    const tree = '{"a":{"b":[1,2,3]},"c":"a text of some length"}'
    expect(size(['a', 3802, tree]) - size(['a', 25, tree.replace('{', '(')])).toBeGreaterThan(100)
    const named = (name: string) => `{"${name}":1}`
    const parsedOf = (text: string) => size(['a', 3802, text]) - size(['a', 25, text.replace('{', '(')])
    expect(parsedOf(named('a name of some length'))).toBe(parsedOf(named('n')))
    const array = '{1,2,3}'
    expect(size(['a', 1007, array]) - size(['a', 25, array.replace('{', '(')])).toBeGreaterThan(150)
  })

  it('counts what documents are parsed to, wherever in their column they are', () => {
    const tree = JSON.stringify({ a: [1.5, 2.5], b: ['a text of some length'] })
    const column = (length: number, isTree: (row: number) => boolean, other: string | null) =>
      Array.from({ length }, (_, row) => (isTree(row) ? tree : other))
    const each = size(['a', 3802, tree]) - size(['a', 25, tree.replace('{', '(')])
    expect(each).toBeGreaterThan(200)
    for (const other of [null, '1'])
      for (const isTree of [(row: number) => row % 4 > 0, (row: number) => row === 501, (row: number) => row > 990]) {
        const texts = column(1000, isTree, other)
        const parsed =
          size(['a', 3802, ...texts]) - size(['a', 25, ...texts.map((text) => text && text.replace('{', '('))])
        expect(parsed).toBeCloseTo(each * texts.filter((text) => text === tree).length)
      }
  })

  it('is whole bytes, so that what is added and taken away again leaves nothing', () => {
    const documents = Array.from({ length: 50 }, (_, i) => JSON.stringify({ a: 'x'.repeat(i), b: [i / 3] }))
    expect(size(['a', 3802, ...documents]) % 1).toBe(0)
  })

  it('takes a fraction of its cells where it is as Redis had it', () => {
    const payload = rows(['a', 1184, ...Array.from({ length: 100 }, (_, i) => `2026-01-02 03:04:05.${100 + i}+00`)])
    const body = columnsToText(payload, true)
    expect(entryBytes([], 0, { ...payload, body }) - entryBytes([], 0, rows())).toBeLessThan(3_000)
    expect(entryBytes([], 0, payload) - entryBytes([], 0, rows())).toBeGreaterThan(5_000)
  })

  it('has an end for every text that begins like a document', () => {
    for (const text of ['{', '["', '{"a":"\\', '{"a":"\\""}', '[', '{"'])
      expect(size(['a', 3802, text])).toBeGreaterThan(size(['a', 3802, null]))
  })

  it('of a value is its text and what reads it', () => {
    const value = (text: string) => entryBytes([], 0, { kind: 'value', format: 'json', text })
    expect(value('x'.repeat(1_000)) - value('')).toBe(1_016)
  })
})

describe('what is remembered of calls', () => {
  it('grows with texts, tags and names', () => {
    expect(statementBytes('x'.repeat(1_000), [])).toBeGreaterThan(statementBytes('x', []) + 1_000)
    expect(statementBytes('x', ['t:public.users'])).toBeGreaterThan(statementBytes('x', []))
    expect(dependencyBytes('id', ['user:42'], ['*'])).toBeGreaterThan(dependencyBytes('id', [], ['*']))
  })
})
