import { beforeEach, describe, expect, it } from 'vitest'
import { LEASE_MS } from '../../src/lease.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

let world: World
beforeEach(() => void (world = new World()))

const GLOBAL = { coalesce: 'global' } as const
const tick = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms))
const names = () => world.redis.trips.map(({ commands }) => commands.map(([name]) => name).join(' '))
const leases = () => [...world.redis.data.keys()].filter((key) => key.includes(':l:'))
const answering = () => {
  const opens: (() => void)[] = []
  const { answer } = world.database
  world.database.answer = async (statement) => {
    await new Promise<void>((resolve) => opens.push(resolve))
    return answer(statement)
  }
  return { opens, release: () => opens.splice(0).forEach((open) => open()) }
}
/** Somebody else holds the lease on what `SQL` brings, and has stored nothing. */
const leasedElsewhere = async () => {
  const a = world.isolate()
  await world.warm(a)
  await world.outcome(a, GLOBAL)
  const [entry] = [...world.redis.data.keys()].filter((key) => key.includes(':e:'))
  world.redis.data.delete(entry!)
  world.redis.data.set(entry!.replace(':e:', ':l:'), '1')
  world.redis.reset()
}

describe("coalesce: 'global'", () => {
  it('costs one trip of two commands before the query and one command after it, when nobody else loads', async () => {
    const a = world.isolate()
    await world.warm(a)
    expect(await world.outcome(a, GLOBAL)).toBe('miss')
    expect(names()).toEqual(['mget', 'set mget', 'set del'])
    expect(leases()).toEqual([])
  })

  it('gives the lease an end of its own, for the case that its holder dies', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a, GLOBAL)
    const [lease] = world.redis.trips[1]!.commands
    expect(lease!.slice(2)).toEqual(['1', 'nx', 'px', String(LEASE_MS)])
    expect(LEASE_MS).toBeLessThan(30_000)
  })

  it('creates missing versions with the lease, so that the first result of a new name is stored', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    expect(await world.outcome(a, GLOBAL)).toBe('miss')
    expect(names()).toEqual(['mget', 'set set set mget', 'set del'])
    expect(await world.outcome(b, GLOBAL)).toBe('l2')
  })

  it('asks the database once for eight isolates with 125 requests each', async () => {
    const isolates = Array.from({ length: 8 }, () => world.isolate())
    const { opens, release } = answering()
    const all = isolates.flatMap((isolate) =>
      Array.from({ length: 125 }, () => isolate.query<{ n: number }>(SQL, [1], GLOBAL)),
    )
    await until('step of the others', () => opens.length === 1)
    await tick(50)
    release()
    const rows = await Promise.all(all)
    expect(world.database.log).toHaveLength(1)
    expect(new Set(rows.map(([row]) => row!.n))).toEqual(new Set([1]))
  })

  it('asks it eight times without', async () => {
    const isolates = Array.from({ length: 8 }, () => world.isolate())
    const { opens, release } = answering()
    const all = isolates.flatMap((isolate) => Array.from({ length: 125 }, () => isolate.query(SQL, [1])))
    await until('step of the others', () => opens.length === 8)
    release()
    await Promise.all(all)
    expect(world.database.log).toHaveLength(8)
  })

  it('takes the lease over when its holder has failed', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    const { answer } = world.database
    const failure = new Error('no')
    let fail!: () => void
    world.database.answer = () => new Promise((_, reject) => (fail = () => reject(failure)))
    const first = a.query(SQL, [1], GLOBAL)
    await until('step of the others', () => leases().length === 1)
    const second = b.queryResult(SQL, [1], GLOBAL)
    await until('step of the others', () => names().filter((trip) => trip === 'mget').length >= 3)
    world.database.answer = answer
    fail()
    await expect(first).rejects.toBe(failure)
    expect((await second).cache.outcome).toBe('miss')
    await b.flush()
    expect([leases(), world.database.log]).toEqual([[], [SQL, SQL]])
  })

  it.each([
    ['its holder is dead and the lease over', async () => void world.redis.data.delete(leases()[0]!)],
    [
      'Redis is away',
      async () =>
        void (world.redis.before = () => {
          throw new Error('away')
        }),
    ],
    [
      'a fence stands',
      async () => {
        const failing = new FakeDatabase()
        failing.answer = () => Promise.reject(new Error('the reply was lost'))
        await expect(world.isolate({}, failing).execute('UPDATE users SET n = 1')).rejects.toThrow('lost')
      },
    ],
  ])('looks no longer for the result of another when %s', async (_name, change) => {
    await leasedElsewhere()
    const looks = () => names().filter((trip) => trip === 'mget').length
    const b = world.isolate()
    const read = b.queryResult(SQL, [1], GLOBAL)
    await until('two looks', () => looks() >= 3)
    await change()
    const before = looks()
    expect((await read).cache.outcome).toBe('miss')
    expect(looks() - before).toBeLessThanOrEqual(2)
    await b.flush()
  })

  it('goes to one of those who waited when its holder is dead: the others wait for him', async () => {
    await leasedElsewhere()
    const { opens, release } = answering()
    const waiting = Array.from({ length: 4 }, () => world.isolate().query(SQL, [1], GLOBAL))
    const looks = () => names().filter((trip) => trip === 'mget').length
    await until('two looks of each', () => looks() >= 12)
    const before = world.database.log.length
    world.redis.data.delete(leases()[0]!)
    await until('the next load', () => opens.length > 0)
    const looked = looks()
    await until('more looks of the others', () => looks() >= looked + 6)
    release()
    await Promise.all(waiting)
    expect(world.database.log.length - before).toBe(1)
  })

  it('keeps in memory what it read itself after an invalidation that overtook its wait', async () => {
    await leasedElsewhere()
    const b = world.isolate()
    const read = b.queryResult(SQL, [1], GLOBAL)
    await until('two looks', () => names().length >= 4)
    await b.invalidate({ tables: ['users'] })
    const looked = names().length
    await until('two more', () => names().length >= looked + 2)
    world.redis.before = () => {
      throw new Error('away')
    }
    expect((await read).cache.outcome).toBe('miss')
    expect(await world.outcome(b, GLOBAL)).toBe('l1')
  })

  it('gives a lease back that it took over', async () => {
    await leasedElsewhere()
    const b = world.isolate()
    const read = b.queryResult(SQL, [1], GLOBAL)
    await until('two looks', () => names().length >= 4)
    world.redis.data.delete(leases()[0]!)
    // What is done after the answer takes its time, and is waited for.
    world.redis.before = () => new Promise((resolve) => setTimeout(resolve, 20))
    expect((await read).cache.outcome).toBe('miss')
    await b.flush()
    expect(leases()).toEqual([])
  })

  it('loads by itself when the lease is not given up in five seconds', async () => {
    await leasedElsewhere()
    const b = world.isolate()
    expect((await b.queryResult(SQL, [1], GLOBAL)).cache.outcome).toBe('miss')
    // One command for each look, and what it did not take stays.
    expect(names().filter((trip) => trip === 'mget')).toHaveLength(1 + 15)
    await b.flush()
    expect(leases()).toHaveLength(1)
  }, 10_000)

  it('gives the lease back at once when the result may not be stored', async () => {
    const a = world.isolate()
    await world.warm(a)
    // Refuses the versions and grants the lease: a Redis that is nearly full.
    world.redis.data.clear()
    world.redis.before = ({ commands }) => {
      for (const command of commands) if (command[0] === 'set' && command[1]!.includes(':v:')) command[0] = 'refused'
    }
    const { opens, release } = answering()
    const read = a.queryResult(SQL, [1], GLOBAL)
    await until('step of the others', () => opens.length === 1 && leases().length === 0)
    expect(names()).toEqual(['mget', 'set refused refused mget', 'del'])
    release()
    expect((await read).cache.outcome).toBe('miss')
  })

  it('does not give back a lease that is over, and may be of another by now', async () => {
    const a = world.isolate()
    await world.warm(a)
    const { opens, release } = answering()
    const read = a.query(SQL, [1], GLOBAL)
    await until('the load under way', () => opens.length === 1)
    world.now += 5_001
    release()
    await read
    await a.flush()
    expect(leases()).toHaveLength(1)
  })

  it('gives it back when the result is too large to be stored', async () => {
    const a = world.isolate({ redis: { maxEntryMB: 0.00001 } })
    await world.warm(a)
    expect(await world.outcome(a, GLOBAL)).toBe('miss')
    expect([names(), leases()]).toEqual([['mget', 'set mget', 'del'], []])
  })

  it('takes no lease under a fence, for refreshCache, or in a batch for those that want none', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a, { ...GLOBAL, refreshCache: true })
    world.database.answer = () => Promise.reject(new Error('the reply was lost'))
    await a.execute('UPDATE users SET n = 1').catch(() => undefined)
    world.database.answer = () => [[['n', 23, '7']]]
    expect(await world.outcome(a, GLOBAL)).toBe('miss')
    await a.queryBatch([{ sql: 'SELECT n FROM orders' }, { sql: 'SELECT m FROM orders' }])
    expect(names().filter((trip) => /^set( set)* mget$/.test(trip))).toEqual([])
  })

  it('answers from the database when the lease trip fails, within redis.timeoutMs', async () => {
    const a = world.isolate({ redis: { timeoutMs: 40 } })
    await world.warm(a)
    world.redis.before = ({ commands }) =>
      commands[0]![1]!.includes(':l:') ? new Promise<void>(() => undefined) : undefined
    expect((await a.queryResult(SQL, [1], GLOBAL)).cache.outcome).toBe('miss')
    await a.flush()
    // The lookup's versions were good, so that the result is stored all the same.
    world.redis.before = () => {}
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it('leaves a refresh to whoever does it already', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    const stale = { ...GLOBAL, ttl: 1, staleWhileRevalidate: 60 }
    await world.outcome(a, stale)
    await world.outcome(b, stale)
    world.now += 2_000
    const { opens, release } = answering()
    expect((await a.queryResult(SQL, [1], stale)).cache.outcome).toBe('stale')
    await until('step of the others', () => opens.length === 1)
    expect((await b.queryResult(SQL, [1], stale)).cache.outcome).toBe('stale')
    await b.flush()
    release()
    await a.flush()
    expect(world.database.log).toHaveLength(2)
  })

  it('shares the trips in a batch: one lookup, one for the leases, one to the database, one to store', async () => {
    const a = world.isolate()
    await world.warm(a)
    const batch = [1, 2, 3].map((id) => ({ sql: SQL, params: [id], options: GLOBAL }))
    await a.queryBatch([...batch, { sql: SQL, params: [4] }])
    await a.flush()
    expect(names()).toEqual(['mget', 'set set set mget', 'set set set set del'])
    expect(world.database.trips).toBe(1)
  })

  it('keeps the leases of a batch whose results need several trips until the last, which a failure of the others does not stop', async () => {
    const a = world.isolate({ redis: { enableCompression: false } })
    await world.warm(a)
    world.database.answer = ({ params }) => [[['n', 25, String(params[0]).repeat(2_000_000)]]]
    let fail: (() => void) | undefined
    world.redis.before = ({ commands }) => {
      if (fail || !commands[0]![1]!.includes(':e:') || commands[0]![0] !== 'set') return undefined
      return new Promise((_, reject) => (fail = () => reject(new Error('lost'))))
    }
    await a.queryBatch([1, 2].map((id) => ({ sql: SQL, params: [id], options: GLOBAL })))
    await until('the first trip that stores', () => fail !== undefined)
    await tick(5)
    expect(leases()).toHaveLength(2)
    fail!()
    await a.flush()
    expect(leases()).toEqual([])
    expect(await world.outcome(world.isolate(), {}, [1])).toBe('l2')
  })

  it.each(['still', 'no longer'])(
    'answers with what has come before its turn, and leaves no lease of its own: %s leased',
    async (held) => {
      await leasedElsewhere()
      const [lease] = leases()
      world.redis.data.delete(lease!)
      const b = world.isolate()
      let trips = 0
      world.redis.before = async ({ commands }) => {
        if (!commands[0]![1]!.includes(':l:') || trips++ > 0) return
        await world.outcome(world.isolate())
        if (held === 'still') world.redis.data.set(lease!, '1')
      }
      expect(await world.outcome(b, GLOBAL)).toBe('l2')
      expect(leases()).toHaveLength(held === 'still' ? 1 : 0)
    },
  )

  it('does not give back the lease of another when it loads beside him, because a fence stands', async () => {
    await leasedElsewhere()
    const [lease] = leases()
    world.redis.data.delete(lease!)
    let trips = 0
    world.redis.before = async ({ commands }) => {
      if (!commands[0]![1]!.includes(':l:') || trips++ > 0) return
      world.redis.data.set(lease!, '1')
      const failing = new FakeDatabase()
      failing.answer = () => Promise.reject(new Error('the reply was lost'))
      await expect(world.isolate({}, failing).execute('UPDATE users SET n = 1')).rejects.toThrow('lost')
    }
    expect(await world.outcome(world.isolate(), GLOBAL)).toBe('miss')
    expect(leases()).toEqual([lease])
  })

  it('is one load per isolate without Redis', async () => {
    const a = world.isolate({ type: 'local' })
    expect(await world.outcome(a, GLOBAL)).toBe('miss')
    expect(world.redis.trips).toHaveLength(0)
  })
})
