/**
 * superjson as this package uses it: an instance of its own, so that what users register on the shared one does not change the stored form.
 * @module
 */
import { SuperJSON } from 'superjson'
import { fromBase64, toBase64 } from './base64.js'

type View = Uint8Array & { constructor: { name: string } }
type ViewType = new (bytes: ArrayBuffer) => View

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as unknown as ViewType[]
const NodeBuffer = (globalThis as { Buffer?: { prototype: unknown; from(bytes: ArrayBuffer): View } }).Buffer

/** True for typed arrays of the language's own and for Node's Buffer. */
export function isView(value: unknown): value is View {
  if (!ArrayBuffer.isView(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    VIEWS.some((type) => type.prototype === prototype) ||
    (NodeBuffer !== undefined && prototype === NodeBuffer.prototype)
  )
}

export const superjson = new SuperJSON()

// superjson's own form of them is longer, and loses NaN and the infinities.
superjson.registerCustom<View, string>(
  {
    isApplicable: isView,
    serialize: (view) =>
      `${view.constructor.name}:${toBase64(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))}`,
    deserialize: (text) => {
      const colon = text.indexOf(':')
      const bytes = fromBase64(text.slice(colon + 1)).buffer as ArrayBuffer
      const name = text.slice(0, colon)
      if (name === 'Buffer' && NodeBuffer) return NodeBuffer.from(bytes)
      const type = VIEWS.find((type) => type.name === name)
      if (!type) throw new TypeError('This runtime does not have the type of a stored array.')
      return new type(bytes)
    },
  },
  'bytes',
)
