/**
 * Query -> key. Every part is written with its length or its type, so that two different queries never share a text.
 * @module
 */
import { isDate } from './codec/copy.js'
import { isWellFormed } from './codec/utf8.js'
import { builtin, isWorkerd } from './runtime.js'

/** Writes a text with its length in front, so that nothing inside it can end it. */
export const sized = (text: string): string => `${text.length}:${text}`

/**
 * Writes parameters with their types, injectively: `1`, `'1'`, `1n` and `true` differ, and so do `['a,b']` and `['a', 'b']`.
 * A Date carries its zone offset, because drivers send it as local time. `undefined`: the database's text of one of them cannot be known from
 * here, so that the query is not cached.
 * @param copies Gets what is to be sent: each value is read once, so that an object that writes itself differently each time is sent as it was
 * written here, and a caller who changes one while the query waits changes nothing.
 */
export function encodeParams(params: readonly unknown[], copies?: unknown[]): string | undefined {
  let out = ''
  for (let i = 0; i < params.length; i++) {
    const value = params[i]
    const part = typeof value === 'object' && value ? encodeObject(value, copies) : encodePrimitive(value)
    if (part === undefined) return undefined
    if (copies?.length === i) copies.push(value)
    out += part
  }
  return out
}

/** What tells the entries of one statement apart: one number as it is, anything else in writing. `null`: nothing does, or it is too long. */
export type ShortKey = string | number | null

const LONGEST_SHORT_KEY = 128

/** The short key of parameters and a written scope; '-' is none. `known`: the parameters in writing, where they are known. */
export function shortKey(scope: string, params: readonly unknown[], known?: string): ShortKey {
  const first = params[0]
  // -0 and 0 would meet in a map.
  if (typeof first === 'number' && params.length === 1 && scope === '-' && !Object.is(first, -0)) return first
  const written = known ?? encodeParams(params)
  return written === undefined || written.length + scope.length > LONGEST_SHORT_KEY ? null : `${scope}|${written}`
}

/** A text as `encodeParams` writes it. */
export const encodeText = (text: string): string => `s${sized(text)}`

function encodePrimitive(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return encodeText(value)
    case 'number':
      return `d${Object.is(value, -0) ? '-0' : value};`
    case 'boolean':
      return value ? 'T' : 'F'
    case 'bigint':
      return `i${value};`
    case 'undefined':
      return 'U'
    default:
      return value ? undefined : 'N'
  }
}

function encodeObject(value: object, copies: unknown[] | undefined): string | undefined {
  try {
    if (Array.isArray(value) && !writesItself(value)) {
      const items = Array.from(value as unknown[])
      const own: unknown[] | undefined = copies && []
      copies?.push(own)
      const written = encodeParams(items, own)
      return written === undefined ? undefined : `a${items.length}[${written}`
    }
    const copy = copyParam(value)
    copies?.push(copy)
    if (copy === value) return undefined
    if (copy instanceof Date) return `D${copy.getTime()}@${copy.getTimezoneOffset()};`
    // Drivers send the same bytes of different classes differently: PGlite as JSON, of a Buffer and of floats.
    if (ArrayBuffer.isView(copy)) return `x${sized(copy.constructor.name)}${hex(bytesOf(copy))};`
    return `o${sized(JSON.stringify(copy))}`
  } catch {
    return undefined
  }
}

const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

/** ES2026 has a method, which workerd knows and Node 24 does not. */
function hex(bytes: Uint8Array & { toHex?(): string }): string {
  if (bytes.toHex) return bytes.toHex()
  let out = ''
  for (const byte of bytes) out += (byte + 256).toString(16).slice(1)
  return out
}

interface Texts {
  toPostgres?: unknown
  toString?: unknown
}
/** Those of plain data. */
const PLAIN = [undefined, ({} as Texts).toString, ([] as Texts).toString]

/** Whether a driver asks it for a text of its own making: `pg` by `toPostgres`, PGlite by `toString`. */
const writesItself = (value: Texts): boolean =>
  typeof value.toPostgres === 'function' ||
  !(PLAIN.includes(value.toString) || value instanceof Date || ArrayBuffer.isView(value))

/**
 * Parameters as the driver would send them now, so that a caller who changes them while it waits changes nothing. Objects become what the
 * JSON says that drivers make of them; what cannot be copied without changing what it is stays as it is.
 */
export function snapshot(params: readonly unknown[]): unknown[] {
  return params.map((param) => {
    try {
      return copyParam(param)
    } catch {
      return param
    }
  })
}

/**
 * The same where it cannot be known what a driver makes of it: it asks such an object for its text, which may differ at each call. Throws as
 * the driver will.
 */
function copyParam(value: unknown): unknown {
  if (typeof value !== 'object' || !value || writesItself(value)) return value
  if (value instanceof Date) return isDate(value) ? new Date(value) : value
  // What fails in one item is not tried in the next: of an array in itself there is no end of them.
  if (Array.isArray(value)) return value.map((item) => copyParam(item))
  if (ArrayBuffer.isView(value)) return copyView(value)
  const json = JSON.stringify(value)
  // Drivers differ in what they make of another: `pg` sends the JSON of a Decimal and PGlite its text.
  if (json[0] !== '{') return value
  const copy: unknown = JSON.parse(json)
  // `JSON.rawJSON` may have written a number that no number is.
  return JSON.stringify(copy) === json ? copy : value
}

/** Keeps the class: a driver knows a Buffer by its prototype, and reads other views by their own. */
function copyView(view: ArrayBufferView): ArrayBufferView {
  const bytes = bytesOf(view).slice()
  if (view instanceof Uint8Array)
    return Object.setPrototypeOf(bytes, Object.getPrototypeOf(view) as object) as Uint8Array
  return new (view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView)(bytes.buffer)
}

/** SHA-256 of a text, as 64 hexadecimal digits (FIPS 180-4); at once where the platform can. Only for Redis: L1 looks up without hashing. */
export function digest(text: string): string | Promise<string> {
  // UTF-8 has one replacement for all lone surrogates; JSON tells them apart, and no other text begins with a quote.
  const wellFormed = isWellFormed(text) ? text : JSON.stringify(text)
  // Node sends Web Crypto's digests to another thread, at many times the price of the hash. In workerd Web Crypto is the cheaper one.
  const node = isWorkerd() ? undefined : (builtin('node:crypto') as NodeCrypto | undefined)
  return node?.hash ? node.hash('sha256', wellFormed) : webDigest(wellFormed)
}

interface NodeCrypto {
  hash?(algorithm: string, text: string): string
}

const webDigest = async (text: string): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))

/** The text in characters of its own: what is cut out of a longer text, as a parameter out of a URL, keeps all of that in memory. */
export const own = (text: string): string => ` ${text}`.slice(1)

/** What may stand in a part of a Redis key without being mistaken for a separator or a SCAN pattern. */
export const keySafe = (part: string): string => part.replace(/[^\w.-]/g, (c) => `~${c.codePointAt(0)!.toString(16)}~`)

/** FNV-1a over UTF-16 code units, of those that `hash` is of and these. Only where a collision costs a miss and never a wrong row. */
export function weakHash(text: string, hash = 0x811c9dc5): number {
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
