/**
 * Copies of parsed values: cheaper than to parse the text again, where the value is plain data.
 * @module
 */

/** Deeper values are parsed again: the parser does not need the call stack. */
const DEEPEST = 64

/** True for what `copyOf` copies exactly: primitives, dates, and arrays and plain objects of them. */
export function isCopyable(value: unknown, depth = 0): boolean {
  if (isPrimitive(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return true
  if (depth === DEEPEST || (prototype !== Array.prototype && prototype !== Object.prototype)) return false
  return Object.values(value as object).every((item) => isCopyable(item, depth + 1))
}

export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function')

export function copyOf(value: unknown): unknown {
  if (isPrimitive(value)) return value
  if (value instanceof Date) return new Date(value.getTime())
  if (Array.isArray(value)) return value.map(copyOf)
  // The spread makes every key a property of the copy's own, so that an assignment to `__proto__` is one like others.
  const copy = { ...(value as Record<string, unknown>) }
  for (const key of Object.keys(copy)) {
    const item = copy[key]
    if (!isPrimitive(item)) copy[key] = copyOf(item)
  }
  return copy
}
