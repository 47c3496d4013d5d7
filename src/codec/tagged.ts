/**
 * Values that JSON does not restore, as JSON: what it has no form for is a string that begins with a mark, and a string of the user's that
 * begins with it has it twice. Gives back the types that superjson does, and does not weigh a quarter of the bundle.
 * @module
 */
import { fromBase64, toBase64 } from './base64.js'

/** The value cannot be restored; the message says what would be lost, and quotes nothing. */
export class Lost extends Error {}

const MARK = 0x7e // ~
/** Deeper ones could be written and not read where more of the stack is in use. */
const DEEPEST = 1000
const TypedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object }
type ViewType = (new (bytes: ArrayBufferLike) => Uint8Array) & { from(bytes: ArrayBufferLike): Uint8Array }
const typeNamed = (name: string) => (globalThis as Record<string, unknown>)[name] as ViewType | undefined

/**
 * The value as JSON text, and whether JSON alone restores it: one walk, which copies only what it must change.
 * @throws Lost
 */
export function write(value: unknown): { text: string; plain: boolean } {
  const marked = marker()(value)
  return { text: JSON.stringify(marked), plain: marked === value }
}

function marker(): (value: unknown) => unknown {
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
        throw new Lost(`it contains a ${typeof item}`)
    }
  }

  const markObject = (item: object): unknown => {
    // Met twice: a cycle, or a reference that two places share.
    const met = seen.get(item)
    if (met !== undefined) return `~r${met}`
    seen.set(item, seen.size)
    if (++depth > DEEPEST) throw new Lost('it is nested too deeply')
    const marked = markNew(item)
    depth--
    return marked
  }

  const markNew = (item: object): unknown => {
    const prototype: unknown = Object.getPrototypeOf(item)
    if (prototype === Object.prototype) {
      if (Object.getOwnPropertySymbols(item).length > 0) throw new Lost('it contains a symbol')
      return markAll(item, () => ({ ...item }))
    }
    if (prototype === Array.prototype) {
      // As many properties as items, the last of which is the last item.
      const keys = Object.keys(item)
      const { length } = item as unknown[]
      if (keys.length !== length || (length > 0 && keys[length - 1] !== String(length - 1)))
        throw new Lost('it contains an array with holes or with properties')
      return markAll(item, () => [...(item as unknown[])])
    }
    if (prototype === Map.prototype)
      return ['~M', ...[...(item as Map<unknown, unknown>)].flatMap((pair) => pair.map(mark))]
    if (prototype === Set.prototype) return ['~S', ...[...(item as Set<unknown>)].map(mark)]
    return markLeaf(item, prototype)
  }

  /** The copy's keys are its own, `__proto__` among them, so that an assignment to one is like any other. */
  const markAll = (item: object, copy: () => object): object => {
    const from = item as Record<string, unknown>
    let to = from
    for (const key of Object.keys(from)) {
      const value = from[key]
      const marked = mark(value)
      if (marked === value) continue
      if (to === from) to = copy() as Record<string, unknown>
      to[key] = marked
    }
    return to
  }
  return mark
}

function markLeaf(item: object, prototype: unknown): string {
  if (prototype === Date.prototype) {
    const time = (item as Date).getTime()
    if (Number.isNaN(time)) throw new Lost('it contains an invalid Date')
    return `~D${time}`
  }
  if (prototype === RegExp.prototype && (item as RegExp).lastIndex === 0)
    return `~/${(item as RegExp).flags}/${(item as RegExp).source}`
  if (prototype === URL.prototype) return `~U${(item as URL).href}`
  const name = ArrayBuffer.isView(item) ? item.constructor.name : ''
  if (isViewType(typeNamed(name)) && typeNamed(name)!.prototype === prototype) {
    const { buffer, byteOffset, byteLength } = item as Uint8Array
    return `~B${name}:${toBase64(new Uint8Array(buffer, byteOffset, byteLength))}`
  }
  throw new Lost('it contains an object of a class, a stream or the like')
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

  const restore = (item: unknown): unknown => {
    if (typeof item === 'string') return item.charCodeAt(0) === MARK ? restoreLeaf(item) : item
    if (typeof item !== 'object' || item === null) return item
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
  throw new TypeError('This runtime does not have the type of a stored value.')
}
