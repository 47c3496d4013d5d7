/** A Redis behind HTTP in the shape of the @upstash/redis client: every trip is request, execution and reply, each at a time of its own. */
import type { Op, Vouched } from './requests.ts'
import type { World } from './world.ts'
import { RedisStore } from './redis-store.ts'
import type { Reply } from './redis-store.ts'
import { alive, context } from './virtual-time.ts'

/** How long the cache waits for a reply. */
export const WAIT_MS = 250

export class ModelRedis {
  readonly store: RedisStore
  /** The fences that were raised, as Redis executed them. */
  readonly raised: { order: number; key: string; isolate: object; op: Op | undefined }[] = []
  /** Of each isolate's invalidations: how many were sent, and the last of them that was executed and that was answered. */
  readonly #sequences = new Map<object, { sent: number; executed: number; answered: number }>()
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
        set: (...args: Parameters<typeof setArguments>) => push('set', setArguments(...args)),
        mget: (...keys: string[]) => push('mget', keys),
        mset: (values: Record<string, string>) => push('mset', Object.entries(values).flat()),
        msetnx: (values: Record<string, string>) => push('msetnx', Object.entries(values).flat()),
      }
      const bitfield = { incrby: () => bitfield, exec: () => push('bitfield', []) }
      chain['bitfield'] = () => bitfield
      for (const name of ['del', 'unlink', 'get', 'incrby', 'expire', 'dbsize'])
        chain[name] = (...args: unknown[]) => push(name, args)
      return chain
    }
    const single = async (command: string[]) => {
      const [reply] = await send([command])
      if (reply!.error !== undefined) throw new Error(reply!.error)
      return reply!.result
    }
    const mget = (...keys: string[]) => single(['mget', ...keys])
    const set = (...args: Parameters<typeof setArguments>) => single(['set', ...setArguments(...args)])
    return { mget, set, pipeline } as never
  }

  #send(isolate: object, commands: string[][]): Promise<Reply[]> {
    const { time, chance, faults, trace, count } = this.#world
    const of = context.getStore() as Op | undefined
    const sentAt = time.now
    const invalidates = commands.some(([name, key]) => name === 'mset' || (name === 'del' && key!.includes(':v:')))
    const name = commands.map(([command, key]) => `${command} ${key}`).join(', ')
    trace(of, `redis <- ${name}`)
    return new Promise((resolve, reject) => {
      const sequence = this.#sequences.get(isolate) ?? { sent: 0, executed: 0, answered: 0 }
      this.#sequences.set(isolate, sequence)
      const number = invalidates ? ++sequence.sent : 0
      const reached = (step: 'executed' | 'answered') => {
        if (!invalidates) return
        if (number < sequence[step]) count(`fault: two invalidations of one isolate ${step} in reverse`)
        sequence[step] = Math.max(number, sequence[step])
      }
      // Aimed: some are held back, so that their execution or reply comes after that of a later one.
      const held = invalidates && chance.of(faults.reverse)
      const slow = (mostMs: number) =>
        chance.of(faults.delayed) ? chance.between(50, chance.of(0.3) ? 1500 : 200) : chance.between(1, mostMs)
      const there = slow(8) + (held && chance.of(0.5) ? chance.between(20, 400) : 0)
      // Within the time that the cache waits for it.
      if (of?.aim === 'dead-check' && commands[0]![0] === 'mget' && !commands[0]!.some((key) => key.includes(':e:'))) {
        of.dead = true
        count('a check in the background died')
      }
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
        if (!alive(of) && chance.of(0.5)) return
        if (this.away || lostBefore) {
          count(this.away ? 'fault: redis away' : 'fault: request lost')
          trace(of, `redis !! request lost: ${name}`)
          if (asError) time.after(back, fail)
          return
        }
        this.#execute(isolate, of, commands, (replies) => {
          reached('executed')
          const order = time.mark()
          const executedAt = time.now
          trace(of, `redis == ${name} -> ${JSON.stringify(replies.map((r) => r.error ?? r.result)).slice(0, 300)}`)
          time.after(back, () => {
            if (!alive(of)) return
            if (lostAfter) {
              count('fault: reply lost')
              trace(of, `redis !! reply lost: ${name}`)
              if (asError) fail()
              return
            }
            reached('answered')
            const readerNow = time.now - sentAt < WAIT_MS ? time.now + (of?.isolate.skew ?? 0) : undefined
            if (of) noteReply(of, commands, replies, order, readerNow)
            if (commands[0]![0] !== 'mget') this.#tokens.set(isolate, executedAt)
            resolve(replies)
          })
        })
      })
    })
  }

  /** The commands of a pipeline execute in sequence, others may come between. A lookup alone is a replica's, a pipeline the primary's. */
  #execute(isolate: object, of: Op | undefined, commands: string[][], done: (replies: Reply[]) => void): void {
    const { time, chance, lagMs, pipelineGaps } = this.#world
    const replica = lagMs > 0 && commands.length === 1 && commands[0]![0] === 'mget' && chance.of(0.8)
    const asOf = replica ? Math.max(time.now - lagMs, this.#tokens.get(isolate) ?? 0) : undefined
    const replies: Reply[] = []
    const step = () => {
      while (replies.length < commands.length) {
        const [name, key, by] = commands[replies.length]!
        const reply = this.store.run(commands[replies.length]!, isolate, asOf)
        replies.push(reply)
        if (name === 'incrby' && Number(by) > 0 && reply.error === undefined)
          this.raised.push({ order: time.mark(), key: key!, isolate, op: of })
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
function noteReply(op: Op, commands: string[][], replies: Reply[], order: number, readerNow: number | undefined): void {
  const looked = commands.find(([name, ...keys]) => name === 'mget' && keys.some((key) => key.includes(':e:')))
  if (looked) {
    op.askedL2 = order
    const [ask] = op.asks
    if (op.asks.length === 1 && ask!.options.staleIfError !== undefined && looked === commands[0])
      op.vouched =
        readerNow === undefined
          ? undefined
          : vouched(looked.slice(1), replies[0]!.result as (string | null)[], readerNow)
  }
  const raised = commands.some(([name, , by]) => name === 'incrby' && Number(by) > 0)
  if (raised && replies.every((reply) => reply.error === undefined)) op.fenceAcknowledged = order
}

/** The times of the entry that a lookup brought, where each of its versions is the one in Redis and no fence stands. */
function vouched(keys: readonly string[], values: readonly (string | null)[], now: number): Vouched | undefined {
  const text = values[keys.findIndex((key) => key.includes(':e:'))]
  if (!text) return undefined
  const start = /^eqc\d+:[0-9a-f]+:(\d+):/.exec(text)!
  const header = JSON.parse(text.slice(start[0].length, start[0].length + Number(start[1]))) as unknown[]
  const [readAt, , , errorUntil, names, versions] = header.slice(5) as [
    number,
    number,
    number,
    number,
    string[],
    string[],
  ]
  const valid = names.every((name, i) => {
    const version = keys.findIndex((key) => key.includes(':v:') && key.endsWith(`:${name}`))
    const fenced = keys.some(
      (key, at) => key.includes(':f:') && key.includes(`:${name}:`) && (values[at] ?? '0') !== '0',
    )
    return values[version] === versions[i] && !fenced
  })
  // What is from the future of the reader's clock is nothing to him.
  return valid && now >= readAt ? { errorUntil } : undefined
}

const setArguments = (
  key: string,
  value: string,
  { ex, px, nx }: { ex?: number; px?: number; nx?: boolean } = {},
): string[] => [
  key,
  value,
  ...(nx ? ['nx'] : []),
  ...(px === undefined ? [] : ['px', String(px)]),
  ...(ex === undefined ? [] : ['ex', String(ex)]),
]
