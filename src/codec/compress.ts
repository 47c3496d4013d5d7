/**
 * Text <-> deflated bytes as base64, with what every runtime has; absent streams mean no compression.
 * @module
 */
import { fromBase64, toBase64 } from './base64.js'

/** False where the runtime cannot compress: then entries are stored as they are. */
export const canCompress = (): boolean => typeof CompressionStream === 'function'
export const canDecompress = (): boolean => typeof DecompressionStream === 'function'

export async function deflateToBase64(bytes: Uint8Array): Promise<string> {
  const parts: Uint8Array[] = []
  await pump(new CompressionStream('deflate-raw'), bytes, (part) => void parts.push(part))
  return toBase64(joined(parts))
}

/** @throws when the data is damaged, or has more than `maxBytes` bytes inflated */
export async function inflateFromBase64(base64: string, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  await pump(new DecompressionStream('deflate-raw'), fromBase64(base64), (part) => {
    size += part.length
    if (size > maxBytes) throw new RangeError('too large')
    parts.push(part)
  })
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(joined(parts))
}

async function pump(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  take: (part: Uint8Array) => void,
): Promise<void> {
  const writer = (stream.writable as WritableStream<Uint8Array>).getWriter()
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader()
  // What goes wrong in here is told by the reader too.
  writer.write(bytes).catch(() => undefined)
  writer.close().catch(() => undefined)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      take(value)
    }
  } catch (error) {
    reader.cancel().catch(() => undefined)
    throw error
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
