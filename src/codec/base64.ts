/**
 * Bytes <-> base64, with the runtime's own functions where it has them.
 * @module
 */

type Base64Bytes = Uint8Array & { toBase64?: () => string }
const native = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array }

export function toBase64(bytes: Base64Bytes): string {
  if (bytes.toBase64) return bytes.toBase64()
  let binary = ''
  // A call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(binary)
}

export function fromBase64(text: string): Uint8Array {
  if (native.fromBase64) return native.fromBase64(text)
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}
