/**
 * Copies of parsed values: cheaper than to parse the text again, where the value is plain data.
 * @module
 */

/** In place of a copy of what is no plain data: the text makes it anew, whatever class it has. */
export const UNCOPYABLE = Symbol('uncopyable')

/** Deeper values are parsed again: the parser does not need the call stack. */
const DEEPEST = 64

export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function')

/** An exact copy of a date, or of arrays and plain objects of dates and primitives; else `UNCOPYABLE`. */
export function copyOf(value: unknown, depth = 0): unknown {
  // An array of a class of its own has another constructor. To ask for the prototype takes V8 longer.
  if (Array.isArray(value) && value.constructor === Array) {
    if (depth === DEEPEST) return UNCOPYABLE
    const copy = (value as unknown[]).slice()
    for (let i = 0; i < copy.length; i++) {
      const item = copy[i]
      if (isPrimitive(item)) continue
      if ((copy[i] = copyOf(item, depth + 1)) === UNCOPYABLE) return UNCOPYABLE
    }
    return copy
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return new Date((value as Date).getTime())
  if (depth === DEEPEST || prototype !== Object.prototype) return UNCOPYABLE
  // The spread makes every key a property of the copy's own, so that an assignment to `__proto__` is one like others.
  const copy = { ...(value as Record<string, unknown>) }
  for (const key in copy) {
    const item = copy[key]
    if (isPrimitive(item)) continue
    if ((copy[key] = copyOf(item, depth + 1)) === UNCOPYABLE) return UNCOPYABLE
  }
  return copy
}
