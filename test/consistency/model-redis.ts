/** A Redis behind HTTP in the shape of the @upstash/redis client: every trip is request, execution and reply, each at a time of its own. */
import type { Op } from './requests.ts'
import type { World } from './world.ts'
import { alive, context } from './virtual-time.ts'

type Value = string | Map<string, string>
type Reply = { result?: unknown; error?: string }

/** A version key got a new value, or lost it, by a writer's hand: what was captured before is void. */
export interface Renewal {
  order: number
  keys: Set<string>
}

export class ModelRedis {
  readonly data = new Map<string, Value>()
  readonly #expiries = new Map<string, number>()
  readonly renewals: Renewal[] = []
  /** When fence keys were lost by no one's order. */
  readonly lostFences: { order: number; key: string }[] = []
  readonly #inFlight = new Map<object, number>()
  full = false
  /** Away: requests get no reply. */
  away = false
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  lose(keys: readonly string[]): void {
    const { time, count, trace } = this.#world
    for (const key of keys) {
      if (!this.data.delete(key)) continue
      trace(undefined, `redis !! lost ${key}`)
      this.#expiries.delete(key)
      if (key.includes(':f:')) this.lostFences.push({ order: time.mark(), key })
      count(key.includes(':v:') ? 'lost: version' : key.includes(':f:') ? 'lost: fence' : 'lost: entry')
    }
  }

  /** A client of one isolate. */
  client(isolate: object): never {
    const send = (commands: string[][]) => this.#send(isolate, commands)
    const pipeline = () => {
      const commands: string[][] = []
      const push = (name: string, args: unknown[]) => (commands.push([name, ...args.map(String)]), chain)
      const chain: Record<string, unknown> = {
        length: () => commands.length,
        exec: () => send(commands),
        set: (key: string, value: string, options?: { ex?: number }) =>
          push('set', options?.ex === undefined ? [key, value] : [key, value, 'ex', options.ex]),
        mset: (values: Record<string, string>) => push('mset', Object.entries(values).flat()),
        msetnx: (values: Record<string, string>) => push('msetnx', Object.entries(values).flat()),
      }
      for (const name of ['del', 'unlink', 'get', 'incrby', 'expire', 'hincrby', 'hgetall', 'dbsize'])
        chain[name] = (...args: unknown[]) => push(name, args)
      return chain
    }
    const mget = async (...keys: string[]) => {
      const [reply] = await send([['mget', ...keys]])
      if (reply!.error !== undefined) throw new Error(reply!.error)
      return reply!.result
    }
    return { mget, pipeline } as never
  }

  #send(isolate: object, commands: string[][]): Promise<Reply[]> {
    const { time, chance, faults, trace, count } = this.#world
    const of = context.getStore() as Op | undefined
    const invalidates = commands.some(([name]) => name === 'mset' || name === 'del')
    const name = commands.map(([command, key]) => `${command} ${key}`).join(', ')
    trace(of, `redis <- ${name}`)
    return new Promise((resolve, reject) => {
      const own = (this.#inFlight.get(isolate) ?? 0) + 1
      if (invalidates) this.#inFlight.set(isolate, own)
      const done = () => {
        if (invalidates) this.#inFlight.set(isolate, this.#inFlight.get(isolate)! - 1)
      }
      // Aimed: the first of two invalidations is held back, so that its execution or its reply comes after the second's.
      const held = invalidates && chance.of(faults.reverse)
      if (held && own > 1) count('fault: two invalidations of one isolate reordered')
      const slow = (mostMs: number) =>
        chance.of(faults.delayed) ? chance.between(50, chance.of(0.3) ? 1500 : 200) : chance.between(1, mostMs)
      const there = slow(8) + (held && chance.of(0.5) ? chance.between(20, 400) : 0)
      const back = slow(8) + (held ? chance.between(10, 200) : 0) + (invalidates && of?.aim === 'late-reply' ? 150 : 0)
      const aimed =
        invalidates && of?.sent !== undefined && (of.aim === 'lost-invalidation' || of.aim === 'ambiguous') && !of.owes
      if (aimed) of.owes = true
      const lostBefore = aimed || chance.of(faults.lostRequest)
      const lostAfter = chance.of(faults.lostReply)
      const asError = aimed || chance.of(0.5)
      const fail = () => {
        if (alive(of)) reject(new Error('fetch failed'))
      }
      time.after(there, () => {
        if (!alive(of) && chance.of(0.5)) {
          done()
          return
        }
        if (this.away || lostBefore) {
          done()
          count(this.away ? 'fault: redis away' : 'fault: request lost')
          trace(of, `redis !! request lost: ${name}`)
          if (asError) time.after(back, fail)
          return
        }
        this.#execute(commands, (replies) => {
          const order = time.mark()
          trace(of, `redis == ${name} -> ${JSON.stringify(replies.map((r) => r.error ?? r.result)).slice(0, 300)}`)
          time.after(back, () => {
            done()
            if (!alive(of)) return
            if (lostAfter) {
              count('fault: reply lost')
              trace(of, `redis !! reply lost: ${name}`)
              if (asError) fail()
              return
            }
            if (of) noteReply(of, commands, replies, order)
            resolve(replies)
          })
        })
      })
    })
  }

  /** The commands of a pipeline execute in sequence, others may come between. */
  #execute(commands: string[][], done: (replies: Reply[]) => void): void {
    const { time, chance } = this.#world
    const replies: Reply[] = []
    const step = () => {
      while (replies.length < commands.length) {
        replies.push(this.#run(commands[replies.length]!))
        if (replies.length < commands.length && chance.of(0.1)) {
          time.after(chance.between(0, 3), step)
          return
        }
      }
      done(replies)
    }
    step()
  }

  #get(key: string): Value | undefined {
    const expiry = this.#expiries.get(key)
    if (expiry !== undefined && expiry <= this.#world.time.now) {
      this.data.delete(key)
      this.#expiries.delete(key)
    }
    return this.data.get(key)
  }

  #set(key: string, value: string): void {
    this.data.set(key, value)
    this.#expiries.delete(key)
    const { chance, faults, time } = this.#world
    // Aimed: a version that is lost right after it was set.
    if (key.includes(':v:') && chance.of(faults.loseFreshVersion))
      time.after(chance.between(0, 20), () => this.lose([key]))
  }

  #countSeen(keys: string[]): void {
    const { count } = this.#world
    if (!keys.some((key) => key.includes(':e:'))) count('versions checked without a read')
    if (keys.some((key) => key.includes(':v:') && this.#get(key) === undefined)) count('lookup saw a missing version')
    if (keys.some((key) => key.includes(':f:') && (this.#get(key) ?? '0') !== '0')) count('lookup saw a fence')
  }

  #run([name, ...args]: string[]): Reply {
    const { count, time } = this.#world
    if (this.full && /^(set|mset|msetnx|incrby|hincrby)$/.test(name!)) {
      count('fault: full redis refused')
      return { error: "OOM command not allowed when used memory > 'maxmemory'." }
    }
    const pairs = Array.from({ length: args.length >> 1 }, (_, i) => [args[2 * i]!, args[2 * i + 1]!] as const)
    const renewed = () =>
      this.renewals.push({ order: time.mark(), keys: new Set(args.filter((arg) => arg.includes(':v:'))) })
    switch (name) {
      case 'mget':
        this.#countSeen(args)
        return { result: args.map((key) => this.#get(key) ?? null) }
      case 'set':
        this.#set(args[0]!, args[1]!)
        if (args[2] === 'ex') this.#expiries.set(args[0]!, time.now + Number(args[3]) * 1000)
        return { result: 'OK' }
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
        const result = args.filter((key) => this.data.delete(key)).length
        if (args.some((arg) => arg.includes(':v:'))) {
          renewed()
          if (this.full) count('full redis: version deleted instead')
        }
        return { result }
      }
      case 'incrby': {
        const sum = Number(this.#get(args[0]!) ?? 0) + Number(args[1])
        this.data.set(args[0]!, String(sum))
        return { result: sum }
      }
      case 'expire':
        if (this.#get(args[0]!) === undefined) return { result: 0 }
        this.#expiries.set(args[0]!, time.now + Number(args[1]) * 1000)
        return { result: 1 }
      case 'hincrby':
        return { result: 1 }
      default:
        return { error: `ERR unknown command '${name}'` }
    }
  }
}

/** What a request has been told by Redis, for the judge. */
function noteReply(op: Op, commands: string[][], replies: Reply[], order: number): void {
  if (commands[0]![0] === 'mget' && commands[0]!.some((key) => key.includes(':e:'))) op.askedL2 = order
  const raised = commands.some(([name, , by]) => name === 'incrby' && Number(by) > 0)
  if (raised && replies.every((reply) => reply.error === undefined)) op.fenceAcknowledged = order
}
