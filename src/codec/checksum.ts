/**
 * A cheap check that a text arrived as it was written. It is no defence against somebody who wants to deceive.
 * @module
 */

/** FNV-1a over the text's UTF-16 units, as eight hexadecimal digits. One changed unit always changes it. */
export function checksum(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
