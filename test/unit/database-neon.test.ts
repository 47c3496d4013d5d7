import { neon, neonConfig, NeonDbError } from '@neondatabase/serverless'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConnectionPool, DatabaseTimeoutError } from '../../src/database.js'
import type { ConnectionConfig } from '../../src/database.js'
import type { Database } from '../../src/types.js'
import { answerOf, neonEndpoint } from '../support/neon-endpoint.js'
import type { NeonEndpoint } from '../support/neon-endpoint.js'
import { until } from '../support/until.js'

const PASSWORD = 'p4ssw0rd'
const URL_ = `postgresql://app:${PASSWORD}@ep-x-123-pooler.us-east-2.aws.neon.tech/main?sslmode=require`
const HELLO = answerOf([['greeting', 25]], [['hello']])

let endpoint: NeonEndpoint
beforeEach(async () => {
  endpoint = await neonEndpoint(() => HELLO)
})
afterEach(async () => {
  await endpoint.close()
  vi.useRealTimers()
})

const open = (more: Partial<ConnectionConfig> = {}) =>
  createConnectionPool({ connectionString: URL_, fetchEndpoint: endpoint.url, ...more })

describe('a query', () => {
  it('comes back as raw text with nothing but name and type of each column', async () => {
    endpoint.answer = () =>
      answerOf(
        [
          ['n', 23],
          ['at', 1184],
        ],
        [['1', null]],
      )
    expect(await open().run({ sql: 'SELECT $1', params: [1] })).toStrictEqual({
      raw: true,
      command: 'SELECT',
      rowCount: 1,
      fields: [
        { name: 'n', dataTypeID: 23 },
        { name: 'at', dataTypeID: 1184 },
      ],
      rows: [['1', null]],
    })
  })

  it('is sent once, with the parameters that the driver makes of them', async () => {
    const params = [
      new Date(0),
      Buffer.from([1, 2]),
      new Uint8Array([3]),
      { a: 1 },
      ['x', null],
      null,
      1n,
      'text',
      { toPostgres: () => 'own' },
    ]
    await open().run({ sql: 'SELECT 1', params })
    const [mine] = endpoint.requests
    neonConfig.fetchEndpoint = endpoint.url
    await neon(URL_).query('SELECT 1', params)
    neonConfig.fetchEndpoint = undefined as never
    expect(endpoint.requests).toHaveLength(2)
    expect(mine!.body).toStrictEqual(endpoint.requests[1]!.body)
  })

  it.each([0, 1, 2, 4, 5, 8])('sends a first parameter of any kind as the driver does (%i)', async (i) => {
    const kinds = [
      new Date(0),
      Buffer.from([1]),
      new Uint8Array([3]),
      null,
      undefined,
      ['a', ['b']],
      1.5,
      true,
      { nested: { toPostgres: () => 'x' } },
    ]
    await open().run({ sql: 'SELECT $1', params: [kinds[i]] })
    neonConfig.fetchEndpoint = endpoint.url
    await neon(URL_).query('SELECT $1', [kinds[i]])
    neonConfig.fetchEndpoint = undefined as never
    expect(endpoint.requests[0]!.body).toStrictEqual(endpoint.requests[1]!.body)
  })

  it('is sent with the connection string that has no blanks around it', async () => {
    for (const connectionString of [URL_, ` ${URL_}\n`])
      await open({ connectionString }).run({ sql: 'SELECT 1', params: [] })
    const [bare, given] = endpoint.requests.map(({ headers }) => headers['neon-connection-string'])
    expect(given).toBe(bare)
  })

  it("rejects with the driver's own error", async () => {
    endpoint.answer = () => ({ status: 400, message: 'no such table', code: '42P01', position: '15' })
    const failed = open({ timeoutMs: 60_000 }).run({ sql: 'SELECT * FROM nothing', params: [] })
    await expect(failed).rejects.toSatisfy(
      (error) => error instanceof NeonDbError && error.code === '42P01' && error.position === '15',
    )
  })

  it('writes the command as one upper-case word', async () => {
    endpoint.answer = () => ({ ...answerOf([], []), command: 'create table', rowCount: null })
    expect(await open().run({ sql: 'CREATE TABLE t ()', params: [] })).toMatchObject({
      command: 'CREATE',
      rowCount: null,
      rows: [],
    })
  })
})

describe('a transaction', () => {
  it('is one request, with its modes, answered in order', async () => {
    endpoint.answer = ({ body }) => ({
      results: body.queries!.map(({ params }) => answerOf([['v', 23]], [[String(params[0])]])),
    })
    const statements = [1, 2].map((value) => ({ sql: 'SELECT $1::int AS v', params: [value] }))
    const results = await open().transaction(statements, {
      readOnly: true,
      isolationLevel: 'RepeatableRead',
      deferrable: false,
    })
    expect(results.map(({ rows }) => rows)).toStrictEqual([[['1']], [['2']]])
    expect(endpoint.requests).toHaveLength(1)
    expect(endpoint.requests[0]!.headers).toMatchObject({
      'neon-batch-isolation-level': 'RepeatableRead',
      'neon-batch-read-only': 'true',
      'neon-batch-deferrable': 'false',
    })
  })

  it('of no statements asks nobody', async () => {
    expect(await open().transaction([])).toStrictEqual([])
    expect(endpoint.requests).toHaveLength(0)
  })
})

describe('an endpoint of its own', () => {
  it('is seen by no other client, whenever that asks', async () => {
    const other = await neonEndpoint(() => answerOf([['greeting', 25]], [['other']]))
    neonConfig.fetchEndpoint = other.url
    try {
      const theirs = neon(URL_)
      const mine = open()
      const third = await neonEndpoint(() => answerOf([['greeting', 25]], [['third']]))
      const asked = await Promise.all([
        theirs.query('SELECT 1'),
        mine.run({ sql: 'SELECT 1', params: [1] }),
        theirs.query('SELECT 1'),
        mine
          .transaction([
            { sql: 'SELECT 1', params: [] },
            { sql: 'SELECT 1', params: [1] },
          ])
          .catch(() => 'not a batch answer'),
        theirs.transaction([theirs.query('SELECT 1')]).catch(() => 'not a batch answer'),
        createConnectionPool({ connectionString: URL_, fetchEndpoint: third.url }).run({ sql: 'SELECT 1', params: [] }),
        theirs.query('SELECT 1'),
      ])
      expect(neonConfig.fetchEndpoint).toBe(other.url)
      expect([endpoint.requests.length, other.requests.length, third.requests.length]).toStrictEqual([2, 4, 1])
      expect(asked[0]).toStrictEqual([{ greeting: 'other' }])
      await third.close()
    } finally {
      neonConfig.fetchEndpoint = undefined as never
      await other.close()
    }
  })

  it('is not seen by code that a parameter runs', async () => {
    const before = neonConfig.fetchEndpoint
    const seen: unknown[] = []
    const spy = (value: unknown) => ({ toPostgres: () => (seen.push(neonConfig.fetchEndpoint), value) })
    await open().run({ sql: 'SELECT $1, $2', params: [spy('a'), spy('b')] })
    await open()
      .transaction([
        { sql: 'SELECT 1', params: [] },
        { sql: 'SELECT $1', params: [spy('c')] },
      ])
      .catch(() => undefined)
    expect(seen).toStrictEqual([before, before, before])
  })

  it('is put back when a parameter cannot be sent', async () => {
    const before = neonConfig.fetchEndpoint
    const circular: unknown[] = []
    circular.push({
      toPostgres: () => {
        throw new TypeError('mine')
      },
    })
    await expect(open().run({ sql: 'SELECT $1', params: circular })).rejects.toThrow('mine')
    expect(neonConfig.fetchEndpoint).toBe(before)
  })

  it('may be a function of host and port', async () => {
    const asked: string[][] = []
    const database = open({
      connectionString: 'postgres://u:p@Host.test:6000/d',
      fetchEndpoint: (...given) => (asked.push(given), endpoint.url),
    })
    await database.run({ sql: 'SELECT 1', params: [] })
    await database.run({ sql: 'SELECT 1', params: [] })
    expect(asked).toStrictEqual([['host.test', '6000']])
  })
})

describe('a time limit', () => {
  it.each<[string, (database: Database) => Promise<unknown>]>([
    ['a query', (database) => database.run({ sql: 'SELECT 1', params: [] })],
    ['a transaction', (database) => database.transaction([{ sql: 'SELECT 1', params: [] }])],
  ])('of %s rejects with DatabaseTimeoutError and aborts the request', async (_, ask) => {
    const arrived = new Promise<void>((resolve) => {
      endpoint.answer = () => (resolve(), new Promise(() => undefined))
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const asked = ask(open({ timeoutMs: 30 })).catch((error: unknown) => error)
    await arrived
    vi.advanceTimersByTime(30)
    vi.useRealTimers()
    const error = await asked
    expect(error).toBeInstanceOf(DatabaseTimeoutError)
    expect(error).toMatchObject({ code: 'DATABASE_TIMEOUT', name: 'DatabaseTimeoutError' })
    expect((error as Error).message).toMatch(/did not answer within 30 ms.*`timeoutMs`/)
    await until('end of the request', () => endpoint.requests[0]!.abandoned)
  })

  it('of the call comes before that of the database', async () => {
    endpoint.answer = () => new Promise(() => undefined)
    const database = open({ timeoutMs: 60_000 })
    await expect(database.run({ sql: 'SELECT 1', params: [] }, { timeoutMs: 20 })).rejects.toThrow('20 ms')
    await expect(database.transaction([{ sql: 'SELECT 1', params: [] }], { timeoutMs: 20 })).rejects.toThrow('20 ms')
  })

  it('holds when the token never comes', async () => {
    const database = open({ timeoutMs: 20, authToken: () => new Promise<string>(() => undefined) })
    await expect(database.run({ sql: 'SELECT 1', params: [] })).rejects.toBeInstanceOf(DatabaseTimeoutError)
  })

  it('leaves no timer behind an answer, and a limit beyond what timers can do does not fire at once', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const cleared = vi.spyOn(globalThis, 'clearTimeout')
    await open({ timeoutMs: 1e12 }).run({ sql: 'SELECT 1', params: [] })
    const at = set.mock.calls.findIndex(([, delay]) => delay === 2_147_483_647)
    expect(at).toBeGreaterThanOrEqual(0)
    expect(cleared.mock.calls.flat()).toContain(set.mock.results[at]!.value)
    vi.restoreAllMocks()
  })
})

it('does nothing at construction', () => {
  const touched: string[] = []
  const spies = [
    vi.spyOn(globalThis, 'fetch').mockImplementation(() => (touched.push('fetch'), Promise.reject(new Error()))),
    vi.spyOn(globalThis, 'setTimeout').mockImplementation((() => touched.push('timer')) as never),
    vi.spyOn(Date, 'now').mockImplementation(() => (touched.push('clock'), 0)),
    vi.spyOn(Math, 'random').mockImplementation(() => (touched.push('random'), 0)),
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => (touched.push('random'), array)),
  ]
  open({ timeoutMs: 5, authToken: () => (touched.push('token'), '') })
  spies.forEach((spy) => spy.mockRestore())
  expect(touched).toStrictEqual([])
})

describe('identity', () => {
  const identity = (connectionString: string, more: Partial<ConnectionConfig> = {}) =>
    createConnectionPool({ connectionString, ...more }).identity
  const base = 'postgresql://u:p@h.test/d'

  it.each([
    ['the host', 'postgresql://u:p@other.test/d'],
    ['the pooled host', 'postgresql://u:p@h-pooler.test/d'],
    ['the port', 'postgresql://u:p@h.test:6543/d'],
    ['port 80', 'postgresql://u:p@h.test:80/d'],
    ['port 80 with a zero', 'postgresql://u:p@h.test:080/d'],
    ['port 80 before a backslash', 'postgresql://u:p@h.test:80\\d'],
    ['port 80 over two lines', 'postgresql://u:p@h.test:8\n0/d'],
    ['port 443', 'postgresql://u:p@h.test:443/d'],
    ['the database', 'postgresql://u:p@h.test/D'],
    ['the user', 'postgresql://v:p@h.test/d'],
    ['the search path', 'postgresql://u:p@h.test/d?search_path=tenant'],
    ['the options', 'postgresql://u:p@h.test/d?options=-c%20search_path%3Dtenant'],
    ['a value that is called like a secret', 'postgresql://u:p@h.test/d?search_path=tokens'],
    ['a name with one of the transport inside', 'postgresql://u:p@h.test/d?app.connect_as=tenant'],
  ])('differs by %s', (_, other) => {
    expect(identity(other)).not.toBe(identity(base))
  })

  it.each([
    ['the password', 'postgresql://u:q@h.test/d'],
    ['the case of the host', 'postgresql://u:p@H.TEST/d'],
    ['the default port', 'postgresql://u:p@h.test:5432/d'],
    ['the scheme', 'postgres://u:p@h.test/d'],
    ['the case of the scheme', 'POSTGRESQL://u:p@h.test/d'],
    ['the dot at the end of a full host name', 'postgresql://u:p@h.test./d'],
    ['blanks around it', ' postgresql://u:p@%68.test/d\n'],
    ['the transport', 'postgresql://u:p@h.test/d?sslmode=require&channel_binding=require&application_name=x'],
    ['what poolers are told', 'postgresql://u:p@h.test/d?pgbouncer=true&pool_timeout=5&connect_timeout=5&keepalives=1'],
    ['how else the application is called', 'postgresql://u:p@h.test/d?fallback_application_name=x'],
    ['percent-encoding', 'postgresql://%75:p@h.test/%64'],
  ])('does not depend on %s', (_, other) => {
    expect(identity(other)).toBe(identity(base))
  })

  it('covers the endpoint, does not depend on the order of parameters, and holds no password', () => {
    expect(identity(base, { fetchEndpoint: 'http://localhost:1/sql' })).not.toBe(identity(base))
    expect(identity(base, { fetchEndpoint: () => 'http://localhost:1/sql' })).toBe(
      identity(base, { fetchEndpoint: 'http://localhost:1/sql' }),
    )
    expect(identity(`${base}?a=1&b=2`)).toBe(identity(`${base}?b=2&a=1`))
    const parameters = ['password', 'sslpassword', 'client_secret', 'auth_token', 'apiKey'].map(
      (name) => `${name}=${PASSWORD}`,
    )
    const secrets = `postgresql://u:${PASSWORD}@h.test/d?${parameters.join('&')}`
    expect(identity(secrets)).not.toContain(PASSWORD)
  })

  it('for invalidation is host without -pooler and database, whatever the role', () => {
    const invalidation = (connectionString: string) => createConnectionPool(connectionString).invalidationIdentity
    expect(invalidation(URL_)).toBe('ep-x-123.us-east-2.aws.neon.tech/main')
    expect(invalidation('postgres://owner:x@EP-x-123.us-east-2.aws.neon.tech:5432/main')).toBe(
      'ep-x-123.us-east-2.aws.neon.tech/main',
    )
    expect(invalidation('postgres://o:x@localhost:6000/main')).toBe('localhost:6000/main')
    expect(invalidation('postgres://o:x@my-pooler-host.test/main')).toBe('my-pooler-host.test/main')
    expect(invalidation('postgres://o:x@db-pooler:6000/main')).toBe('db:6000/main')
    expect(invalidation('postgres://o:x@db-pooler/main')).toBe('db/main')
    expect(invalidation('postgres://o:x@db.my-pooler.test/main')).toBe('db.my-pooler.test/main')
  })

  it('takes the port from where it stands, whatever the parameters hold', () => {
    const invalidation = (connectionString: string) => createConnectionPool(connectionString).invalidationIdentity
    for (const parameter of ['options=x:80', 'options=x:80/', 'options=//x:80/', 'options=@x:80'])
      expect(invalidation(`postgres://o:80@h.test/main?${parameter}`)).toBe('h.test/main')
    expect(invalidation('postgres://o:x@h.test:80/main?options=a@b')).toBe('h.test:80/main')
  })

  it('needs a scope with a token, also an empty one, and hands a scope on', () => {
    expect(open().needsScope).toBe(false)
    expect(open()).not.toHaveProperty('scope')
    expect(open({ authToken: undefined }).needsScope).toBe(false)
    expect(open({ authToken: '' }).needsScope).toBe(true)
    expect(open({ authToken: () => 'jwt', scope: 'me' })).toMatchObject({ needsScope: true, scope: 'me' })
  })
})

describe('a wrong option', () => {
  it.each([
    ['undefined', undefined, 'not set'],
    ['empty', '', 'empty'],
    ['a number', 5, 'of type number'],
    ['no URL', `host=x password=${PASSWORD}`, 'not a URL'],
    ['Redis', `rediss://default:${PASSWORD}@eu1.upstash.io:6379`, 'a rediss:// address'],
    ['https', `https://user:${PASSWORD}@eu1.upstash.io`, 'a https:// address'],
    ['mysql', `mysql://u:${PASSWORD}@h/d`, 'mysql'],
    ['a driver of Python', `postgresql+asyncpg://u:${PASSWORD}@h/d`, 'a postgresql+asyncpg:// address'],
    ['without a user', 'postgresql://h.test/d', 'without a user'],
    ['without a database', `postgresql://u:${PASSWORD}@h.test/`, 'without a database'],
    ["with the driver's sign for no host", `postgresql://u:${PASSWORD}@-/d`, 'without a host'],
    ['a broken port', `postgresql://u:${PASSWORD}@h.test:port/d`, 'not a valid URL'],
    ['an unescaped password', `postgresql://u:${PASSWORD}#[/@h.test/d`, 'not a valid URL'],
    ['a broken escape', `postgresql://u:${PASSWORD}@h.test/%zz`, 'not a valid URL'],
  ])(
    'names connectionString, what is wrong and a form that works, and does not repeat it: %s',
    (_, connectionString, what) => {
      const make = () => createConnectionPool({ connectionString } as ConnectionConfig)
      expect(make).toThrow(what)
      expect(make).toThrow(/`connectionString`.*postgresql:\/\/user:password@/)
      expect(make).not.toThrow(new RegExp(PASSWORD))
    },
  )

  it.each(['nonsense', '/sql', 'ftp://x/sql', 'http://user@x/sql', `http://:${PASSWORD}@x/sql`, 5, () => 'nonsense'])(
    'names fetchEndpoint: %s',
    (fetchEndpoint) => {
      const make = () => open({ fetchEndpoint } as Partial<ConnectionConfig>)
      expect(make).toThrow(/`fetchEndpoint`/)
      expect(make).not.toThrow(new RegExp(PASSWORD))
    },
  )

  it('says where a pool goes', () => {
    const pool = { _events: {}, query: () => undefined, options: { password: PASSWORD } }
    const make = () => createConnectionPool(pool as unknown as ConnectionConfig)
    expect(make).toThrow(/`config` is a pool\. .*fromPool\(pool, \{ identity \}\)/)
    expect(make).not.toThrow(new RegExp(PASSWORD))
  })

  it.each([0, -1, NaN, Infinity, '5'])('names timeoutMs: %s', (timeoutMs) => {
    expect(() => open({ timeoutMs } as Partial<ConnectionConfig>)).toThrow(/`timeoutMs`/)
  })

  it('names an empty scope', () => {
    expect(() => open({ scope: '' })).toThrow(/`scope`/)
  })
})
