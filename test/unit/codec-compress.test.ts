import { afterEach, describe, expect, it, vi } from 'vitest'
import { checksum } from '../../src/codec/checksum.js'
import { compress, decompress } from '../../src/codec/compress.js'
import { decodeEntry, encodeEntry, readHeader } from '../../src/codec/encode.js'
import { isWellFormed } from '../../src/codec/utf8.js'

afterEach(() => void vi.unstubAllGlobals())

const bytesOf = (size: number) => new TextEncoder().encode('0123456789 lorem ipsum '.repeat(size / 20).slice(0, size))
const unpacked = async (...given: Parameters<typeof decompress>) => decompress(...given)
/** Whether it is one of Node's buffers does not matter. */
const equals = (expected: Uint8Array) => (bytes: Uint8Array) =>
  bytes.length === expected.length && bytes.every((byte, i) => byte === expected[i])
const withoutZlib = () => void vi.stubGlobal('process', undefined)
const hasZlib = typeof globalThis.process?.getBuiltinModule === 'function'

const entry = (text: string) => ({
  key: 'k',
  names: [],
  versions: [],
  database: '',
  readAt: 0,
  freshUntil: 0,
  staleUntil: 0,
  errorUntil: 0,
  payload: { kind: 'value' as const, format: 'json' as const, text },
})
const options = { compress: true, compressAboveBytes: 0, maxEntryBytes: 1e9 }

describe('what is compressed', () => {
  it.each([100, 5_000, 100_000, 1_000_000])('comes back: %i bytes', async (size) => {
    const bytes = bytesOf(size)
    const { packing, packed } = (await compress(bytes))!
    expect(packed.length).toBeLessThan(size)
    expect(await decompress(packing, packed, size)).toSatisfy(equals(bytes))
  })

  it('comes back however few bytes they are', async () => {
    const bytes = new Uint8Array(20)
    const { packing, packed } = (await compress(bytes))!
    expect(await decompress(packing, packed, 20)).toSatisfy(equals(bytes))
  })

  it('with streams alone can be read with and without them', async () => {
    const bytes = bytesOf(20_000)
    const here = (await compress(bytes))!
    withoutZlib()
    const there = (await compress(bytes))!
    expect(there.packing).toBe('deflate')
    expect(await decompress('deflate', there.packed, 20_000)).toSatisfy(equals(bytes))
    if (here.packing === 'deflate') expect(await decompress('deflate', here.packed, 20_000)).toSatisfy(equals(bytes))
    vi.unstubAllGlobals()
    expect(await decompress('deflate', there.packed, 20_000)).toSatisfy(equals(bytes))
  })

  it('is deflated below 8 KiB, and zstd from there on where the platform has it', async () => {
    expect((await compress(bytesOf(8191)))!.packing).toBe('deflate')
    const zstd = hasZlib && 'zstdCompressSync' in globalThis.process.getBuiltinModule('node:zlib')
    expect((await compress(bytesOf(8192)))!.packing).toBe(zstd ? 'zstd' : 'deflate')
  })

  it('is deflated where zstd fails, as it does in workerd for large values, or is not there', async () => {
    const zlib = hasZlib ? globalThis.process.getBuiltinModule('node:zlib') : undefined
    if (!zlib) return expect((await compress(bytesOf(20_000)))!.packing).toBe('deflate')
    for (const zstdCompressSync of [undefined, () => fail()]) {
      vi.stubGlobal('process', { getBuiltinModule: () => ({ ...zlib, zstdCompressSync }) })
      expect((await compress(bytesOf(20_000)))!.packing).toBe('deflate')
    }
  })

  it('is not compressed where nothing can', async () => {
    withoutZlib()
    vi.stubGlobal('CompressionStream', undefined)
    expect(await compress(bytesOf(100))).toBeUndefined()
    expect(readHeader((await encodeEntry(entry('"x"'.repeat(500)), options))!.text).codec).toBe('plain')
  })

  it('has exactly the size that was said', async () => {
    for (const without of [false, true]) {
      if (without) withoutZlib()
      const { packing, packed } = (await compress(bytesOf(20_000)))!
      await expect(unpacked(packing, packed, 19_999)).rejects.toThrow()
      await expect(unpacked(packing, packed, 20_001)).rejects.toThrow()
    }
  })

  it('is refused where it is damaged, by streams too, and nobody else is told', async () => {
    withoutZlib()
    for (const packed of [new Uint8Array(50).fill(255), (await compress(bytesOf(20_000)))!.packed.subarray(0, -9)])
      await expect(unpacked('deflate', packed, 20_000)).rejects.toThrow()
    // What nobody handles fails the run after this.
    await new Promise((resolve) => setTimeout(resolve))
  })

  it('is not unpacked far beyond the size that was said', async () => {
    const { packing, packed } = (await compress(new Uint8Array(20_000_000)))!
    const zlib = hasZlib ? globalThis.process.getBuiltinModule('node:zlib') : undefined
    const most: unknown[] = []
    const rooms: number[] = []
    const noting = (name: 'inflateRawSync' | 'zstdDecompressSync') => (bytes: Uint8Array, limits: object) => {
      const { maxOutputLength, chunkSize } = limits as { maxOutputLength: number; chunkSize: number }
      most.push(maxOutputLength)
      rooms.push(chunkSize)
      return zlib![name](bytes, limits)
    }
    if (zlib)
      vi.stubGlobal('process', {
        getBuiltinModule: () => ({
          inflateRawSync: noting('inflateRawSync'),
          zstdDecompressSync: noting('zstdDecompressSync'),
        }),
      })
    await expect(unpacked(packing, packed, 1000)).rejects.toThrow()
    if (zlib) expect(most).toEqual([1000 + 65_536])
    // A size that is only said makes no room for itself.
    await unpacked(packing, packed, 20_000_000)
    expect(Math.max(...rooms)).toBeLessThanOrEqual(1 << 20)
  })
})

it.each([NaN, -1, undefined])('what has the size %s is given up at its first bytes, by streams too', async (size) => {
  let pulled = 0
  let cancelled = false
  const cancel = () => void (cancelled = true)
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
    ++pulled > 100 ? controller.close() : controller.enqueue(new Uint8Array(1_000))
  class Endless {
    readonly writable = new WritableStream()
    readonly readable = new ReadableStream({ pull, cancel })
  }
  withoutZlib()
  vi.stubGlobal('DecompressionStream', Endless)
  await expect(decompress('deflate', new Uint8Array(10), size as number)).rejects.toThrow()
  expect(pulled).toBeLessThan(5)
  expect(cancelled).toBe(true)
})

describe('an entry that only another platform can decompress', () => {
  it('is told from garbage', async () => {
    const text = (await encodeEntry(entry(JSON.stringify('x '.repeat(20_000))), options))!.text
    withoutZlib()
    vi.stubGlobal('DecompressionStream', undefined)
    const decode = async (stored: string) => decodeEntry(stored, { maxDecodedBytes: 1e9 })
    await expect(decode(text)).rejects.toMatchObject({ why: 'elsewhere' })
    vi.unstubAllGlobals()
    await expect(decode(`${text.slice(0, -9)}AAAAAAAA=`)).rejects.toMatchObject({ why: undefined })
  })

  it('is left to that one where it is zstd, which streams and an older zlib do not know', () => {
    vi.stubGlobal('process', { getBuiltinModule: () => ({ inflateRawSync: fail }) })
    expect(decompress('zstd', new Uint8Array(10), 10)).toBeUndefined()
    withoutZlib()
    expect(decompress('zstd', new Uint8Array(10), 10)).toBeUndefined()
  })
})

describe('the checksum', () => {
  const nothing = new Uint8Array()
  const utf8 = (text: string) => new TextEncoder().encode(text)

  it('is CRC-32: its check value, and those of other texts', () => {
    expect(
      ['', '123456789', 'The quick brown fox jumps over the lazy dog'].map((text) => checksum(text, nothing)),
    ).toEqual(['0', 'cbf43926', '414fa339'])
  })

  it('is that of the UTF-8 of the text, and of the bytes behind it as if they were text', () => {
    for (const text of ['ASCII', 'ünï', '\u{1f98a} \uffff', '\0'])
      expect(new Set([checksum(text, nothing), checksum('', utf8(text))]).size).toBe(1)
    expect(checksum('te', utf8('st'))).toBe(checksum('test', nothing))
    expect(checksum('te', new Uint8Array([9, ...utf8('st'), 9]).subarray(1, -1))).toBe(checksum('test', nothing))
  })

  it.each([0, 1, 2, 3, 4, 5, 7, 43])('is the same without the code of the platform: %i characters', (length) => {
    const text = 'ASCII, ünï, \u{1f98a} and more of them to come'.slice(0, length)
    const bytes = Uint8Array.from({ length }, (_, at) => at * 41)
    const sums = () => [checksum(text, nothing), checksum('', bytes), checksum(text, bytes)]
    const sum = sums()
    withoutZlib()
    expect(sums()).toEqual(sum)
  })

  it('changes with every bit of every character and of every byte behind them', () => {
    const text = 'ASCII, ünï, \u{1f98a} and more'
    const bytes = Uint8Array.from({ length: 43 }, (_, at) => at * 41)
    const sum = checksum(text, bytes)
    for (let bit = 0; bit < text.length * 16; bit++) {
      const units = Array.from(
        { length: text.length },
        (_, at) => text.charCodeAt(at) ^ (at === bit >> 4 ? 1 << (bit & 15) : 0),
      )
      const changed = String.fromCharCode(...units)
      if (isWellFormed(changed)) expect(checksum(changed, bytes)).not.toBe(sum)
    }
    for (let bit = 0; bit < bytes.length * 8; bit++)
      expect(
        checksum(
          text,
          bytes.map((byte, at) => byte ^ (at === bit >> 3 ? 1 << (bit & 7) : 0)),
        ),
      ).not.toBe(sum)
    expect(checksum(text, new Uint8Array([...bytes, 0]))).not.toBe(sum)
  })
})

function fail(): never {
  throw new Error('Unexpected end of file')
}
