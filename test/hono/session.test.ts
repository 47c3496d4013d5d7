import { beforeEach, describe, expect, it, vi } from 'vitest'
import { queryCache } from '../../src/hono/index.js'
import { versionMark } from '../../src/own-writes.js'
import { uniqueValue } from '../../src/runtime.js'
import type { CachedQueryExecutor } from '../../src/index.js'
import { FakeRedis } from '../support/fake-redis.js'
import { SQL } from '../support/isolates.js'
import { Client, Site } from '../support/site.js'
import type { App } from '../support/site.js'

let site: Site
beforeEach(() => void (site = new Site()))

/** Redis and the database of the isolates, and an isolate of its own. */
const isolate: Site['isolate'] = (...given) => site.isolate(...given)
const warm: Site['warm'] = (...apps) => site.warm(...apps)
const flushed = () => site.flushed()

describe('gap N3: the session cookie', () => {
  it('lets a client see its own write on another isolate, whose memory holds the old rows', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const [writer, other] = [new Client(), new Client()]
    await writer.ask(a, '/', 'POST')
    expect(await writer.ask(b)).toBe('miss')
    // What was read for him answers him again, and his write concerns nothing else.
    await flushed()
    expect(await writer.ask(b)).toBe('l1')
    expect(await writer.ask(b, '/posts')).toBe('l1')
    expect(await other.ask(isolate())).toBe('l2')
  })

  it('is bounded, short-lived, signed, and holds no name, tag or key', async () => {
    const a = isolate({}, { redis: { url: 'https://redis.invalid', token: 'secret-token', client: site.redis.sdk } })
    const client = new Client()
    await client.ask(a, '/many', 'POST')
    const [line] = client.last
    expect(client.last).toHaveLength(1)
    expect(line).toMatch(/^eqc-session-[0-9a-f]{8}=[^;]{1,400}; Max-Age=10; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(decodeURIComponent(line!)).not.toMatch(/users|table_|secret|hot/)
    // More than fits means everything.
    const b = isolate({}, { redis: { token: 'secret-token', client: site.redis.sdk } })
    await warm(b)
    expect(await client.ask(b, '/posts')).toBe('miss')
  })

  it("is signed with the token that a client of the user's own shows", async () => {
    const withToken = (token: string) => {
      const shown = { data: site.redis.data, client: { headers: { authorization: `Bearer ${token}` } } }
      return isolate({}, { redis: { client: Object.assign(new FakeRedis(), shown).sdk } })
    }
    const [a, same, another] = ['one', 'one', 'another'].map(withToken) as [App, App, App]
    await warm(a, same, another)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    expect(await client.ask(another)).toBe('l1')
    expect(await client.ask(same)).toBe('miss')
  })

  it('is over for a stream or a socket, too, that asks on when its request is long answered', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const [client, other] = [new Client(), new Client()]
    await client.ask(a, '/', 'POST')
    let stream!: CachedQueryExecutor
    site.run = (executor) => void (stream = executor)
    await client.ask(b, '/run')
    // Somebody else writes: no result has the client's own version any more.
    await other.ask(a, '/', 'POST')
    const outcome = async () => (await stream.queryResult(SQL, [1])).cache.outcome
    const outcomes = async () => [await outcome(), await outcome(), await outcome()]
    expect(await outcomes()).toEqual(['miss', 'miss', 'miss'])
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] })
    try {
      await outcomes()
      await flushed()
      expect((await outcomes()).at(-1)).toBe('l1')
    } finally {
      vi.useRealTimers()
    }
  })

  it('holds enough of a version to tell it from every other', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => versionMark(uniqueValue()))).size).toBe(10_000)
  })

  it('carries tags and keys as well as tables', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/key', 'POST')
    expect(await client.ask(b, '/key')).toBe('miss')
    expect(await client.ask(b, '/')).toBe('l1')
  })

  it('carries everything after a write that is not understood', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/all', 'POST')
    expect(await client.ask(b, '/')).toBe('miss')
    expect(await client.ask(b, '/posts')).toBe('miss')
  })

  it('carries names whose invalidation failed, for longer, and then the database answers', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    site.redis.before = () => Promise.reject(new Error('away'))
    await client.ask(a, '/', 'POST')
    site.redis.before = () => {}
    expect(client.last[0]).toContain('Max-Age=60')
    for (let i = 0; i < 3; i++) {
      expect(await client.ask(b)).toBe('miss')
      await flushed()
    }
  })

  it('carries names of a write that is still under way, or whose end is not known', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    const { answer } = site.database
    let commit!: () => void
    site.database.answer = () => new Promise((resolve) => (commit = () => resolve([])))
    await client.ask(a, '/slow', 'POST')
    expect(client.last[0]).toContain('Max-Age=60')
    site.database.answer = answer
    expect(await client.ask(b)).toBe('miss')
    commit()
    await flushed()
    expect(await client.ask(b)).toBe('miss')
  })

  it('takes no version for that of a write which may still commit, though its fence is lost', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    const { answer } = site.database
    site.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await client.ask(a, '/', 'POST')
    expect(client.last[0]).toContain('Max-Age=60')
    site.database.answer = answer
    for (const key of site.redis.data.keys()) if (key.includes(':f:')) site.redis.data.delete(key)
    for (let i = 0; i < 3; i++) {
      expect(await client.ask(b)).toBe('miss')
      await flushed()
    }
  })

  it('is not set by a request that wrote nothing, or whose write the database refused', async () => {
    const a = isolate()
    await warm(a)
    const client = new Client()
    await client.ask(a)
    expect(client.last).toEqual([])
    site.database.answer = () => Promise.reject(Object.assign(new Error('duplicate key'), { code: '23505' }))
    await client.ask(a, '/', 'POST')
    expect(client.last).toEqual([])
  })

  it('believes nothing but the very versions of the writes, where a replica of Redis lags behind', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const before = new Map(site.redis.data)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    const replica = new FakeRedis()
    for (const [key, value] of before) replica.data.set(key, value)
    const lagging = isolate({}, { redis: { client: replica.sdk } })
    expect(await client.ask(lagging)).toBe('miss')
    expect(await new Client().ask(lagging)).toBe('l1')
    expect(await client.ask(lagging)).toBe('miss')
  })

  it('answers from the database when its check of the versions fails', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    site.redis.before = () => Promise.reject(new Error('away'))
    expect(await client.ask(b)).toBe('miss')
  })

  it('keeps both of two writes at once, and one for two in sequence', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await Promise.all([client.ask(a, '/', 'POST'), client.ask(b, '/posts', 'POST')])
    expect(client.jar.size).toBe(2)
    await client.ask(a, '/', 'POST')
    expect(client.jar.size).toBe(2)
    await client.ask(a, '/posts', 'POST')
    expect(client.jar.size).toBe(2)
    const c = isolate()
    expect([await client.ask(c), await client.ask(c, '/posts')]).toEqual(['miss', 'miss'])
  })

  it('stays few: one that means everything takes the place of many', async () => {
    const a = isolate()
    const client = new Client()
    await Promise.all(Array.from({ length: 9 }, () => client.ask(a, '/', 'POST')))
    expect(client.jar.size).toBe(9)
    await client.ask(a, '/posts', 'POST')
    expect([...client.jar.keys()]).toEqual(['eqc-session-all'])
    await client.ask(a, '/key')
    await flushed()
    expect(await client.ask(a, '/key')).toBe('miss')
  })

  it('means everything when there are more than are looked at', async () => {
    const [a, b] = [isolate(), isolate()]
    await warm(a, b)
    const client = new Client()
    await Promise.all(Array.from({ length: 66 }, () => client.ask(a, '/', 'POST')))
    expect(client.jar.size).toBe(66)
    expect(await client.ask(b, '/posts')).toBe('miss')
    for (const name of client.jar.keys()) client.jar.set(name, 'forged')
    await flushed()
    expect(await client.ask(b, '/posts')).toBe('l1')
  })

  it('is ignored when it is malformed, forged, of another Redis, or over', async () => {
    const token = (text: string) => ({ redis: { token: text, client: site.redis.sdk } })
    const [a, b] = [isolate({}, token('one')), isolate({}, token('one'))]
    await warm(a, b)
    const client = new Client()
    // One that nothing kept will do for, wherever it is believed.
    site.redis.before = () => Promise.reject(new Error('away'))
    await client.ask(a, '/', 'POST')
    site.redis.before = () => {}
    expect(await client.ask(b)).toBe('miss')
    await warm(b)
    const [[name, value]] = [...client.jar] as [[string, string]]
    const signature = value.slice(value.lastIndexOf('.'))
    for (const forged of [
      '',
      'nonsense',
      '%E0%A4%A',
      `1.*${signature}`,
      value.slice(1),
      value.slice(0, -4),
      `${value}x`,
      'x'.repeat(3_000),
    ]) {
      const response = await b.request('/', { headers: { cookie: `${name}=${forged}` } })
      expect(response.headers.get('Cache-Status')).toContain('l1')
    }
    const other = isolate({}, token('another'))
    await warm(other)
    expect(await client.ask(other)).toBe('l1')
    const { now } = Date
    try {
      Date.now = () => now() + 100_000
      await warm(b)
      expect(await client.ask(b)).toBe('l1')
    } finally {
      Date.now = now
    }
  })

  it('is off by option', async () => {
    const [a, b] = [isolate({ session: false }), isolate({ session: false })]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    expect(client.last).toEqual([])
    expect(await client.ask(b)).toBe('l1')
  })

  it('takes a name, a lifetime and a place, and says what is allowed', async () => {
    const session = {
      name: 'mine',
      maxAge: 3,
      path: '/',
      domain: 'example.com',
      sameSite: 'None',
      secure: true,
    } as const
    const client = new Client()
    await client.ask(isolate({ session }), '/', 'POST')
    expect(client.last[0]).toMatch(
      /^mine-\w+=.*; Max-Age=3; Domain=example.com; Path=\/; HttpOnly; Secure; SameSite=None$/,
    )
    expect(() => queryCache({ session: { name: 'a b' } })).toThrow(/`session.name`.*letters, digits, - and _/)
    expect(() => queryCache({ session: { maxAge: 0 } })).toThrow(/`session.maxAge` is 0.*seconds/)
    expect(() => queryCache({ session: { seconds: 1 } as never })).toThrow('`session.seconds` is not an option')
    expect(() => queryCache({ session: 'on' as never })).toThrow('`session`')
  })

  it('lasts longer than another isolate may answer from older entries', async () => {
    const client = new Client()
    await client.ask(isolate({}, { consistency: { maxStalenessSeconds: 20 } }), '/', 'POST')
    expect(client.last[0]).toContain('Max-Age=25;')
  })

  it('lasts as long as an unknown write may take, however short `maxAge` is', async () => {
    const a = isolate({ session: { maxAge: 3 } })
    const client = new Client()
    site.redis.before = () => Promise.reject(new Error('away'))
    await client.ask(a, '/', 'POST')
    expect(client.last[0]).toContain('Max-Age=60;')
  })

  it('is sent back over HTTPS only, where the request came by it', async () => {
    const response = await isolate().request('https://example.com/', { method: 'POST' })
    expect(response.headers.get('Set-Cookie')).toContain('; Secure')
  })

  it('works without Redis: the other isolate asks the database', async () => {
    const local = { type: 'local' } as const
    const [a, b] = [isolate({}, local), isolate({}, local)]
    await warm(a, b)
    const client = new Client()
    await client.ask(a, '/', 'POST')
    expect(await client.ask(b)).toBe('miss')
    expect(await client.ask(b, '/posts')).toBe('l1')
  })
})
