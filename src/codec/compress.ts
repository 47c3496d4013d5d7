/**
 * Bytes <-> fewer bytes, with the best that the platform has: `node:zlib` is synchronous and several times faster, streams are everywhere.
 * @module
 */
import { builtin } from '../runtime.js'

export type Packing = 'deflate' | 'zstd'

type Transform = (bytes: Uint8Array, options?: object) => Uint8Array
type Zlib = Record<'deflateRawSync' | 'inflateRawSync', Transform> &
  Partial<Record<'zstdCompressSync' | 'zstdDecompressSync', Transform>>

const nodeZlib = () => builtin('node:zlib') as Zlib | undefined

/** Bytes below which zstd costs more than it saves. */
const ZSTD_FROM = 8192
/** ZSTD_c_compressionLevel: 1 takes an eighth of deflate's time for a few more bytes. */
const FAST_ZSTD = { params: { 100: 1 } }
/** A higher level takes up to three times as long for 7% of a small text. */
const FAST_DEFLATE = { level: 3 }

/** `undefined` where the runtime cannot compress. */
export async function compress(bytes: Uint8Array): Promise<{ packing: Packing; packed: Uint8Array } | undefined> {
  const zlib = nodeZlib()
  if (!zlib) {
    if (typeof CompressionStream !== 'function') return undefined
    return { packing: 'deflate', packed: await pump(new CompressionStream('deflate-raw'), bytes, Infinity) }
  }
  if (bytes.length >= ZSTD_FROM && zlib.zstdCompressSync)
    try {
      return { packing: 'zstd', packed: zlib.zstdCompressSync(bytes, FAST_ZSTD) }
    } catch {
      // workerd's refuses more than 128 KiB.
    }
  return { packing: 'deflate', packed: zlib.deflateRawSync(bytes, FAST_DEFLATE) }
}

/**
 * Exactly `size` bytes, at once where the platform can; `undefined` where the runtime has no such decompressor.
 * @throws when the data is damaged or has another size. Not much more than `size` is unpacked to find out.
 */
export function decompress(
  packing: Packing,
  packed: Uint8Array,
  size: number,
): Uint8Array | undefined | Promise<Uint8Array> {
  const exactly = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length !== size) throw new RangeError()
    return bytes
  }
  const zlib = nodeZlib()
  // workerd wants room for a block more than there is.
  const options = { maxOutputLength: size + 65_536, chunkSize: Math.min(size + 64, 1 << 20) }
  if (zlib) {
    const bytes = packing === 'zstd' ? zlib.zstdDecompressSync?.(packed, options) : zlib.inflateRawSync(packed, options)
    return bytes && exactly(bytes)
  }
  if (packing === 'zstd' || typeof DecompressionStream !== 'function') return undefined
  return pump(new DecompressionStream('deflate-raw'), packed, size).then(exactly)
}

async function pump(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  most: number,
): Promise<Uint8Array> {
  const writer = (stream.writable as WritableStream<Uint8Array>).getWriter()
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader()
  // What goes wrong in here is told by the reader too.
  writer.write(bytes).catch(() => undefined)
  writer.close().catch(() => undefined)
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return joined(parts, size)
      size += value.length
      if (!(size <= most)) throw new RangeError()
      parts.push(value)
    }
  } catch (error) {
    reader.cancel().catch(() => undefined)
    throw error
  }
}

/** One after the other, in one array. */
export function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
