/**
 * Copies of parsed values: cheaper than to parse the text again, where the value is plain data.
 * @module
 */

/** In place of a copy of what is no plain data: the text makes it anew, whatever class it has. */
export const UNCOPYABLE = Symbol('uncopyable')

type Row = Record<string, unknown>

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

type Kind = 'date' | 'list' | 'object'

/** `undefined` for what is no plain data. */
function kindOf(value: unknown): Kind | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return isDate(value as Date) ? 'date' : undefined
  if (Array.isArray(value)) return prototype === Array.prototype ? 'list' : undefined
  return prototype === Object.prototype ? 'object' : undefined
}

/** A copy whose items are shared. The spread makes every key a property of its own, so that an assignment to `__proto__` is one like others. */
function shallow(value: unknown, kind: Kind): Row {
  if (kind === 'date') return new Date(value as Date) as unknown as Row
  return kind === 'list' ? ((value as unknown[]).slice() as unknown as Row) : { ...(value as Row) }
}

/** An exact copy of a date, or of arrays and plain objects of dates and primitives; else `UNCOPYABLE`. */
export function copyOf(value: unknown, depth = 0): unknown {
  const kind = kindOf(value)
  if (!kind || depth === DEEPEST) return UNCOPYABLE
  const copy = shallow(value, kind)
  if (isFlat(copy, kind)) return copy
  for (const key in copy) {
    const item = copy[key]
    if (isPrimitive(item)) continue
    if ((copy[key] = copyOf(item, depth + 1)) === UNCOPYABLE) return UNCOPYABLE
  }
  return copy
}

/** Whether nothing in it needs a copy of its own. Of an object it is not known. */
const isFlat = (value: unknown, kind: Kind): boolean =>
  kind === 'list' ? (value as unknown[]).every(isPrimitive) : kind === 'date'

/** How a column's values are copied, where all are built alike: nothing of them has to be looked at again. */
export interface Recipe {
  readonly kind: Kind
  /** The properties of an object that are no primitives. */
  readonly inner: readonly (readonly [key: string, recipe: Recipe])[]
}

/** Of one shape's columns, and of one value: nobody counts their bytes. */
const MOST_RECIPES = 8
const MOST_INNER = 16

/** One of these that fits the value, or a new one; `undefined` where there is no room, and for what is not so simple. */
export function recipeFor(value: unknown, known: Recipe[]): Recipe | undefined {
  const found = known.find((recipe) => fits(value, recipe))
  if (found || known.length === MOST_RECIPES) return found
  const made = recipeOf(value, { inner: MOST_INNER })
  if (made) known.push(made)
  return made
}

/** `undefined` for what is no plain data, and where a list holds more than primitives. */
function recipeOf(value: unknown, left: { inner: number }): Recipe | undefined {
  const kind = kindOf(value)
  if (!kind || left.inner-- === 0) return undefined
  const inner: [string, Recipe][] = []
  if (kind !== 'object') return isFlat(value, kind) ? { kind, inner } : undefined
  for (const key in value as Row) {
    const item = (value as Row)[key]
    if (isPrimitive(item)) continue
    const recipe = recipeOf(item, left)
    if (!recipe) return undefined
    inner.push([key, recipe])
  }
  return { kind, inner }
}

/** Whether the recipe of another value makes an exact copy of this one. */
export function fits(value: unknown, { kind, inner }: Recipe): boolean {
  if (kindOf(value) !== kind) return false
  if (kind !== 'object') return isFlat(value, kind)
  let at = 0
  for (const key in value as Row) {
    const item = (value as Row)[key]
    if (isPrimitive(item)) continue
    const next = inner[at++]
    if (!next || next[0] !== key || !fits(item, next[1])) return false
  }
  return at === inner.length
}

export function copyBy(value: unknown, { kind, inner }: Recipe): Row {
  const copy = shallow(value, kind)
  for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
  return copy
}
