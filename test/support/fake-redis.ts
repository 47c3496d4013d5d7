/**
 * A client in the shape of @upstash/redis, over a Map, with faults. For tests that must control every reply.
 */
type Value = string | Map<string, number>

export interface Reply {
  result?: unknown
  error?: string
}

export interface Trip {
  commands: string[][]
}

export class FakeRedis {
  readonly data = new Map<string, Value>()
  readonly trips: Trip[] = []
  /** Called before a trip executes; may wait or throw (the commands then do not happen). */
  before: (trip: Trip) => Promise<void> | void = () => {}
  /** Called after a trip executed; may wait or throw (the reply is then lost). */
  after: (trip: Trip) => Promise<void> | void = () => {}
  /** What arrives in place of the replies to an executed trip. */
  garble: (replies: Reply[], trip: Trip) => Reply[] = (replies) => replies
  /** A full Redis: refuses what needs memory and goes on answering reads. */
  full = false
  /** Keys that one SCAN looks at. */
  page = Infinity

  /** Another client on the same data: another isolate's connection. */
  get sdk(): never {
    return this as unknown as never
  }

  get commands(): number {
    return this.trips.reduce((sum, trip) => sum + trip.commands.length, 0)
  }

  reset(): void {
    this.trips.length = 0
  }

  async #send(commands: string[][]): Promise<Reply[]> {
    const trip = { commands }
    this.trips.push(trip)
    await this.before(trip)
    const replies = commands.map((command) => this.#run(command))
    await this.after(trip)
    return this.garble(replies, trip)
  }

  #run([name, ...args]: string[]): Reply {
    if (this.full && /^(set|mset|msetnx|incrby|bitfield)$/.test(name!))
      return { error: "OOM command not allowed when used memory > 'maxmemory'." }
    const { data } = this
    const pairs = () => Array.from({ length: args.length / 2 }, (_, i) => [args[2 * i]!, args[2 * i + 1]!] as const)
    switch (name) {
      case 'mget':
        return { result: args.map((key) => data.get(key) ?? null) }
      case 'get':
        return { result: data.get(args[0]!) ?? null }
      case 'set':
        if (args.includes('nx') && data.has(args[0]!)) return { result: null }
        data.set(args[0]!, args[1]!)
        return { result: 'OK' }
      case 'mset':
        for (const [key, value] of pairs()) data.set(key, value)
        return { result: 'OK' }
      case 'msetnx':
        if (pairs().some(([key]) => data.has(key))) return { result: 0 }
        for (const [key, value] of pairs()) data.set(key, value)
        return { result: 1 }
      case 'del':
      case 'unlink':
        return { result: args.filter((key) => data.delete(key)).length }
      case 'incrby': {
        const sum = Number(data.get(args[0]!) ?? 0) + Number(args[1])
        data.set(args[0]!, String(sum))
        return { result: sum }
      }
      case 'expire':
        return { result: data.has(args[0]!) ? 1 : 0 }
      case 'bitfield':
        return { result: this.#bitfield(args[0]!, args.slice(1)) }
      case 'getrange':
        return {
          result: ((data.get(args[0]!) as string | undefined) ?? '').slice(Number(args[1]), Number(args[2]) + 1),
        }
      case 'dbsize':
        return { result: data.size }
      case 'scan': {
        const keys = [...data.keys()]
        const end = Number(args[0]) + this.page
        const seen = keys.slice(Number(args[0]), end)
        const pattern = globOf(args[1]!)
        return { result: [end < keys.length ? String(end) : '0', seen.filter((key) => pattern.test(key))] }
      }
      default:
        return { error: `ERR unknown command '${name}'` }
    }
  }

  /** Integers by their place. */
  #bitfield(key: string, words: string[]): number[] {
    const fields = (this.data.get(key) as Map<string, number> | undefined) ?? new Map<string, number>()
    const replies: number[] = []
    while (words.length > 0) {
      const [operation, , place] = words.splice(0, 3)
      const by = operation === 'incrby' ? Number(words.shift()) : 0
      const sum = (fields.get(place!) ?? 0) + by
      if (operation === 'incrby') this.data.set(key, fields.set(place!, sum))
      replies.push(sum)
    }
    return replies
  }

  async mget(...keys: string[]): Promise<unknown> {
    const [reply] = await this.#send([['mget', ...keys]])
    return reply!.result
  }

  async set(...args: [key: string, value: string, options?: SetOptions]): Promise<unknown> {
    const [reply] = await this.#send([setCommand(...args)])
    if (reply!.error !== undefined) throw Object.assign(new Error(reply!.error), { name: 'UpstashError' })
    return reply!.result
  }

  pipeline(): unknown {
    const commands: string[][] = []
    const push = (name: string, args: unknown[]) => {
      commands.push([name, ...args.map(String)])
      return chain
    }
    const chain: Record<string, unknown> = {
      length: () => commands.length,
      exec: async () => this.#send(commands),
      set: (...args: Parameters<typeof setCommand>) => {
        commands.push(setCommand(...args))
        return chain
      },
      mset: (values: Record<string, string>) => push('mset', Object.entries(values).flat()),
      msetnx: (values: Record<string, string>) => push('msetnx', Object.entries(values).flat()),
      scan: (cursor: string, { match }: { match: string }) => push('scan', [cursor, match]),
    }
    chain['bitfield'] = (key: string) => {
      const words = [key]
      const field: Record<string, unknown> = { exec: () => push('bitfield', words) }
      for (const name of ['get', 'incrby'])
        field[name] = (...args: unknown[]) => (words.push(name, ...args.map(String)), field)
      return field
    }
    for (const name of ['mget', 'del', 'unlink', 'get', 'getrange', 'incrby', 'expire', 'dbsize'])
      chain[name] = (...args: unknown[]) => push(name, args)
    return chain
  }
}

/** A pattern of SCAN's. */
const globOf = (glob: string): RegExp =>
  new RegExp(
    `^${glob.replace(/\\([^])|([*?])|[.+^$(){}|]/g, (sign, plain?: string, wild?: string) =>
      wild ? (wild === '*' ? '[^]*' : '[^]') : `\\u${(plain ?? sign).charCodeAt(0).toString(16).padStart(4, '0')}`,
    )}$`,
  )

interface SetOptions {
  nx?: boolean
  px?: number
  ex?: number
}

const setCommand = (key: string, value: string, { nx, px, ex }: SetOptions = {}): string[] => [
  'set',
  key,
  value,
  ...(nx ? ['nx'] : []),
  ...(px ? ['px', String(px)] : []),
  ...(ex ? ['ex', String(ex)] : []),
]
