/** Clients with cookie jars, that go from isolate to isolate. */

interface Cookie {
  value: string
  until: number
}

export class Client {
  readonly id: number
  readonly #jar = new Map<string, Cookie>()

  constructor(id: number) {
    this.id = id
  }

  /** The Cookie header of a request that is sent now. */
  header(now: number): string {
    for (const [name, { until }] of this.#jar) if (until <= now) this.#jar.delete(name)
    return [...this.#jar].map(([name, { value }]) => `${name}=${value}`).join('; ')
  }

  /** Takes over what a response sets. Returns until when the longest of it lasts. */
  take(headers: Headers, now: number): number {
    let longest = 0
    for (const line of headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      const seconds = Number(/; Max-Age=(\d+)/.exec(line)?.[1])
      if (seconds === 0) this.#jar.delete(name!)
      else {
        const until = now + seconds * 1000
        this.#jar.set(name!, { value: value!, until })
        longest = Math.max(longest, until)
      }
    }
    return longest
  }

  /** Has a cookie in the place of too many others. */
  get overflowed(): boolean {
    return [...this.#jar.keys()].some((name) => name.endsWith('-all'))
  }

  get size(): number {
    return this.#jar.size
  }
}
