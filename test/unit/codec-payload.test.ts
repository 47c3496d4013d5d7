import * as fc from 'fast-check'
import { SuperJSON } from 'superjson'
import { describe, expect, it } from 'vitest'
import { NotCacheableError, packResult, packValue, unpackValue } from '../../src/codec/payload.js'
import type { Payload } from '../../src/codec/payload.js'

function roundTrip(value: unknown): { value: unknown; payload: Extract<Payload, { kind: 'value' }> } {
  const payload = packValue(value)
  if (payload.kind !== 'value') throw new Error('expected a value')
  return { value: unpackValue(payload), payload }
}

const superjson = new SuperJSON()

class Money {
  amount = 1
}
const twice = { a: 1 }
const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic

describe('a value that JSON restores', () => {
  it.each([
    [null],
    [true],
    [''],
    ['lone \ud800 and \0 and \u2028'],
    [1.5],
    [[]],
    [{}],
    [{ a: [1, { b: null }], '': 'x', constructor: 1, prototype: 2, 'a.b\\': 3 }],
    [JSON.parse('{"__proto__":{"polluted":1},"z":1}') as unknown],
  ])('is kept as JSON: %j', (value) => {
    const trip = roundTrip(value)
    expect(trip.payload).toMatchObject({ format: 'json', text: JSON.stringify(value) })
    expect(trip.value).toStrictEqual(value)
    expect(Object.keys(Object(trip.value))).toStrictEqual(Object.keys(Object(value)))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('a value that JSON does not restore', () => {
  it.each([
    [undefined],
    [NaN],
    [-0],
    [-Infinity],
    [12345678901234567890n],
    [new Date(0)],
    [new Date(NaN)],
    [{ a: undefined, 'dotted.key': { at: new Date(5) }, 'back\\slash': 1n }],
    [[undefined, null]],
    [new Map<unknown, unknown>([['k', new Set([1, new Date(1)])]])],
    [new Uint8Array([0, 255])],
    [new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
    [new Float32Array([NaN, -0, Infinity, 0.5])],
    [new BigInt64Array([-1n])],
    [Buffer.from([1, 2, 3])],
    [{ nested: [Buffer.alloc(0)] }],
    [/a\/b/gi],
    [new URL('https://example.test/?q=1')],
    ['~'],
    [{ '~M': ['~M', '~~', '~r0', '~u', 1] }],
    [{ constructor: 1, at: new Date(0) }],
    [[new Date(0), JSON.parse('{"__proto__":{"polluted":1n}}'.replace('1n', '1')) as unknown]],
    [Object.defineProperty({ z: 1 }, '__proto__', { value: [undefined], enumerable: true, writable: true })],
  ])('is kept with marks: %o', (value) => {
    const trip = roundTrip(value)
    expect(trip.payload.format).toBe('tagged')
    expect(trip.value).toStrictEqual(value)
    if (typeof value === 'object') expect(Object.getPrototypeOf(trip.value)).toBe(Object.getPrototypeOf(value))
    expect(outline(trip.value)).toStrictEqual(outline(value))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('keeps what two places share, and cycles', () => {
    const shared = roundTrip({ x: twice, y: twice }).value as { x: object; y: object }
    expect(shared.x).toBe(shared.y)
    const back = roundTrip(cyclic).value as Record<string, unknown>
    expect(back.self).toBe(back)
    const at = new Date(0)
    const map = new Map<unknown, unknown>([[at, [at]]])
    map.set('self', map)
    const [all, again] = roundTrip([map, map]).value as [typeof map, typeof map]
    expect(again).toBe(all)
    expect(all.get('self')).toBe(all)
    const [[key, list]] = [...all] as [[Date, Date[]]]
    expect(list[0]).toBe(key)
  })
})

describe('a value that nothing restores', () => {
  it.each([
    ['a class', new Money()],
    ['a function', { f: () => 1 }],
    ['a symbol', [Symbol('s')]],
    ['a symbol key', { [Symbol('s')]: 1 }],
    ['holes', Object.assign([1], { 2: 3 })],
    ['an array with properties', Object.assign([1], { extra: 1 })],
    ['no prototype', Object.create(null) as unknown],
    ['toJSON', { toJSON: () => 1 }],
    ['an error', new Error('x')],
    ['a promise', Promise.resolve(1)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['a subclass of a typed array', new (class Bytes extends Uint8Array {})(1)],
    ['an array buffer', new ArrayBuffer(2)],
    ['a boxed string', Object('x')],
    ['a subclass of Date', new (class extends Date {})(0)],
  ])('is refused: %s', (_, value) => {
    expect(() => packValue(value)).toThrow(NotCacheableError)
    expect(() => packValue({ deep: [value] })).toThrow(NotCacheableError)
  })

  it('is refused when it is nested too deeply', () => {
    let deep: unknown = 1
    for (let i = 0; i < 200_000; i++) deep = [deep]
    expect(() => packValue(deep)).toThrow(NotCacheableError)
  })

  it('is not told in the error', () => {
    expect(() => packValue({ 'secret-key': new Money(), note: 'secret-value' })).not.toThrow(/secret/)
    const raise = () => {
      throw new Error('secret-value')
    }
    for (const throwing of [Object.defineProperty({}, 'at', { get: raise }), new Proxy({}, { ownKeys: raise })]) {
      expect(() => packValue(throwing)).toThrow(NotCacheableError)
      expect(() => packValue(throwing)).not.toThrow(/secret/)
    }
  })
})

it('any value comes back equal or is refused', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withObjectString: true,
    withNullPrototype: true,
    withBoxedValues: true,
    withUnicodeString: true,
  })
  let kept = 0
  fc.assert(
    fc.property(anything, (value) => {
      let trip
      try {
        trip = roundTrip(value)
      } catch (error) {
        expect(error).toBeInstanceOf(NotCacheableError)
        return
      }
      kept++
      expect(trip.value).toStrictEqual(value)
      expect(outline(trip.value)).toStrictEqual(outline(value))
    }),
    { numRuns: 2_000 },
  )
  expect(kept).toBeGreaterThan(200)
})

/** What superjson gives back, where that is what it was given: it refuses some names, and loses some of what is in a Map or a Set. */
function bySuperjson(value: unknown): { value: unknown } | undefined {
  try {
    const theirs: unknown = superjson.parse(superjson.stringify(value))
    return text(theirs) === text(value) ? { value: theirs } : undefined
  } catch {
    return undefined
  }
}

it('what superjson restores comes back as from superjson, what is met twice included', () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      tie('leaf'),
      tie('list'),
      tie('object'),
      tie('map'),
      tie('set'),
    ),
    leaf: fc.oneof(
      fc.constantFrom<unknown>(
        undefined,
        null,
        true,
        NaN,
        -0,
        Infinity,
        -Infinity,
        /a\/b/giu,
        new URL('https://a.test/'),
      ),
      fc.double(),
      fc.bigInt(),
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `~${text}`),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array(),
    ),
    list: fc.array(tie('value')),
    object: fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
    map: fc.array(fc.tuple(tie('leaf'), tie('value'))).map((pairs) => new Map(pairs)),
    set: fc.array(tie('value')).map((members) => new Set(members)),
  }))
  let compared = 0
  fc.assert(
    fc.property(value, (once) => {
      const both = { once, twice: [once, { once }] }
      const trip = roundTrip(both).value as typeof both
      expect(text(trip)).toBe(text(both))
      if (typeof once === 'object') expect(trip.twice[0]).toBe(trip.once)
      const theirs = bySuperjson(both)
      if (!theirs) return
      compared++
      expect(text(trip)).toBe(text(theirs.value))
    }),
    { numRuns: 200 },
  )
  expect(compared).toBeGreaterThan(60)
})

/** Two values are the same when these are. */
const text = (value: unknown): string => JSON.stringify(outline(value))

/** All of a value as plain lists: which objects it holds twice, of which kind they are, in which order; -0 told from 0. */
function outline(value: unknown, met = new Map<object, number>()): unknown {
  if (typeof value !== 'object' || value === null) return [typeof value, Object.is(value, -0) ? '-0' : String(value)]
  const at = met.get(value)
  if (at !== undefined) return at
  met.set(value, met.size)
  const kind = (Object.getPrototypeOf(value) as { constructor: { name: string } }).constructor.name
  if (ArrayBuffer.isView(value)) return [kind, ...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
  if (value instanceof Date) return [kind, value.getTime()]
  if (value instanceof URL || value instanceof RegExp) return [kind, String(value)]
  const parts: unknown[] =
    value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.entries(value).flat()
  return [kind, parts.map((part) => outline(part, met))]
}

it('every unpacking gives a copy of its own', () => {
  const payload = packValue({ list: [1] }) as Extract<Payload, { kind: 'value' }>
  ;(unpackValue(payload) as { list: number[] }).list.push(2)
  expect(unpackValue(payload)).toStrictEqual({ list: [1] })
})

describe('a result', () => {
  const fields = [
    { name: 'a', dataTypeID: 23 },
    { name: 'b', dataTypeID: 25 },
  ]

  it('of raw rows is kept column by column', () => {
    const rows = [
      ['1', null],
      ['', 'x'],
    ]
    expect(packResult({ raw: true, fields, rowCount: null, command: 'SELECT', rows })).toStrictEqual({
      kind: 'rows',
      fields,
      rowCount: null,
      command: 'SELECT',
      columns: [
        ['1', ''],
        [null, 'x'],
      ],
      length: 2,
    })
  })

  it('of raw rows holds nothing of the driver but what it needs, and null where it left a cell out', () => {
    const wide = fields.map((field) => ({ ...field, tableID: 16_384, format: 'text' }))
    const payload = packResult({ raw: true, fields: wide, rowCount: 1, command: 'SELECT', rows: [['1']] })
    expect(payload).toMatchObject({ columns: [['1'], [null]] })
    expect((payload as Extract<Payload, { kind: 'rows' }>).fields).toStrictEqual(fields)
  })

  it('keeps the number of rows without columns', () => {
    expect(packResult({ raw: true, fields: [], rowCount: 3, command: 'SELECT', rows: [[], [], []] })).toMatchObject({
      columns: [],
      length: 3,
    })
  })

  it('of parsed rows is kept as a value', () => {
    for (const rowCount of [1, 5, null]) {
      const result = { fields, rowCount, command: 'SELECT', rows: [[new Date(0), 1n]] }
      const payload = packResult({ raw: false, ...result }) as Extract<Payload, { kind: 'value' }>
      expect(unpackValue(payload)).toStrictEqual(result)
    }
  })
})
