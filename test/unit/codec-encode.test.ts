import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsFrom } from '../../src/codec/columns.js'
import { decodeEntry, DecodeError, encodeEntry, readHeader } from '../../src/codec/encode.js'
import type { EncodeOptions, StoredEntry } from '../../src/codec/encode.js'
import type { Payload } from '../../src/codec/payload.js'
import { forge } from '../support/forge.js'

const ROWS: Payload = {
  kind: 'rows',
  fields: [
    { name: 'id', dataTypeID: 23 },
    { name: 'näme 🦊', dataTypeID: 25 },
  ],
  rowCount: 3,
  command: 'SELECT',
  length: 3,
  columns: [
    ['1', '2', '3'],
    ['ünï \u2028 "q" \\', null, 'x'.repeat(40)],
  ],
}
const times = {
  readAt: 1_700_000_000_000,
  freshUntil: 1_700_000_060_000,
  staleUntil: 1_700_000_120_000,
  errorUntil: Number.MAX_SAFE_INTEGER,
}
const entry = (payload: Payload = ROWS): StoredEntry => ({
  key: 'digest',
  names: ['t:public.users', 'g:ü🦊'],
  versions: ['v1', 'v2'],
  database: 'db',
  ...times,
  payload,
})

const PLAIN: EncodeOptions = { compress: false, compressAboveBytes: 0, maxEntryBytes: 1e9 }
const PACKED: EncodeOptions = { compress: true, compressAboveBytes: 0, maxEntryBytes: 1e9 }
const encode = async (stored: StoredEntry, options: EncodeOptions) => (await encodeEntry(stored, options))!.text
/** Without what columns can be made of again. */
const decode = async (text: string, maxDecodedBytes = 1e9): Promise<StoredEntry> => {
  const { payload, ...entry } = await decodeEntry(text, { maxDecodedBytes })
  if (payload.kind !== 'rows') return { ...entry, payload }
  const { body, ...rows } = payload
  expect(columnsFrom(body!)).toStrictEqual(rows)
  return { ...entry, payload: rows }
}
const utf8 = (text: string) => new TextEncoder().encode(text)
const LONG: Payload = { ...ROWS, columns: [ROWS.columns[0]!, ['ü'.repeat(500), 'ü'.repeat(500), null]] }
const bothWays = [
  ['plain', PLAIN],
  ['compressed', PACKED],
] as const

const PLAIN_OBJECTS = { noNullPrototype: true }
const cell = fc.option(
  fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
  { nil: null },
)
const rows: fc.Arbitrary<Payload> = fc.tuple(fc.nat(5), fc.nat(6)).chain(([width, length]) =>
  fc.record(
    {
      kind: fc.constant('rows' as const),
      fields: fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), dataTypeID: fc.nat() }, PLAIN_OBJECTS), {
        minLength: width,
        maxLength: width,
      }),
      rowCount: fc.option(fc.nat(), { nil: null }),
      command: fc.constantFrom('SELECT', 'INSERT', ''),
      columns: fc.array(fc.array(cell, { minLength: length, maxLength: length }), {
        minLength: width,
        maxLength: width,
      }),
      length: fc.constant(length),
    },
    PLAIN_OBJECTS,
  ),
)
const value: fc.Arbitrary<Payload> = fc.record(
  {
    kind: fc.constant('value' as const),
    format: fc.constantFrom('json' as const, 'tagged' as const),
    text: fc.json(),
  },
  PLAIN_OBJECTS,
)
const entries: fc.Arbitrary<StoredEntry> = fc.record(
  {
    key: fc.string(),
    names: fc.array(fc.string({ unit: 'binary' })),
    versions: fc.array(fc.string()),
    database: fc.string(),
    readAt: fc.maxSafeNat(),
    freshUntil: fc.maxSafeNat(),
    staleUntil: fc.maxSafeNat(),
    errorUntil: fc.maxSafeNat(),
    payload: fc.oneof(rows, value),
  },
  PLAIN_OBJECTS,
)

describe.each(bothWays)('an entry, %s', (_, options) => {
  it('comes back as it was stored, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (stored) => {
        expect(await decode(await encode(stored, options))).toStrictEqual(stored)
      }),
      { numRuns: 200 },
    )
  })

  it('that begins with a byte order mark keeps it', async () => {
    const stored = entry({ kind: 'value', format: 'json', text: `\ufeff"${'x'.repeat(500)}"` })
    expect(await decode(await encode(stored, options))).toStrictEqual(stored)
  })

  it('cut at any byte is an error', async () => {
    const bytes = utf8(await encode(entry(), options))
    for (let length = 0; length < bytes.length; length++) {
      await expect(decode(new TextDecoder().decode(bytes.subarray(0, length)))).rejects.toBeInstanceOf(DecodeError)
    }
  })

  it('with one byte changed is an error or the same entry', async () => {
    const stored = entry()
    const bytes = utf8(await encode(stored, options))
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x20, 0x80, 0xff]) {
        const damaged = bytes.slice()
        damaged[at]! ^= flip
        const read = await decode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(damaged)).catch(
          (error: unknown) => error,
        )
        if (!(read instanceof DecodeError)) expect(read).toStrictEqual(stored)
      }
    }
  })

  it('with anything behind it is an error', async () => {
    await expect(decode(`${await encode(entry(), options)} `)).rejects.toBeInstanceOf(DecodeError)
  })

  it('is no JSON, so that nothing on the way parses it', async () => {
    const text = await encode(entry(), options)
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
    expect(text).toMatch(/^eqc5:/)
  })

  it('larger than allowed when decoded is an error', async () => {
    const text = await encode(entry(LONG), options)
    const { codec, bodyAt, decodedBytes } = readHeader(text)
    const size = codec === 'plain' ? text.length - bodyAt : decodedBytes
    await expect(decode(text, size - 1)).rejects.toBeInstanceOf(DecodeError)
    expect(await decode(text, size)).toStrictEqual(entry(LONG))
  })

  it('is not encoded when its UTF-8 bytes are more than allowed', async () => {
    const size = utf8(await encode(entry(LONG), options)).length
    expect(await encodeEntry(entry(LONG), { ...options, maxEntryBytes: size - 1 })).toBeUndefined()
    expect(await encodeEntry(entry(LONG), { ...options, maxEntryBytes: size })).toBeDefined()
  })

  it('tells its header without its body', async () => {
    const text = await encode(entry(), options)
    const { bodyAt, ...header } = readHeader(text)
    expect(header).toMatchObject({
      entry: { key: 'digest', names: entry().names, versions: ['v1', 'v2'], ...times },
      kind: 'rows',
    })
    expect(readHeader(text.slice(0, bodyAt))).toStrictEqual({ ...header, bodyAt })
    expect(text.slice(0, bodyAt)).toMatch(/^[ -~]*$/)
    for (let length = 0; length < bodyAt; length++)
      expect(() => readHeader(text.slice(0, length))).toThrow(expect.objectContaining({ why: 'incomplete' }))
  })
})

it('a compressed entry is ASCII and smaller', async () => {
  const [plain, packed] = [await encode(entry(LONG), PLAIN), await encode(entry(LONG), PACKED)]
  expect(packed).toMatch(/^[ -~]*$/)
  expect(readHeader(packed).codec).toBe('deflate')
  expect(packed.length).toBeLessThan(plain.length / 2)
})

it('an entry is compressed above the threshold only, and only where that makes it smaller', async () => {
  const { decodedBytes } = readHeader(await encode(entry(LONG), PACKED))
  const codec = async (payload: Payload, compressAboveBytes: number) =>
    readHeader(await encode(entry(payload), { ...PACKED, compressAboveBytes })).codec
  expect(await codec(LONG, decodedBytes)).toBe('plain')
  expect(await codec(LONG, decodedBytes - 1)).toBe('deflate')
  expect(await codec({ kind: 'value', format: 'json', text: '1' }, 0)).toBe('plain')
})

it('an entry comes back on either side of the threshold, whatever its characters take in UTF-8', async () => {
  for (const char of ['a', 'ü', '…'])
    for (let length = 150; length <= 650; length++) {
      const payload: Payload = { kind: 'value', format: 'json', text: JSON.stringify(char.repeat(length)) }
      const stored = await encode(entry(payload), { ...PACKED, compressAboveBytes: 600 })
      expect((await decode(stored)).payload).toEqual(payload)
    }
})

it('columns that are turned for a compressor which then makes nothing smaller come back', async () => {
  let state = 1
  const next = () => (state = Math.imul(state, 48_271) >>> 1)
  const noise = () => String.fromCharCode(...Array.from({ length: 40 }, () => 33 + ((next() >>> 8) % 94)))
  const columns = [Array.from({ length: 9 }, () => `${(next() >>> 8) % 1000}`), Array.from({ length: 9 }, noise)]
  const stored = entry({ ...ROWS, rowCount: 9, length: 9, columns })
  const text = await encode(stored, PACKED)
  expect(readHeader(text)).toMatchObject({ codec: 'plain', table: 27 })
  expect(await decode(text)).toStrictEqual(stored)
})

it('a body that inflates to more than it says is an error, before all of it is inflated', async () => {
  const bomb = await encode(
    entry({ kind: 'value', format: 'json', text: JSON.stringify('0'.repeat(5_000_000)) }),
    PACKED,
  )
  const small = await encode(entry({ kind: 'value', format: 'json', text: '"x"' }), PLAIN)
  const { codec, bodyAt } = readHeader(bomb)
  const lie = forge(small, { codec: JSON.stringify(codec), decodedBytes: '3' }, () => bomb.slice(bodyAt))
  await expect(decode(lie, 1000)).rejects.toBeInstanceOf(DecodeError)
})

it('columns that do not add up are an error', async () => {
  const text = await encode(entry({ ...ROWS, length: 4 }), PLAIN)
  await expect(decode(text)).rejects.toBeInstanceOf(DecodeError)
})

it.each([
  '',
  'null',
  '{}',
  '[1]',
  '"text"',
  'eqc1',
  'eqc2:2:00000000:{}',
  'eqc5:0:0:',
  'eqc5:0:99999999999:',
  'eqc5:0:2:{}',
  '<html>',
  '\0\0\0',
])('text of another kind is an error: %j', async (text) => {
  await expect(decode(text)).rejects.toBeInstanceOf(DecodeError)
})

it('half of a surrogate pair in the place of the character that UTF-8 has for it is an error', async () => {
  const text = await encode(entry({ kind: 'value', format: 'json', text: '"\ufffd"' }), PLAIN)
  await expect(decode(text.replace('\ufffd', '\ud800'))).rejects.toBeInstanceOf(DecodeError)
})

it('errors hold nothing of the entry', async () => {
  const text = await encode(entry({ kind: 'value', format: 'json', text: '"secret-row"' }), PLAIN)
  const error = await decode(text.replace('secret-row', 'secret-rox')).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(DecodeError)
  expect(String(error)).not.toMatch(/secret|digest|users/)
})
