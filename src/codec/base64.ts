/**
 * Bytes <-> base64, with what the runtime has for it.
 * @module
 */

type Bytes = Uint8Array & { toBase64?: () => string }
type NodeBuffer = Uint8Array & { toString(encoding: string): string }
interface BufferType {
  from(bytes: ArrayBufferLike, at: number, length: number): NodeBuffer
  from(text: string, encoding: string): NodeBuffer
}
const native = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array }
const { Buffer } = globalThis as { Buffer?: BufferType }

export function toBase64(bytes: Bytes): string {
  if (bytes.toBase64) return bytes.toBase64()
  if (Buffer) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  let binary = ''
  // A call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(binary)
}

export function fromBase64(text: string): Uint8Array {
  if (native.fromBase64) return native.fromBase64(text)
  if (Buffer) return Buffer.from(text, 'base64')
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0))
}

/** Four characters hold three bytes. */
export const base64Units = (bytes: Uint8Array): number => Math.ceil(bytes.length / 3) * 4
