/** One participant at one tier: an isolate that is warm, or new beside a Redis that is full or empty. Runs in Node and in workerd. */
import type { Isolate, Peer } from '../peers/peer.ts'
import { Endpoints } from './endpoints.ts'
import { readEverything } from './workload.ts'

export type Tier = 'l1' | 'l2' | 'miss'

/** What is asked of a participant. */
export interface Work {
  tier: Tier
  rows: number
  /** How many parameters there are. */
  keys: number
  safe: boolean
  typed: boolean
  times: number
}

/** What the operations did. */
export interface Done {
  /** Depends on every value that was read. */
  sum: number
  redisTrips: number
  redisCommands: number
  databaseTrips: number
}

/** The state that lasts from one round to the next, for one number of rows. */
export class Tiers {
  readonly #peer: Peer
  readonly #turn: () => Promise<unknown>
  #endpoints = new Endpoints(1, 0)
  #of = ''
  #filled: Isolate | undefined
  #isolate: Isolate | undefined
  #at = 0
  #background: Promise<unknown>[] = []

  /** @param turn Lets everything run that was started. */
  constructor(peer: Peer, turn: () => Promise<unknown>) {
    this.#peer = peer
    this.#turn = turn
    globalThis.fetch = (input, init) => this.#endpoints.fetch(input, init)
  }

  /** Makes everything ready that is not measured. */
  async ready({ tier, rows, keys, typed }: Work): Promise<void> {
    const of = `${rows} ${keys} ${typed}`
    if (of !== this.#of) {
      this.#endpoints = new Endpoints(rows, keys + 1)
      this.#filled = undefined
      this.#of = of
    }
    this.#endpoints.forgetful = false
    if (tier === 'miss') {
      this.#endpoints.clear()
      this.#filled = undefined
      await this.#firstContact(keys, typed)
    } else if (!this.#filled) {
      await this.#firstContact(keys, typed)
      this.#isolate = this.#filled = this.#start(typed)
      for (let id = 0; id < keys; id++) await this.#alone(id, false)
    }
    this.#endpoints.forgetful = tier === 'miss'
    this.#isolate = tier === 'l1' ? this.#filled : this.#start(typed)
    // What an isolate does once is not what an operation costs: it reads the SQL, makes its clients, and after a pause looks in Redis
    // before it trusts its memory again.
    await this.#alone(tier === 'l1' ? 0 : keys, false)
  }

  /** The first result of all in an empty Redis is another operation than those after it; nobody measures it. */
  async #firstContact(keys: number, typed: boolean): Promise<void> {
    this.#isolate = this.#start(typed)
    await this.#alone(keys, false)
  }

  /** The operations, each with another parameter than the last. In a new isolate there are as many as parameters. */
  async run({ tier, keys, safe, times }: Work): Promise<Done> {
    const { redisTrips, redisCommands, databaseTrips } = this.#endpoints
    let sum = 0
    for (let done = 0; done < times; done++) {
      const id = this.#at++ % keys
      if (tier !== 'l1') sum += await this.#alone(id, safe)
      else {
        const rows = await this.#isolate!.query(id)
        sum += readEverything(safe ? structuredClone(rows) : rows)
      }
    }
    await this.#turn()
    return {
      sum,
      redisTrips: this.#endpoints.redisTrips - redisTrips,
      redisCommands: this.#endpoints.redisCommands - redisCommands,
      databaseTrips: this.#endpoints.databaseTrips - databaseTrips,
    }
  }

  #start(typed: boolean): Isolate {
    return this.#peer.start((work) => void this.#background.push(work), typed)
  }

  /** A request of its own: what it gave to `waitUntil` is done before the next. */
  async #alone(id: number, safe: boolean): Promise<number> {
    const rows = await this.#isolate!.query(id)
    const sum = readEverything(safe ? structuredClone(rows) : rows)
    do {
      const work = this.#background
      this.#background = []
      await Promise.all(work)
    } while (this.#background.length > 0)
    return sum
  }
}
