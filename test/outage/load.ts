/** autocannon's requests, each with the time at which it was sent, so that a phase can be cut out of a load that never pauses. */
import autocannon from 'autocannon'
import { ITEMS, NOTES } from './settings.ts'

export type Kind = 'read' | 'direct' | 'write'

export interface Sample {
  kind: Kind
  sentAt: number
  ms: number
  ok: boolean
  /** Where the answer came from. */
  outcome: string
  /** Of a write. */
  invalidated?: boolean
}

const READERS = 4
/** Seconds after which a request counts as failed. */
const TIMEOUT_S = 5

export class Load {
  readonly samples: Sample[] = []
  /** Requests without an answer: when that was noticed. */
  readonly errors: number[] = []
  /** Requests that were sent and neither answered nor reported, beyond those under way at the end of a load. */
  lost = 0
  readonly #url: string
  #next = 0

  constructor(url: string) {
    this.#url = url
  }

  /** Reads of all kinds, and beside them the same query past the cache, until it is stopped. */
  start(): () => Promise<void> {
    const loads = [
      this.#run('read', () => ({ method: 'GET', path: this.#readPath() }), { connections: READERS, duration: 300 }),
      this.#run('direct', () => ({ method: 'GET', path: `/direct/${this.#number(ITEMS)}` }), {
        connections: 1,
        duration: 300,
      }),
    ]
    return async () => {
      for (const { instance } of loads) (instance as unknown as { stop(): void }).stop()
      await Promise.all(loads.map(({ done }) => done))
    }
  }

  /** Some writes. Every one is waited for, so that none is left when a part of a phase is for reads only. */
  async writes(): Promise<void> {
    const request = () => ({ method: 'POST' as const, path: `/notes/${this.#number(NOTES)}` })
    await this.#run('write', request, { connections: 2, amount: 2 }).done
  }

  #run(
    kind: Kind,
    request: () => { method: 'GET' | 'POST'; path: string },
    options: Pick<autocannon.Options, 'connections' | 'duration' | 'amount'>,
  ): { instance: autocannon.Instance; done: Promise<void> } {
    let seen: Pick<Sample, 'outcome' | 'invalidated'> = { outcome: '' }
    const connections = options.connections ?? 1
    let finish!: () => void
    const done = new Promise<void>((resolve) => (finish = resolve))
    const instance = autocannon(
      {
        url: this.#url,
        timeout: TIMEOUT_S,
        // How often it looks whether it is to end, too.
        sampleInt: 50,
        requests: [
          {
            setupRequest: (base) => ({ ...base, ...request() }),
            // Called right before `response` is emitted for the same answer.
            onResponse: (_status, body, _context, headers) => (seen = whatItSays(kind, body, headers ?? {})),
          },
        ],
        ...options,
      },
      (_error, result) => {
        const unanswered = result.requests.sent - result.requests.total - result.errors
        this.lost += Math.max(0, unanswered - (options.amount ? 0 : connections))
        finish()
      },
    )
    instance.on('response', (_client, status, _bytes, ms) => {
      const ok = status >= 200 && status < 300
      this.samples.push({ kind, sentAt: performance.now() - ms, ms, ok, ...seen })
    })
    instance.on('reqError', () => this.errors.push(performance.now()))
    return { instance, done }
  }

  /** Three of ten for a second only, two from memory, five from a range that memory cannot hold. */
  #readPath(): string {
    const turn = this.#number(10)
    if (turn <= 3) return `/notes/${this.#number(NOTES)}`
    return `/items/${this.#number(turn <= 5 ? 4 : ITEMS)}`
  }

  /** From 1 to `count`, the same sequence in every run. */
  #number(count: number): number {
    this.#next = (Math.imul(this.#next, 1_664_525) + 1_013_904_223) >>> 0
    return 1 + Math.floor((this.#next / 2 ** 32) * count)
  }
}

function whatItSays(kind: Kind, body: string, headers: object): Pick<Sample, 'outcome' | 'invalidated'> {
  if (kind === 'write') {
    const invalidated = /"invalidated":(true|false)/.exec(body)?.[1]
    return { outcome: 'write', invalidated: invalidated === undefined ? undefined : invalidated === 'true' }
  }
  const timing = Object.entries(headers).find(([name]) => name.toLowerCase() === 'server-timing')?.[1]
  return { outcome: /query-cache;desc="([\w-]+)=/.exec(String(timing))?.[1] ?? '' }
}
