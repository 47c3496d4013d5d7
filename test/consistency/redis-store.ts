/** What a Redis holds, now and as its replicas see it, and the commands that the cache sends. */
import type { World } from './world.ts'

export type Reply = { result?: unknown; error?: string }

/** A version key got a new value, or lost it, by a writer's hand: what was captured before is void. */
export interface Renewal {
  order: number
  at: number
  keys: string[]
  /** Whose command it was. */
  isolate: object
}

interface State {
  at: number
  value: string | undefined
  expiry: number
}

/** Longer than any replica lags. */
const MEMORY_MS = 5_000

export class RedisStore {
  /** Each key's states, the newest last; older ones only as long as a replica may still show them. */
  readonly #states = new Map<string, State[]>()
  readonly renewals: Renewal[] = []
  /** When versions were last lost by no one's order, and each fence that was. */
  lostVersionAt = -Infinity
  readonly lostFences: { order: number; key: string }[] = []
  full = false
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  keys(): string[] {
    return [...this.#states.keys()].filter((key) => this.#get(key) !== undefined)
  }

  lose(keys: readonly string[]): void {
    const { time, count, trace } = this.#world
    for (const key of keys) {
      if (!this.#remove(key)) continue
      trace(undefined, `redis !! lost ${key}`)
      if (key.includes(':v:')) this.lostVersionAt = time.now
      if (key.includes(':f:')) this.lostFences.push({ order: time.mark(), key })
      const kind = /:([vfl]):/.exec(key)?.[1]
      count(
        kind === 'v' ? 'lost: version' : kind === 'f' ? 'lost: fence' : kind === 'l' ? 'lost: lease' : 'lost: entry',
      )
    }
  }

  #get(key: string, asOf = this.#world.time.now): string | undefined {
    const state = this.#states.get(key)?.findLast(({ at }) => at <= asOf)
    return state && state.expiry > asOf ? state.value : undefined
  }

  #put(key: string, value: string | undefined, expiry = Infinity): void {
    const { now } = this.#world.time
    const states = this.#states.get(key) ?? []
    while (states.length > 1 && states[1]!.at < now - MEMORY_MS) states.shift()
    states.push({ at: now, value, expiry })
    this.#states.set(key, states)
  }

  #remove(key: string): boolean {
    const there = this.#get(key) !== undefined
    if (there) this.#put(key, undefined)
    return there
  }

  #set(key: string, value: string, expiry?: number): void {
    const { chance, faults, time } = this.#world
    this.#put(key, value, expiry)
    if (!key.includes(':v:')) return
    this.#world.count('version set')
    if (expiry !== undefined) this.#world.refute(`rule 16: the version ${key} has an expiry`)
    // Aimed: a version that is lost right after it was set.
    if (chance.of(faults.loseFreshVersion)) time.after(chance.between(0, 20), () => this.lose([key]))
  }

  #countSeen(keys: string[]): void {
    const { count } = this.#world
    if (!keys.some((key) => key.includes(':e:'))) count('versions checked without a read')
    if (keys.some((key) => key.includes(':v:') && this.#get(key) === undefined)) count('lookup saw a missing version')
    if (keys.some((key) => key.includes(':f:') && (this.#get(key) ?? '0') !== '0')) count('lookup saw a fence')
    if (!keys.some((key) => key.includes(':f:'))) {
      const stands = this.keys().some((key) => key.includes(':f:') && this.#get(key) !== '0')
      count(stands ? 'lookup asked for no fences, and one stood' : 'lookup asked for no fences')
    }
    const lease = keys.find((key) => key.includes(':l:'))
    if (lease !== undefined) count(this.#get(lease) === undefined ? 'lease gone when looked at' : 'lease waited for')
  }

  /** @param isolate Who asks. @param asOf What a replica has seen; the primary has seen everything. */
  run([name, ...args]: string[], isolate: object, asOf?: number): Reply {
    const { count, time } = this.#world
    if (this.full && /^(set|mset|msetnx|incrby|bitfield)$/.test(name!)) {
      count('fault: full redis refused')
      return { error: "OOM command not allowed when used memory > 'maxmemory'." }
    }
    const pairs = Array.from({ length: args.length >> 1 }, (_, i) => [args[2 * i]!, args[2 * i + 1]!] as const)
    const renewed = () =>
      this.renewals.push({ order: time.mark(), at: time.now, keys: args.filter((arg) => arg.includes(':v:')), isolate })
    switch (name) {
      case 'mget':
        this.#countSeen(args)
        return { result: args.map((key) => this.#get(key, asOf) ?? null) }
      case 'set':
        return this.#setWith(args)
      case 'mset':
        for (const [key, value] of pairs) this.#set(key, value)
        renewed()
        return { result: 'OK' }
      case 'msetnx':
        if (pairs.some(([key]) => this.#get(key) !== undefined)) return { result: 0 }
        for (const [key, value] of pairs) this.#set(key, value)
        count('missing versions created')
        return { result: 1 }
      case 'del': {
        const result = args.filter((key) => this.#remove(key)).length
        if (args.some((arg) => arg.includes(':l:'))) count('lease given back')
        if (args.some((arg) => arg.includes(':v:'))) {
          renewed()
          if (this.full) count('full redis: version deleted instead')
        }
        return { result }
      }
      case 'incrby': {
        const sum = Number(this.#get(args[0]!) ?? 0) + Number(args[1])
        const expiry = this.#states.get(args[0]!)?.at(-1)?.expiry ?? Infinity
        this.#put(args[0]!, String(sum), expiry > time.now ? expiry : Infinity)
        return { result: sum }
      }
      case 'expire': {
        const value = this.#get(args[0]!)
        if (value === undefined) return { result: 0 }
        if (args[0]!.includes(':v:')) this.#world.refute(`rule 16: the version ${args[0]} has an expiry`)
        this.#put(args[0]!, value, time.now + Number(args[1]) * 1000)
        return { result: 1 }
      }
      case 'bitfield':
        return { result: [] }
      default:
        return { error: `ERR unknown command '${name}'` }
    }
  }

  #setWith([key, value, ...options]: string[]): Reply {
    const { count, time } = this.#world
    const seconds = options.indexOf('ex')
    const ms = options.indexOf('px')
    const life = seconds >= 0 ? Number(options[seconds + 1]) * 1000 : ms >= 0 ? Number(options[ms + 1]) : undefined
    const taken = options.includes('nx') && this.#get(key!) !== undefined
    if (key!.includes(':l:')) count(taken ? 'lease held by another' : 'lease taken')
    else if (options.includes('nx') && !taken) count('missing version created with a lease')
    if (taken) return { result: null }
    this.#set(key!, value!, life === undefined ? undefined : time.now + life)
    return { result: 'OK' }
  }
}
