/** F12: what cannot be decoded is a miss, also when somebody has written it with checksums that are right. */
import { types } from '@neondatabase/serverless'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEntry, DecodeError, encodeEntry, readHeader } from '../../src/codec/encode.js'
import type { StoredEntry } from '../../src/codec/encode.js'
import { packResult, packValue } from '../../src/codec/payload.js'
import type { Payload } from '../../src/codec/payload.js'
import { resultReader } from '../../src/result.js'
import type { Database } from '../../src/types.js'
import { bytesChanged, FIELD, forge, withHeader } from '../support/forge.js'
import type { Field } from '../support/forge.js'

const database = {
  parser: (oid: number) => types.getTypeParser(oid) as (text: string) => unknown,
} as Database
const MOST = 1_000_000

const many = (make: (i: number) => string | null, count = 12) => Array.from({ length: count }, (_, i) => make(i))
const ROWS: Payload = {
  kind: 'rows',
  fields: [
    { name: 'id', dataTypeID: 23 },
    { name: 'at', dataTypeID: 1184 },
    { name: '__proto__', dataTypeID: 3802 },
    { name: 'id', dataTypeID: 25 },
    { name: 'none', dataTypeID: 20 },
  ],
  rowCount: 12,
  command: 'SELECT',
  length: 12,
  columns: [
    many(String),
    many((i) => `2024-01-01 00:00:${String(i).padStart(2, '0')}+00`),
    many((i) => `{"a":[${i}]}`),
    many((i) => (i % 2 ? null : `tëxt ${i}`)),
    many(() => null),
  ],
}
const PAYLOADS: Payload[] = [
  ROWS,
  { ...ROWS, fields: [], columns: [], rowCount: null },
  { ...ROWS, fields: ROWS.fields.slice(4), columns: ROWS.columns.slice(4) },
  { ...ROWS, fields: ROWS.fields.slice(0, 1), columns: ROWS.columns.slice(0, 1) },
  packResult({
    raw: false,
    fields: ROWS.fields,
    rowCount: 2,
    command: 'SELECT',
    rows: [
      [1, 'a', {}, null, 2],
      [2, 'b', [], 'x', 3],
    ],
  }),
  packResult({ raw: false, fields: ROWS.fields.slice(0, 1), rowCount: 1, command: 'SELECT', rows: [[new Date(5)]] }),
  packValue({ list: [1, new Date(5), new Map([['a', new Set([1n])]]), new Uint8Array([1, 2])], none: undefined }),
  packValue({ plain: ['data', 1, null] }),
]

const entry = (payload: Payload): StoredEntry => ({
  key: 'k'.repeat(32),
  names: ['t:public.users', 'g:x'],
  versions: ['v1', 'v2'],
  database: 'db',
  readAt: 1_700_000_000_000,
  freshUntil: 1_700_000_060_000,
  staleUntil: 1_700_000_120_000,
  errorUntil: Number.MAX_SAFE_INTEGER,
  payload,
})
const written = async (payload: Payload, compress: boolean): Promise<string> =>
  (await encodeEntry(entry(payload), { compress, compressAboveBytes: 0, maxEntryBytes: MOST }))!.text
const decode = async (text: string) => decodeEntry(text, { maxDecodedBytes: MOST })
const bytesOf = (text: string) => new TextEncoder().encode(text).length

/** Whether the text is believed. If it is, everything that a read does with it works, twice, and it is no larger than the text says. */
async function believed(text: string): Promise<boolean> {
  const read = await decode(text).catch((error: unknown) => error)
  if (read instanceof DecodeError) return false
  if (read instanceof Error) throw read
  const { payload, key, names, versions, database: whose, ...times } = read as StoredEntry
  for (const one of [key, whose, ...names, ...versions]) expect(typeof one).toBe('string')
  for (const time of Object.values(times)) expect(Number.isFinite(time)).toBe(true)
  // What compressed bodies hold is bounded by what the header says of it, which decoding holds it to.
  const bytes =
    payload.kind === 'value' ? bytesOf(payload.text) : Math.max(bytesOf(text), readHeader(text).decodedBytes)
  if (payload.kind === 'rows') {
    expect(Math.max(1, payload.columns.length) * payload.length).toBeLessThanOrEqual(bytes)
    for (const column of payload.columns) expect(column).toHaveLength(payload.length)
    for (const { dataTypeID } of payload.fields) expect(dataTypeID).toSatisfy(Number.isSafeInteger)
    expect(payload.rowCount).not.toBeNaN()
  }
  let readable = false
  for (const loaded of [false, true]) {
    const reader = resultReader(payload, database)
    try {
      reader.first(loaded)
    } catch {
      continue
    }
    readable = true
    expect(loaded).toBe(payload.kind === 'value' ? loaded : false)
    for (let time = 0; time < 2; time++) {
      if (loaded) {
        reader.value()
        continue
      }
      const { rows, fields } = reader.result()
      expect(rows).toBeInstanceOf(Array)
      expect(rows.length * fields.length).toBeLessThanOrEqual(bytes)
      for (const row of [...rows, ...reader.rows()]) expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
      for (const { name } of fields) expect(typeof name).toBe('string')
    }
  }
  return readable
}

const NONSENSE = [
  'null',
  'true',
  '-1',
  '-0',
  '0',
  '0.5',
  '1e9',
  '1e999',
  '9007199254740993',
  '""',
  '"5"',
  '"plain"',
].concat([
  '[]',
  '{}',
  '["a"]',
  '["a","b"]',
  '[1]',
  '[["a"]]',
  '"__proto__"',
  '"zstd"',
  '"deflate"',
  '"json"',
  '"tagged"',
])
const PARTS = [
  '',
  '0',
  '1',
  '-1',
  '1.5',
  '12',
  '13',
  '1e3',
  '1e9',
  '0x10',
  '999999999',
  '9'.repeat(20),
  'NaN',
  'Infinity',
].concat([
  ' 12',
  '12 ',
  '-0',
  '23',
  '23.0',
  '23.1',
  '23.-1',
  '23.1.1',
  '23.1e3',
  '23.NaN',
  '-1.2',
  '1.5',
  ',',
  ',23',
  '23,',
  '__proto__',
])
const JSONS = [
  'null',
  '1',
  '"~u"',
  '[]',
  '{}',
  '"~r0"',
  '"~BUint8Array:////"',
  '"~BBigInt64Array:AA=="',
  '"~i1.5"',
  '"~/(/("',
].concat([
  '"~Unope"',
  '["~M"]',
  '["~M",1]',
  '["~S","~r0"]',
  '"~x"',
  '"~"',
  '[{"name":"a"}]',
  '[["x"]]',
  '[null]',
  '"~BDate:AA=="',
])

const field = fc.constantFrom(...(Object.keys(FIELD) as Field[]))
const headers = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.dictionary(field, fc.oneof(fc.constantFrom(...NONSENSE), fc.json()), { maxKeys: 2 }) },
)

/** Changes of a body's text: its parts, a piece of its JSON, or any of its characters. */
const changes: fc.Arbitrary<(body: string) => string> = fc.oneof(
  fc.constant((body: string) => body),
  fc.tuple(fc.nat(8), fc.oneof(fc.constantFrom(...PARTS), fc.string())).map(([at, part]) => (body: string) => {
    // The turned columns come first.
    const start = Math.max(0, body.search(/[|~^\0]/))
    const parts = body.slice(start + 1).split(body[start] ?? '|')
    parts[at % parts.length] = part
    return body.slice(0, start + 1) + parts.join(body[start])
  }),
  fc.tuple(fc.nat(), fc.constantFrom(...JSONS)).map(([nth, json]) => (body: string) => {
    const pieces = [...body.matchAll(/"(?:[^"\\]|\\.)*"|\d+|null|\[[^[\]]*\]|\{[^{}]*\}/g)]
    if (pieces.length === 0) return json
    const { index, 0: piece } = pieces[nth % pieces.length]!
    return body.slice(0, index) + json + body.slice(index + piece.length)
  }),
  fc
    .tuple(fc.nat(), fc.nat(5), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([at, cut, more]) => (body: string) => {
      const from = at % (body.length + 1)
      return body.slice(0, from) + more + body.slice(from + cut)
    }),
)

describe('a forged entry', () => {
  it('is refused or can be read, whatever is in its header and its body', async () => {
    const texts = await Promise.all(PAYLOADS.map((payload) => written(payload, false)))
    const count = { believed: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts),
        headers,
        fc.array(changes, { minLength: 1, maxLength: 2 }),
        async (text, fields, steps) => {
          const body = (before: string) => steps.reduce((now, step) => step(now), before)
          count[(await believed(forge(text, fields, body))) ? 'believed' : 'refused']++
        },
      ),
      { numRuns: 3_000 },
    )
    expect(count.believed).toBeGreaterThan(300)
    expect(count.refused).toBeGreaterThan(1_000)
  })

  it('is refused or can be read when it is compressed', async () => {
    const texts = await Promise.all(
      [ROWS, packValue({ text: 'long '.repeat(500), at: new Date(5) })].map((payload) => written(payload, true)),
    )
    for (const text of texts) expect(await believed(text)).toBe(true)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts),
        headers,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
        async (text, fields, flips) => {
          const change = bytesChanged((bytes) => {
            for (const [at, bits] of flips) bytes[at % bytes.length]! ^= bits
            return bytes
          })
          await believed(forge(text, fields, change))
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each([
    ['more rows than cells', '|SELECT|1|1000000000||'],
    ['more rows than cells of a column', '|SELECT|1|999999999|25|a|x'],
    ['rows of no columns that have no room', '|SELECT|1|99999999|'],
    ['rows of a turned column without a width', '|SELECT|1|99999999|23.0|a'],
    ['a part of a row', '|SELECT|1|1.5|25|a|x'],
    ['less than no rows', '|SELECT|1|-1|25|a'],
    ['a number of rows that is none', '|SELECT|1|NaN|25|a'],
    ['rows in another notation', '|SELECT|1|0x1|25|a|x'],
    ['a type below zero', '|SELECT|1|1|-1|a|x'],
    ['a type that is none', '|SELECT|1|1|x|a|x'],
    ['a row count that is none', '|SELECT|x|1|25|a|x'],
    ['a width below zero', '|SELECT|1|1|23.-1|a|x'],
    ['a width beyond everything', '|SELECT|1|1|23.99999999|a'],
  ])('is refused with %s', async (_, body) => {
    const text = await written({ ...ROWS, length: 1, fields: [], columns: [] }, false)
    expect(await believed(forge(text, {}, () => '|SELECT|1|1|25|a|x'))).toBe(true)
    await expect(decode(forge(text, {}, () => body))).rejects.toBeInstanceOf(DecodeError)
  })

  const header: Partial<Record<Field, string[]>> = {
    codec: ['"gzip"', 'null', '["plain"]'],
    kind: ['"text"', '"__proto__"', '["rows"]', 'null'],
    decodedBytes: ['null', '-1', '1e999', '"5"', '[5]'],
    table: ['null', '-1', '1e999', '"0"', '1', '5'],
    key: ['null', '5', '["k"]'],
    readAt: ['null', '"1700000000000"', '1e999', '-1'],
    freshUntil: ['null', '"x"', '1e999'],
    staleUntil: ['null', '[1]', '1e999'],
    errorUntil: ['null', '{}', '1e999'],
    names: ['null', '"ab"', '[1]', '{"length":2}'],
    versions: ['null', '[1,2]', '["v1",null]', '{"0":"v1"}'],
    database: ['null', '5', '{}'],
  }
  it.each(Object.entries(header).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'is refused with the %s %s',
    async (name, value) => {
      const text = await written({ ...ROWS, length: 1, fields: [], columns: [] }, false)
      await expect(decode(forge(text, { [name]: value }))).rejects.toBeInstanceOf(DecodeError)
    },
  )

  it.each(['null', '5', '"x"', '{}', '[]', '[', '{"map":1}', '{"length":1e15}'])(
    'is refused with the header %s',
    async (json) => {
      await expect(decode(withHeader(json, ''))).rejects.toBeInstanceOf(DecodeError)
    },
  )

  it('is refused with a header that is no list, or has a value more, though all that it needs is there', async () => {
    const text = await written({ ...ROWS, length: 1, fields: [], columns: [] }, false)
    const { bodyAt } = readHeader(text)
    const values = JSON.parse(text.slice(text.indexOf('['), bodyAt)) as unknown[]
    const body = text.slice(bodyAt)
    const headed = (header: unknown) => withHeader(JSON.stringify(header), body)
    expect(await believed(headed(values))).toBe(true)
    for (const header of [Object.assign({ length: values.length }, values), [...values, 0]])
      await expect(decode(headed(header))).rejects.toBeInstanceOf(DecodeError)
  })

  it('of UTF-8 that is none is refused', async () => {
    const text = await written(packValue('x'.repeat(500)), true)
    const broken = bytesChanged(() => INFLATES_TO_FF)
    const size = { decodedBytes: String(INFLATES_TO_FF.length - 5) }
    await expect(decode(forge(text, size, broken))).rejects.toBeInstanceOf(DecodeError)
  })

  it('with a body that is not deflated as it says is refused', async () => {
    const text = await written(packValue('x'.repeat(500)), true)
    await expect(decode(forge(text, {}, () => 'AAAA'))).rejects.toBeInstanceOf(DecodeError)
  })

  it('holds no more cells than characters, also where one value stands for many', async () => {
    const wide = Array.from({ length: 100 }, (_, i) => ({ name: `c${i}`, dataTypeID: 25 }))
    const value = packResult({ raw: false, fields: wide, rowCount: 1, command: 'SELECT', rows: [wide.map(() => 1)] })
    const text = await written(value, false)
    const shared = (body: string) => body.replace(/("rows":\[\[[\d,]*\])/, `$1${',"~r103"'.repeat(2_000)}`)
    const { payload } = await decode(forge(text, { kind: '"tagged"' }, shared))
    expect(() => resultReader(payload, database).first(false)).toThrow()
  })

  it('is no value when rows are wanted, and no rows when a value is', async () => {
    for (const payload of PAYLOADS) {
      const reader = resultReader(payload, database)
      const isValue = payload.kind === 'value'
      const isResult = !isValue || payload.text.includes('"fields"')
      const check = (loaded: boolean) => {
        try {
          reader.first(loaded)
          return true
        } catch {
          return false
        }
      }
      expect([check(false), check(true)]).toEqual([isResult, isValue])
    }
  })

  it('nested deeper than anything is written is refused at once, whatever of the stack is in use', () => {
    const deep = (levels: number): Payload => ({
      kind: 'value',
      format: 'tagged',
      text: '['.repeat(levels) + ']'.repeat(levels),
    })
    resultReader(deep(1_000), database).first(true)
    expect(() => resultReader(deep(1_001), database).first(true)).toThrow()
  })
})

/** A stored block of one byte that UTF-8 does not have. */
const INFLATES_TO_FF = new Uint8Array([1, 1, 0, 254, 255, 255])

describe('text that UTF-8 does not restore', () => {
  it.each([
    ['a cell', { ...ROWS, columns: [...ROWS.columns.slice(0, 3), many(() => 'half \ud800'), ROWS.columns[4]!] }],
    ['a name', { ...ROWS, fields: [{ name: '\udc00', dataTypeID: 23 }, ...ROWS.fields.slice(1)] }],
  ] as [string, Payload][])('is not stored: %s', async (_, payload) => {
    for (const compress of [false, true]) await expect(written(payload, compress)).rejects.toThrow()
  })

  it('is not taken for the sign that stands for it', async () => {
    const text = await written(packValue('sign \ufffd'), false)
    expect((await decode(text)).payload).toEqual(packValue('sign \ufffd'))
    await expect(decode(text.replace('\ufffd', '\ud800'))).rejects.toBeInstanceOf(DecodeError)
  })
})
