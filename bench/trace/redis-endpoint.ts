/** Upstash's REST protocol over the package's embedded store, with simulated time and Upstash's way of counting what is billed. */
import { createHash } from 'node:crypto'
import { EmbeddedRedis, RedisReplyError } from '../../dist/dev/embedded-redis/index.js'
import type { Reply } from '../../dist/dev/embedded-redis/index.js'
import type { Clock } from './clock.ts'
import type { Endpoint } from './network.ts'

export const REDIS = { url: 'https://redis.test', token: 'token' }

type Result = { result: Reply } | { error: string }

export class RedisEndpoint implements Endpoint {
  /** A pipeline's commands count one by one, a script as one and each command inside it. */
  commands = 0
  readonly store: EmbeddedRedis
  readonly #clock: Clock
  readonly #fieldsUntil = new Map<string, number>()
  readonly #scripts = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.store = new EmbeddedRedis({ now: () => clock.now })
  }

  answer(path: string, headers: Headers, body: string): { status: number; text: string } {
    const sent = JSON.parse(body) as unknown[]
    const result = path === '/pipeline' ? (sent as unknown[][]).map((one) => this.#run(one)) : this.#run(sent)
    const status = 'error' in result ? 400 : 200
    return { status, text: JSON.stringify(headers.get('upstash-encoding') === 'base64' ? encoded(result) : result) }
  }

  #run(words: readonly unknown[]): Result {
    const command = words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word)))
    const name = command[0]!.toLowerCase()
    this.commands++
    try {
      if (name === 'hexpire') return { result: this.#hexpire(command) }
      if (name === 'hget') this.#expire(command[1]!, command[2]!)
      if (name === 'eval' || name === 'evalsha') return { result: this.#script(name, command) }
      return { result: this.store.run(command) }
    } catch (error) {
      if (error instanceof RedisReplyError) return { error: error.message }
      throw error
    }
  }

  /** `HEXPIRE key seconds FIELDS n field`, which the embedded store does not know. */
  #hexpire([, key, seconds, , , field]: readonly string[]): Reply {
    this.#fieldsUntil.set(`${key}\0${field}`, this.#clock.now + Number(seconds) * 1000)
    return [1]
  }

  #expire(key: string, field: string): void {
    const id = `${key}\0${field}`
    if (this.#clock.now < (this.#fieldsUntil.get(id) ?? Infinity)) return
    this.store.run(['hdel', key, field])
    this.#fieldsUntil.delete(id)
  }

  /** The one script that a participant runs: drizzle's, which deletes every hash that a table's set names. */
  #script(name: string, [, code, count, ...words]: readonly string[]): Reply {
    const sha = name === 'eval' ? createHash('sha1').update(code!).digest('hex') : code!
    if (name === 'evalsha' && !this.#scripts.has(sha)) throw new RedisReplyError('NOSCRIPT No matching script.')
    this.#scripts.add(sha)
    const tables = words.slice(1, Number(count))
    const hashes = this.store.run(['sunion', ...tables]) as string[]
    this.store.run(['del', ...hashes, ...tables])
    this.commands += 2
    return null
  }
}

const encoded = (body: Result | Result[]): unknown =>
  Array.isArray(body) ? body.map(encoded) : 'error' in body ? body : { result: encodedReply(body.result) }

function encodedReply(reply: Reply): Reply {
  if (Array.isArray(reply)) return reply.map(encodedReply)
  return typeof reply === 'string' && reply !== 'OK' ? Buffer.from(reply).toString('base64') : reply
}
