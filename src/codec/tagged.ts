/**
 * Values that JSON does not restore, as JSON: what it has no form for is a string that begins with a mark, and a string of the user's that
 * begins with it has it twice. Gives back the types that superjson does, and does not weigh a quarter of the bundle.
 * @module
 */
import { fromBase64, toBase64 } from './base64.js'

/** The value would not come back the same. */
function refuse(): never {
  throw new TypeError()
}

const MARK = 0x7e // ~
/** Deeper ones could be written and not read where more of the stack is in use. */
const DEEPEST = 1000
const TypedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object }
type ViewType = (new (bytes: ArrayBufferLike) => Uint8Array) & { from(bytes: ArrayBufferLike): Uint8Array }
const typeNamed = (name: string) => (globalThis as Record<string, unknown>)[name] as ViewType | undefined

/**
 * The value as JSON text, and whether JSON alone restores it: one walk, which copies only what it must change.
 * @throws when neither restores it
 */
export function write(value: unknown): { text: string; plain: boolean } {
  const views = new Map<ArrayBufferLike, Uint8Array[]>()
  const marked = marker(views)(value)
  for (const list of views.values()) refuseOverlaps(list)
  return { text: JSON.stringify(marked), plain: marked === value }
}

function marker(views: Map<ArrayBufferLike, Uint8Array[]>): (value: unknown) => unknown {
  const seen = new Map<object, number>()
  let depth = 0

  const mark = (item: unknown): unknown => {
    switch (typeof item) {
      case 'string':
        return item.charCodeAt(0) === MARK ? `~${item}` : item
      case 'boolean':
        return item
      case 'number':
        return Object.is(item, -0) ? '~d-0' : Number.isFinite(item) ? item : `~d${item}`
      case 'undefined':
        return '~u'
      case 'bigint':
        return `~i${item}`
      case 'object':
        return item === null ? item : markObject(item)
      default:
        return refuse()
    }
  }

  const markObject = (item: object): unknown => {
    // Met twice: a cycle, or a reference that two places share.
    const met = seen.get(item)
    if (met !== undefined) return `~r${met}`
    seen.set(item, seen.size)
    if (++depth > DEEPEST) refuse()
    const marked = markNew(item)
    depth--
    return marked
  }

  const markNew = (item: object): unknown => {
    const prototype: unknown = Object.getPrototypeOf(item)
    if (ArrayBuffer.isView(item)) return markView(item as Uint8Array, prototype, views)
    const list = Array.isArray(item)
    if (prototype === (list ? Array : Object).prototype) return markAll(item as Record<PropertyKey, unknown>, list)
    if (Reflect.ownKeys(item).length !== Number(prototype === RegExp.prototype)) refuse()
    if (prototype === Map.prototype)
      return ['~M', ...[...(item as Map<unknown, unknown>)].flatMap((pair) => pair.map(mark))]
    if (prototype === Set.prototype) return ['~S', ...[...(item as Set<unknown>)].map(mark)]
    return markLeaf(item, prototype)
  }

  /** The copy's keys are its own, `__proto__` among them, so that an assignment to one is like any other. */
  const markAll = (item: Record<PropertyKey, unknown>, list: boolean): object => {
    const names = Object.getOwnPropertyNames(item)
    const { length } = list ? (item as never) : names
    // An array has its items and a length, and where an item is missing there is no descriptor to read.
    if (list && names.length !== length + 1) refuse()
    // JSON would call `toJSON`, wherever it comes from.
    if (Object.getOwnPropertySymbols(item).length > 0 || typeof item.toJSON === 'function') refuse()
    let to = item
    for (let i = 0; i < length; i++) {
      const key = list ? i : names[i]!
      const { value, enumerable, get, set } = Reflect.getOwnPropertyDescriptor(item, key)!
      if (!enumerable || get || set) refuse()
      const marked = mark(value)
      if (marked === value) continue
      if (to === item) to = (list ? Array.from(item as never) : { ...item }) as typeof item
      to[key] = marked
    }
    return to
  }
  return mark
}

function markLeaf(item: object, prototype: unknown): string {
  if (prototype === Date.prototype) return `~D${(item as Date).getTime()}`
  if (prototype === RegExp.prototype && (item as RegExp).lastIndex === 0)
    return `~/${(item as RegExp).flags}/${(item as RegExp).source}`
  if (prototype === URL.prototype) return `~U${(item as URL).href}`
  return refuse()
}

/** Elements up to which properties of a view's own are looked for by name: the elements are listed too, at 200 ns each. */
const LISTED = 64

/** What shares its bytes with others, or changes its size, would not any more. */
function markView(view: Uint8Array, prototype: unknown, views: Map<ArrayBufferLike, Uint8Array[]>): string {
  const { buffer, byteOffset, byteLength, length } = view
  const { name } = view.constructor
  const type = typeNamed(name)
  const own = length > LISTED ? Object.getOwnPropertySymbols(view) : Reflect.ownKeys(view).slice(length)
  const shared =
    Object.getPrototypeOf(buffer) !== ArrayBuffer.prototype || (buffer as { resizable?: boolean }).resizable
  if (own.length > 0 || shared || !isViewType(type) || type!.prototype !== prototype) refuse()
  const others = views.get(buffer)
  if (others) others.push(view)
  else views.set(buffer, [view])
  return `~B${name}:${toBase64(new Uint8Array(buffer, byteOffset, byteLength))}`
}

/** Node's small Buffers have one buffer, and none of its bytes in common. */
function refuseOverlaps(views: Uint8Array[]): void {
  let end = 0
  for (const { byteOffset, byteLength } of views.sort((a, b) => a.byteOffset - b.byteOffset)) {
    if (byteOffset < end) refuse()
    end = byteOffset + byteLength
  }
}

/** A typed array of the language's own, or Node's Buffer. */
const isViewType = (type: ViewType | undefined): boolean =>
  typeof type === 'function' && (Object.getPrototypeOf(type) === TypedArray || type === typeNamed('Buffer'))

/**
 * What `write` was given, made anew.
 * @throws when the text is none of its own
 */
export function read(text: string): unknown {
  const seen: unknown[] = []
  const kept = <T>(item: T): T => (seen.push(item), item)
  let depth = 0

  const restore = (item: unknown): unknown => {
    if (typeof item === 'string') return item.charCodeAt(0) === MARK ? restoreLeaf(item) : item
    if (typeof item !== 'object' || item === null) return item
    if (++depth > DEEPEST) refuse()
    const restored = restoreAll(item)
    depth--
    return restored
  }

  const restoreAll = (item: object): unknown => {
    if (Array.isArray(item)) {
      if (item[0] === '~M') {
        const map = kept(new Map<unknown, unknown>())
        for (let i = 1; i < item.length; i += 2) map.set(restore(item[i]), restore(item[i + 1]))
        return map
      }
      if (item[0] === '~S') {
        const set = kept(new Set<unknown>())
        for (let i = 1; i < item.length; i++) set.add(restore(item[i]))
        return set
      }
    }
    const all = kept(item) as Record<string, unknown>
    for (const key of Object.keys(all)) all[key] = restore(all[key])
    return all
  }

  const restoreLeaf = (text: string): unknown => {
    const rest = text.slice(2)
    switch (text[1]) {
      case '~':
        return text.slice(1)
      case 'u':
        return undefined
      case 'd':
        return Number(rest)
      case 'i':
        return BigInt(rest)
      case 'r':
        return seen[Number(rest)]
      default:
        return kept(objectFrom(text[1]!, rest))
    }
  }
  return restore(JSON.parse(text))
}

function objectFrom(kind: string, rest: string): object {
  const cut = rest.indexOf(kind === '/' ? '/' : ':')
  switch (kind) {
    case 'D':
      return new Date(Number(rest))
    case '/':
      return new RegExp(rest.slice(cut + 1), rest.slice(0, cut))
    case 'U':
      return new URL(rest)
    case 'B': {
      const type = typeNamed(rest.slice(0, cut))
      if (!type || !isViewType(type)) break
      const { buffer, byteOffset, byteLength } = fromBase64(rest.slice(cut + 1))
      const bytes = buffer.slice(byteOffset, byteOffset + byteLength)
      return type === typeNamed('Buffer') ? type.from(bytes) : new type(bytes)
    }
  }
  // A type that this runtime does not have.
  return refuse()
}
