/** Leaders and followers of one load: requests to a Worker in real workerd, and the database that it asks. */
import { inject } from 'vitest'
import { answerOf, neonEndpoint } from '../support/neon-endpoint.js'
import type { NeonEndpoint, NeonRequest } from '../support/neon-endpoint.js'
import { until } from '../support/until.js'
import { openRequest, startWorker } from '../support/worker-process.js'
import type { WorkerProcess } from '../support/worker-process.js'

/** `naive` shares a promise without any protection; the others are ways to set up the middleware, see worker.ts. */
export type How = 'naive' | 'default' | 'held' | 'unheld' | 'unheld-patient'
/** How a leader's request ends while its load is under way. */
export type Death = 'answers' | 'throws' | 'cancelled'
export const DEATHS: readonly Death[] = ['answers', 'throws', 'cancelled']

export interface Answer {
  rows?: unknown
  outcome?: string
  error?: string
}

/** A leader that lives until it is told to end. */
export interface Leader {
  end(): Promise<unknown>
}

interface Gate {
  readonly opened: Promise<void>
  open(): void
}

/** The Worker and the database of a test file. */
export class Flights {
  readonly url: string
  readonly database: NeonEndpoint
  /** Keys whose questions the database keeps waiting. */
  readonly gates: Map<string, Gate>
  readonly #worker: WorkerProcess
  /** Not the keys of another file, which asks the same Redis. */
  #keys = Math.floor(Math.random() * 1_000_000_000)

  constructor(worker: WorkerProcess, database: NeonEndpoint, gates: Map<string, Gate>) {
    this.url = worker.url
    this.database = database
    this.gates = gates
    this.#worker = worker
  }

  static async start(flags: readonly string[] = [], redisUrl = inject('stack').url): Promise<Flights> {
    const gates = new Map<string, Gate>()
    const database = await neonEndpoint(async (request) => {
      const n = keyOf(request)
      await gates.get(n)?.opened
      return answerOf([['n', 23]], [[n]])
    })
    const { connectionString, token } = inject('stack')
    const bindings = {
      DATABASE_URL: connectionString,
      NEON_FETCH_ENDPOINT: database.url,
      UPSTASH_REDIS_REST_URL: redisUrl,
      UPSTASH_REDIS_REST_TOKEN: token,
    }
    const flights = new Flights(await startWorker('test/flights/worker.ts', bindings, flags), database, gates)
    // From the second read on the versions exist, and what was loaded is kept for longer than a test.
    await flights.key('default').ask()
    return flights
  }

  async stop(): Promise<void> {
    await this.#worker.stop()
    await this.database.close()
  }

  /** A key of its own, so that no test meets what another has left. */
  key(how: How): Key {
    return new Key(this, how, String(++this.#keys))
  }
}

/** One key, the requests for it, and the database's answers. */
export class Key {
  readonly #flights: Flights
  readonly #how: How
  readonly #n: string

  constructor(flights: Flights, how: How, n: string) {
    this.#flights = flights
    this.#how = how
    this.#n = n
  }

  get rows(): unknown {
    return [{ n: Number(this.#n) }]
  }

  /** The questions for this key that have reached the database. */
  get loads(): NeonRequest[] {
    return this.#flights.database.requests.filter((request) => keyOf(request) === this.#n)
  }

  /** From now on the database lets questions wait. */
  hold(): void {
    let open!: () => void
    const opened = new Promise<void>((resolve) => (open = resolve))
    this.#flights.gates.set(this.#n, { opened, open })
  }

  /** The database answers, and those that wait as well. */
  answerAll(): void {
    this.#flights.gates.get(this.#n)?.open()
    this.answerLater()
  }

  /** The database answers what it is asked from now on; those that wait already wait for ever. */
  answerLater(): void {
    this.#flights.gates.delete(this.#n)
  }

  async ask(route = 'ask', signal?: AbortSignal): Promise<Answer> {
    return (await this.#get(`${this.#how}/${this.#n}/${route}`, signal)) as Answer
  }

  /** Lets the requests end that wait for it. */
  async release(): Promise<void> {
    await this.#get(`release/${this.#n}`)
  }

  /** Whether the Worker has seen the end of its client's connection. */
  async aborted(): Promise<boolean> {
    return (await this.#get(`aborted/${this.#n}`)) as boolean
  }

  /** A leader whose question the database keeps waiting. */
  async lead(death: Death): Promise<Leader> {
    return death === 'cancelled' ? this.leadTo('ask', () => this.loads.length > 0) : this.leadBy(death)
  }

  /** One that ends when the Worker lets it, with its answer. */
  async leadBy(route: string): Promise<Leader> {
    this.hold()
    const answer = this.ask(route)
    await until('question to the database', () => this.loads.length > 0)
    return {
      end: async () => {
        await this.release()
        return answer
      },
    }
  }

  /** One that has got to a certain place, and ends when its connection is reset. */
  async leadTo(route: string, there: () => boolean): Promise<Leader> {
    this.hold()
    const reset = await openRequest(`${this.#flights.url}/${this.#how}/${this.#n}/${route}`)
    await until('leader under way', there)
    return { end: reset }
  }

  /** Until so many requests have asked for this key, and wait for its load. */
  async arrived(count: number): Promise<void> {
    await until(`request ${count}`, async () => (await this.#arrived()) >= count)
  }

  /** Until the leader's question has been broken off: its request is dead, with all that it had under way. */
  async dead(): Promise<void> {
    await until('end of the leader', () => this.loads[0]!.abandoned)
  }

  /** Followers. When it resolves all of them wait for the load. */
  async follow(count: number, route = 'ask'): Promise<Promise<Answer>[]> {
    const before = await this.#arrived()
    const followers = Array.from({ length: count }, () => this.ask(route))
    await this.arrived(before + count)
    return followers
  }

  async #arrived(): Promise<number> {
    return (await this.#get(`asked/${this.#n}`)) as number
  }

  async #get(path: string, signal?: AbortSignal): Promise<unknown> {
    const response = await fetch(`${this.#flights.url}/${path}`, signal && { signal })
    const text = await response.text()
    // The runtime's own page for a request that threw is not JSON.
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : { error: text }
  }
}

const keyOf = ({ body }: NeonRequest): string => String(body.params?.[0])
