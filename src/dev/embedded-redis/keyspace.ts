import { Dictionary } from './dictionary.js'
import { refuse, text } from './reply.js'
import { SortedSet } from './sorted-set.js'

interface Kinds {
  string: string
  list: string[]
  hash: Dictionary<string>
  set: Dictionary<true>
  zset: SortedSet
}

export type Kind = keyof Kinds
export type Value = { [K in Kind]: { kind: K; value: Kinds[K] } }[Kind]
/** `expireAt` is in milliseconds since 1970; without it the key stays. `bytes`: of a string that need not be text. */
export type Entry = Value & { expireAt?: number; bytes?: Buffer | undefined }

const empty: { [K in Exclude<Kind, 'string'>]: () => Kinds[K] } = {
  list: () => [],
  hash: () => new Dictionary<string>(),
  set: () => new Dictionary<true>(),
  zset: () => new SortedSet(),
}

/** The keys of one database. Expired keys are removed when they are met. */
export class Keyspace {
  readonly now: () => number
  #entries = new Dictionary<Entry>()

  /** `now` is in milliseconds since 1970. */
  constructor(now: () => number) {
    this.now = now
  }

  find(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (!entry || !this.#isExpired(entry)) return entry
    this.#entries.delete(key)
    return undefined
  }

  /** The value of that kind, undefined when the key is absent. Throws WRONGTYPE. */
  read<K extends Kind>(key: string, kind: K): Kinds[K] | undefined {
    const entry = this.find(key)
    if (!entry) return undefined
    if (entry.kind !== kind) return refuse(text.wrongType)
    return entry.value as Kinds[K]
  }

  /** The collection to be filled by the caller, created when the key is absent. Throws WRONGTYPE. */
  open<K extends Exclude<Kind, 'string'>>(key: string, kind: K): Kinds[K] {
    const known = this.read(key, kind)
    if (known !== undefined) return known
    const value = empty[kind]()
    this.put(key, { kind, value } as Entry)
    return value
  }

  put(key: string, entry: Entry): void {
    this.#entries.set(key, entry)
  }

  /** Sets a string and keeps the expiry that the key had. */
  putString(key: string, value: string): void {
    const expireAt = this.find(key)?.expireAt
    this.put(key, { kind: 'string', value, ...(expireAt === undefined ? {} : { expireAt }) })
  }

  /** The bytes of a string, undefined when the key is absent. Throws WRONGTYPE. */
  readBytes(key: string): Buffer | undefined {
    const value = this.read(key, 'string')
    return value === undefined ? undefined : (this.find(key)?.bytes ?? Buffer.from(value))
  }

  /** Sets a string that need not be text: whoever reads it as one sees it decoded as UTF-8. Keeps the expiry that the key had. */
  putBytes(key: string, bytes: Buffer): void {
    this.putString(key, bytes.toString())
    this.find(key)!.bytes = bytes
  }

  delete(key: string): boolean {
    return this.find(key) !== undefined && this.#entries.delete(key)
  }

  /** Removes the key when its collection has become empty, as Redis does. */
  deleteIfEmpty(key: string): void {
    const entry = this.find(key)
    if (!entry || entry.kind === 'string') return
    if ((Array.isArray(entry.value) ? entry.value.length : entry.value.size) === 0) this.#entries.delete(key)
  }

  keys(): string[] {
    return this.#entries.keys().filter((key) => this.find(key))
  }

  /** See `Dictionary.page`; expired keys are left out. */
  page(cursor: number, count: number): { cursor: number; entries: [string, Entry][] } {
    const page = this.#entries.page(cursor, count)
    return { cursor: page.cursor, entries: page.entries.filter(([key]) => this.find(key)) }
  }

  randomKey(): string | undefined {
    for (;;) {
      const key = this.#entries.randomKey()
      if (key === undefined || this.find(key)) return key
    }
  }

  clear(): void {
    this.#entries = new Dictionary()
  }

  #isExpired({ expireAt }: Entry): boolean {
    return expireAt !== undefined && expireAt <= this.now()
  }
}
