/** What other caches in front of Postgres were seen to do wrong, each as a test of what this one does instead. */
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

let world: World
beforeEach(() => void (world = new World()))

const UPDATE = 'UPDATE users SET n = n + 1 WHERE id = $1'
const tick = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms))
const never = () => new Promise<never>(() => undefined)
/** The names of the commands of every trip, and the texts that the database got, in the order of their being sent. */
function order(): string[] {
  const log: string[] = []
  world.redis.before = ({ commands }) => void log.push(commands.map(([name]) => name).join(' '))
  const { answer } = world.database
  world.database.answer = (statement) => {
    log.push(statement.sql.split(' ')[0]!)
    return answer(statement)
  }
  return log
}

describe("Drizzle's upstashCache", () => {
  it('invalidates beside the write; here the invalidation is sent when the write has committed', async () => {
    const a = world.isolate()
    const log = order()
    let commit!: () => void
    world.database.answer = () => (log.push('sent'), new Promise((resolve) => (commit = () => resolve([]))))
    const write = a.execute(UPDATE, [1])
    await until('the write under way', () => log.length > 0)
    expect(log).toEqual(['sent'])
    commit()
    await write
    expect(log).toEqual(['sent', 'mset'])
  })

  it('fails a read when Redis is down; here Postgres answers', async () => {
    const a = world.isolate()
    world.redis.before = () => Promise.reject(new TypeError('fetch failed'))
    expect(await world.outcome(a)).toBe('miss')
  })

  it('fails a write that has committed when Redis is down; here it returns, once sent, and says that nothing was invalidated', async () => {
    const a = world.isolate()
    world.redis.before = () => Promise.reject(new TypeError('fetch failed'))
    const { cache } = await a.execute(UPDATE, [1])
    expect([cache.invalidated, world.database.log]).toEqual([false, [UPDATE]])
    world.redis.before = () => {}
    await a.flush()
  })

  it('does not invalidate after a write in a batch, or one that is raw SQL; here both do', async () => {
    const a = world.isolate()
    for (const write of [
      () =>
        a.queryBatch([
          { sql: SQL, params: [2] },
          { sql: UPDATE, params: [1] },
        ]),
      () => a.query('WITH gone AS (DELETE FROM users RETURNING id) SELECT * FROM gone'),
      () => a.transaction([{ sql: UPDATE, params: [1] }]),
    ]) {
      await world.warm(a)
      await world.outcome(a)
      expect(await world.outcome(a)).toBe('l1')
      await write()
      expect(await world.outcome(a)).toBe('miss')
      expect(await world.outcome(world.isolate())).toBe('l2')
    }
  })

  it('never hits on a view, and stores at every call; here it hits, and writes to its tables are seen', async () => {
    const sql = { dependencies: { active_users: ['users'] } }
    const [a, b] = [world.isolate({ sql }), world.isolate({ sql })]
    await world.warm(a, ['users', 'active_users'])
    const view = 'SELECT n FROM active_users'
    expect(await world.outcome(a, {}, [], view)).toBe('miss')
    world.redis.reset()
    expect(await world.outcome(b, {}, [], view)).toBe('l2')
    expect(world.redis.commands).toBe(1)
    await b.execute(UPDATE, [1])
    expect(await world.outcome(b, {}, [], view)).toBe('miss')
  })

  it('does nothing when a table of another schema is invalidated; here it is, however it is written', async () => {
    const a = world.isolate()
    const app = 'SELECT n FROM app.posts'
    await world.warm(a, ['app.posts'])
    for (const table of ['app.posts', '"app"."posts"', 'APP.Posts']) {
      await world.outcome(a, {}, [], app)
      expect(await world.outcome(a, {}, [], app)).toBe('l1')
      await a.invalidate({ tables: [table] })
      expect(await world.outcome(a, {}, [], app)).toBe('miss')
    }
    await a.execute('UPDATE app.posts SET n = 1')
    expect(await world.outcome(a, {}, [], app)).toBe('miss')
  })

  it('does not see tables in subqueries and CTEs; here a write to them is seen', async () => {
    const a = world.isolate()
    for (const sql of [
      'SELECT n FROM posts WHERE author IN (SELECT id FROM users)',
      'WITH chosen AS (SELECT id FROM users) SELECT n FROM posts JOIN chosen ON true',
      'SELECT (SELECT max(id) FROM users) AS n FROM posts',
      'SELECT n FROM posts UNION ALL SELECT id FROM users',
    ]) {
      await world.warm(a, ['posts', 'users'])
      await world.outcome(a, {}, [], sql)
      expect(await world.outcome(a, {}, [], sql)).toBe('l1')
      await a.execute(UPDATE, [1])
      expect(await world.outcome(a, {}, [], sql)).toBe('miss')
    }
  })

  it('hands one token the rows of another; here nothing is shared without a scope', async () => {
    const secured = new FakeDatabase()
    secured.needsScope = true
    const [a, b] = [world.isolate({}, secured), world.isolate({}, secured)]
    expect(await world.outcome(a)).toBe('bypass')
    expect(await world.outcome(b)).toBe('bypass')
    expect(secured.log).toHaveLength(2)
  })

  it('asks Redis at every hit, and stores before it answers; here a hit asks nobody and a miss answers first', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.redis.before = ({ commands }) => (commands[0]![0] === 'set' ? never() : undefined)
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('miss')
    await until('the trip that stores', () => world.redis.trips.length === 2)
    world.redis.reset()
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('l1')
    expect(world.redis.trips).toHaveLength(0)
  })

  it('lets two queries with one tag overwrite each other; here each has its own rows', async () => {
    const a = world.isolate()
    const tags = ['report']
    const one = await a.query(SQL, [1], { tags, cacheKey: 'report' })
    const two = await a.query('SELECT n FROM users', [], { tags, cacheKey: 'report' })
    expect(one).not.toEqual(two)
    expect(await a.query(SQL, [1], { tags, cacheKey: 'report' })).toEqual(one)
  })
})

describe('gap N1: a flight that cannot poison an isolate', () => {
  it('a leader that never comes back costs its followers a wait, and the key heals', async () => {
    const a = world.isolate()
    const { answer } = world.database
    world.database.answer = never
    void a.query(SQL, [1])
    await until('the next query', () => world.database.log.length === 1)
    world.database.answer = answer
    const followers = await Promise.all(Array.from({ length: 100 }, () => a.queryResult(SQL, [1])))
    expect(world.database.log).toHaveLength(2)
    const outcomes = followers.map(({ cache }) => cache.outcome)
    expect(outcomes.filter((outcome) => outcome === 'miss')).toHaveLength(1)
    // Whose timer rings when the first of them has its answer finds it in memory.
    expect(outcomes.filter((outcome) => outcome === 'coalesced' || outcome === 'l1')).toHaveLength(99)
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('l1')
  })
})

describe('gap N2: a bound on what other isolates serve, without pub/sub', () => {
  it.each([0.5, 2, 10])('%s seconds after an invalidation elsewhere nothing older is served', async (seconds) => {
    const consistency = { maxStalenessSeconds: seconds }
    const [a, b] = [world.isolate({ consistency }), world.isolate({ consistency })]
    await world.warm(a)
    await world.outcome(a)
    await world.outcome(b)
    const trips = world.redis.trips.length
    await a.invalidate({ tables: ['users'] })
    world.now += seconds * 1000
    expect(await world.outcome(b)).toBe('l1')
    world.now += 1
    expect(await world.outcome(b)).toBe('miss')
    // Nobody was told: one invalidation, one check.
    expect(world.redis.trips.slice(trips).filter(({ commands }) => /^m[gs]et$/.test(commands[0]![0]!))).toHaveLength(3)
  })
})

describe('gap N4: a purge in one isolate beats a load in another', () => {
  it.each(['after', 'fenced'] as const)(
    'a load that read before the commit is not hit after it (%s)',
    async (invalidate) => {
      const consistency = { invalidate }
      const [a, b] = [world.isolate({ consistency }), world.isolate({ consistency })]
      await world.warm(a)
      const { answer } = world.database
      let arrive: (() => void) | undefined
      world.database.answer = async (statement) => {
        const rows = await answer(statement)
        await new Promise<void>((resolve) => (arrive = resolve))
        return rows
      }
      const old = b.query(SQL, [1])
      await until('the load under way', () => arrive !== undefined)
      world.database.answer = answer
      await a.execute(UPDATE, [1])
      arrive!()
      const [row] = await old
      await b.flush()
      for (const isolate of [a, world.isolate()]) expect(await isolate.query(SQL, [1])).not.toEqual([row])
      world.now += 2_001
      expect(await b.query(SQL, [1])).not.toEqual([row])
    },
  )
})

describe('gap N5: an invalidation that is post-commit, never fails the write, and is never lost', () => {
  it('is repeated in the background until Redis acknowledges it, and nothing older is served meanwhile', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    expect(await world.outcome(b)).toBe('l2')
    const versions: string[] = []
    world.redis.before = ({ commands }) => {
      const [[name, , version]] = commands as [string[]]
      // The write's own attempt and two more are lost.
      if (name === 'mset' && versions.push(version!) <= 3) throw new TypeError('fetch failed')
    }
    expect((await a.execute(UPDATE, [1])).cache.invalidated).toBe(false)
    expect((await a.queryResult(SQL, [1])).cache.outcome).toBe('miss')
    await a.flush()
    expect(new Set(versions).size).toBe(4)
    world.now += 2_001
    expect(await world.outcome(b)).toBe('miss')
    expect(await world.outcome(a)).not.toBe('miss')
    expect(world.database.log.filter((sql) => sql === UPDATE)).toHaveLength(1)
  })

  it('leaves a fence when the reply of the write was lost, for as long as it may still commit', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    const { answer } = world.database
    world.database.answer = () => Promise.reject(new Error('fetch failed'))
    await expect(a.execute(UPDATE, [1])).rejects.toThrow('fetch failed')
    world.database.answer = answer
    for (let second = 0; second < 30; second += 5) {
      expect(await world.outcome(b)).toBe('miss')
      world.now += 5_000
    }
    world.now += 35_000
    await world.outcome(b)
    expect(await world.outcome(world.isolate())).toBe('l2')
  })
})

describe('gap N10: a deadline for Redis, and a breaker with one probe', () => {
  it('asks Postgres when the deadline is over, waits a few times, then not at all, and comes back by itself', async () => {
    const a = world.isolate({ redis: { timeoutMs: 15 } })
    await world.warm(a)
    await world.outcome(a)
    world.redis.before = never
    let waits = 0
    for (let i = 0; i < 20; i++) {
      const trips = world.redis.trips.length
      expect((await a.queryResult(SQL, [100 + i])).cache.outcome).toBe('miss')
      waits += world.redis.trips.length - trips
    }
    const told = world.events.filter((event) => event.type === 'breaker')
    expect(told).toEqual([{ type: 'breaker', state: 'open' }])
    expect(waits).toBeLessThanOrEqual(6)
    world.redis.before = () => {}
    for (let i = 0; i < 20 && world.events.at(-1)?.type !== 'breaker'; i++) {
      world.now += 1_000
      await a.query(SQL, [200 + i])
      await tick(5)
      if (world.events.some((event) => event.type === 'breaker' && event.state === 'closed')) break
    }
    expect(world.events).toContainEqual({ type: 'breaker', state: 'closed' })
    expect(await world.outcome(a, {}, [300])).toBe('miss')
    expect(await world.outcome(world.isolate(), {}, [300])).toBe('l2')
  })
})

describe('gap N16: results without rows', () => {
  it('live for emptyTtl, are not served stale, and are gone with a write', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.database.answer = () => []
    const options = { ttl: 300, staleWhileRevalidate: 300, staleIfError: 300 }
    expect(await world.outcome(a, options)).toBe('miss')
    world.now += 1_000
    expect(await world.outcome(a, options)).toBe('l1')
    // Ten seconds when nothing else is said, and never beyond them.
    world.now += 9_000
    expect(await world.outcome(a, options)).toBe('miss')
    await a.execute(UPDATE, [1])
    expect(await world.outcome(a, options)).toBe('miss')
    await a.invalidate({ tables: ['users'] })
    await world.outcome(a, { ...options, emptyTtl: 2 })
    world.now += 1_999
    expect(await world.outcome(a, options)).toBe('l1')
    world.now += 1
    expect(await world.outcome(a, options)).toBe('miss')
  })
})
