/** F6 of `cached()`: a value comes back the same in every respect, or it is not kept. */
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { packValue, unpackValue } from '../../src/codec/payload.js'
import type { ValuePayload } from '../../src/codec/payload.js'
import { sameStructure } from '../support/same-structure.js'

/** The value that comes back; `undefined` when it is refused. */
function trip(value: unknown): { back: unknown } | undefined {
  let payload
  try {
    payload = packValue(value) as ValuePayload
  } catch {
    return undefined
  }
  return { back: unpackValue(payload) }
}

const define = (value: object, key: PropertyKey, descriptor: PropertyDescriptor) =>
  Object.defineProperty(value, key, { configurable: true, ...descriptor })
class Money {
  amount = 1
}
class Dates extends Date {}
class Lists extends Array<unknown> {}
class Maps extends Map<unknown, unknown> {}
class Sets extends Set<unknown> {}
class Failure extends Error {}
const Impostor = { Uint8Array: class extends Uint8Array {} }.Uint8Array
const template = (texts: TemplateStringsArray) => texts
function argumentsOf(..._: unknown[]): unknown {
  // oxlint-disable-next-line prefer-rest-params
  return arguments
}
const used = () => {
  const regexp = /a/g
  regexp.test('a')
  return regexp
}
const memory = new ArrayBuffer(16)
const growing = new (ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer)(8, {
  maxByteLength: 16,
})
const SHARED = typeof SharedArrayBuffer === 'function' ? [() => new Uint8Array(new SharedArrayBuffer(4))] : []

/** Values that lose something, or that have an odd form which they must keep. */
const ODD: (() => unknown)[] = [
  () => new Money(),
  () => new Dates(5),
  () => new Lists(1, 2),
  () => new Maps([[1, 2]]),
  () => new Sets([1]),
  () => new Failure('x', { cause: 1 }),
  () => new AggregateError([new Error('x')], 'y'),
  () => Object.create(null) as unknown,
  () => Object.create(Array.prototype) as unknown,
  () => Object.create(Date.prototype) as unknown,
  () => Object.create(Map.prototype) as unknown,
  () => Object.create(RegExp.prototype, { lastIndex: { value: 0 } }) as unknown,
  () => Object.setPrototypeOf([1, 2], Object.prototype) as unknown,
  () => Object.setPrototypeOf(new Uint8Array(1), Object.prototype) as unknown,
  () => argumentsOf(1, 2),
  () => /(?<a>a)/.exec('a'),
  () => template`x`,
  () => Object(1) as unknown,
  () => Object('text') as unknown,
  () => Object(Symbol('s')) as unknown,
  () => Symbol('s'),
  () => () => 1,
  () => Money,
  () => new WeakMap(),
  () => Promise.resolve(1),
  () => new DataView(new ArrayBuffer(2)),
  () => new ArrayBuffer(2),
  () => new URLSearchParams('a=1'),
  () => used(),
  () => new Date(NaN),
  () => new Uint8Array(memory, 0, 4),
  () => new Uint8Array(memory, 2, 4),
  () => new Uint16Array(memory, 4, 2),
  () => new Uint8Array(memory, 8, 4),
  () => new Uint8Array(growing),
  () => new Impostor(2),
  () => define(Object.assign([1], { 2: 3 }), 'extra', { value: 1, enumerable: true }),
  () => new Array(3),
  () => Object.assign([], { 1: 1, 3: 2 }),
  () => new Proxy({}, { ownKeys: () => fail() }),
  () => ({ toJSON: 1 }),
  () => ({ __proto__: null }),
  () => define({}, '__proto__', { value: { a: 1 }, enumerable: true }),
  ...SHARED,
]

const got = () => 'got'
/** What somebody may have done to an object. */
const TWISTS: Record<string, (value: object) => unknown> = {
  property: (value) => define(value, 'extra', { value: 1, enumerable: true }),
  object: (value) => define(value, 'more', { value: { a: [1] }, enumerable: true }),
  symbol: (value) => define(value, Symbol.for('extra'), { value: 1, enumerable: true }),
  'hidden symbol': (value) => define(value, Symbol.for('extra'), { value: 1 }),
  hidden: (value) => define(value, 'extra', { value: 1 }),
  'hidden toJSON': (value) => define(value, 'toJSON', { value: got }),
  accessor: (value) => define(value, 'extra', { get: got, enumerable: true }),
  setter: (value) => define(value, 'extra', { set: () => undefined, enumerable: true }),
  'accessor in place of the first': (value) => define(value, 0, { get: got, enumerable: true }),
  'hidden first': (value) => define(value, 0, { value: 1, enumerable: false }),
  'without the first': (value) => (delete (value as Record<string, unknown>)['0'], value),
  'without a prototype': (value) => Object.setPrototypeOf(value, null) as unknown,
  'of a class': (value) => Object.setPrototypeOf(value, Money.prototype) as unknown,
  frozen: (value) => Object.freeze(value),
  cyclic: (value) => define(value, 'self', { value, enumerable: true }),
  twice: (value) => ({ once: value, twice: [value, new Map([[value, value]])] }),
}

function twisted(value: unknown, twist: (value: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  try {
    return twist(value)
  } catch {
    // Not every object lets it be done.
    return value
  }
}

const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    tie('leaf'),
    tie('list'),
    tie('object'),
    tie('map'),
    tie('set'),
    tie('twisted'),
  ),
  leaf: fc.oneof(
    fc.constantFrom<unknown>(undefined, null, true, NaN, -0, Infinity, 5n, '', '~', '\ud800', 'text'),
    fc.double(),
    fc.string({ unit: 'binary', maxLength: 4 }).map((text) => `~${text}`),
    fc.nat(5).map((time) => new Date(time)),
    fc.uint8Array({ maxLength: 4 }),
    fc.constant(null).map(() => new URL('https://a.test/?q=1')),
    fc.constant(null).map(() => /a\/b/giu),
    { weight: 3, arbitrary: fc.constantFrom(...ODD).map((make) => make()) },
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(
    fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('__proto__', 'toJSON', '1', '0', 'length', 'constructor')),
    tie('value'),
    { maxKeys: 4, noNullPrototype: true },
  ),
  map: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  set: fc.array(tie('value'), { maxLength: 3 }).map((members) => new Set(members)),
  twisted: fc.tuple(tie('value'), fc.constantFrom(...Object.values(TWISTS))).map(([one, twist]) => twisted(one, twist)),
}))

describe('any value', () => {
  it('comes back the same in every respect, or is refused', () => {
    const count = { kept: 0, refused: 0 }
    fc.assert(
      fc.property(values, (value) => {
        const came = trip(value)
        count[came ? 'kept' : 'refused']++
        if (came) expect(sameStructure(value, came.back)).toBe(true)
      }),
      { numRuns: 6_000 },
    )
    expect(count.kept).toBeGreaterThan(1_500)
    expect(count.refused).toBeGreaterThan(1_500)
  })

  it('of every kind and with every twist comes back the same, or is refused', () => {
    const kinds: (() => unknown)[] = [
      ...ODD,
      () => ({ a: 1 }),
      () => ({}),
      () => [1, { a: 1 }],
      () => [],
      () => new Date(5),
      () => new Map([[1, 2]]),
      () => new Set([1]),
      () => /a/g,
      () => new URL('https://a.test/'),
      () => new Uint8Array([1, 2]),
      () => new Float64Array(0),
      () => new Uint8Array(60),
    ]
    for (const make of kinds)
      for (const [name, twist] of [['none', (value: object) => value] as const, ...Object.entries(TWISTS)])
        for (const wrap of [(value: unknown) => value, (value: unknown) => [value], (value: unknown) => ({ value })]) {
          const value = wrap(twisted(make(), twist))
          const came = trip(value)
          if (came) expect.soft(sameStructure(value, came.back), `${make.toString()}: ${name}`).toBe(true)
        }
  })
})

describe('pieces of one memory', () => {
  const view = (from: number, length: number) => new Uint8Array(memory, from, length)

  it.each([
    [[view(0, 4), view(2, 4)]],
    [[view(8, 4), view(0, 4), view(2, 1)]],
    [new Map([[view(0, 16), new Uint16Array(memory)]])],
  ])('that overlap are refused: a change of one is a change of the other', (value) => {
    expect(trip(value)).toBeUndefined()
  })

  it('that do not overlap come back', () => {
    const came = trip([view(4, 4), view(0, 4), view(8, 0), view(8, 8)])
    expect(came?.back).toEqual([view(4, 4), view(0, 4), view(8, 0), view(8, 8)])
  })

  it('such as small Buffers, of which there may be many, are told at once', () => {
    const pieces = new Uint8Array(80_000)
    const value = Array.from({ length: 20_000 }, (_, i) => pieces.subarray(4 * i, 4 * i + 4))
    expect(trip(value)?.back).toHaveLength(20_000)
  })
})

it('large memory is not listed byte by byte', () => {
  const large = new Uint8Array(1_000_000)
  const listed = vi.spyOn(Reflect, 'ownKeys')
  const came = trip(large)
  listed.mockRestore()
  expect(came?.back).toHaveLength(1_000_000)
  expect(listed.mock.calls.filter(([value]) => value === large)).toHaveLength(0)
  expect(trip(define(large, Symbol.for('extra'), { value: 1 }))).toBeUndefined()
})

it('no accessor is called', () => {
  const called = vi.fn(() => 1)
  expect(trip([define({ a: 1 }, 'x', { get: called, enumerable: true })])).toBeUndefined()
  expect(called).not.toHaveBeenCalled()
})

it('a `toJSON` that all objects were given is not asked what they are', () => {
  define(Object.prototype, 'toJSON', { value: () => 'another' })
  try {
    expect([trip({ a: 1 }), trip([1])]).toEqual([undefined, undefined])
  } finally {
    delete (Object.prototype as { toJSON?: unknown }).toJSON
  }
  expect(trip({ a: 1 })?.back).toEqual({ a: 1 })
})

it('what could be nested deeper than the stack is refused, and what is kept can be read with little of it', () => {
  const nested = (levels: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = 1
    for (let i = 0; i < levels; i++) value = wrap(value)
    return value
  }
  const wraps = [
    (inner: unknown) => [inner],
    (inner: unknown) => ({ inner }),
    (inner: unknown) => new Map([[1, inner]]),
    (inner: unknown) => new Set([inner]),
  ]
  for (const wrap of wraps) {
    expect(trip(nested(100_000, wrap))).toBeUndefined()
    expect(trip(nested(1_001, wrap))).toBeUndefined()
    expect(trip(nested(900, wrap))).toBeDefined()
  }
})

function fail(): never {
  throw new Error('secret')
}
