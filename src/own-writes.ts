/**
 * What one client has written lately (F5). A read that a name of it concerns is answered by an entry only if that entry was captured
 * with the very version that the client's write left; anything else comes from the database.
 * @module
 */
import { weakHash } from './key.js'
import type { Known } from './versions.js'

/** The short form of a name that goes to the client. Two names that meet in it only send more reads to the database. */
export const nameHash = (known: Known): string => (known.hash ??= weakHash(known.key).toString(36))

/** The part of a version that tells it from any other of its name: 48 random bits of its UUID. */
export const versionMark = (version: string): string => version.slice(1, 14)

interface Write {
  /** Writes under way. */
  open: number
  version: string | undefined
  /** What a version would vouch for is not known: not acknowledged, may still commit, or two at once. */
  unknown: boolean
}

/** A name's hash and the mark of the version that an entry must have; `undefined`: no entry will do. */
export type OwnWrite = readonly [hash: string, mark: string | undefined]

export class OwnWrites {
  /** The isolate's own order when the request arrived: a load or check that began before may not hold what the client wrote. */
  readonly order: number
  /** Made when there is something to put in: most requests bring nothing and write nothing. */
  #required: Map<string, string | undefined> | undefined
  #everything = false
  #writes: Map<Known, Write> | undefined
  readonly #until: number

  /** `until`: in epoch milliseconds, when what the client brought is over, if he has. A stream or a socket may ask for hours. */
  constructor(order: number, until = 0) {
    this.order = order
    this.#until = until
  }

  /** The client wrote to this name before. Two versions of one name cannot both be the last. */
  mustSee([hash, mark]: OwnWrite): void {
    const required = (this.#required ??= new Map<string, string | undefined>())
    const same = !required.has(hash) || required.get(hash) === mark
    required.set(hash, same ? mark : undefined)
  }

  mustSeeEverything(): void {
    this.#everything = true
  }

  /** Whether there is anything that must be seen, still. */
  get #asks(): boolean {
    return (this.#everything || this.#required !== undefined) && Date.now() < this.#until
  }

  /** Whether a read that depends on these names must see a write of this client. */
  concerns(names: readonly Known[]): boolean {
    return this.#asks && (this.#everything || names.some((known) => this.#required!.has(nameHash(known))))
  }

  /** Whether an entry with these versions holds what the client wrote. */
  allows(names: readonly Known[], versions: readonly string[] | undefined): boolean {
    // Each hit comes here: nothing is made for those who brought nothing.
    if (!this.#asks) return true
    const required = this.#required
    return (
      !this.#everything &&
      names.every((known, i) => {
        const hash = nameHash(known)
        const mark = required!.get(hash)
        return !required!.has(hash) || (mark !== undefined && versions && versionMark(versions[i]!) === mark)
      })
    )
  }

  /** A write to these names begins. */
  begin(names: readonly Known[]): void {
    const writes = (this.#writes ??= new Map<Known, Write>())
    for (const known of names) {
      const write = writes.get(known)
      if (!write) writes.set(known, { open: 1, version: undefined, unknown: false })
      else {
        write.unknown ||= write.open > 0
        write.open++
      }
    }
  }

  /** A write is over and its names have this version; `undefined`: none that vouches for it. */
  end(names: readonly Known[], version: string | undefined): void {
    for (const known of names) {
      const write = this.#writes?.get(known)
      if (!write) continue
      write.open--
      write.version = version
      write.unknown ||= version === undefined
    }
  }

  /** The database has said that the write did not happen. */
  undo(names: readonly Known[]): void {
    for (const known of names) {
      const write = this.#writes?.get(known)
      if (!write) continue
      write.open--
      if (write.open === 0 && write.version === undefined && !write.unknown) this.#writes?.delete(known)
    }
  }

  /** Whether this request has written anything. */
  get wrote(): boolean {
    return !!this.#writes?.size
  }

  /** What this request has written so far, for the client to bring along with its next ones. */
  written(): OwnWrite[] {
    return [...(this.#writes ?? [])].map(([known, { open, version, unknown }]) => [
      nameHash(known),
      open > 0 || unknown || version === undefined ? undefined : versionMark(version),
    ])
  }
}
