import { types } from '@neondatabase/serverless'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsFrom, columnsToText } from '../../src/codec/columns.js'
import type { RowsPayload } from '../../src/codec/payload.js'
import { copyBy, recipeFor } from '../../src/codec/recipes.js'
import type { Recipe } from '../../src/codec/recipes.js'
import { Shapes, WireRows } from '../../src/codec/rows.js'
import { resultReader } from '../../src/result.js'
import type { Database } from '../../src/types.js'

const parser = (oid: number) => types.getTypeParser(oid) as (text: string) => unknown

function payloadOf(columns: [name: string, oid: number, ...texts: (string | null)[]][]): RowsPayload {
  const length = (columns[0]?.length ?? 2) - 2
  return {
    kind: 'rows',
    fields: columns.map(([name, dataTypeID]) => ({ name, dataTypeID })),
    rowCount: length,
    command: 'SELECT',
    columns: columns.map(([, , ...texts]) => texts),
    length,
  }
}

const MUTABLE = payloadOf([
  ['date', 1184, '2024-01-01 00:00:00+00', null],
  ['json', 3802, '{"a":[1,{"b":2}],"__proto__":{"c":[3]}}', '[{"x":1}]'],
  ['list', 1009, '{a,b}', '{}'],
  ['dates', 1185, '{"2024-01-01 00:00:00+00"}', '{NULL}'],
  ['bytes', 17, '\\x0102', '\\x'],
  ['interval', 1186, '1 day', '2 days'],
  ['point', 600, '(1,2)', null],
  ['mixed', 114, '1', '{"n":1}'],
  ['text', 25, 'a', 'b'],
])

/** Every object in a value, at any depth. */
function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found
  found.add(value)
  if (!ArrayBuffer.isView(value)) Object.values(value).forEach((item) => objectsIn(item, found))
  return found
}

const wireRows = (payload: RowsPayload, parserOf: (oid: number) => (text: string) => unknown) =>
  new WireRows(payload, { parser: parserOf })
/** Reads as an entry is read: what is parsed is kept from the second read on. */
const builder = (...given: Parameters<typeof wireRows>) => {
  const rows = wireRows(...given)
  let reads = 0
  return () => {
    if (reads++ === 1) rows.keep(Infinity)
    return rows.rows()
  }
}

describe('rows', () => {
  it('share no object with rows that were handed out before', () => {
    const build = builder(MUTABLE, parser)
    const seen = new Set<object>()
    for (const rows of [build(), build(), build()]) {
      const mine = objectsIn(rows)
      expect(mine.size).toBeGreaterThan(15)
      for (const object of mine) {
        expect(seen.has(object)).toBe(false)
        seen.add(object)
      }
    }
  })

  it('do not change when earlier ones are changed in every place', () => {
    const build = builder(MUTABLE, parser)
    const expected = wireRows(MUTABLE, parser).rows()
    for (let i = 0; i < 3; i++) {
      const rows = build()
      expect(rows).toStrictEqual(expected)
      for (const object of objectsIn(rows)) {
        if (object instanceof Date) object.setTime(0)
        else if (ArrayBuffer.isView(object)) new Uint8Array(object.buffer, object.byteOffset, object.byteLength).fill(9)
        else for (const key of Object.keys(object)) (object as Record<string, unknown>)[key] = 'changed'
        if (Array.isArray(object)) object.push('more')
      }
    }
  })

  it('with documents of one build or of several are each caller’s own, next to results with other builds', () => {
    const { document } = fc.letrec((tie) => ({
      document: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom(null, 1, 'a', '', [], {}),
        fc.array(tie('document'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'tags', '__proto__', '0'), tie('document'), { maxKeys: 3 }),
      ),
    }))
    const column = fc.oneof(
      fc.array(document, { minLength: 3, maxLength: 3 }),
      // Most columns have documents of one build.
      document.map((one) => [one, one, one]),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(column, column), { minLength: 1, maxLength: 12 }), (results) => {
        const shapes = new Shapes(100_000)
        for (const [first, second] of results) {
          const texts = (column: unknown[]) => column.map((one) => (one === undefined ? null : JSON.stringify(one)))
          const payload = payloadOf([
            ['first', 3802, ...texts(first)],
            ['second', 114, ...texts(second)],
          ])
          const rows = new WireRows(payload, { parser }, shapes.of(payload.fields))
          const expected = wireRows(payload, parser).rows()
          rows.keep(Infinity)
          const seen = new Set<object>()
          for (let read = 0; read < 3; read++) {
            const mine = rows.rows()
            expect(mine).toStrictEqual(expected)
            for (const object of objectsIn(mine)) {
              expect(seen.has(object)).toBe(false)
              seen.add(object)
              for (const key of Object.keys(object)) (object as Record<string, unknown>)[key] = 'changed'
              if (Array.isArray(object)) object.push('more')
            }
          }
        }
      }),
    )
  })

  it('come with fields that are the caller’s own', () => {
    const reader = resultReader(payloadOf([['a', 25, 'x']]), { parser } as unknown as Database)
    for (const kept of [false, true]) {
      if (kept) reader.keep(1e6)
      const { fields } = reader.result()
      fields[0]!.name = 'changed'
      fields.pop()
      expect(reader.result()).toMatchObject({ rows: [{ a: 'x' }], fields: [{ name: 'a', dataTypeID: 25 }] })
    }
  })

  it('are plain, extensible and mutable', () => {
    const [row] = wireRows(MUTABLE, parser).rows()
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    expect(Object.isExtensible(row)).toBe(true)
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(row!)))
      expect(descriptor).toMatchObject({ writable: true, enumerable: true, configurable: true })
  })

  it('hold documents of any depth, each caller his own', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    const build = builder(payloadOf([['doc', 3802, deep]]), parser)
    const [first, second] = [build()[0]!.doc as unknown[], build()[0]!.doc as unknown[]]
    first.push('mine')
    expect(second).toHaveLength(1)
  })

  it('are counted without columns', () => {
    expect(wireRows(payloadOf([]), parser).rows()).toStrictEqual([])
    expect(wireRows({ ...payloadOf([]), length: 3 }, parser).rows()).toStrictEqual([{}, {}, {}])
  })

  it('have the last of columns with one name at the place of the first', () => {
    const build = builder(
      payloadOf([
        ['a', 23, '1'],
        ['b', 25, 'x'],
        ['a', 25, '2'],
      ]),
      parser,
    )
    for (const rows of [build(), build()]) expect(JSON.stringify(rows)).toBe('[{"a":"2","b":"x"}]')
  })

  it('have __proto__ as a column of their own, with a value of any type', () => {
    const payload = payloadOf([
      ['__proto__', 3802, '{"polluted":1}', null],
      ['constructor', 23, '1', '2'],
    ])
    const build = builder(payload, parser)
    for (const rows of [build(), build()]) {
      expect(Object.getOwnPropertyDescriptor(rows[0], '__proto__')?.value).toStrictEqual({ polluted: 1 })
      expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype)
      expect((rows[0] as { polluted?: number }).polluted).toBeUndefined()
      expect(Object.keys(rows[1]!)).toStrictEqual(['__proto__', 'constructor'])
    }
  })

  it('give no caller a value that a parser keeps', () => {
    class Custom {
      readonly text: string
      constructor(text: string) {
        this.text = text
      }
    }
    const build = builder(payloadOf([['v', 1, 'a', 'b', null]]), () => (text) => new Custom(text))
    const [first, second] = [build(), build()]
    expect(first).toStrictEqual([{ v: new Custom('a') }, { v: new Custom('b') }, { v: null }])
    expect(second).toStrictEqual(first)
    expect(second[0]!.v).not.toBe(first[0]!.v)
  })

  it('take a parser that answers undefined or null at its word', () => {
    const odd = (text: string) => (text === 'u' ? undefined : text === 'n' ? null : { text })
    const build = builder(payloadOf([['v', 1, 'u', 'n', 'o', null]]), () => odd)
    for (const rows of [build(), build()])
      expect(rows).toStrictEqual([{ v: undefined }, { v: null }, { v: { text: 'o' } }, { v: null }])
  })
})

/** All of a value, own properties of any kind included. */
function outline(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const time = value instanceof Date ? value.getTime() : undefined
  const own = Reflect.ownKeys(value).map((key) => {
    const { value: item, get, enumerable } = Reflect.getOwnPropertyDescriptor(value, key)!
    return [key, get ? 'accessor' : outline(item), enumerable]
  })
  return [Object.getPrototypeOf(value), time, own]
}

const RAW = Symbol('raw')
const hidden = (value: object) => Object.defineProperty(value, 'raw', { value: 'hidden', configurable: true })
const time = (text: string) => new Date(Number(text))
const list = (text: string) => [text, [text]]

describe('a parser of the user', () => {
  it.each<[string, (text: string) => unknown]>([
    ['a property of a date', (text) => Object.assign(time(text), { raw: text })],
    ['a symbol of a date', (text) => Object.assign(time(text), { [RAW]: text })],
    ['a hidden property of a date', (text) => hidden(time(text))],
    ['a property of an array', (text) => Object.assign(list(text), { raw: text })],
    ['a symbol of an array', (text) => Object.assign(list(text), { [RAW]: text })],
    ['a hidden property of an array', (text) => hidden(list(text))],
    ['a property of a date in an array', (text) => [Object.assign(time(text), { raw: text })]],
    ['a symbol of a date in an object', (text) => ({ at: Object.assign(time(text), { [RAW]: text }) })],
    ['a property of an array in an object', (text) => ({ list: Object.assign(list(text), { raw: text }) })],
    ['a symbol of an object', (text) => ({ text, [RAW]: { text } })],
    ['a hidden property of an object', (text) => hidden({ text })],
    [
      'an array of a class with another constructor',
      (text) => Object.setPrototypeOf(list(text), { constructor: Array }),
    ],
    [
      'an accessor',
      (text) => ({
        get text() {
          return text
        },
      }),
    ],
    ['an accessor in an array', (text) => [Object.defineProperty({}, 'x', { get: () => text, enumerable: true })]],
  ])('may give %s: it is there on a miss and on every hit, and each caller has his own', (_, parse) => {
    const build = builder(payloadOf([['v', 1, '1', null, '2']]), () => parse)
    const seen = new Set<object>()
    for (let read = 0; read < 3; read++) {
      const rows = build()
      expect(rows.map(({ v }) => outline(v))).toStrictEqual([outline(parse('1')), null, outline(parse('2'))])
      for (const { v } of rows) {
        if (v === null) continue
        expect(seen.has(v as object)).toBe(false)
        seen.add(v as object)
      }
    }
  })

  it('may give one object in two places of a value', () => {
    const parse = (text: string) => {
      const one = { text }
      return [one, one]
    }
    const build = builder(payloadOf([['v', 1, 'a']]), () => parse)
    for (let read = 0; read < 3; read++) {
      const [first, second] = build()[0]!.v as object[]
      expect(first).toBe(second)
    }
  })

  it('may give a date with a property after any number without', () => {
    const parse = (text: string) => (text === 'odd' ? Object.assign(new Date(5), { raw: text }) : new Date(5))
    const texts = Array.from({ length: 3_000 }, () => 'plain')
    const build = builder(payloadOf([['v', 1, ...texts, 'odd']]), () => parse)
    for (let read = 0; read < 3; read++) expect(build().at(-1)!.v).toHaveProperty('raw', 'odd')
  })

  it('is trusted after a thousand properties: what it gives is looked at no more', () => {
    let looked = 0
    const watched = (value: object) => new Proxy(value, { ownKeys: (all) => (looked++, Reflect.ownKeys(all)) })
    const build = builder(
      payloadOf([['v', 1, ...Array.from({ length: 3_000 }, String)]]),
      () => (text) => watched([text]),
    )
    build()
    build()
    expect(looked).toBe(500)
  })

  it('that gives plain data is called once a text for the first reader, and once for all others', () => {
    let parsed = 0
    const parse = (text: string) => (parsed++, { at: time(text), list: list(text), deep: { null: null } })
    const build = builder(payloadOf([['v', 1, '1', '2']]), () => parse)
    build()
    expect(parsed).toBe(2)
    for (let read = 0; read < 3; read++) build()
    expect(parsed).toBe(4)
  })
})

describe('text', () => {
  it('is parsed at each read until it is kept, and not before rows are asked for', () => {
    let parsed = 0
    const counting = () => (text: string) => (parsed++, Number(text))
    const rows = wireRows(payloadOf([['n', 23, '1', '2', null]]), counting)
    expect(parsed).toBe(0)
    rows.rows()
    rows.rows()
    expect(parsed).toBe(4)
    expect(rows.keep(Infinity)).toBeGreaterThan(0)
    expect(rows.keep(Infinity)).toBe(0)
    expect(parsed).toBe(4)
    for (let read = 0; read < 3; read++) expect(rows.rows()).toStrictEqual([{ n: 1 }, { n: 2 }, { n: null }])
    expect(parsed).toBe(6)
  })

  it('is parsed at each read for ever where there is no room to keep what it is parsed to', () => {
    let parsed = 0
    const counting = () => (text: string) => (parsed++, Number(text))
    const rows = wireRows(payloadOf([['n', 23, '1', '2', null]]), counting)
    expect(rows.keep(20)).toBe(0)
    for (let read = 0; read < 3; read++) rows.rows()
    expect(parsed).toBe(6)
  })

  it('as Redis had it gives the same rows, kept or not', () => {
    const payload = payloadOf([
      ['n', 23, ...Array.from({ length: 20 }, (_, i) => (i === 3 ? null : String(i)))],
      ['b', 17, ...Array.from({ length: 20 }, (_, i) => `\\x0${i % 8}`)],
    ])
    const expected = wireRows(payload, parser).rows()
    const body = columnsToText(payload, true)
    expect(body.table.length).toBe(40)
    const reader = resultReader({ ...columnsFrom(body)!, body }, { parser } as Database)
    const first = reader.first(false).rows()
    for (const read of [first, reader.rows(), reader.rows()]) expect(read).toStrictEqual(expected)
    expect(reader.rest(body)).toBe(0)
    expect(reader.keep(Infinity)).toBeGreaterThan(0)
    for (let read = 0; read < 3; read++) expect(reader.rows()).toStrictEqual(expected)
  })

  it('that was written is given up for what was written, until somebody reads again', () => {
    const payload = payloadOf([['n', 23, ...Array.from({ length: 20 }, (_, i) => String(i))]])
    const expected = wireRows(payload, parser).rows()
    const body = columnsToText(payload, true)
    const rows = wireRows(payload, parser)
    const freed = rows.rest(body)
    expect(freed).toBeLessThan(-100)
    for (let read = 0; read < 2; read++) expect(rows.rows()).toStrictEqual(expected)
    expect(rows.keep(Infinity)).toBeGreaterThan(-freed)
    expect(rows.rest(body)).toBe(0)
    for (let read = 0; read < 2; read++) expect(rows.rows()).toStrictEqual(expected)
  })

  it('that was written keeps its cells where they take less', () => {
    const payload = payloadOf([['n', 23, '1', '2']])
    const [rows, unwritten] = [wireRows(payload, parser), wireRows(payload, parser)]
    expect(rows.rest(columnsToText(payload, true))).toBe(0)
    expect(rows.keep(Infinity)).toBe(unwritten.keep(Infinity))
  })

  it('of other values is parsed once for the first caller and once for each later one', () => {
    let parsed = 0
    const build = builder(payloadOf([['b', 17, '\\x01', '\\x02', null]]), () => (text) => (parsed++, parser(17)(text)))
    build()
    expect(parsed).toBe(2)
    build()
    expect(parsed).toBe(4)
  })
})

describe('what results with the same columns have in common', () => {
  const named = (name: string, columns = 1) =>
    Array.from({ length: columns }, (_, i) => ({ name: `${name}${i}`, dataTypeID: 25 }))

  it('is one, and counted once', () => {
    const shapes = new Shapes(10_000)
    const one = shapes.of(named('a'))
    expect(one.uncounted).toBeGreaterThan(500)
    expect(shapes.of(named('a'))).toBe(one)
    expect(shapes.of(named('b'))).not.toBe(one)
    expect(shapes.of([{ name: 'a0', dataTypeID: 23 }])).not.toBe(one)
  })

  it('is told apart, whatever is in the names', () => {
    const shapes = new Shapes(10_000)
    const two = shapes.of([...named('a'), ...named('b')])
    expect(shapes.of([{ name: 'a0\x0025 b0', dataTypeID: 25 }]).fields).toHaveLength(1)
    expect(shapes.of([...named('a'), ...named('b')]).fields).toEqual(two.fields)
  })

  it('is told apart from that of the result before, which has a column less, one more, or another type', () => {
    const int = { name: 'a0', dataTypeID: 23 }
    const [a, b] = [named('a'), named('b')]
    const shapes = new Shapes(10_000)
    for (const fields of [a, [...a, ...b], a, [int], a, [int, ...b], [...a, ...b], b])
      expect(shapes.of(fields).fields).toEqual(fields)
  })

  it('holds a few ways to copy documents, whatever comes', () => {
    const known: Recipe[] = []
    for (let i = 0; i < 100; i++) {
      const document = { [`list${i}`]: [i] }
      const recipe = recipeFor(document, known)
      if (recipe) expect(copyBy(document, recipe)).toEqual(document)
    }
    expect(known.length).toBeGreaterThan(0)
    expect(known.length).toBeLessThan(20)
  })

  it('is remembered within a number of bytes', () => {
    const shapes = new Shapes(10_000)
    const first = shapes.of(named('a'))
    for (let i = 0; i < 20; i++) shapes.of(named(`other ${i} `))
    expect(shapes.of(named('a'))).not.toBe(first)
  })

  it('is its own where it is large, and leaves the others', () => {
    const shapes = new Shapes(10_000)
    const wide = shapes.of(named('a', 1600))
    expect(wide.uncounted).toBeGreaterThan(300_000)
    const small = shapes.of(named('a'))
    expect(shapes.of(named('a', 1600))).not.toBe(wide)
    expect(shapes.of(named('a'))).toBe(small)
  })
})
