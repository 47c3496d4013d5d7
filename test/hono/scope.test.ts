/** Whose rows a request's are: scope, token and cookie as they come. */
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { queryCache } from '../../src/hono/index.js'
import type { QueryCacheOptions } from '../../src/hono/index.js'
import { createQueryCache } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'
import { SQL } from '../support/isolates.js'

let redis: FakeRedis
let database: FakeDatabase
beforeEach(() => {
  redis = new FakeRedis()
  database = new FakeDatabase()
  database.needsScope = true
})

/** The database answers with who asks now. */
function application(scope: unknown) {
  const app = new Hono()
  const cache = createQueryCache({ type: 'hybrid', redis: { client: redis.sdk } })
  app.use(queryCache({ database, cache, scope: scope as QueryCacheOptions['scope'] }))
  app.onError((error, c) => c.text(error.message, 500))
  app.get('/', async (c) => c.json(await c.var.queryCache.query(SQL, [1])))
  app.post('/', async (c) => c.json((await c.var.queryCache.execute('UPDATE users SET n = 1')).cache))
  return async (who: string, headers: Record<string, string> = {}, method = 'GET') => {
    database.answer = () => [[['who', 25, who]]]
    const response = await app.request('/', { method, headers: { 'X-User': who, ...headers } })
    const told = await response.text()
    const detail = /detail=([\w-]+)/.exec(response.headers.get('Cache-Status') ?? '')?.[1]
    return { told, detail, status: response.status, response }
  }
}
const user = (c: { req: { header(name: string): string | undefined } }) => c.req.header('X-User')

describe('the scope of a request', () => {
  it.each([
    ['a value', user],
    ['a promise', (c: never) => Promise.resolve(user(c))],
    ['a late promise', async (c: never) => (await new Promise((resolve) => setTimeout(resolve, 2)), user(c))],
  ])('is %s', async (_name, scope) => {
    const ask = application(scope)
    for (const who of ['alice', 'bob'])
      expect(await ask(who)).toMatchObject({ told: `[{"who":"${who}"}]`, detail: 'miss' })
    const again = await Promise.all(['alice', 'bob'].map((who) => ask(who)))
    expect(again.map(({ told, detail }) => [told, detail])).toEqual([
      ['[{"who":"alice"}]', 'l1'],
      ['[{"who":"bob"}]', 'l1'],
    ])
  })

  it('is a variable of the application, whose types need not be named', async () => {
    const app = new Hono<{ Variables: { who: string } }>()
    app.use(async (c, next) => {
      c.set('who', c.req.header('X-User')!)
      await next()
    })
    const cache = createQueryCache({ type: 'hybrid', redis: { client: redis.sdk } })
    app.use(queryCache({ database, cache, scope: (c) => c.get('who') }))
    app.get('/', async (c) => c.json([c.var.who satisfies string, await c.var.queryCache.query(SQL, [1])]))
    for (const who of ['alice', 'bob']) {
      database.answer = () => [[['who', 25, who]]]
      const response = await app.request('/', { headers: { 'X-User': who } })
      expect(await response.json()).toEqual([who, [{ who }]])
    }
  })

  it.each([
    ['undefined', () => undefined],
    ['null', () => null],
    ['empty', () => ''],
    ['a promise of nothing', () => Promise.resolve()],
  ])('that is %s shares nothing', async (_name, scope) => {
    const ask = application(scope)
    for (const who of ['alice', 'bob', 'alice'])
      expect(await ask(who)).toMatchObject({ told: `[{"who":"${who}"}]`, detail: 'scope-required' })
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no session'))],
    ['gives an object', (c: never) => ({ id: user(c) })],
    ['gives a number', () => 42],
    ['gives an array', (c: never) => [user(c)]],
  ])('that %s fails the request, and nothing is asked', async (_name, scope) => {
    const ask = application(scope)
    for (const who of ['alice', 'bob']) expect((await ask(who)).status).toBe(500)
    expect(database.log).toEqual([])
  })
})

describe('the token of a request', () => {
  const DATABASE_URL = 'postgresql://u:p@h.example/d'
  /** The database answers with the token that it is asked with. */
  function secured(authToken: QueryCacheOptions['authToken'], scope?: QueryCacheOptions['scope']) {
    const app = new Hono()
    app.use(queryCache({ cache: createQueryCache({ type: 'local' }), authToken, scope }))
    app.get('/', async (c) => c.json(await c.var.queryCache.query(SQL, [1])))
    return async (who: string) => {
      const response = await app.request('/', { headers: { 'X-User': who } }, { DATABASE_URL })
      return [await response.text(), /detail=([\w-]+)/.exec(response.headers.get('Cache-Status')!)![1]]
    }
  }
  beforeEach(() => {
    vi.stubGlobal('fetch', async (_: unknown, { headers }: RequestInit) => {
      const who = new Headers(headers).get('authorization')
      return Response.json({ fields: [{ name: 'who', dataTypeID: 25 }], rows: [[who]], rowCount: 1, command: 'SELECT' })
    })
  })
  afterEach(() => void vi.unstubAllGlobals())

  it('is what the database is asked with, and needs a scope', async () => {
    const ask = secured(user)
    for (const who of ['alice', 'bob']) expect(await ask(who)).toEqual([`[{"who":"Bearer ${who}"}]`, 'scope-required'])
    const scoped = secured(async (c) => user(c), user)
    for (const outcome of ['miss', 'l1'])
      for (const who of ['alice', 'bob']) expect(await scoped(who)).toEqual([`[{"who":"Bearer ${who}"}]`, outcome])
  })

  it.each([undefined, null])('that is %s is none: everybody asks as the role of the variable', async (token) => {
    const ask = secured(() => token)
    for (const outcome of ['miss', 'l1']) expect(await ask('alice')).toEqual(['[{"who":null}]', outcome])
  })

  it('that is empty is one, and shares nothing', async () => {
    const ask = secured(() => '')
    for (let i = 0; i < 2; i++) expect((await ask('alice'))[1]).toBe('scope-required')
  })

  it('is not given beside a database, which has its own', () => {
    expect(() => queryCache({ database, authToken: () => 'token' })).toThrow('`authToken`')
  })
})

it('a session cookie of one that another sends shows him nothing of hers, and costs him his own hits at most', async () => {
  const ask = application(user)
  for (const who of ['alice', 'bob']) await ask(who)
  const { response } = await ask('alice', {}, 'POST')
  const [cookie] = response.headers.getSetCookie()
  const stolen = { Cookie: cookie!.split(';')[0]! }
  for (const who of ['bob', 'alice', 'bob', 'alice']) {
    const { told, detail } = await ask(who, stolen)
    expect([told, ['miss', 'l1', 'l2'].includes(detail!)]).toEqual([`[{"who":"${who}"}]`, true])
  }
  expect(cookie).not.toMatch(/alice/)
})
