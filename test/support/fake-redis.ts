/**
 * A client in the shape of @upstash/redis, over a Map, with faults. For tests that must control every reply.
 */
type Value = string | Map<string, string>

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

  async #send(commands: string[][]): Promise<{ result?: unknown; error?: string }[]> {
    const trip = { commands }
    this.trips.push(trip)
    await this.before(trip)
    const replies = commands.map((command) => this.#run(command))
    await this.after(trip)
    return replies
  }

  #run([name, ...args]: string[]): { result?: unknown; error?: string } {
    if (this.full && /^(set|mset|msetnx|incrby|hincrby)$/.test(name!))
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
      case 'hincrby': {
        const hash = (data.get(args[0]!) as Map<string, string> | undefined) ?? new Map<string, string>()
        hash.set(args[1]!, String(Number(hash.get(args[1]!) ?? 0) + Number(args[2])))
        data.set(args[0]!, hash)
        return { result: Number(hash.get(args[1]!)) }
      }
      case 'hgetall': {
        const hash = data.get(args[0]!) as Map<string, string> | undefined
        // As it is without the SDK's deserialisation.
        return { result: hash ? [...hash].flat() : [] }
      }
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
        const prefix = args[1]!.slice(0, -1).replaceAll('\\', '')
        return { result: [end < keys.length ? String(end) : '0', seen.filter((key) => key.startsWith(prefix))] }
      }
      default:
        return { error: `ERR unknown command '${name}'` }
    }
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
    for (const name of ['mget', 'del', 'unlink', 'get', 'getrange', 'incrby', 'expire', 'hincrby', 'hgetall', 'dbsize'])
      chain[name] = (...args: unknown[]) => push(name, args)
    return chain
  }
}

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
