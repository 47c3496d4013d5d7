import { request } from 'node:http'
import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedis } from '../../src/dev/redis-backend.js'
import type { RedisBackend } from '../../src/dev/redis-backend.js'
import type { Endpoint } from '../../src/dev/serve.js'
import { serveUpstash } from '../../src/dev/upstash.js'
import { findRedisServer } from './connection.js'

const TOKEN = 'a token/of+this test'
const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value'
const kinds = ['embedded', ...(findRedisServer() === undefined ? [] : ['redis-server'])]

describe.each(kinds)("the requests of Upstash's protocol, in front of %s", (kind) => {
  let backend: RedisBackend
  let endpoint: Endpoint
  let counted: string[][]
  beforeAll(async () => {
    backend = await openRedis(undefined, kind === 'embedded')
    endpoint = await serveUpstash(backend, TOKEN, undefined, (names) => void counted.push(names))
  })
  afterAll(async () => {
    await endpoint.close()
    await backend.close()
  })
  beforeEach(async () => {
    await backend.run(['FLUSHALL'])
    counted = []
  })

  async function ask(path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(endpoint.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { Authorization: `Bearer ${TOKEN}`, ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as unknown, headers: response.headers }
  }
  const answer = async (path: string, body?: unknown, headers?: Record<string, string>) => {
    const { status, body: answered } = await ask(path, body, headers)
    return [status, answered]
  }
  const error = (start: string) => ({ error: expect.stringMatching(new RegExp(`^${start}`)) as string })

  it('takes a command as a list, with numbers and flags as they are written', async () => {
    expect(await answer('/', ['SET', 'k', 1.5])).toEqual([200, { result: 'OK' }])
    expect(await answer('/', ['get', 'k'])).toEqual([200, { result: '1.5' }])
    expect(await answer('/', ['SET', 'k', true, 'EX', 100])).toEqual([200, { result: 'OK' }])
    expect(await answer('/', ['MGET', 'k', 'absent'])).toEqual([200, { result: ['true', null] }])
    expect(await answer('/', ['SET', 'k', { a: 1 }])).toEqual([200, { result: 'OK' }])
    expect(await answer('/', ['GET', 'k'])).toEqual([200, { result: '{"a":1}' }])
  })

  it('takes a command in the path, its body and its query', async () => {
    expect(await answer('/set/a%20key/a%2Fvalue/EX/100')).toEqual([200, { result: 'OK' }])
    expect(await answer('/get/a%20key')).toEqual([200, { result: 'a/value' }])
    expect(await answer('/set/k?EX=100', 'the body')).toEqual([200, { result: 'OK' }])
    expect(await answer('/ttl/k')).toEqual([200, { result: expect.any(Number) as number }])
    expect(await answer('/get/k')).toEqual([200, { result: 'the body' }])
    expect(await answer('/get/%E0%A4%A')).toEqual([200, { result: null }])
  })

  it('answers a failed command with 400, and with its place in a pipeline', async () => {
    expect(await answer('/', ['LPUSH', 'list', 'a'])).toEqual([200, { result: 1 }])
    expect(await answer('/', ['GET', 'list'])).toEqual([400, { error: wrongType }])
    expect(await answer('/pipeline', [['GET', 'list'], ['NOPE'], ['LLEN', 'list']])).toEqual([
      200,
      [{ error: wrongType }, error("ERR unknown command 'NOPE'"), { result: 1 }],
    ])
  })

  it('runs a transaction as one: what cannot be queued discards all of it, what fails when it runs does not', async () => {
    expect(
      await answer('/multi-exec', [
        ['SET', 'k', 'v'],
        ['LPUSH', 'k', 'a'],
        ['GET', 'k'],
      ]),
    ).toEqual([200, [{ result: 'OK' }, { error: wrongType }, { result: 'v' }]])
    for (const refused of [['NOPE'], ['GET'], ['SUBSCRIBE', 'c']]) {
      expect(await answer('/multi-exec', [['SET', 'k', 'changed'], refused])).toEqual([400, error('EXECABORT ')])
      expect(await answer('/', ['GET', 'k'])).toEqual([200, { result: 'v' }])
    }
  })

  it('keeps the commands of a transaction together among many others', async () => {
    const sums = await Promise.all(
      Array.from({ length: 25 }, async () => {
        const [, replies] = await answer('/multi-exec', [
          ['INCRBY', 'n', 2],
          ['GET', 'n'],
          ['DECR', 'n'],
          ['GET', 'n'],
        ])
        const [up, , down] = (replies as { result: number | string }[]).map(({ result }) => Number(result))
        return up! - down!
      }),
    )
    expect(sums).toEqual(Array.from({ length: 25 }, () => 1))
  })

  it('encodes every text of an answer in base64 where that is asked for, except OK and errors', async () => {
    const base64 = { 'Upstash-Encoding': 'base64' }
    const text = (value: string) => Buffer.from(value).toString('base64')
    expect(await answer('/', ['SET', 'k', 'ü🦊'], base64)).toEqual([200, { result: 'OK' }])
    expect(await answer('/', ['GET', 'k'], base64)).toEqual([200, { result: text('ü🦊') }])
    expect(await answer('/', ['GET', 'absent'], base64)).toEqual([200, { result: null }])
    expect(await answer('/', ['SCAN', '0'], base64)).toEqual([200, { result: [text('0'), [text('k')]] }])
    expect(await answer('/', ['LLEN', 'k'], base64)).toEqual([400, { error: wrongType }])
    expect(
      await answer(
        '/pipeline',
        [
          ['STRLEN', 'k'],
          ['GET', 'k'],
          ['LLEN', 'k'],
        ],
        base64,
      ),
    ).toEqual([200, [{ result: 6 }, { result: text('ü🦊') }, { error: wrongType }]])
  })

  it('lets in who knows the token, in the header or the query', async () => {
    const refused = [401, error('WRONGPASS ')]
    for (const header of ['', 'Bearer', 'Bearer ', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`])
      expect(await answer('/', ['PING'], { Authorization: header })).toEqual(refused)
    expect(await answer(`/ping?_token=${encodeURIComponent(TOKEN)}`, undefined, { Authorization: '' })).toEqual([
      200,
      { result: 'PONG' },
    ])
    expect(await answer('/ping?_token=wrong', undefined, { Authorization: '' })).toEqual(refused)
    expect(counted).toEqual([['ping']])
  })

  it.each([
    ['/', 'no json'],
    ['/', ''],
    ['/', '{"command":"PING"}'],
    ['/', '[]'],
    ['/', '[["PING"]]'],
    ['/pipeline', '["PING"]'],
    ['/pipeline', '[]'],
    ['/pipeline', '[["PING"],[]]'],
    ['/multi-exec', '{"a":1}'],
    ['/multi-exec', 'null'],
  ])('refuses at %s the body %s', async (path, body) => {
    expect(await answer(path, body)).toEqual([400, error('ERR ')])
    expect(counted).toEqual([])
  })

  it.each(
    `SUBSCRIBE c, MONITOR, MULTI, EXEC, WATCH k, BLPOP k 0, BZPOPMIN k 0, WAIT 1 0, SHUTDOWN NOSAVE, config get dir,
     DEBUG SLEEP 9, CLIENT KILL TYPE normal, SELECT 1, SWAPDB 0 1, HELLO 3, RESET, QUIT, REPLICAOF NO ONE, ACL LIST, SAVE,
     XREAD BLOCK 0 STREAMS s $`.split(/,\s+/),
  )('refuses %s, which is not for requests, and goes on', async (command) => {
    const words = command.split(' ')
    expect(await answer('/', words)).toEqual([400, error('ERR ')])
    expect(await answer('/pipeline', [words, ['PING']])).toEqual([200, [error('ERR '), { result: 'PONG' }]])
  })

  it('hands out a sync token, which the client sends back', async () => {
    const first = Number((await ask('/', ['PING'])).headers.get('upstash-sync-token'))
    const second = Number((await ask('/', ['PING'])).headers.get('upstash-sync-token'))
    expect(second).toBeGreaterThan(first)
  })

  it('counts the commands of each request by name, and shows no more of them', async () => {
    await ask('/', ['SET', 'k', 'secret'])
    await ask('/pipeline', [
      ['GET', 'k'],
      ['del', 'k'],
    ])
    await ask('/get/k')
    expect(counted).toEqual([['set'], ['get', 'del'], ['get']])
  })

  it('takes values of ten megabytes, and says when a request is too large', async () => {
    const value = 'x'.repeat(10_000_000)
    expect(await answer('/', ['SET', 'k', value])).toEqual([200, { result: 'OK' }])
    expect(((await ask('/', ['GET', 'k'])).body as { result: string }).result === value).toBe(true)
    expect(await tooLarge(endpoint.url)).toBe(413)
  })

  it("gives the client's own values back through its own methods", async () => {
    const redis = new Redis({ url: endpoint.url, token: TOKEN, enableTelemetry: false, retry: false })
    expect(await redis.set('doc', { a: [1, 'ü', null] }, { nx: true, px: 100_000 })).toBe('OK')
    expect(await redis.set('doc', 'other', { nx: true })).toBeNull()
    expect(await redis.mget('doc', 'absent')).toEqual([{ a: [1, 'ü', null] }, null])
    expect(await redis.hset('h', { one: 1, two: 'zwei' })).toBe(2)
    expect(await redis.hgetall('h')).toEqual({ one: 1, two: 'zwei' })
    expect(await redis.zadd('z', { score: 1.5, member: 'a' }, { score: 2, member: 'b' })).toBe(2)
    expect(await redis.zrange('z', 0, -1, { withScores: true })).toEqual(['a', 1.5, 'b', 2])
    const [cursor, keys] = await redis.scan(0, { match: '[dh]*', count: 100 })
    expect([cursor, keys.toSorted()]).toEqual(['0', ['doc', 'h']])
    await expect(redis.incr('doc')).rejects.toThrow('ERR value is not an integer or out of range')
    expect(await redis.multi().incr('n').incr('n').exec()).toEqual([1, 2])
    expect(await Promise.all([redis.incr('n'), redis.incr('n'), redis.get('n')])).toEqual([3, 4, 4])
  })
})

/** A request of 65 MB, piece by piece. */
function tooLarge(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { Authorization: `Bearer ${TOKEN}` } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject)
    const piece = Buffer.alloc(1024 * 1024, 'x')
    for (let i = 0; i < 65; i++) sent.write(piece)
    sent.end()
  })
}
