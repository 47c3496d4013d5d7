/** What a caller gives is read once and sent as it was keyed; what he is given is his own, or nobody's to change. */
import { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { queryCache } from '../../src/hono/index.js'
import { CachedQueryExecutor, DEFAULT_CACHE_CONFIGS, createQueryCache } from '../../src/index.js'
import type { QueryOptions } from '../../src/index.js'
import { encodeParams } from '../../src/key.js'
import type { Statement } from '../../src/types.js'
import { SQL, World } from '../support/isolates.js'

let world: World
let sent: unknown[][]
beforeEach(() => {
  world = new World()
  sent = []
  // The row is the first parameter, as a driver would send it.
  world.database.answer = ({ params }: Statement) => {
    sent.push([...params])
    const [value] = params
    return [[['n', 25, typeof value === 'string' ? value : JSON.stringify(value)]]]
  }
})

/** The same options, said in ways that a copy by spreading, or a loop over names, does not see. */
const WAYS: [name: string, given: (options: QueryOptions) => QueryOptions][] = [
  ['properties', (options) => options],
  ['inherited properties', (options) => Object.create(options) as QueryOptions],
  [
    'hidden properties',
    (options) =>
      Object.defineProperties(
        {},
        Object.fromEntries(Object.entries(options).map(([name, value]) => [name, { value, enumerable: false }])),
      ),
  ],
  [
    'getters',
    (options) =>
      Object.defineProperties(
        {},
        Object.fromEntries(
          Object.entries(options).map(([name, value]) => [name, { get: () => value as unknown, enumerable: true }]),
        ),
      ),
  ],
  [
    'getters of a class',
    (options) => {
      const prototype = {}
      for (const [name, value] of Object.entries(options))
        Object.defineProperty(prototype, name, { get: () => value as unknown })
      return Object.create(prototype) as QueryOptions
    },
  ],
  ['a proxy', (options) => new Proxy({}, { get: (_, name) => options[name as keyof QueryOptions] })],
]

describe.each(WAYS)('options that are %s', (_name, given) => {
  it.each<[QueryOptions, string, string?]>([
    [{ ttl: 60 }, 'l1'],
    [{ skipCache: true }, 'bypass', 'skip-cache'],
    [{ refreshCache: true }, 'miss'],
    [{ scope: 'ada' }, 'miss'],
    [{ tags: ['t'] }, 'miss'],
    [{ tables: ['orders'] }, 'miss'],
    [{ cacheKey: 'k' }, 'miss'],
    [{ ttl: 0 }, 'bypass', 'ttl'],
  ])('mean the same on a hit: %o', async (options, outcome, reason) => {
    const a = world.isolate()
    await world.warm(a)
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(a)).toBe('l1')
    const { cache } = await a.queryResult(SQL, [1], given(options))
    expect([cache.outcome, cache.reason]).toEqual([outcome, reason])
    expect(a.explain(SQL, [1], given(options)).reason).toBe(reason)
  })

  it('keep scopes apart', async () => {
    const a = world.isolate()
    await world.warm(a)
    expect(await world.outcome(a, given({ scope: 'ada' }))).toBe('miss')
    expect(await world.outcome(a, given({ scope: 'ada' }))).toBe('l1')
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(a, given({ scope: 'bob' }))).toBe('miss')
  })

  it('are refused alike', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    const wrong = given({ tags: 't' as never })
    await expect(a.query(SQL, [1], wrong)).rejects.toThrow('`tags`')
    await expect(a.execute('UPDATE users SET n = 1', [], wrong)).rejects.toThrow('`tags`')
  })
})

it('an option is read once, so that what was checked is what is used', async () => {
  const a = world.isolate()
  let reads = 0
  const once = {
    get nowBucket() {
      return reads++ === 0 ? 60 : ('x' as never)
    },
  }
  await a.query('SELECT n FROM users WHERE at > now()', [], once)
  expect(reads).toBe(1)
})

describe('a parameter', () => {
  const counting = () => {
    let n = 0
    return { toJSON: () => ({ n: n++ }) }
  }
  const OBJECTS: [string, () => object][] = [
    ['writes itself differently each time', counting],
    ['is a proxy that does', () => new Proxy(counting(), {})],
    ['is in an array', () => [counting()]],
    [
      'is an array that changes',
      () => {
        let n = 0
        return new Proxy([0], { get: (list, name) => (name === '0' ? n++ : (Reflect.get(list, name) as unknown)) })
      },
    ],
    [
      'has a getter that does',
      () => {
        let n = 0
        return {
          get n() {
            return n++
          },
        }
      },
    ],
  ]

  it.each(OBJECTS)('that %s is sent as it was keyed', async (_name, make) => {
    const a = world.isolate()
    await world.warm(a)
    const p = make()
    for (let i = 0; i < 4; i++) {
      const before = sent.length
      const { rows, cache } = await a.queryResult<{ n: string }>(SQL, [p])
      await a.flush()
      // Whatever was sent is found again under exactly that.
      const [value] = sent[before] ?? sent.at(-1)!
      expect(JSON.stringify(rows[0]!.n)).toContain(
        JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)),
      )
      expect(cache.outcome).toBe('miss')
    }
    const asGiven = (value: unknown): unknown =>
      typeof value === 'string' ? JSON.parse(value) : Array.isArray(value) ? value.map(asGiven) : value
    const plain = sent.map(([value]) => asGiven(value))
    for (const value of plain) {
      const before = sent.length
      const [row] = await a.query<{ n: string }>(SQL, [value])
      expect(sent.length, JSON.stringify(value)).toBe(before)
      expect(asGiven(JSON.parse(row!.n))).toEqual(value)
    }
  })

  it.each<[string, unknown]>([
    ['writes itself for the driver', { toPostgres: () => 'x' }],
    ['is a date of a class', new (class extends Date {})(0)],
    ['has no text', { toJSON: () => undefined }],
    [
      'cannot be read',
      {
        get n() {
          throw new Error('no')
        },
      },
    ],
    ['is a proxy of a date', new Proxy(new Date(0), {})],
  ])('that %s is not cached', async (_name, value) => {
    expect(encodeParams([value])).toBeUndefined()
    const a = world.isolate()
    expect(a.explain(SQL, [value]).reason).toBe('unsupported-parameter')
  })

  it.each([{ toJSON: () => ({ at: 'now' }) }, { at: 'yesterday' }, [{ deep: [{ at: 'today' }] }], '{"a":"tomorrow"}'])(
    'that is sent with a moment in it is not cached: %o',
    (value) => expect(world.isolate().explain(SQL, [value]).reason).toBe('unsupported-parameter'),
  )

  it('that changes while the query waits is sent as it was', async () => {
    const a = world.isolate()
    const params = [{ a: 1 }, new Date(5), [1, [2]], new Uint8Array([1])] as [{ a: number }, Date, number[], Uint8Array]
    const asked = a.query(SQL, params)
    params[0].a = 9
    params[1].setTime(9)
    params[2][0] = 9
    params[3][0] = 9
    params.length = 0 as never
    await asked
    expect(sent[0]).toEqual([{ a: 1 }, new Date(5), [1, [2]], new Uint8Array([1])])
  })
})

describe('what is handed out', () => {
  const changed = (list: unknown) => {
    try {
      ;(list as string[]).push('mine')
    } catch {
      // Frozen.
    }
  }

  it('is the same for the next one, whatever a caller does to it', async () => {
    const a = world.isolate()
    const CLOCK = 'SELECT n FROM users WHERE at > now()'
    const UPDATE = 'UPDATE users SET n = 1'
    const look = async () => {
      const { cache, fields } = await a.queryResult(SQL, [1], { tags: ['t'] })
      const written = (await a.execute(UPDATE, [], { tags: ['t'] })).cache
      const bypass = (await a.queryResult(CLOCK)).cache
      const ofWrite = (await a.queryResult(UPDATE)).cache
      const told = a.explain(CLOCK)
      await a.query(SQL, [1])
      const [entry] = a.core.cache.getEntries()
      const lists: (readonly unknown[])[] = [told.tables, told.volatileFunctions, entry!.tables, fields]
      for (const info of [cache, written, bypass, ofWrite]) lists.push(info.tables, info.tags)
      const copy = structuredClone(lists)
      for (const list of lists) changed(list)
      return copy
    }
    const first = await look()
    expect(await look()).toEqual(first)
    expect(JSON.stringify(first)).not.toContain('mine')
  })

  it('does not reach what others are told or what a caller has given', async () => {
    const tables = ['users']
    const cache = createQueryCache({ type: 'local', onEvent: (event) => 'tables' in event && changed(event.tables) })
    const a = new CachedQueryExecutor(world.database, cache)
    expect((await a.execute('UPDATE users SET n = 1', [], { tables })).cache.tables).toEqual(['public.users'])
    await a.invalidate({ tables })
    expect(tables).toEqual(['users'])
    Object.assign(a.getCacheStats(), { l1Hits: 99 })
    expect(a.getCacheStats().l1Hits).toBe(0)
  })

  it('leaves the presets as they are', () => {
    expect(() => Object.assign(DEFAULT_CACHE_CONFIGS.production.redis, { redisKeyPrefix: 'x' })).toThrow(TypeError)
    expect(() => Object.assign(DEFAULT_CACHE_CONFIGS, { test: {} })).toThrow(TypeError)
  })
})

it('a cookie that no browser would keep as long is kept as long as they do', async () => {
  const app = new Hono()
  app.use(queryCache({ database: world.database, cache: { type: 'local' }, session: { maxAge: 1e12 } }))
  app.get('/', async (c) => c.json((await c.var.queryCache.execute('UPDATE users SET n = 1')).cache))
  const response = await app.request('/')
  expect(response.status).toBe(200)
  expect(response.headers.get('Set-Cookie')).toContain(`Max-Age=${400 * 86_400}`)
  expect(() => queryCache({ session: { name: '__Host-a' } })).toThrow('`session.name`')
})
