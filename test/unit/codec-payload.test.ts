import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NotCacheableError, packResult, packValue, unpackValue } from '../../src/codec/payload.js'
import type { Payload } from '../../src/codec/payload.js'

function roundTrip(
  value: unknown,
  format: 'json' | 'superjson' = 'json',
): { value: unknown; payload: Extract<Payload, { kind: 'value' }> } {
  const payload = packValue(value, format)
  if (payload.kind !== 'value') throw new Error('expected a value')
  return { value: unpackValue(payload), payload }
}

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
  ])('is kept as JSON in either format: %j', (value) => {
    for (const format of ['json', 'superjson'] as const) {
      const trip = roundTrip(value, format)
      expect(trip.payload.format).toBe('json')
      expect(trip.value).toStrictEqual(value)
      expect(Object.keys(Object(trip.value))).toStrictEqual(Object.keys(Object(value)))
    }
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
  ])('is kept by superjson in either format', (value) => {
    for (const format of ['json', 'superjson'] as const) {
      const trip = roundTrip(value, format)
      expect(trip.payload.format).toBe('superjson')
      expect(trip.value).toStrictEqual(value)
      if (typeof value === 'object') expect(Object.getPrototypeOf(trip.value)).toBe(Object.getPrototypeOf(value))
    }
  })

  it('keeps what two places share, and cycles', () => {
    const shared = roundTrip({ x: twice, y: twice }).value as { x: object; y: object }
    expect(shared.x).toBe(shared.y)
    const back = roundTrip(cyclic).value as Record<string, unknown>
    expect(back.self).toBe(back)
  })
})

describe('a value that nothing restores', () => {
  it.each([
    ['a class', new Money()],
    ['a function', { f: () => 1 }],
    ['a symbol', [Symbol('s')]],
    ['a symbol key', { [Symbol('s')]: 1 }],
    ['an invalid date', new Date(NaN)],
    ['holes', Object.assign([1], { 2: 3 })],
    ['an array with properties', Object.assign([1], { extra: 1 })],
    ['no prototype', Object.create(null) as unknown],
    ['toJSON', { toJSON: () => 1 }],
    ['an error', new Error('x')],
    ['a promise', Promise.resolve(1)],
    ['a forbidden key beside a date', { constructor: 1, at: new Date(0) }],
    ['__proto__ beside a date', [new Date(0), JSON.parse('{"__proto__":1}')]],
    ['an array buffer', new ArrayBuffer(2)],
    ['a boxed string', Object('x')],
    ['a subclass of Date', new (class extends Date {})(0)],
  ])('is refused: %s', (_, value) => {
    expect(() => packValue(value, 'superjson')).toThrow(NotCacheableError)
    expect(() => packValue({ deep: [value] }, 'json')).toThrow(NotCacheableError)
  })

  it('is refused when it is nested too deeply', () => {
    let deep: unknown = 1
    for (let i = 0; i < 200_000; i++) deep = [deep]
    expect(() => packValue(deep, 'json')).toThrow(NotCacheableError)
  })

  it('is not told in the error', () => {
    expect(() => packValue({ 'secret-key': new Money(), note: 'secret-value' }, 'json')).not.toThrow(/secret/)
    expect(() => packValue({ constructor: 'secret-value', at: new Date(0) }, 'json')).not.toThrow(/secret/)
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
    }),
    { numRuns: 2_000 },
  )
  expect(kept).toBeGreaterThan(200)
})

it('every unpacking gives a copy of its own', () => {
  const payload = packValue({ list: [1] }, 'json') as Extract<Payload, { kind: 'value' }>
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
      ['2', 'x'],
    ]
    expect(packResult({ raw: true, fields, rowCount: 2, command: 'SELECT', rows }, 'json')).toStrictEqual({
      kind: 'rows',
      fields,
      rowCount: 2,
      command: 'SELECT',
      columns: [
        ['1', '2'],
        [null, 'x'],
      ],
      length: 2,
    })
  })

  it('keeps the number of rows without columns', () => {
    expect(
      packResult({ raw: true, fields: [], rowCount: 3, command: 'SELECT', rows: [[], [], []] }, 'json'),
    ).toMatchObject({ columns: [], length: 3 })
  })

  it('of parsed rows is kept as a value', () => {
    const result = { fields, rowCount: 1, command: 'SELECT', rows: [[new Date(0), 1n]] }
    const payload = packResult({ raw: false, ...result }, 'json') as Extract<Payload, { kind: 'value' }>
    expect(unpackValue(payload)).toStrictEqual(result)
  })
})
