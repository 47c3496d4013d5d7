/** `fetch` of this process while it is installed: two hosts answer, everything is counted, nothing waits for a socket. */

export interface Endpoint {
  /** The answer's body to a request's. */
  answer(path: string, headers: Headers, body: string): { status: number; text: string }
}

export interface Traffic {
  trips: number
  /** Bytes of bodies, as they are before a transport compresses them: of requests, and of answers. */
  sent: number
  received: number
}

export class Network {
  readonly traffic = new Map<Endpoint, Traffic>()
  /** Told of every request as it is sent; what it returns is called when the answer arrives. */
  observe: (endpoint: Endpoint, body: string) => () => void = () => () => {}
  readonly #hosts: Readonly<Record<string, Endpoint>>
  #pending = 0

  constructor(hosts: Readonly<Record<string, Endpoint>>) {
    this.#hosts = hosts
    this.reset()
  }

  install(): () => void {
    const { fetch } = globalThis
    globalThis.fetch = ((url: string | URL, init: RequestInit = {}) => this.#fetch(new URL(url), init)) as typeof fetch
    return () => void (globalThis.fetch = fetch)
  }

  reset(): void {
    for (const endpoint of Object.values(this.#hosts)) this.traffic.set(endpoint, { trips: 0, sent: 0, received: 0 })
  }

  /** Resolves when no request is under way: a peer may send one that it does not wait for. */
  async settle(): Promise<void> {
    do await new Promise(setImmediate)
    while (this.#pending > 0)
  }

  async #fetch(url: URL, { headers, body }: RequestInit): Promise<Response> {
    const endpoint = this.#hosts[url.hostname]
    if (!endpoint || typeof body !== 'string') throw new TypeError(`nobody answers such a request at ${url.hostname}`)
    const traffic = this.traffic.get(endpoint)!
    this.#pending++
    try {
      const answered = this.observe(endpoint, body)
      traffic.trips++
      // What is sent before an answer arrives does not wait for it, as on a network.
      await new Promise(setImmediate)
      const { status, text } = endpoint.answer(url.pathname, new Headers(headers), body)
      traffic.sent += Buffer.byteLength(body)
      traffic.received += Buffer.byteLength(text)
      answered()
      return answerOf(status, text)
    } finally {
      this.#pending--
    }
  }
}

/** The part of a Response that the two SDKs use. */
const answerOf = (status: number, text: string) =>
  ({
    ok: status === 200,
    status,
    headers: { get: () => null },
    text: async () => text,
    json: async () => JSON.parse(text) as unknown,
  }) as unknown as Response
