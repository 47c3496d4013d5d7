import { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { queryCache } from '../../src/hono/index.js'
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../src/index.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

let world: World
beforeEach(() => void (world = new World()))
const stored = () => [...world.redis.data.keys()].filter((key) => key.includes(':e:')).length

describe('queries of one tick', () => {
  it('are stored when they have landed, and wait for no slower one', async () => {
    const a = world.isolate()
    await world.warm(a, ['users', 'orders'])
    let answerSlow!: () => void
    const slow = new Promise<void>((resolve) => (answerSlow = resolve))
    world.database.answer = async ({ sql }) => {
      if (sql.includes('orders')) await slow
      return [[['n', 23, '1']]]
    }
    const both = [a.query(SQL, [1]), a.query('SELECT n FROM orders', [])]
    await both[0]
    await until('the entry of the fast one', () => stored() === 1)
    answerSlow()
    await both[1]
    await a.flush()
    expect(stored()).toBe(2)
  })
})

describe("a failure of the application's own", () => {
  it.each([
    ['listener', () => ({ onEvent: fails }), {}],
    ['`waitUntil`', () => ({}), { waitUntil: fails }],
  ])('is not the cache’s where a %s fails later', async (_, config, runtime) => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const cache = createQueryCache({ type: 'local', ...config() })
    expect(await new CachedQueryExecutor(world.database, cache, runtime).query(SQL, [1])).toHaveLength(1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

const fails = async () => {
  throw new Error('metrics are away')
}

describe('options', () => {
  it('that are null are none, on a miss and on a hit', async () => {
    const a = world.isolate()
    for (let i = 0; i < 3; i++) expect(await a.query(SQL, [1], null as never)).toHaveLength(1)
  })

  it('that change after the call change nothing', async () => {
    const a = world.isolate()
    await world.warm(a)
    const options = { ttl: 5 }
    const asked = a.query(SQL, [1], options)
    options.ttl = 5_000
    await asked
    await a.flush()
    world.now += 60_000
    expect(await world.outcome(a, {})).toBe('miss')
  })

  it('of a write that is given to a call for reads are checked too', async () => {
    const a = world.isolate()
    const misspelt = { tabels: ['b'] } as never
    const update = 'UPDATE users SET n = 1'
    await expect(a.query(update, [], misspelt)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(a.queryResult(update, [], misspelt)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(a.queryBatch([{ sql: update, options: misspelt }])).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(world.database.log).toEqual([])
  })

  it.each([undefined, '', null, 5])('do not take %s for the key of a value', async (key) => {
    await expect(world.isolate().cached(key as never, () => Promise.resolve(1))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  it.each([null, 5, false])('do not take %s for a token, which the driver would leave out', (authToken) => {
    const config = { connectionString: 'postgresql://u:p@host/db', authToken: authToken as never }
    expect(() => createConnectionPool(config)).toThrow(/`authToken`/)
  })
})

describe('a response that the application hands out many times', () => {
  it('says of each request what it asked, and nothing of others', async () => {
    const app = new Hono()
    const reused = new Response(null, { status: 204 })
    const a = world.isolate()
    app.use(queryCache({ database: world.database, cache: a.core.cache }))
    app.get('/', async (c) => {
      await c.var.queryCache.query(SQL, [1])
      return reused
    })
    for (let i = 0; i < 3; i++) {
      const { headers } = await app.request('/')
      for (const name of ['Cache-Status', 'Server-Timing']) expect(headers.get(name)).not.toContain(',')
    }
    expect(reused.headers.get('Cache-Status')).toBeNull()
  })
})
