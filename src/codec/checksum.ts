/**
 * A cheap check that a text arrived as it was written. It is no defence against somebody who wants to deceive.
 * @module
 */
import { builtin } from '../runtime.js'
import { toUtf8 } from './utf8.js'

interface Zlib {
  /** In Node since 22.2, and in workerd. */
  crc32?: typeof crc32
}

/**
 * CRC-32 (RFC 1952, section 8) of a text's UTF-8 and the bytes behind it, in hexadecimal. Up to four bytes in a row that are changed always
 * change it, anything else but once in 2^32. By the platform's own code where there is some: until V8 compiles it, ours takes longer than the
 * rest of a hit.
 */
export function checksum(text: string, bytes: Uint8Array): string {
  const sumOf = (builtin('node:zlib') as Zlib | undefined)?.crc32 ?? crc32
  const sum = sumOf(text)
  return (bytes.length > 0 ? sumOf(bytes, sum) : sum).toString(16)
}

let table: Uint32Array | undefined

/** The same as that of `node:zlib`, for platforms without it. `value`: the sum of what comes before. */
function crc32(data: string | Uint8Array, value = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
    return sum
  })
  let sum = ~value
  for (const byte of typeof data === 'string' ? toUtf8(data) : data) sum = table[(sum ^ byte) & 255]! ^ (sum >>> 8)
  return ~sum >>> 0
}
