import { Redis } from '@upstash/redis'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheEvent } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

/** The bodies of the requests that the unmodified SDK sends. */
let sent: string[]
beforeEach(() => {
  sent = []
  vi.stubGlobal('fetch', (_: unknown, { body }: { body: string }) => {
    sent.push(body)
    return Promise.reject(new TypeError('fetch failed'))
  })
})
afterEach(() => void vi.unstubAllGlobals())

const credentials = { url: 'https://redis.invalid', token: 'token' }

it.each([
  ['of its own', () => credentials],
  ["of the user's, with the SDK's retries", () => ({ client: new Redis({ ...credentials, retry: { retries: 5 } }) })],
])('each invalidation is one request with a version of its own, by a client %s', async (_, redis) => {
  const cache = createQueryCache({ type: 'hybrid', redis: redis() })
  const executor = new CachedQueryExecutor(new FakeDatabase(), cache)
  for (const attempt of [1, 2, 3]) {
    await expect(executor.invalidate({ tables: ['users'] })).rejects.toThrow('Redis')
    expect(sent).toHaveLength(attempt)
  }
  const versions = sent.map((body) => /"v[0-9a-f-]{36}"/.exec(body)![0])
  expect(new Set(versions).size).toBe(3)
})

it("a user's client asks as it was told to", async () => {
  const asked: RequestInit[] = []
  vi.stubGlobal('fetch', (_: unknown, init: RequestInit) => {
    asked.push(init)
    return Promise.reject(new TypeError('fetch failed'))
  })
  const client = new Redis({ ...credentials, cache: 'force-cache', keepAlive: false })
  const cache = createQueryCache({ type: 'hybrid', redis: { client } })
  await new CachedQueryExecutor(new FakeDatabase(), cache).query('SELECT n FROM users')
  expect(asked).toEqual([expect.objectContaining({ cache: 'force-cache', keepalive: false })])
})

it('takes credentials that were pasted with white space around them', async () => {
  const asked: unknown[] = []
  vi.stubGlobal('fetch', (url: string, { headers }: RequestInit) => {
    asked.push(url, new Headers(headers).get('Authorization'))
    return Promise.reject(new TypeError('fetch failed'))
  })
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const cache = createQueryCache({ type: 'hybrid', redis: { url: ' https://redis.invalid\n', token: 'token\n' } })
  await new CachedQueryExecutor(new FakeDatabase(), cache).query('SELECT n FROM users')
  expect(asked).toEqual(['https://redis.invalid', 'Bearer token'])
  expect(warn).not.toHaveBeenCalled()
  warn.mockRestore()
})

it('asks without a cache mode where the platform knows none', async () => {
  const asked: RequestInit[] = []
  vi.stubGlobal('fetch', (_: unknown, init: RequestInit) => {
    asked.push(init)
    return Promise.reject(new TypeError('fetch failed'))
  })
  const platform = globalThis.Request
  vi.stubGlobal('Request', function (input: string, init: RequestInit) {
    if (init.cache !== undefined) throw new Error('not implemented')
    return new platform(input, init)
  })
  const cache = createQueryCache({ type: 'hybrid', redis: credentials })
  await new CachedQueryExecutor(new FakeDatabase(), cache).query('SELECT n FROM users')
  expect(asked.map((init) => init.cache)).toEqual([undefined])
})

it.each([
  ['WRONGPASS invalid or missing auth token', 'unauthorized'],
  ['NOAUTH Authentication required.', 'unauthorized'],
  ["NOPERM this user has no permissions to run the 'mget' command", 'unauthorized'],
  ['Unauthorized', 'unauthorized'],
  ['ERR max storage size exceeded', 'full'],
  ['Too Many Requests', 'rate-limited'],
  ['Rate limit exceeded', 'rate-limited'],
  ["OOM command not allowed when used memory > 'maxmemory'", 'full'],
  ['ERR max data size exceeded', 'full'],
  ['ERR DB capacity quota exceeded', 'full'],
  ['ERR max requests limit exceeded', 'rate-limited'],
  ['ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.', 'rate-limited'],
  ['ERR max request size exceeded. Limit: 10485760 bytes', 'refused'],
  ['ERR unknown command', 'refused'],
  ['Internal error', 'server-error'],
])('an answer of %j is told as %s', async (error, failure) => {
  vi.stubGlobal('fetch', async () => Response.json({ error }, { status: 400 }))
  const told: unknown[] = []
  const onEvent = (event: CacheEvent) => void (event.type === 'redis-failed' && told.push(event.failure))
  const cache = createQueryCache({ type: 'hybrid', redis: credentials, onEvent })
  await new CachedQueryExecutor(new FakeDatabase(), cache).query('SELECT n FROM users')
  expect(told).toEqual([failure])
})

it.each([
  ['a wrong token', () => Response.json({ error: 'WRONGPASS invalid or missing auth token' }, { status: 401 })],
  [
    'one that may only read',
    (commands: unknown[]) =>
      Array.isArray(commands[0])
        ? Response.json(commands.map(() => ({ error: "NOPERM this user has no permissions to run the 'set' command" })))
        : Response.json({ result: commands.slice(1).map(() => null) }),
  ],
])('says once, without being listened to, that Redis refuses the token: %s', async (_, answer) => {
  vi.stubGlobal('fetch', async (_: unknown, { body }: { body: string }) => answer(JSON.parse(body) as unknown[]))
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const executor = new CachedQueryExecutor(new FakeDatabase(), { type: 'redis', redis: credentials })
  for (const table of ['users', 'orders']) {
    await executor.query(`SELECT n FROM ${table}`)
    await executor.flush()
  }
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/Redis refuses the token.*`redis.token`/)]])
  warn.mockRestore()
})

it.each([
  ['TimeoutError', 'timeout'],
  ['AbortError', 'timeout'],
  ['UpstashJSONParseError', 'nonsense'],
  ['SyntaxError', 'nonsense'],
  ['TypeError', 'network'],
])('a %s of a client is told as %s', async (name, failure) => {
  const world = new World()
  world.redis.before = () => {
    throw Object.assign(new Error('x'), { name })
  }
  await world.isolate().query('SELECT n FROM users')
  expect(world.events).toContainEqual({ type: 'redis-failed', operation: 'read', failure })
})

it.each<[string, (texts: unknown[]) => unknown]>([
  ['too few texts', (texts) => texts.slice(1)],
  ['too many texts', (texts) => [...texts, null]],
  ['a number', (texts) => [7, ...texts.slice(1)]],
  ['half a number', (texts) => [...texts.slice(1), 7.5]],
  ['no list', () => 'x'],
])('a read that is answered with %s is answered by the database, and counts as failed', async (_what, garbled) => {
  const world = new World()
  const a = world.isolate()
  await world.warm(a)
  world.redis.garble = (replies) => replies.map(({ result }) => ({ result: garbled(result as unknown[]) }))
  expect(await a.query(SQL, [1])).toEqual([{ n: 1 }])
  expect(world.events).toContainEqual({ type: 'redis-failed', operation: 'read', failure: 'nonsense' })
})

it('an invalidation with fewer replies than commands is none', async () => {
  const world = new World()
  const a = world.isolate({ consistency: { invalidate: 'fenced' } })
  await world.warm(a)
  world.redis.garble = (replies) => replies.slice(1)
  const write = await a.execute('UPDATE users SET n = 1')
  expect(write.cache).toMatchObject({ invalidated: false, fenced: false })
})

it('tells of a command that is refused within a trip', async () => {
  const world = new World()
  const a = world.isolate()
  await world.warm(a)
  world.events.length = 0
  world.redis.full = true
  await a.invalidate({ tables: ['users'] })
  expect(world.events).toContainEqual({ type: 'redis-failed', operation: 'invalidate', failure: 'full' })
})

it('sends the command alone: no telemetry, no other encoding, no connection that is kept', async () => {
  const asked: RequestInit[] = []
  vi.stubGlobal('fetch', (_: unknown, init: RequestInit) => {
    asked.push(init)
    return Promise.reject(new TypeError('fetch failed'))
  })
  const cache = createQueryCache({ type: 'hybrid', redis: credentials })
  await new CachedQueryExecutor(new FakeDatabase(), cache).query('SELECT n FROM users')
  expect(asked).toEqual([expect.objectContaining({ method: 'POST', keepalive: false })])
  const names = [...new Headers(asked[0]!.headers).keys()]
  expect(names).toContain('authorization')
  expect(names.filter((name) => /telemetry|encoding/.test(name))).toEqual([])
})

it('ends the request that it does not wait for any more', async () => {
  const asked: RequestInit[] = []
  vi.stubGlobal('fetch', (_: unknown, init: RequestInit) => {
    asked.push(init)
    return new Promise(() => undefined)
  })
  const cache = createQueryCache({ type: 'hybrid', redis: { ...credentials, timeoutMs: 1 } })
  await new CachedQueryExecutor(new FakeDatabase(), cache).query('SELECT n FROM users')
  expect(asked[0]!.signal?.aborted).toBe(true)
})

it('takes no name of a table for what Redis says', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ error: 'ERR unknown command' }, { status: 400 }))
  const told: unknown[] = []
  const onEvent = (event: CacheEvent) => void (event.type === 'redis-failed' && told.push(event.failure))
  const cache = createQueryCache({ type: 'hybrid', redis: credentials, onEvent })
  const executor = new CachedQueryExecutor(new FakeDatabase(), cache)
  await executor.query('SELECT n FROM rate_limits')
  await executor.query('SELECT n FROM unauthorized')
  expect(told).toEqual(['refused', 'refused'])
})

it('tells how full Redis is, where Redis tells', async () => {
  vi.stubGlobal('fetch', async (_: unknown, { body }: { body: string }) => {
    const isPipeline = Array.isArray((JSON.parse(body) as unknown[])[0])
    return Response.json(isPipeline ? [{ result: 7 }] : { result: '# Memory\r\nused_memory:1024\r\n' })
  })
  const cache = createQueryCache({ type: 'hybrid', redis: credentials })
  expect(await cache.getRedisInfo()).toEqual({ keyCount: 7, memoryUsage: 1024, hitRatio: 0 })
})

/** As many replies as commands were sent, all of them this. */
const answering = (result: unknown) =>
  vi.stubGlobal('fetch', async (_: unknown, { body }: { body: string }) => {
    const commands = JSON.parse(body) as unknown[]
    return Response.json(Array.isArray(commands[0]) ? commands.map(() => ({ result })) : { result })
  })

const NONSENSE = [null, {}, [], 'x', ['0'], ['0', null], ['0', 'x'], ['0', [null]], ['0', [{}]]]
it.each(NONSENSE.map((result) => [result]))(
  'replies of %j are no fence, no page of keys and no number of them',
  async (result) => {
    answering(result)
    const cache = createQueryCache({ type: 'hybrid', redis: credentials, consistency: { invalidate: 'fenced' } })
    const executor = new CachedQueryExecutor(new FakeDatabase(), cache)
    const write = await executor.execute('UPDATE users SET n = 1')
    expect(write.cache).toMatchObject({ invalidated: false, fenced: false })
    expect(await executor.cleanupCache().catch(({ code }) => code as unknown)).toSatisfy(
      (end) => end === 0 || end === 'REDIS_FAILED',
    )
    expect(await cache.getRedisInfo()).toMatchObject({ keyCount: 0, memoryUsage: null })
  },
)

it('an error that is null is none', async () => {
  vi.stubGlobal('fetch', async (_: unknown, { body }: { body: string }) => {
    const commands = JSON.parse(body) as string[][]
    return Response.json(commands.map(([name]) => ({ result: /mset/i.test(name!) ? 'OK' : 1, error: null })))
  })
  const cache = createQueryCache({ type: 'hybrid', redis: credentials, consistency: { invalidate: 'fenced' } })
  const executor = new CachedQueryExecutor(new FakeDatabase(), cache)
  const write = await executor.execute('UPDATE users SET n = 1')
  expect(write.cache).toMatchObject({ invalidated: true, fenced: true })
})
