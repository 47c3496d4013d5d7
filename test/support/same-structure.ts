/**
 * Whether two values are the same as far as a program can tell: prototypes, own properties of any kind in their order, what is inside dates
 * and their kin, and which places hold one object or one piece of memory. Not whether a property may be written: what is handed out always may.
 */
export function sameStructure(one: unknown, other: unknown): boolean {
  const pairs = new Map<object, object>()
  const back = new Map<object, object>()
  const views: [ArrayBufferView, ArrayBufferView][] = []

  const same = (a: unknown, b: unknown): boolean => {
    if (!isObject(a) || !isObject(b)) return Object.is(a, b)
    if (pairs.has(a) || back.has(b)) return pairs.get(a) === b && back.get(b) === a
    pairs.set(a, b)
    back.set(b, a)
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
    if (
      Array.isArray(a) !== Array.isArray(b) ||
      Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)
    )
      return false
    if (ArrayBuffer.isView(a)) views.push([a, b as ArrayBufferView])
    return sameProperties(a, b) && same(inside(a), inside(b))
  }

  const sameProperties = (a: object, b: object): boolean => {
    const [keys, others] = [Reflect.ownKeys(a), Reflect.ownKeys(b)]
    return (
      keys.length === others.length &&
      keys.every((key, i) => {
        if (key !== others[i]) return false
        const [mine, theirs] = [a, b].map((object) => Reflect.getOwnPropertyDescriptor(object, key)!)
        return (
          mine!.enumerable === theirs!.enumerable &&
          mine!.get === theirs!.get &&
          mine!.set === theirs!.set &&
          same(mine!.value, theirs!.value)
        )
      })
    )
  }
  return same(one, other) && views.every((a) => views.every((b) => overlap(a[0], b[0]) === overlap(a[1], b[1])))
}

const isObject = (value: unknown): value is object => Object(value) === value

/** What no property shows, of what really is of the kind that its prototype says. */
function inside(value: object): unknown {
  for (const read of [
    () => ['date', Date.prototype.getTime.call(value)].join(),
    () => ['map', [...Map.prototype.entries.call(value)]],
    () => ['set', [...Set.prototype.values.call(value)]],
    () => ['number', Number.prototype.valueOf.call(value)],
    () => ['string', String.prototype.valueOf.call(value)],
    () => ['symbol', Symbol.prototype.valueOf.call(value)],
  ])
    try {
      return read()
    } catch {
      // It is none.
    }
  if (value instanceof RegExp || value instanceof URL) return String(value)
  if (!ArrayBuffer.isView(value)) return undefined
  const { buffer } = value
  return [Object.prototype.toString.call(buffer), String((buffer as { resizable?: boolean }).resizable)].join()
}

function overlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    a !== b &&
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  )
}
