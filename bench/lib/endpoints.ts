/**
 * What stands in for Neon and Upstash: a `fetch` that answers both protocols from memory, at once. The SDKs are the real ones; what the
 * endpoints cost is measured by themselves, so that it can be taken off whatever was measured around them. Runs in workerd too.
 */
import { FIELDS, wireRows } from './workload.ts'

export const CONNECTION = 'postgresql://bench:bench@ep-bench-000000.eu-central-1.aws.neon.tech/bench'
export const UPSTASH = { url: 'https://bench.upstash.io', token: 'bench' }

export class Endpoints {
  /** Milliseconds that the endpoints themselves took since the start. */
  spentMs = 0
  redisTrips = 0
  redisCommands = 0
  databaseTrips = 0
  readonly #rows: number
  readonly #texts = new Map<string, string>()
  readonly #hashes = new Map<string, Map<string, string>>()
  /** Answers of reads by request, until something is written. */
  readonly #answers = new Map<string, string>()
  readonly #results = new Map<number, string>()

  /** @param rows What every query returns, whatever its parameter. */
  constructor(rows: number) {
    this.#rows = rows
  }

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const startedAt = performance.now()
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url
    const body = init!.body as string
    const text = url.includes('upstash') ? this.#redis(url, body, init!.headers) : this.#neon(body)
    this.spentMs += performance.now() - startedAt
    return new Response(text, { headers: { 'content-type': 'application/json' } })
  }

  /** As FLUSHDB. */
  clear(): void {
    this.#texts.clear()
    this.#hashes.clear()
    this.#answers.clear()
  }

  #neon(body: string): string {
    this.databaseTrips++
    const id = Number((JSON.parse(body) as { params: string[] }).params[0])
    let text = this.#results.get(id)
    if (text === undefined) {
      const rows = wireRows(this.#rows, id)
      text = JSON.stringify({ command: 'SELECT', rowCount: rows.length, rowAsArray: true, fields: FIELDS, rows })
      this.#results.set(id, text)
    }
    return text
  }

  #redis(url: string, body: string, headers: RequestInit['headers']): string {
    this.redisTrips++
    const base64 = new Headers(headers).get('upstash-encoding') === 'base64'
    const request = `${url} ${base64 ? 'base64 ' : ''}${body.length < 1000 ? body : ''}`
    const known = this.#answers.get(request)
    if (known !== undefined) {
      this.redisCommands += url.endsWith('/pipeline') ? (JSON.parse(body) as unknown[]).length : 1
      return known
    }
    const given = JSON.parse(body) as unknown[]
    const commands = (url.endsWith('/pipeline') ? given : [given]) as unknown[][]
    this.redisCommands += commands.length
    const results = commands.map((command) => ({ result: this.#run(command, base64) }))
    const answer = JSON.stringify(url.endsWith('/pipeline') ? results : results[0])
    if (commands.every(([name]) => READS.has(String(name).toLowerCase()))) this.#answers.set(request, answer)
    else this.#answers.clear()
    return answer
  }

  #run([name, ...given]: unknown[], base64: boolean): unknown {
    const args = given.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
    const shown = (text: string | undefined) => (text === undefined ? null : base64 ? base64Of(text) : text)
    const [key, field, value] = args as [string, string, string]
    switch (String(name).toLowerCase()) {
      case 'get':
        return shown(this.#texts.get(key))
      case 'mget':
        return args.map((one) => shown(this.#texts.get(one)))
      case 'set':
        this.#texts.set(key, field)
        return 'OK'
      case 'msetnx':
        return this.#setWhereNone(args) ? 1 : 0
      case 'del':
        return args.filter((one) => this.#texts.delete(one)).length
      case 'hget':
        return shown(this.#hash(key).get(field))
      case 'hset':
        this.#hash(key).set(field, value)
        return 1
      case 'hincrby':
      case 'sadd':
      case 'expire':
        return 1
      case 'hexpire':
        return [1]
      default:
        throw new Error(`the benchmark's Redis does not know ${String(name)}`)
    }
  }

  #setWhereNone(pairs: readonly string[]): boolean {
    if (pairs.some((key, at) => at % 2 === 0 && this.#texts.has(key))) return false
    for (let at = 0; at < pairs.length; at += 2) this.#texts.set(pairs[at]!, pairs[at + 1]!)
    return true
  }

  #hash(key: string): Map<string, string> {
    let hash = this.#hashes.get(key)
    if (!hash) this.#hashes.set(key, (hash = new Map()))
    return hash
  }
}

const READS = new Set(['get', 'mget', 'hget'])

function base64Of(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}
