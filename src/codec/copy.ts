/**
 * Copies of parsed values: cheaper than to parse the text again, where the value is plain data.
 * @module
 */

/** In place of a copy of what is no plain data: the text makes it anew, whatever class it has. */
export const UNCOPYABLE = Symbol('uncopyable')

export type Row = Record<string, unknown>

/** Deeper values are parsed again: the parser does not need the call stack. */
const DEEPEST = 64

export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function')

/** A date that a copy by its time equals. Own properties that are not enumerable are seldom: see `inspect`. */
export const isDate = (value: object): boolean =>
  Object.getPrototypeOf(value) === Date.prototype && Object.keys(value).length === 0

/** What is known of a parser's values. */
export interface Trust {
  /** Objects and properties that are still looked at, before it is believed. */
  left: number
  /** It gives plain data with what a copy would lack. */
  odd: boolean
}

const trusts = new WeakMap<object, Trust>()

export function trustIn(parser: object): Trust {
  let trust = trusts.get(parser)
  if (!trust) trusts.set(parser, (trust = { left: 1_000, odd: false }))
  return trust
}

/**
 * Looks for what `copyOf` leaves out: own properties of dates and arrays, symbols, accessors, hidden properties, an object in two places. To
 * look at all values takes longer than `JSON.parse`, so it is done until the parser is trusted.
 */
export function inspect(value: object, trust: Trust, seen = new Set<object>()): void {
  trust.left--
  const list = Array.isArray(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!list && prototype !== Date.prototype && prototype !== Object.prototype) return
  const keys = Reflect.ownKeys(value)
  if (seen.has(value) || (list && (prototype !== Array.prototype || keys.pop() !== 'length'))) trust.odd = true
  seen.add(value)
  for (const key of keys) {
    if (trust.odd || trust.left-- <= 0) return
    const { value: item, enumerable, get, set } = Reflect.getOwnPropertyDescriptor(value, key)!
    if (!enumerable || get || set || typeof key === 'symbol') trust.odd = true
    else if (!isPrimitive(item)) inspect(item as object, trust, seen)
  }
}

export type Kind = 'date' | 'list' | 'object'

/** `undefined` for what is no plain data. */
export function kindOf(value: unknown): Kind | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return isDate(value as Date) ? 'date' : undefined
  if (Array.isArray(value)) return prototype === Array.prototype ? 'list' : undefined
  return prototype === Object.prototype ? 'object' : undefined
}

/** A copy whose items are shared. The spread makes every key a property of its own, so that an assignment to `__proto__` is one like others. */
export type Shallow = (value: unknown) => Row

export const SHALLOW: Readonly<Record<Kind, Shallow>> = {
  date: (value) => new Date(value as Date) as unknown as Row,
  list: (value) => (value as unknown[]).slice() as unknown as Row,
  object: (value) => ({ ...(value as Row) }),
}

/** An exact copy of a date, or of arrays and plain objects of dates and primitives; else `UNCOPYABLE`. */
export function copyOf(value: unknown, depth = 0): unknown {
  const kind = kindOf(value)
  if (!kind || depth === DEEPEST) return UNCOPYABLE
  const copy = SHALLOW[kind](value)
  if (isFlat(copy, kind)) return copy
  for (const key in copy) {
    const item = copy[key]
    if (isPrimitive(item)) continue
    if ((copy[key] = copyOf(item, depth + 1)) === UNCOPYABLE) return UNCOPYABLE
  }
  return copy
}

/** Whether nothing in it needs a copy of its own. Of an object it is not known. */
export const isFlat = (value: unknown, kind: Kind): boolean =>
  kind === 'list' ? (value as unknown[]).every(isPrimitive) : kind === 'date'
