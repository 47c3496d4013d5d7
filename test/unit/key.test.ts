import { describe, expect, it, vi } from 'vitest'
import { digest, encodeParams, keySafe, snapshot } from '../../src/key.js'
import { Price } from '../support/price.js'

const key = (...params: unknown[]) => encodeParams(params)
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object }

class Vector extends Array<number> {
  override toString() {
    return `[${this.join()}]`
  }
}

describe('the key of parameters', () => {
  it('tells every type and boundary apart', () => {
    const lists: unknown[][] = [
      [],
      [1],
      ['1'],
      [1n],
      [true],
      [false],
      ['true'],
      [null],
      [undefined],
      ['null'],
      [1, 2],
      ['1', '2'],
      ['12'],
      [[1, 2]],
      [[1], 2],
      [['1', '2']],
      [['1,2']],
      [new Date(0)],
      [0],
      [-0],
      [new Date(0).toISOString()],
      [new Uint8Array([1, 2])],
      [new Uint8Array([0x01, 0x23])],
      [new Uint8Array([0x12, 0x03])],
      [Buffer.from([1, 2])],
      [new Uint16Array(new Uint8Array([1, 2]).buffer)],
      [new DataView(new Uint8Array([1, 2]).buffer)],
      ['0102'],
      [{ a: 1 }],
      ['{"a":1}'],
      [{ a: '1' }],
      [[]],
      [{}],
      [''],
      [NaN],
      ['s1:a'],
      ['a', 'b'],
      ['as1:b'],
      [[null]],
      [[[]]],
      [[], []],
    ]
    expect(new Set(lists.map((params) => encodeParams(params))).size).toBe(lists.length)
  })

  it('is injective over lists of texts, whatever they hold', () => {
    const texts = ['']
    for (const text of texts) if (text.length < 4) texts.push(...['s', '1', ':', ';'].map((sign) => text + sign))
    const short = texts.filter((text) => text.length < 3)
    const lists = [[], ...texts.map((text) => [text]), ...short.flatMap((a) => short.map((b) => [a, b]))]
    expect(new Set(lists.map((list) => key(...list))).size).toBe(lists.length)
    expect(new Set(lists.map((list) => key(list))).size).toBe(lists.length)
  })

  it('has of a view the bytes that it shows, and no others', () => {
    const whole = new Uint8Array([1, 2, 3])
    const part = whole.subarray(1, 2)
    expect(key(part)).toBe(key(new Uint8Array([2])))
    expect(key(new DataView(whole.buffer, 1, 1))).toBe(key(new DataView(new Uint8Array([2]).buffer)))
    expect(snapshot([part])).toStrictEqual([new Uint8Array([2])])
  })

  it('has the zone that a driver would write a date in', () => {
    const offset = vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(0)
    const inGreenwich = key(new Date(0))
    offset.mockReturnValue(-60)
    expect(key(new Date(0))).not.toBe(inGreenwich)
    offset.mockRestore()
  })

  it('refuses what the driver turns into a text of its own making', () => {
    for (const value of [() => 1, Symbol('x'), { toPostgres: () => 'x' }, [{ toPostgres: () => 'x' }]])
      expect(key(value)).toBeUndefined()
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(key(cycle)).toBeUndefined()
  })

  it.each<[string, object]>([
    ['an object that PGlite asks for its text', new Price(1)],
    ['an array that it asks', Vector.from([1, 2])],
    ['an error', new Error('x')],
    ['an object with a number that JavaScript has none for', { id: rawJSON('9007199254740993') }],
    ['an object with digits that a number loses', { price: rawJSON('1.10') }],
  ])('is none where one is %s, which is sent as it is', (_, value) => {
    for (const param of [value, [value], [[1, value]]]) {
      expect(key(param)).toBeUndefined()
      expect(snapshot([param])).toStrictEqual([param])
    }
    expect(snapshot([value])[0]).toBe(value)
  })

  it('is there for plain data, whatever its prototype and its names', () => {
    for (const value of [{}, Object.create(null), { toString: undefined }, new Map(), [[[[]]]], Buffer.from('a')])
      expect(key(value)).toBeDefined()
  })

  it('ends where arrays hold themselves, however often', () => {
    const twice: unknown[] = []
    twice.push(twice, twice)
    expect(key(twice)).toBeUndefined()
    expect(snapshot([twice, [1]])).toStrictEqual([twice, [1]])
  })

  it('does not see what a caller changes later', () => {
    const params = [new Date(5), [1, [2]], new Uint8Array([1]), { a: { b: 1 } }]
    const copy = snapshot(params)
    ;(params[0] as Date).setTime(9)
    ;(params[1] as number[])[0] = 9
    ;(params[2] as Uint8Array)[0] = 9
    ;(params[3] as { a: { b: number } }).a.b = 9
    expect(copy).toEqual([new Date(5), [1, [2]], new Uint8Array([1]), { a: { b: 1 } }])
  })

  it('is safe between separators and in patterns of SCAN, and tells all parts apart', () => {
    const parts = ['']
    for (const part of parts)
      if (part.length < 4) parts.push(...[':', '*', '~', 'a', '3', '[', 'ä'].map((c) => part + c))
    const safe = parts.map(keySafe)
    expect(new Set(safe).size).toBe(parts.length)
    for (const part of safe) expect(part).toMatch(/^[\w.~-]*$/)
    expect(keySafe('prod_1.2-b')).toBe('prod_1.2-b')
  })

  it('hashes with SHA-256 (FIPS 180-4, example of one block)', async () => {
    expect(await digest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it('leaves to the driver what the driver would ask, and copies everything else as it would send it', () => {
    class Money {
      toJSON() {
        return 'EUR 0.05'
      }
    }
    const point = { toPostgres: () => '(1,2)' }
    class PgDate extends Date {
      toPostgres() {
        return 'infinity'
      }
    }
    const date = new PgDate(5)
    const view = new DataView(new Uint8Array([1, 2]).buffer)
    const floats = new Float64Array([1.5, 2])
    const copy = snapshot([{ m: new Money() }, point, date, view, floats, [new Money(), point], Buffer.from('ab')])
    expect(copy[0]).toEqual({ m: 'EUR 0.05' })
    expect([copy[1], copy[2]]).toEqual([point, date])
    expect(copy[1]).toBe(point)
    expect(copy[2]).toBe(date)
    expect((copy[3] as DataView).getUint8(1)).toBe(2)
    expect(copy[4]).toEqual(floats)
    expect(copy[5]).toEqual([new Money(), point])
    expect(key(new Money())).toBeUndefined()
    expect(Buffer.isBuffer(copy[6])).toBe(true)
    expect(key(date)).toBeUndefined()
  })

  it('leaves to the driver a date with a zone of its own', () => {
    const date = Object.assign(new Date(5), { getTimezoneOffset: () => -330 })
    expect(snapshot([date])[0]).toBe(date)
    expect(key(date)).toBeUndefined()
  })

  it('hashes texts that are not well-formed apart', async () => {
    const texts = ['\ud800', '\ud801', '\ufffd', '\uffff', '\uffffd800', '\uffff\uffffd800', '\udc00\ud800']
    const digests = await Promise.all(texts.map(async (text) => digest(text)))
    expect(new Set(digests).size).toBe(texts.length)
  })
})
