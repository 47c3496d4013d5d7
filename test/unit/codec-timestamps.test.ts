import { types } from '@neondatabase/serverless'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quickParser } from '../../src/codec/timestamps.js'

const driver = types.getTypeParser(1184) as (text: string) => unknown
const quick = quickParser(1184, driver)
const iso = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ')

describe('a timestamptz', () => {
  it("is read as by the driver's own parser, in every form that Postgres writes", () => {
    const seconds = fc.integer({ min: -70_000_000_000, max: 250_000_000_000 }).map((at) => iso(at * 1000))
    const fraction = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 999_999 }).map((micros) => `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`),
    )
    const zone = fc.constantFrom('+00', '+00', '+00', '-03', '+05:30', '+00:19:32', '+00 BC')
    fc.assert(
      fc.property(seconds, fraction, zone, (at, part, offset) => {
        expect(quick(at + part + offset)).toStrictEqual(driver(at + part + offset))
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    'infinity',
    '-infinity',
    '0044-03-15 12:00:00+00 BC',
    '12024-01-01 00:00:00+00',
    '',
    '2024',
    'x'.repeat(22),
  ])('of another form is the driver’s: %j', (text) => {
    expect(quick(text)).toStrictEqual(driver(text))
  })

  it("is not read by the driver's parser in the usual form", () => {
    let asked = 0
    const counting = quickParser(1184, (text) => (asked++, driver(text)))
    const before = asked
    for (let i = 0; i < 100; i++) counting(`${iso(1.7e12 + i * 1e6)}.25+00`)
    expect(asked).toBe(before)
  })

  it.each<[string, (text: string) => unknown]>([
    ['text', (text) => text],
    ['a number', (text) => Number(driver(text))],
    ['null', () => null],
    ['seconds', (text) => new Date(Math.floor(Number(driver(text)) / 1000) * 1000)],
    ['local time', (text) => new Date(Number(driver(text)) + 3_600_000)],
    ['a class of its own', (text) => new (class extends Date {})(driver(text) as Date)],
    ['a date with more', (text) => Object.assign(new Date(driver(text) as Date), { text })],
    ['no infinity', (text) => new Date(text)],
    ['an error', () => raise()],
  ])("is left to a user's parser that gives %s", (_, own) => {
    expect(quickParser(1184, own)).toBe(own)
  })

  it('alone is read so', () => {
    for (const oid of [1114, 1082, 25, 3802]) expect(quickParser(oid, driver)).toBe(driver)
  })
})

function raise(): never {
  throw new Error('mine')
}
