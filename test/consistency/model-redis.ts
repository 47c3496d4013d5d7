/** A Redis behind HTTP in the shape of the @upstash/redis client: every trip is request, execution and reply, each at a time of its own. */
import type { Op } from './requests.ts'
import type { World } from './world.ts'
import { RedisStore } from './redis-store.ts'
import type { Reply } from './redis-store.ts'
import { alive, context } from './virtual-time.ts'

export class ModelRedis {
  readonly store: RedisStore
  readonly #inFlight = new Map<object, number>()
  /** When an isolate's latest acknowledged write was executed: what its sync token asks of a replica. */
  readonly #tokens = new Map<object, number>()
  /** Away: requests get no reply. */
  away = false
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.store = new RedisStore(world)
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
        set: (key: string, value: string, { ex, px, nx }: { ex?: number; px?: number; nx?: boolean } = {}) =>
          push('set', [
            key,
            value,
            ...(nx ? ['nx'] : []),
            ...(px === undefined ? [] : ['px', px]),
            ...(ex === undefined ? [] : ['ex', ex]),
          ]),
        mget: (...keys: string[]) => push('mget', keys),
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
    const invalidates = commands.some(([name, key]) => name === 'mset' || (name === 'del' && key!.includes(':v:')))
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
      // Within the time that the cache waits for it.
      const slowCheck = of?.aim === 'slow-check' && commands[0]![0] === 'mget'
      const aimedDelay = invalidates && of?.aim === 'late-reply' ? 150 : slowCheck ? chance.between(120, 225) : 0
      const back = slow(8) + (held ? chance.between(10, 200) : 0) + aimedDelay
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
        this.#execute(isolate, commands, (replies) => {
          const order = time.mark()
          const executedAt = time.now
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
            if (commands[0]![0] !== 'mget') this.#tokens.set(isolate, executedAt)
            resolve(replies)
          })
        })
      })
    })
  }

  /** The commands of a pipeline execute in sequence, others may come between. A lookup alone is a replica's, a pipeline the primary's. */
  #execute(isolate: object, commands: string[][], done: (replies: Reply[]) => void): void {
    const { time, chance, lagMs, pipelineGaps } = this.#world
    const replica = lagMs > 0 && commands.length === 1 && commands[0]![0] === 'mget' && chance.of(0.8)
    const asOf = replica ? Math.max(time.now - lagMs, this.#tokens.get(isolate) ?? 0) : undefined
    const replies: Reply[] = []
    const step = () => {
      while (replies.length < commands.length) {
        replies.push(this.store.run(commands[replies.length]!, asOf))
        if (replies.length < commands.length && chance.of(pipelineGaps)) {
          time.after(chance.between(0, 6), step)
          return
        }
      }
      done(replies)
    }
    step()
  }
}

/** What a request has been told by Redis, for the judge. */
function noteReply(op: Op, commands: string[][], replies: Reply[], order: number): void {
  if (commands.some(([name, ...keys]) => name === 'mget' && keys.some((key) => key.includes(':e:')))) op.askedL2 = order
  const raised = commands.some(([name, , by]) => name === 'incrby' && Number(by) > 0)
  if (raised && replies.every((reply) => reply.error === undefined)) op.fenceAcknowledged = order
}
