/** Different questions that one request asks in the same tick: what one of them waits for, or fails by, is its own. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { RedisQueryCache } from '../../src/index.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

let world: World
beforeEach(() => void (world = new World()))

const ORDERS = 'SELECT n FROM orders WHERE id = $1'
const GLOBAL = { coalesce: 'global' } as const
const commands = (name: string) =>
  world.redis.trips.flatMap(({ commands }) => commands).filter((command) => command[0] === name)
const entriesSet = () => commands('set').filter(([, key]) => key!.includes(':e:'))
const leases = () => [...world.redis.data.keys()].filter((key) => key.includes(':l:'))
const warmIsolate = async (config = {}) => {
  const a = world.isolate(config)
  await world.warm(a, ['users', 'orders'])
  return a
}
const closed = () => {
  let open!: () => void
  return { until: new Promise<void>((resolve) => (open = resolve)), open: () => open() }
}
/** The trip that takes leases waits; the rest does not. */
const holdLeases = () => {
  const gate = closed()
  world.redis.before = ({ commands: [first] }) => (first![1]!.includes(':l:') ? gate.until : undefined)
  return gate
}

describe("beside a query with coalesce: 'global'", () => {
  it('a plain one asks the database at once', async () => {
    const a = await warmIsolate()
    const gate = holdLeases()
    const leased = a.query(SQL, [1], GLOBAL)
    await a.query(ORDERS, [1])
    expect(world.database.log).toEqual([ORDERS])
    gate.open()
    await leased
    await a.flush()
    expect(world.database.log).toEqual([ORDERS, SQL])
    expect([entriesSet().length, new Set(entriesSet().map(([, key]) => key)).size, leases()]).toEqual([2, 2, []])
  })

  it('a plain one of a batch shares its trip to the database', async () => {
    const a = await warmIsolate()
    await a.queryBatch([
      { sql: SQL, params: [1], options: GLOBAL },
      { sql: ORDERS, params: [1] },
    ])
    await a.flush()
    expect([commands('mget').length, world.database.trips, entriesSet().length]).toEqual([2, 1, 2])
  })

  const failures: [string, (a: Awaited<ReturnType<typeof warmIsolate>>) => void][] = [
    ['is lost', () => void holdLeases()],
    [
      'fails',
      () =>
        void (world.redis.before = ({ commands: [first] }) => {
          if (first![1]!.includes(':l:')) throw new Error('away')
        }),
    ],
    ['is refused', () => void (world.redis.full = true)],
    [
      'is refused while the breaker opens',
      ({ core }) => {
        const { breaker } = (core.cache as RedisQueryCache).link
        world.redis.before = ({ commands: [first] }) => {
          if (!first![1]!.includes(':l:')) return
          for (let i = 0; i < 5; i++) breaker.failed(world.now)
          throw new Error('away')
        }
      },
    ],
  ]
  it.each(failures)('each is answered once when the trip for the lease %s', async (_how, fail) => {
    const a = await warmIsolate({ redis: { timeoutMs: 40 } })
    fail(a)
    const both = await Promise.all([a.query(SQL, [1], GLOBAL), a.query(ORDERS, [1])])
    expect(both.map((rows) => rows.length)).toEqual([1, 1])
    await a.flush()
    expect(world.database.log.toSorted()).toEqual([ORDERS, SQL])
    expect(entriesSet().length).toBeLessThanOrEqual(2)
  })

  it('each is answered once in a batch when the trip for the lease fails', async () => {
    const a = await warmIsolate({ redis: { timeoutMs: 40 } })
    failures[1]![1](a)
    await a.queryBatch([
      { sql: SQL, params: [1], options: GLOBAL },
      { sql: ORDERS, params: [1] },
    ])
    await a.flush()
    expect([world.database.trips, entriesSet().length]).toEqual([1, 2])
  })

  it('a lease that a full Redis refuses is waited for by nobody', async () => {
    const a = await warmIsolate()
    world.redis.full = true
    await a.query(SQL, [1], GLOBAL)
    expect(commands('mget')).toHaveLength(2)
  })

  it('what fails on the way to a lease fails its own question only', async () => {
    const a = await warmIsolate()
    const broken = new Error('broken')
    vi.spyOn(a.core.cache as RedisQueryCache, 'takeLeases').mockImplementation(() => {
      throw broken
    })
    const answer = closed()
    world.database.answer = async () => (await answer.until, [[['n', 23, '7']]])
    const plain = a.query(ORDERS, [1])
    await expect(a.query(SQL, [1], GLOBAL)).rejects.toBe(broken)
    answer.open()
    expect(await plain).toEqual([{ n: 7 }])
  })

  it('the one that waits for the lease of another is not ended by what fails beside it', async () => {
    const other = await warmIsolate()
    const a = world.isolate()
    const answer = closed()
    const { answer: usual } = world.database
    world.database.answer = async (statement) => (statement.sql === SQL && (await answer.until), usual(statement))
    const first = other.query(SQL, [1], GLOBAL)
    await until('the lease of another', () => leases().length === 1)
    vi.spyOn(a.core.cache as RedisQueryCache, 'store').mockImplementation(() => {
      throw new Error('broken')
    })
    const waiting = a.queryResult(SQL, [1], GLOBAL)
    await a.query(ORDERS, [1], GLOBAL)
    answer.open()
    expect(await first).toEqual((await waiting).rows)
    expect((await waiting).cache.outcome).toBe('l2')
  })
})

describe('in one tick', () => {
  it('a slow one is not ended by what fails when a fast one is stored', async () => {
    const a = await warmIsolate()
    const answer = closed()
    world.database.answer = async ({ sql }) => {
      if (sql === ORDERS) await answer.until
      return [[['n', 23, '7']]]
    }
    const store = vi.spyOn(a.core.cache as RedisQueryCache, 'store').mockImplementation(() => {
      throw new Error('broken')
    })
    const [fast, slow] = [a.query(SQL, [1]), a.query(ORDERS, [1])]
    await fast
    await until('the store of the fast one', () => store.mock.calls.length === 1)
    answer.open()
    expect(await slow).toEqual([{ n: 7 }])
  })

  it('two that wait differently long for the database ask it apart, and their entry is stored once', async () => {
    const a = await warmIsolate()
    const calls: unknown[][] = vi.spyOn(world.database, 'run').mock.calls
    await Promise.all([a.query(SQL, [1], { timeoutMs: 50 }), a.query(SQL, [1], { timeoutMs: 5_000 })])
    await a.flush()
    expect(calls.map(([, how]) => how)).toEqual([{ timeoutMs: 50 }, { timeoutMs: 5_000 }])
    expect([commands('mget').length, entriesSet().length]).toEqual([1, 1])
  })

  it.each([
    ['before', [{ refreshCache: true }, {}]],
    ['after', [{}, { refreshCache: true }]],
  ])(
    'one with refreshCache %s a plain one is answered by the database, and what is read last is kept',
    async (_at, options) => {
      const a = await warmIsolate()
      await world.outcome(a)
      world.now += 3_000
      world.redis.reset()
      const results = await Promise.all(options.map((one) => a.queryResult(SQL, [1], one)))
      await a.flush()
      const fresh = results[options.findIndex((one) => 'refreshCache' in one)]!
      expect([fresh.cache.outcome, fresh.rows]).toEqual(['miss', [{ n: 2 }]])
      expect(entriesSet()).toHaveLength(1)
      expect(await a.query(SQL, [1])).toEqual([{ n: 2 }])
      expect(await world.isolate().query(SQL, [1])).toEqual([{ n: 2 }])
    },
  )

  it('one with refreshCache beside a plain one that misses stores what was read last, once', async () => {
    const a = await warmIsolate()
    const [, fresh] = await Promise.all([a.query(SQL, [1]), a.query(SQL, [1], { refreshCache: true })])
    await a.flush()
    expect(entriesSet()).toHaveLength(1)
    expect(await world.isolate().query(SQL, [1])).toEqual(fresh)
  })

  it('one whose signal is aborted before it begins is given up, and the others are answered', async () => {
    const a = await warmIsolate()
    const [reason, late] = [new Error('gone'), new AbortController()]
    const asked = [
      a.query(SQL, [1], { signal: AbortSignal.abort(reason) }),
      a.query(ORDERS, [1], { signal: late.signal }),
      a.query(SQL, [1]),
      a.query(ORDERS, [2]),
    ]
    late.abort(reason)
    const ends = await Promise.allSettled(asked)
    expect(ends.map((end) => (end.status === 'rejected' ? end.reason : 'answered'))).toEqual([
      reason,
      reason,
      'answered',
      'answered',
    ])
    await a.flush()
    // What began goes on: others may share it.
    expect(world.database.log.toSorted()).toEqual([ORDERS, ORDERS, SQL])
    world.database.log.length = 0
    const over = { signal: AbortSignal.abort(reason) }
    for (const sql of [SQL, 'SELECT now()'])
      for (const rows of [a.query(sql, [9], over), a.queryBatch([{ sql, params: [9], options: over }])])
        await expect(rows).rejects.toBe(reason)
    expect(world.database.log).toEqual([])
  })

  it('a loader that rejects beside a query is its own failure', async () => {
    const a = await warmIsolate()
    const failure = new Error('of the loader')
    const [loaded, rows] = await Promise.allSettled([
      a.cached('key', () => Promise.reject(failure)),
      a.query(SQL, [1]),
      a.cached('other', () => {
        throw failure
      }),
    ])
    expect([loaded, rows.status]).toEqual([{ status: 'rejected', reason: failure }, 'fulfilled'])
  })

  it('each is stored once, though one lands long after the other', async () => {
    const a = await warmIsolate()
    const gate = closed()
    const { answer } = world.database
    world.database.answer = async (statement) => {
      if (statement.sql === ORDERS) await gate.until
      return answer(statement)
    }
    const [fast, slow] = [a.query(SQL, [1]), a.query(ORDERS, [1])]
    await fast
    await until('the first entry', () => entriesSet().length === 1)
    gate.open()
    await slow
    await a.flush()
    expect(entriesSet()).toHaveLength(2)
    expect(new Set(entriesSet().map(([, key]) => key)).size).toBe(2)
  })
})
