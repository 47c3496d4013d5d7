import { runInThisContext } from 'node:vm'
import { types as neon } from '@neondatabase/serverless'
import * as fc from 'fast-check'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { quickParser } from '../../src/codec/timestamps.js'

type Parser = (text: string) => unknown

const drivers: [string, Parser][] = [
  ['Neon', neon.getTypeParser(1184) as Parser],
  ['pg', pg.types.getTypeParser(1184) as Parser],
]
const [[, driver]] = drivers as [[string, Parser]]
const iso = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ')

describe.each(drivers)('a time, by the driver of %s', (_, parse) => {
  const quick = quickParser(1184, parse)

  it('is read as by its own parser, in every form that Postgres writes', () => {
    const seconds = fc.integer({ min: -70_000_000_000, max: 250_000_000_000 }).map((at) => iso(at * 1000))
    const recent = fc.integer({ min: 0, max: 2_200_000_000 }).map((at) => iso(at * 1000))
    const fraction = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 999_999 }).map((micros) => `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`),
    )
    const zone = fc.constantFrom('+00', '+00', '', '', '-03', '+05:30', '-05:00', '+00:19:32', '+00 BC', ' BC', 'Z')
    fc.assert(
      fc.property(fc.oneof(seconds, recent), fraction, zone, (at, part, offset) => {
        expect(quick(at + part + offset)).toStrictEqual(parse(at + part + offset))
      }),
      { numRuns: 10_000 },
    )
  })

  it.each([
    'infinity',
    '-infinity',
    '0044-03-15 12:00:00+00 BC',
    '12024-01-01 00:00:00+00',
    '2024-01-01 00:00:00.5-0530',
    '',
    '2024',
    '2024-01-01',
    '2024-01-01T00:00:00',
    '2024-01-01 00:00:0',
    'x'.repeat(22),
    // DateStyle 'SQL, DMY' and 'German'.
    '20/12/1997 07:37:16',
    '20.03.2004 07:37:16.25',
  ])('of another form is its own: %j', (text) => {
    expect(quick(text)).toStrictEqual(parse(text))
  })

  it('is not read by its own parser in the usual form', () => {
    expect(quick).not.toBe(parse)
    expect(quickParser(1114, parse)).toBe(quick)
    expect(quickParser(1184, parse)).toBe(quick)
  })

  it('is the only type that is read so', () => {
    for (const oid of [1082, 25, 3802, 1185]) expect(quickParser(oid, parse)).toBe(parse)
  })
})

it.each<[string, Parser]>([
  ['text', (text) => text],
  ['a number', (text) => Number(driver(text))],
  ['null', () => null],
  ['dates alike', (text) => new Date(driver(text) as Date)],
  ['what the driver gives', (text) => driver(text)],
  ['something else for one day', (text) => (text.startsWith('1999-12-31') ? null : driver(text))],
  ['something else from the second on', afterwards(driver)],
  ['what is bound to it', driver.bind(undefined)],
  ['what stands behind it', new Proxy(driver, {})],
  ['a class of its own', (text) => new (class extends Date {})(driver(text) as Date)],
  ['an error', () => raise()],
])("a time is left to a user's parser that gives %s", (_, own) => {
  expect(quickParser(1184, own)).toBe(own)
})

it('a time is left to a changed copy of the parser', () => {
  // Only a function that is made of the text has the text.
  const copy = (change: (source: string) => string) =>
    runInThisContext(`(() => { ${POSTGRES_DATE}; return ${change(String(pg.types.getTypeParser(1184)))} })()`) as Parser
  const same = copy((source) => source)
  expect(quickParser(1184, same)).not.toBe(same)
  for (const [from, to] of [
    ['1000 *', '100 *'],
    ['parseInt(matches[5], 10)', '0'],
    ['return date\n', 'return String(date)\n'],
    ['return date\n', 'return new (class extends Date {})(date)\n'],
    // Of a time in UTC alone, and of a local one alone.
    ['second, ms))', 'second, 0))'],
    ['second, ms)\n', 'second, 0)\n'],
  ] as const) {
    expect(String(pg.types.getTypeParser(1184))).toContain(from)
    const changed = copy((source) => source.replace(from, to))
    expect(quickParser(1184, changed)).toBe(changed)
  }
})

/** What the parser of \`pg\` uses besides. */
const POSTGRES_DATE = `
  const DATE_TIME = /(\\d{1,})-(\\d{2})-(\\d{2}) (\\d{2}):(\\d{2}):(\\d{2})(\\.\\d{1,})?.*?( BC)?$/
  const INFINITY = /^-?infinity$/
  const timeZoneOffset = (text) => (text.endsWith('+00') ? 0 : undefined)
  const is0To99 = () => false`

function afterwards(parse: Parser): Parser {
  let times = 0
  return (text) => (times++ < 1 ? parse(text) : text)
}

function raise(): never {
  throw new Error('mine')
}
