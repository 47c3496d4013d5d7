import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { CachedQueryExecutor } from '../../src/index.js'
import type { Reply, Trip } from '../support/fake-redis.js'
import { SQL, World } from '../support/isolates.js'

const UPDATE = 'UPDATE users SET n = n + 1'
let world: World
beforeEach(() => void (world = new World()))

/** Lets everything run that is ready, timers included. */
const tick = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('an invalidation that Redis did not acknowledge', () => {
  it('is not paid by the late acknowledgement of an older one', async () => {
    const a = world.isolate()
    await world.warm(a)
    let release!: () => void
    const held = new Promise<void>((resolve) => (release = resolve))
    const sent: string[] = []
    world.redis.after = async ({ commands }) => {
      if (commands[0]![0] === 'mset' && sent.push('mset') === 1) await held
    }
    const first = a.execute(UPDATE)
    while (sent.length === 0) await tick()
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mset') throw new Error('lost')
    }
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    release()
    expect((await first).cache.invalidated).toBe(true)
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('miss')
    expect((a.core.cache as unknown as { unacknowledged: Map<unknown, unknown> }).unacknowledged.size).toBe(1)
    world.redis.before = () => {}
    await a.flush()
    expect((a.core.cache as unknown as { unacknowledged: Map<unknown, unknown> }).unacknowledged.size).toBe(0)
  })

  it.each([
    [
      'Redis is away',
      (on: boolean) =>
        void (world.redis.before = () => {
          if (on) throw new Error('down')
        }),
    ],
    ['Redis is full', (on: boolean) => void (world.redis.full = on)],
  ])('of a write that may still commit leaves its fence once Redis takes it: %s', async (_name, fault) => {
    const a = world.isolate()
    await world.warm(a)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('Error connecting to database: fetch failed'))
    fault(true)
    await expect(a.execute(UPDATE)).rejects.toThrow('fetch failed')
    fault(false)
    world.database.answer = answer
    await a.invalidate({ tables: ['users'] })
    await a.flush()
    expect([...world.redis.data.keys()].filter((key) => key.includes(':f:'))).toHaveLength(1)
    await world.outcome(world.isolate())
    expect(await world.outcome(world.isolate())).toBe('miss')
  })

  it('owes the fence of a write that may still commit after a later failure too', async () => {
    const a = world.isolate()
    await world.warm(a)
    const { answer } = world.database
    world.redis.before = () => Promise.reject(new Error('away'))
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await expect(a.execute(UPDATE)).rejects.toThrow('lost')
    world.database.answer = answer
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    world.redis.before = () => {}
    await a.flush()
    await world.outcome(world.isolate())
    expect(await world.outcome(world.isolate())).toBe('miss')
  })

  it.each([{ result: null }, {}, { result: 'QUEUED' }])(
    'is one whose replies say neither yes nor no: %j',
    async (reply) => {
      const a = world.isolate()
      await world.warm(a)
      const garbled =
        (names: RegExp) =>
        (replies: Reply[], { commands }: Trip) =>
          replies.map((real, i) => (names.test(commands[i]![0]!) ? reply : real))
      world.redis.garble = garbled(/^(mset|del)$/)
      expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
      await expect(a.invalidate({ tables: ['users'] })).rejects.toThrow('has not acknowledged')
      // That the versions are gone is an acknowledgement too.
      world.redis.garble = garbled(/^mset$/)
      expect((await a.execute(UPDATE)).cache.invalidated).toBe(true)
      expect([...world.redis.data.keys()].filter((key) => key.endsWith('users'))).toEqual([])
    },
  )

  it('ends, once it is repeated, what this isolate has learnt of the version before', async () => {
    const a = world.isolate()
    await world.warm(a)
    for (const outcome of ['miss', 'l1']) expect(await world.outcome(a)).toBe(outcome)
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mset') throw new Error('lost')
    }
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    // Its lookup brings the version that Redis still has, by which the older result would hold.
    expect((await a.queryResult(SQL, [2])).cache.outcome).toBe('miss')
    world.redis.before = () => {}
    await a.flush()
    expect(await world.outcome(a)).toBe('miss')
  })

  it('is repeated in the background until Redis takes it, without another request', async () => {
    const a = world.isolate()
    await world.warm(a)
    let left = 3
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mset' && left-- > 0) throw new Error('lost')
    }
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    await a.flush()
    expect(left).toBe(-1)
    expect((a.core.cache as unknown as { unacknowledged: Map<unknown, unknown> }).unacknowledged.size).toBe(0)
    // From then on everything is as before.
    for (const outcome of ['miss', 'l1']) expect(await world.outcome(a)).toBe(outcome)
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('of a write that may have happened is repeated too, without another request', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.redis.before = () => Promise.reject(new Error('away'))
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await expect(a.execute(UPDATE)).rejects.toThrow('lost')
    world.redis.before = () => {}
    await a.flush()
    expect((a.core.cache as unknown as { unacknowledged: Map<unknown, unknown> }).unacknowledged.size).toBe(0)
  })

  it('is not paid by the repetition of an older one that was sent before it', async () => {
    const a = world.isolate()
    await world.warm(a)
    const sent: string[] = []
    let release!: () => void
    const held = new Promise<void>((resolve) => (release = resolve))
    // The first is lost, its repetition takes long, and so the third has committed after what the repetition tells of.
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mset' && [1, 3].includes(sent.push('mset'))) throw new Error('lost')
    }
    world.redis.after = ({ commands }) => (commands[0]![0] === 'mset' && sent.length === 2 ? held : undefined)
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    const flushed = a.flush()
    while (sent.length < 2) await tick()
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mset') throw new Error('lost')
    }
    release()
    await flushed
    expect((a.core.cache as unknown as { unacknowledged: Map<unknown, unknown> }).unacknowledged.size).toBe(1)
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(world.isolate())).toBe('miss')
  })

  it('is repeated within the 30 seconds that `waitUntil` gives, more than once', async () => {
    const a = world.isolate()
    world.redis.before = () => Promise.reject(new Error('away'))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
      const tries = () => world.redis.trips.filter(({ commands }) => commands[0]![0] === 'mset').length
      await vi.advanceTimersByTimeAsync(1_000)
      expect(tries()).toBe(2)
      await vi.advanceTimersByTimeAsync(29_000)
      expect(tries()).toBe(5)
      world.redis.before = () => {}
    } finally {
      vi.useRealTimers()
    }
  })

  it('is repeated by one at a time, however many requests come', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.redis.before = ({ commands }) => {
      if (commands[0]![0] === 'mset') throw new Error('lost')
    }
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    for (let i = 0; i < 10; i++) await a.query(SQL, [i])
    await a.flush()
    const attempts = () => world.redis.trips.filter(({ commands }) => commands[0]![0] === 'mset').length
    // The first one and four more.
    expect(attempts()).toBe(5)
    for (const [ms, more] of [
      [4_999, 0],
      [1, 4],
    ] as const) {
      world.now += ms
      const before = attempts()
      await world.outcome(a)
      expect(attempts() - before).toBe(more)
    }
  })

  it.each([
    ['reads', (a: CachedQueryExecutor) => world.outcome(a)],
    ['invalidates something else', (a: CachedQueryExecutor) => a.invalidate({ tables: ['posts'] })],
    ['writes something else', (a: CachedQueryExecutor) => a.execute('UPDATE posts SET n = 1')],
  ])('is repeated when the next request comes, which %s, though the clock was set back since', async (_, request) => {
    const a = world.isolate()
    await world.warm(a)
    world.redis.before = () => Promise.reject(new Error('away'))
    expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
    await a.flush()
    world.redis.before = () => {}
    world.redis.reset()
    world.now -= 200_000
    await request(a)
    await a.flush()
    const renewed = world.redis.trips.flatMap(({ commands }) => commands.filter(([name]) => name === 'mset').flat())
    expect(renewed.join(' ')).toContain('t:public.users')
  })

  it('leaves no timer behind when `flush` has ended its pauses', async () => {
    const a = world.isolate()
    world.redis.before = () => Promise.reject(new Error('away'))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      expect((await a.execute(UPDATE)).cache.invalidated).toBe(false)
      expect(vi.getTimerCount()).toBeGreaterThan(0)
      await a.flush()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('lets `flush` end at once, however long the pauses between attempts are', async () => {
    const a = world.isolate()
    world.redis.before = () => {
      throw new Error('down')
    }
    await a.execute(UPDATE)
    const startedAt = performance.now()
    await a.flush()
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('without Redis', () => {
  it('nothing is kept for a table as long as a write to it may still commit', async () => {
    const a = world.isolate({ type: 'local' })
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await expect(a.execute(UPDATE)).rejects.toThrow('lost')
    world.database.answer = answer
    for (const wait of [0, 15_000, 14_999]) {
      world.now += wait
      expect(await world.outcome(a)).toBe('miss')
    }
    world.now += 1
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(a)).toBe('l1')
  })

  it('nothing is kept for any of the tables of such a write', async () => {
    const a = world.isolate({ type: 'local' })
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    const both = ['users', 'orders'].map((table) => ({ sql: `UPDATE ${table} SET n = 1` }))
    await expect(a.transaction(both)).rejects.toThrow('lost')
    world.database.answer = answer
    for (const sql of [SQL, 'SELECT n FROM orders'])
      for (let i = 0; i < 2; i++) expect(await world.outcome(a, {}, [], sql)).toBe('miss')
  })
})

describe('a failure with an SQLSTATE', () => {
  it.each([
    ['', {}],
    [' that is declared', { p: { writes: ['users'] } }],
  ])('of a procedure%s, which may have committed a part, invalidates all the same', async (_name, functions) => {
    const [a, b] = [world.isolate({ sql: { functions } }), world.isolate()]
    await world.warm(a)
    await world.outcome(b)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(Object.assign(new Error('division by zero'), { code: '22012' }))
    await expect(a.execute('CALL p()')).rejects.toThrow('division')
    world.database.answer = answer
    expect(await world.outcome(world.isolate())).toBe('miss')
    expect([...world.redis.data.keys()].filter((key) => key.includes(':f:'))).toEqual([])
  })

  it.each(['23505', '40001', '40P01', '57014', 'P0001', 'F0001', 'HV000'])(
    'that says of a plain write that it is undone (%s) costs no invalidation and leaves no fence',
    async (code) => {
      const a = world.isolate()
      world.database.answer = () => Promise.reject(Object.assign(new Error('refused'), { code }))
      await expect(a.execute(UPDATE)).rejects.toThrow('refused')
      expect(world.redis.trips).toEqual([])
      expect(world.events).toContainEqual(expect.objectContaining({ type: 'write', outcome: 'failed' }))
    },
  )

  it.each(['08006', '40003', '57P01', '58030', 'XX000'])(
    'that tells of a lost connection or a broken server (%s) does not say that nothing was written',
    async (code) => {
      const a = world.isolate()
      await world.warm(a)
      const { answer } = world.database
      world.database.answer = () => Promise.reject(Object.assign(new Error('gone'), { code }))
      await expect(a.execute(UPDATE)).rejects.toThrow('gone')
      world.database.answer = answer
      expect(world.events).toContainEqual(expect.objectContaining({ type: 'write', outcome: 'unknown' }))
      await world.outcome(world.isolate())
      expect(await world.outcome(world.isolate())).toBe('miss')
    },
  )

  it('is not what a system error is, although it has a code of five letters', async () => {
    const a = world.isolate()
    world.database.answer = () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    await expect(a.execute(UPDATE)).rejects.toThrow('EPIPE')
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'write', outcome: 'unknown' }))
  })
})
