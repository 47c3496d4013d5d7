/**
 * A cheap check that a text arrived as it was written. It is no defence against somebody who wants to deceive.
 * @module
 */

/** MurmurHash3 of 32 bits over the UTF-16 units from `from` on, four at a time. One changed unit always changes it. */
export function checksum(text: string, from: number): string {
  const { length } = text
  const whole = length - ((length - from) % 4)
  let hash = 0
  let at = from
  for (; at < whole; at += 4) {
    // Turned, not shifted: no bit of a unit above U+00FF is lost.
    const word =
      text.charCodeAt(at) ^
      (text.charCodeAt(at + 1) << 8) ^
      (text.charCodeAt(at + 2) << 16) ^
      rotated(text.charCodeAt(at + 3), 24)
    hash = (Math.imul(rotated(hash ^ mixed(word), 13), 5) + 0xe6546b64) | 0
  }
  for (; at < length; at++) hash = (Math.imul(rotated(hash ^ mixed(text.charCodeAt(at)), 13), 5) + 0xe6546b64) | 0
  hash ^= length - from
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0).toString(16)
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

const mixed = (word: number): number => Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
