/**
 * Upstash's REST protocol: `POST /` with one command, `/pipeline`, `/multi-exec`, commands in the path, base64 answers, its errors.
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RedisBackend, RedisReply, RedisResult } from './redis-backend.js'
import { serve } from './serve.js'
import type { Answer, Endpoint } from './serve.js'

/** What the REST service does not take: it needs a connection of its own, waits, or reaches the server itself. */
const REFUSED = new Set(
  [
    'subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe monitor',
    'multi exec discard watch unwatch',
    'blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop wait waitaof',
    'shutdown config debug replicaof slaveof replconf sync psync client cluster save bgsave bgrewriteaof lastsave role module acl',
    'latency slowlog auth hello select swapdb move quit reset failover migrate',
  ].flatMap((names) => names.split(' ')),
)

export function serveUpstash(
  redis: RedisBackend,
  token: string,
  port: number | undefined,
  count: (commands: string[]) => void,
): Promise<Endpoint> {
  let synced = 0
  return serve('Upstash', port, async (request, body) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!authorised(request, url, token))
      return {
        status: 401,
        body: {
          error: 'WRONGPASS invalid or missing auth token. See https://upstash.com/docs/redis for the REST token',
        },
      }
    const answer = await answerTo(redis, request, url, body, count)
    return {
      ...answer,
      body: request.headers['upstash-encoding'] === 'base64' ? encoded(answer.body) : answer.body,
      headers: { 'Upstash-Sync-Token': String(++synced) },
    }
  })
}

function authorised(request: IncomingMessage, url: URL, token: string): boolean {
  const given = /^Bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1] ?? url.searchParams.get('_token') ?? ''
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

async function answerTo(
  redis: RedisBackend,
  request: IncomingMessage,
  url: URL,
  body: string,
  count: (commands: string[]) => void,
): Promise<Answer> {
  if (url.pathname === '/pipeline' || url.pathname === '/multi-exec') {
    const commands = parsed(body)
    if (!isCommandList(commands)) return bad('ERR failed to parse pipeline request')
    const texts = commands.map(asTexts)
    count(texts.map(nameOf))
    const refused = texts.find(isRefused)
    if (url.pathname === '/pipeline')
      return { status: 200, body: await Promise.all(texts.map((command) => run(redis, command))) }
    if (refused) return bad(`EXECABORT Transaction discarded because of: ${notAvailable(refused)}`)
    const results = await redis.transaction(texts)
    return Array.isArray(results) ? { status: 200, body: results } : bad(results.error)
  }
  const command = url.pathname === '/' ? parsed(body) : pathCommand(url, request.method === 'POST' ? body : '')
  if (!isCommand(command)) return bad('ERR failed to parse command')
  const texts = asTexts(command)
  count([nameOf(texts)])
  const result = await run(redis, texts)
  return { status: 'error' in result ? 400 : 200, body: result }
}

const run = async (redis: RedisBackend, command: readonly string[]): Promise<RedisResult> =>
  isRefused(command) ? { error: notAvailable(command) } : redis.run(command)

/** Reading streams is refused only where it waits, which would keep everyone else waiting. */
const isRefused = (command: readonly string[]): boolean =>
  REFUSED.has(nameOf(command)) ||
  (/^xread(group)?$/.test(nameOf(command)) && command.some((part) => part.toLowerCase() === 'block'))

const notAvailable = (command: readonly string[]): string =>
  `ERR Command is not available: '${command[0]}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`

const nameOf = (command: readonly string[]): string => command[0]!.toLowerCase()

const bad = (error: string): Answer => ({ status: 400, body: { error } })

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const isCommand = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.length > 0 && !Array.isArray(value[0])
const isCommandList = (value: unknown): value is unknown[][] =>
  Array.isArray(value) && value.length > 0 && value.every(isCommand)

/** Numbers, booleans and objects in a command become the text that the REST service makes of them. */
const asTexts = (command: readonly unknown[]): string[] =>
  command.map((part) => (typeof part === 'string' ? part : part === null ? '' : JSON.stringify(part)))

/** `/set/key/value?EX=100`: the path's parts, a POST's body as the last argument, then the query's. */
function pathCommand(url: URL, body: string): string[] {
  const parts = url.pathname.slice(1).split('/').map(decoded)
  const rest = [...url.searchParams]
    .filter(([name]) => name !== '_token')
    .flatMap(([name, value]) => (value === '' ? [name] : [name, value]))
  return [...parts, ...(body === '' ? [] : [body]), ...rest]
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Every text of a result in base64; `OK` stays, as the service leaves it. Errors are never encoded. */
function encoded(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(encoded)
  if (typeof body !== 'object' || body === null || !('result' in body)) return body
  return { result: encodedReply(body.result as RedisReply) }
}

function encodedReply(reply: RedisReply): RedisReply {
  if (Array.isArray(reply)) return reply.map(encodedReply)
  return typeof reply === 'string' && reply !== 'OK' ? Buffer.from(reply).toString('base64') : reply
}
