import { afterEach, describe, expect, it, vi } from 'vitest'
import { checksum } from '../../src/codec/checksum.js'
import { compress, decompress } from '../../src/codec/compress.js'
import { decodeEntry, encodeEntry, readHeader } from '../../src/codec/encode.js'

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
  const sumOf = (text: string) => checksum(text, 0, text.length, nothing)

  it('is that of MurmurHash3, of a length that four divides: of bytes, and of texts in UTF-16', () => {
    const bytes = (text: string) => new TextEncoder().encode(text)
    expect(['', 'test', 'Hello, world'].map((text) => checksum('', 0, 0, bytes(text)))).toEqual([
      '0',
      'ba6bd213',
      '6a728c54',
    ])
    expect(sumOf('teHe')).toBe(checksum('', 0, 0, bytes('t\0e\0H\0e\0')))
    expect(checksum('te', 0, 2, bytes('st'))).toBe(checksum('', 0, 0, bytes('t\0e\0st')))
  })

  it('changes with every bit of every unit, and begins and ends where it is told to', () => {
    for (const length of [1, 2, 3, 4, 5, 6, 7, 43]) {
      const text = 'ASCII, ünï, \u{1f98a} and \ud800 alone, x and more of them'.slice(0, length)
      const sum = sumOf(text)
      expect(checksum(`before ${text} after`, 7, 7 + length, nothing)).toBe(sum)
      for (let bit = 0; bit < length * 16; bit++) {
        const units = Array.from({ length }, (_, at) => text.charCodeAt(at) ^ (at === bit >> 4 ? 1 << (bit & 15) : 0))
        expect(sumOf(String.fromCharCode(...units))).not.toBe(sum)
      }
    }
  })

  it('changes with every bit of every byte behind the text, wherever they are in memory', () => {
    for (const length of [0, 1, 2, 3, 4, 5, 7, 43]) {
      const bytes = Uint8Array.from({ length }, (_, at) => at * 41)
      const sum = checksum('head', 0, 4, bytes)
      expect(checksum('head', 0, 4, new Uint8Array([9, ...bytes, 9]).subarray(1, -1))).toBe(sum)
      expect(checksum('heat', 0, 4, bytes)).not.toBe(sum)
      expect(checksum('head', 0, 4, new Uint8Array([...bytes, 0]))).not.toBe(sum)
      for (let bit = 0; bit < length * 8; bit++) {
        const changed = bytes.map((byte, at) => byte ^ (at === bit >> 3 ? 1 << (bit & 7) : 0))
        expect(checksum('head', 0, 4, changed)).not.toBe(sum)
      }
    }
  })
})

function fail(): never {
  throw new Error('Unexpected end of file')
}
