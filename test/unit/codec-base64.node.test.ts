/** Every way to base64 that a runtime may have, told apart from Node's own. */
import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** The module looks for a Buffer once, when it is loaded. */
async function loaded(without: string[] = []): Promise<typeof import('../../src/codec/base64.js')> {
  for (const name of without) vi.stubGlobal(name, undefined)
  vi.resetModules()
  return import('../../src/codec/base64.js')
}
/** A view of a part of its buffer, as those of a body are. */
const bytesOf = (length: number) => Uint8Array.from({ length: length + 5 }, (_, i) => i * 37).subarray(3, -2)

describe.each([
  ['Buffer', []],
  ['atob and btoa alone', ['Buffer']],
])('base64 by %s', (_, without) => {
  it.each([0, 1, 2, 3, 255, 0x7fff, 0x8000, 0x8001, 300_000])('is that of Node: %i bytes', async (length) => {
    const bytes = bytesOf(length)
    const expected = Buffer.from(bytes).toString('base64')
    const { toBase64, fromBase64, base64Units } = await loaded(without)
    const text = toBase64(bytes)
    // A diff of a long text takes minutes.
    expect(text === expected).toBe(true)
    const back = fromBase64(text)
    expect(back.length === length && back.every((byte, i) => byte === bytes[i])).toBe(true)
    expect(base64Units(bytes)).toBe(expected.length)
  })
})

it("is the runtime's own where it has one, of the usual alphabet", async () => {
  const { toBase64, fromBase64 } = await loaded()
  const asked: unknown[][] = []
  const toOwn = (...given: unknown[]) => (asked.push(given), 'own')
  expect(toBase64(Object.assign(bytesOf(3), { toBase64: toOwn }))).toBe('own')
  const before = Object.getOwnPropertyDescriptor(Uint8Array, 'fromBase64')
  const own = bytesOf(1)
  Object.defineProperty(Uint8Array, 'fromBase64', {
    value: (...given: unknown[]) => (asked.push(given), own),
    configurable: true,
  })
  try {
    expect(fromBase64('text')).toBe(own)
  } finally {
    if (before) Object.defineProperty(Uint8Array, 'fromBase64', before)
    else Reflect.deleteProperty(Uint8Array, 'fromBase64')
  }
  expect(asked).toStrictEqual([[], ['text']])
})
