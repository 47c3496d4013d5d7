/**
 * Which serialization gives a value back as it was.
 * @module
 */
import { isView } from './superjson.js'

/** `lost`: neither does, and what would be lost. */
export type Fidelity = 'json' | 'superjson' | { lost: string }

/** One walk over the value. Stops at the first thing that cannot be restored. */
export function fidelity(value: unknown): Fidelity {
  const seen = new Set<object>()
  let result: 'json' | 'superjson' = 'json'
  let lost: string | undefined
  const needSuper = () => void (result = 'superjson')

  const walk = (item: unknown): void => {
    if (lost !== undefined || item === null) return
    switch (typeof item) {
      case 'string':
      case 'boolean':
        return
      case 'number':
        if (!Number.isFinite(item) || Object.is(item, -0)) needSuper()
        return
      case 'undefined':
      case 'bigint':
        return needSuper()
      case 'object':
        return walkObject(item)
      default:
        lost = `it contains a ${typeof item}`
    }
  }

  const walkObject = (item: object): void => {
    // Met twice: a cycle, or a reference that two places share.
    if (seen.has(item)) return needSuper()
    seen.add(item)
    const prototype: unknown = Object.getPrototypeOf(item)
    if (prototype === Object.prototype) return walkProperties(item)
    if (prototype === Array.prototype) return walkArray(item as unknown[])
    needSuper()
    if (prototype === Map.prototype) for (const pair of item as Map<unknown, unknown>) pair.forEach(walk)
    else if (prototype === Set.prototype) for (const member of item as Set<unknown>) walk(member)
    else if (prototype === Date.prototype)
      lost = Number.isNaN((item as Date).getTime()) ? 'it contains an invalid Date' : lost
    else if (!restorable(item, prototype)) lost = 'it contains an object of a class, a stream or the like'
  }

  const walkProperties = (item: object): void => {
    if (Object.getOwnPropertySymbols(item).length > 0) lost = 'it contains a symbol'
    for (const key of Object.keys(item)) walk((item as Record<string, unknown>)[key])
  }

  const walkArray = (item: unknown[]): void => {
    if (Object.keys(item).length !== item.length) lost = 'it contains an array with holes or with properties'
    else for (const member of item) walk(member)
  }

  walk(value)
  return lost === undefined ? result : { lost }
}

function restorable(item: object, prototype: unknown): boolean {
  if (prototype === RegExp.prototype) return (item as RegExp).lastIndex === 0
  return isView(item) || prototype === URL.prototype
}
