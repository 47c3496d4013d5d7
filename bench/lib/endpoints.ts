/**
 * What stands in for Neon and Upstash: a `fetch` that answers both protocols from memory, at once. The SDKs are the real ones. Answers are
 * made when they are stored, so that what is measured is the caller and next to nothing of this. Runs in workerd too.
 */
import { FIELDS, wireRows } from './workload.ts'

export const CONNECTION = 'postgresql://bench:bench@ep-bench-000000.eu-central-1.aws.neon.tech/bench'
export const UPSTASH = { url: 'https://bench.upstash.io', token: 'bench' }

export class Endpoints {
  redisTrips = 0
  redisCommands = 0
  databaseTrips = 0
  /** Writes are acknowledged and dropped, so that everything stays a miss; their values are not even read. */
  forgetful = false
  /** Values as they stand in an answer, base64 or not as whoever stored them reads them. */
  readonly #values = new Map<string, string>()
  readonly #results: string[]

  /** @param rows What every query returns. @param parameters How many parameters there are, from 0. */
  constructor(rows: number, parameters: number) {
    this.#results = Array.from({ length: parameters }, (_, id) => {
      const wire = wireRows(rows, id)
      return JSON.stringify({ command: 'SELECT', rowCount: rows, rowAsArray: true, fields: FIELDS, rows: wire })
    })
  }

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url
    const body = init!.body as string
    const text = url.startsWith(UPSTASH.url) ? this.#redis(url, body, init!.headers) : this.#neon(body)
    return new Response(text, { headers: JSON_TYPE })
  }

  /** As FLUSHDB. */
  clear(): void {
    this.#values.clear()
  }

  #neon(body: string): string {
    this.databaseTrips++
    return this.#results[Number((JSON.parse(body) as { params: string[] }).params[0])]!
  }

  #redis(url: string, body: string, headers: RequestInit['headers']): string {
    this.redisTrips++
    const many = url.endsWith('/pipeline')
    if (this.forgetful && !READS.test(body)) return this.#acknowledge(body, many)
    const given = JSON.parse(body) as unknown
    const commands = (many ? given : [given]) as unknown[][]
    this.redisCommands += commands.length
    const base64 = isBase64(headers)
    const results = commands.map((command) => `{"result":${this.#run(command, base64)}}`)
    return many ? `[${results.join(',')}]` : results[0]!
  }

  /** Commands begin where a list begins: within a text a quote has a backslash before it. */
  #acknowledge(body: string, many: boolean): string {
    const results = Array.from(body.matchAll(COMMANDS), ([, name]) => `{"result":${acknowledgement(name!)}}`)
    this.redisCommands += results.length
    return many ? `[${results.join(',')}]` : results[0]!
  }

  /** The result as JSON. */
  #run([name, ...given]: unknown[], base64: boolean): string {
    const args = given.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
    const [key, field, value] = args as [string, string, string]
    switch (String(name).toLowerCase()) {
      case 'get':
        return this.#values.get(key) ?? 'null'
      case 'mget':
        return `[${args.map((one) => this.#values.get(one) ?? 'null').join(',')}]`
      case 'hget':
        return this.#values.get(`${key} ${field}`) ?? 'null'
      case 'set':
        this.#values.set(key, shown(field, base64))
        return '"OK"'
      case 'hset':
        this.#values.set(`${key} ${field}`, shown(value, base64))
        return '1'
      case 'msetnx':
        return this.#setWhereNone(args, base64) ? '1' : '0'
      default:
        return acknowledgement(String(name))
    }
  }

  #setWhereNone(pairs: readonly string[], base64: boolean): boolean {
    if (pairs.some((key, at) => at % 2 === 0 && this.#values.has(key))) return false
    for (let at = 0; at < pairs.length; at += 2) this.#values.set(pairs[at]!, shown(pairs[at + 1]!, base64))
    return true
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }
const READS = /^\[+"(get|mget|hget)"/i
const COMMANDS = /(?:^\[+|\],\[)"(\w+)"/g

/** What is answered to commands that store nothing anybody reads. */
const ACKNOWLEDGED: Readonly<Record<string, string>> = {
  set: '"OK"',
  hset: '1',
  hincrby: '1',
  bitfield: '[]',
  sadd: '1',
  expire: '1',
  hexpire: '[1]',
}

function acknowledgement(name: string): string {
  const answer = ACKNOWLEDGED[name.toLowerCase()]
  if (answer === undefined) throw new Error(`the benchmark's Redis does not know ${name}`)
  return answer
}

const isBase64 = (headers: RequestInit['headers']): boolean => new Headers(headers).get('upstash-encoding') === 'base64'

function shown(text: string, base64: boolean): string {
  if (!base64) return JSON.stringify(text)
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return JSON.stringify(btoa(binary))
}
