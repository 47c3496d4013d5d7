import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsFrom, columnsToText } from '../../src/codec/columns.js'
import { NotCacheableError } from '../../src/codec/payload.js'
import type { RowsPayload } from '../../src/codec/payload.js'

function payloadOf(columns: [oid: number, texts: (string | null)[]][], names?: string[]): RowsPayload {
  const length = columns[0]?.[1].length ?? 0
  return {
    kind: 'rows',
    fields: columns.map(([dataTypeID], i) => ({ name: names?.[i] ?? `c${i}`, dataTypeID })),
    rowCount: length,
    command: 'SELECT',
    columns: columns.map(([, texts]) => texts),
    length,
  }
}

function trip(payload: RowsPayload): { back: RowsPayload | undefined; table: number; text: string } {
  const { table, text } = columnsToText(payload, true)
  return { back: columnsFrom({ table, text }), table: table.length, text: String.fromCharCode(...table) + text }
}

const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))

describe('columns', () => {
  it('come back whatever type they claim and whatever is in them', () => {
    const oid = fc.constantFrom(16, 20, 21, 23, 25, 26, 114, 701, 1082, 1083, 1114, 1184, 1700, 2950)
    const text = fc.oneof(
      { weight: 60, arbitrary: fc.integer({ min: -999, max: 9999 }).map(String) },
      fc.constantFrom(
        '',
        ' ',
        ' 1',
        '1 ',
        '-1',
        '\x01',
        '\x01\x01',
        '|',
        '~',
        '^',
        '|~^',
        'NaN',
        '１２',
        'ü',
        '\t1\u00a0',
      ),
      fc.string({ unit: 'grapheme' }).map((some) => some.replaceAll('\0', '')),
    )
    const shape = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(40))
    const payloads = shape.chain(([width, length]) =>
      fc.array(fc.tuple(oid, fc.array(fc.option(text, { freq: 4 }), { minLength: length, maxLength: length })), {
        minLength: width,
        maxLength: width,
      }),
    )
    let turned = 0
    fc.assert(
      fc.property(payloads, (columns) => {
        const payload = payloadOf(columns)
        const { back, table } = trip(payload)
        expect(back).toStrictEqual(payload)
        if (table > 0) turned++
      }),
      { numRuns: 1_000 },
    )
    expect(turned).toBeGreaterThan(150)
  })

  it('of numbers and times are turned: all first characters, then all second ones', () => {
    const payload = payloadOf([
      [23, ['11', '22', null, '333', '44', '55', '66', '77']],
      [1083, ['08:00:00', '09:30:15', '10:00:00.5', '23:59:59', null, ...many(3, (i) => `12:00:0${i}`)]],
      [25, ['a', 'b', null, '', 'e', 'f', 'g', 'h']],
    ])
    const { back, text, table } = trip(payload)
    expect(back).toStrictEqual(payload)
    expect(text.slice(0, 24)).toBe('   3    12 3456712 34567')
    expect(table).toBe(8 * 3 + 8 * 10)
  })

  it.each<[string, number, (string | null)[]]>([
    ['of text', 25, many(20, () => '123')],
    ['with spaces at an end', 20, [' 1', ...many(20, String)]],
    ['with an empty cell', 20, ['', ...many(20, String)]],
    ['beyond ASCII', 20, ['１', ...many(20, String)]],
    ['of few rows', 20, many(7, String)],
    ['of very different lengths', 1700, [...many(20, String), '9'.repeat(100)]],
    ['mostly NULL', 20, [...many(20, () => null), '1234567890123456']],
    ['that repeat', 20, many(500, (i) => String(9007199254740000 + (i % 7)))],
  ])('%s are joined', (_, oid, texts) => {
    const payload = payloadOf([[oid, texts]])
    const { back, table } = trip(payload)
    expect(table).toBe(0)
    expect(back).toStrictEqual(payload)
  })

  it('are separated by what JSON need not escape where they are short, and by NUL where nothing else is free', () => {
    const text = (cell: string) => trip(payloadOf([[25, [cell, 'x']]])).text
    expect(text('plain')).toBe('|SELECT|2|2|25|c0|plain|x')
    expect(text('a|b')).toBe('~SELECT~2~2~25~c0~a|b~x')
    expect(text('a|b~c')).toBe('^SELECT^2^2^25^c0^a|b~c^x')
    expect(text('a|b~c^')).toBe('\0SELECT\x002\x002\x0025\0c0\0a|b~c^\0x')
    expect(text('y'.repeat(5000))[0]).toBe('\0')
  })

  it('are not turned where nothing compresses them', () => {
    expect(columnsToText(payloadOf([[23, many(20, String)]]), false).table.length).toBe(0)
  })

  it('with names of any kind come back', () => {
    const payload = payloadOf(
      [
        [25, ['1']],
        [25, ['2']],
        [23, ['3']],
      ],
      ['__proto__', '', 'näme|~^ 🦊'],
    )
    expect(trip(payload).back).toStrictEqual(payload)
  })

  it('that would come back as something else are refused', () => {
    const payload = payloadOf([[25, ['a', 'b']]])
    const fields = (dataTypeID: unknown) => [{ name: 'c0', dataTypeID: dataTypeID as number }]
    for (const wrong of [
      { columns: [['a\0', 'b']] },
      { columns: [[`a\0${'b'.repeat(5_000)}`, 'b']] },
      { fields: [{ name: 'c\0', dataTypeID: 25 }] },
      { fields: fields(undefined) },
      { fields: fields(1.5) },
      { fields: fields(-1) },
      { rowCount: -1 },
      { rowCount: NaN },
    ])
      expect(() => columnsToText({ ...payload, ...wrong }, true), JSON.stringify(wrong)).toThrow(NotCacheableError)
    expect(columnsToText({ ...payload, rowCount: null }, true).text).toBe('|SELECT||2|25|c0|a|b')
  })

  it('whose parts do not add up are told', () => {
    const { table, text } = columnsToText(payloadOf([[23, many(20, String)]]), true)
    expect(columnsFrom({ table, text })).toBeDefined()
    expect(columnsFrom({ table: new Uint8Array([...table, 32]), text })).toBeUndefined()
    expect(columnsFrom({ table: table.subarray(1), text })).toBeUndefined()
    for (const wrong of ['|SELECT|2|2|25|c0|only one', '|SELECT|2|2|25|c0|a|b|c', ''])
      expect(columnsFrom({ table: new Uint8Array(), text: wrong })).toBeUndefined()
  })
})
