/**
 * A cheap check that a text arrived as it was written. It is no defence against somebody who wants to deceive.
 * @module
 */

/**
 * MurmurHash3 of 32 bits over the UTF-16 units of a part of a text, two at a time, and then over bytes, four at a time. One that is changed
 * always changes it.
 */
export function checksum(text: string, from: number, to: number, bytes: Uint8Array): string {
  let hash = 0
  for (let at = from; at < to; at += 2)
    hash = step(hash, text.charCodeAt(at) | (at + 1 < to ? text.charCodeAt(at + 1) << 16 : 0))
  const { length } = bytes
  let at = 0
  for (; at + 3 < length; at += 4)
    hash = step(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
  for (; at < length; at++) hash = step(hash, bytes[at]!)
  hash ^= (to - from) * 2 + length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0).toString(16)
}

const step = (hash: number, word: number): number =>
  (Math.imul(rotated(hash ^ Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) + 0xe6546b64) | 0

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by))
