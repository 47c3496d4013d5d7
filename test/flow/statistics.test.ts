import { beforeEach, describe, expect, it } from 'vitest'
import { FORMAT } from '../../src/codec/encode.js'
import { CacheInvalidationService, CacheMonitoringService } from '../../src/index.js'
import { isRedisCache } from '../../src/l2.js'
import type { CachedQueryExecutor } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

const pushes = () => world.redis.trips.filter(({ commands }) => commands[0]![0] === 'bitfield')

describe('statistics', () => {
  it('are all 0 where nothing was asked', () => {
    const stats = world.isolate().getCacheStats()
    expect(new Set(Object.values(stats))).toEqual(new Set([0]))
  })

  it('count what goes to Redis and comes from it', async () => {
    const a = world.isolate()
    await world.warm(a)
    const [before, sent] = [a.getCacheStats(), { in: 0, out: 0 }]
    world.redis.garble = (replies, { commands }) => {
      for (const [i, [name, , value]] of commands.entries()) {
        if (name === 'mget') for (const text of replies[i]!.result as (string | null)[]) sent.in += text?.length ?? 0
        if (name === 'set') sent.out += value!.length
      }
      return replies
    }
    for (const id of [1, 1, 2]) await world.outcome(a, {}, [id])
    await world.isolate().query(SQL, [9])
    await a.execute('UPDATE orders SET n = 1')
    sent.in = sent.out = 0
    world.redis.reset()
    const b = world.isolate()
    for (const id of [1, 1, 2, 3]) await world.outcome(b, {}, [id])
    await b.execute('UPDATE users SET n = 1')
    const stats = b.getCacheStats()
    expect(before.redisTrips).toBeGreaterThan(0)
    expect(stats).toMatchObject({ redisTrips: world.redis.trips.length, redisCommands: world.redis.commands })
    expect(stats).toMatchObject({ bytesIn: sent.in, bytesOut: sent.out, l2Hits: 2, cacheMisses: 1 })
    expect(sent.in).toBeGreaterThan(100)
  })

  it('count failures of Redis and of the database', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.redis.before = () => {
      throw new Error('down')
    }
    await world.outcome(a)
    expect(a.getCacheStats().errors).toBeGreaterThan(0)
    expect(a.getCacheStats().errors).toBe(world.events.filter(({ type }) => type === 'redis-failed').length)
    world.redis.before = () => {}
    const { errors } = a.getCacheStats()
    world.database.answer = () => {
      throw new Error('no')
    }
    await expect(a.query('SELECT n FROM posts')).rejects.toThrow('no')
    expect(a.getCacheStats().errors).toBe(errors + 1)
  })

  it('add up: hits, misses and bypasses are all queries', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    await world.outcome(a)
    await world.outcome(a, { skipCache: true })
    await world.outcome(world.isolate())
    const stats = a.getCacheStats()
    expect(stats).toMatchObject({
      totalQueries: 3,
      cacheHits: 1,
      l1Hits: 1,
      cacheMisses: 1,
      bypassed: 1,
      hitRatio: 0.5,
      dbQueries: 2,
    })
    expect(stats.totalSizeMB).toBeGreaterThan(0)
  })

  it('count what joined a load by the outcome of its leader', async () => {
    const a = world.isolate()
    await world.warm(a)
    await Promise.all([1, 1, 1].map((id) => a.query(SQL, [id])))
    await a.flush()
    expect(a.getCacheStats()).toMatchObject({ coalesced: 2, cacheMisses: 3, cacheHits: 0, dbQueries: 1 })
  })

  it('count an answer under staleIfError as a stale hit', async () => {
    const a = world.isolate()
    await world.warm(a)
    const options = { ttl: 1, staleIfError: 60 }
    await world.outcome(a, options)
    world.now += 1_500
    world.database.answer = () => Promise.reject(new Error('down'))
    expect(await world.outcome(a, options)).toBe('stale-if-error')
    expect(a.getCacheStats()).toMatchObject({ cacheHits: 1, staleHits: 1, cacheMisses: 1, totalQueries: 2 })
  })

  it.each(['hybrid', 'redis'] as const)('count stale hits among the hits (%s)', async (type) => {
    const a = world.isolate({ type })
    await world.warm(a)
    const options = { ttl: 1, staleWhileRevalidate: 60 }
    await world.outcome(a, options)
    world.now += 1_500
    expect(await world.outcome(a, options)).toBe('stale')
    expect(a.getCacheStats()).toMatchObject({ cacheHits: 1, staleHits: 1, cacheMisses: 1, totalQueries: 2 })
  })

  it('count each statement of a transaction as a query of the database', async () => {
    const a = world.isolate()
    await a.transaction([{ sql: 'UPDATE users SET n = 1' }, { sql: 'UPDATE posts SET n = 1' }])
    expect(a.getCacheStats()).toMatchObject({ dbQueries: 2, errors: 0 })
  })

  it.each([
    ['a read', (a: CachedQueryExecutor) => a.query(SQL, [1])],
    ['a write', (a: CachedQueryExecutor) => a.execute('UPDATE users SET n = 1')],
    ['a transaction', (a: CachedQueryExecutor) => a.transaction([{ sql: 'UPDATE users SET n = 1' }])],
  ])('tell how long the database took: %s', async (_, run) => {
    const a = world.isolate()
    await world.warm(a)
    world.database.answer = () => ((world.now += 40), [])
    await run(a)
    expect(a.getCacheStats()).toMatchObject({ dbQueries: 1, averageQueryTime: 40 })
  })

  it.each([
    ['a read', (a: CachedQueryExecutor) => a.query(SQL, [1])],
    ['a read of its own', (a: CachedQueryExecutor) => a.query(SQL, [1], { skipCache: true })],
    ['a write', (a: CachedQueryExecutor) => a.execute('UPDATE users SET n = 1')],
  ])('count an error of the database once: %s', async (_, run) => {
    const a = world.isolate()
    await world.warm(a)
    world.database.answer = () => Promise.reject(Object.assign(new Error('no'), { code: '22012' }))
    await expect(run(a)).rejects.toThrow('no')
    expect(a.getCacheStats().errors).toBe(1)
  })

  it('tell of what asks Redis which part it answers', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    await world.outcome(b)
    await world.outcome(b, {}, [2])
    const { cache } = b.core
    expect(isRedisCache(cache) && (await cache.getRedisInfo()).hitRatio).toBe(0.5)
  })

  it('hold a value that could not be kept, as an answer that came past the cache', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.events.length = 0
    await a.cached('a key', () => Promise.resolve(() => 1))
    expect(a.getCacheStats()).toMatchObject({ totalQueries: 1, bypassed: 1, cacheMisses: 0 })
    const told = { type: 'query', outcome: 'bypass', reason: 'not-serialisable' }
    expect(world.events).toContainEqual(expect.objectContaining(told))
  })

  it('are pushed at most every 10 s under traffic, in as many commands whatever the traffic', async () => {
    const a = world.isolate()
    await world.warm(a)
    const sizes: number[] = []
    for (const reads of [10, 1_000]) {
      for (let i = 0; i < reads; i++) await a.query(SQL, [1])
      world.now += 10_000
      await world.outcome(a)
      sizes.push(pushes().at(-1)!.commands.length)
    }
    expect(pushes()).toHaveLength(2)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16)
    for (let i = 0; i < 20; i++) {
      world.now += 400
      await world.outcome(a)
    }
    expect(pushes()).toHaveLength(2)
  })

  it('of all isolates are read back, by hour, with what is not pushed yet', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    await world.outcome(b)
    await b.getGlobalStats()
    expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 2, cacheMisses: 1, l2Hits: 1, dbQueries: 1 })
    const [then, hour] = [world.now, 3_600_000]
    world.now += 5 * hour
    await world.outcome(a, { skipCache: true })
    expect(await a.getGlobalStats({ since: world.now - hour })).toMatchObject({ totalQueries: 1, bypassed: 1 })
    expect(await a.getGlobalStats({ until: then + hour })).toMatchObject({ totalQueries: 2 })
    expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 3 })
  })

  it('of days that the range holds whole are those of their hours', async () => {
    const [a, hour] = [world.isolate(), 3_600_000]
    world.now = Date.UTC(2027, 0, 15)
    await world.warm(a)
    for (let i = 0; i < 48; i++) {
      await world.outcome(a, {}, [i])
      await a.getGlobalStats()
      world.now += hour
    }
    const reader = world.isolate()
    const days = (from: number, to: number) =>
      reader.getGlobalStats({ since: Date.UTC(2027, 0, 15, from), until: Date.UTC(2027, 0, 15, to) })
    const misses = (from: number, to: number) => days(from, to).then(({ cacheMisses }) => cacheMisses)
    expect(await misses(0, 23)).toBe(24)
    expect(await misses(24, 47)).toBe(24)
    expect(await misses(1, 46)).toBe(46)
    expect(await misses(0, 22)).toBe(23)
    expect(await misses(-30, 47)).toBe(48)
    expect((await reader.getGlobalStats()).cacheMisses).toBe(48)
  })

  it('are kept for the next push when Redis is away', async () => {
    const a = world.isolate()
    await world.warm(a)
    await world.outcome(a)
    world.redis.before = () => {
      throw new Error('down')
    }
    await expect(a.getGlobalStats()).rejects.toMatchObject({ code: 'REDIS_FAILED' })
    world.redis.before = () => {}
    expect(await a.getGlobalStats()).toMatchObject({ totalQueries: 1, cacheMisses: 1 })
  })
})

describe('cleanup', () => {
  it('drops expired results from memory, and entries of other generations and older formats from Redis', async () => {
    const a = world.isolate({ epoch: 'new' })
    await world.warm(a)
    await world.outcome(a, { ttl: 1 })
    await world.outcome(a, { ttl: 600 }, [2])
    const old = world.isolate({ epoch: 'old' })
    await world.outcome(old, {}, [3])
    const { data } = world.redis
    const versions = [...data.keys()].filter((key) => key.includes(':v:'))
    data.set('eqc:e:query:0::abc', 'an older format')
    data.set('eqc:e:query:99::abc', 'a newer format, of a deployment under way')
    data.set('eqc:e:other:0::abc', 'of another prefix')
    world.now += 3_000
    expect(await a.cleanupCache()).toBe(3)
    const kept = [...data.keys()]
    expect(kept.filter((key) => key.includes(':e:')).toSorted()).toEqual(
      expect.arrayContaining(['eqc:e:other:0::abc', 'eqc:e:query:99::abc']),
    )
    expect(kept.filter((key) => key.includes(':v:'))).toEqual(versions)
    expect(await world.outcome(world.isolate({ epoch: 'new' }), {}, [2])).toBe('l2')
  })

  it('uses no more commands than it may, and the next run goes on where it stopped', async () => {
    const a = world.isolate()
    for (let i = 0; i < 9; i++) world.redis.data.set(`eqc:e:other:0::${i}`, 'of another prefix')
    world.redis.data.set('eqc:e:query:0::last', 'an older format')
    world.redis.page = 1
    const removed: number[] = []
    for (let run = 0; run < 4; run++) {
      world.redis.reset()
      removed.push(await a.cleanupCache({ maxCommands: 6 }))
      expect(world.redis.commands).toBeLessThanOrEqual(6)
    }
    expect(removed.filter((count) => count > 0)).toEqual([1])
  })

  it('reads the headers of entries, and removes those that an invalidation has ended, of every database', async () => {
    const a = world.isolate()
    const other = new FakeDatabase()
    other.invalidationIdentity = 'another/db'
    other.identity = 'another/db/user'
    const b = world.isolate({}, other)
    for (const one of [a, b]) await world.warm(one, ['users', 'orders'])
    const orders = 'SELECT n FROM orders WHERE id = $1'
    for (const one of [a, b])
      for (let i = 0; i < 5; i++) for (const sql of [SQL, orders]) await world.outcome(one, { ttl: Infinity }, [i], sql)
    world.redis.data.set(`eqc:e:query:${FORMAT}::garbage`, 'nothing that anybody could read')
    await a.execute('UPDATE users SET n = 1')
    const kept = [...world.redis.data.keys()].filter((key) => key.includes(':v:'))
    world.redis.reset()
    expect(await world.isolate().cleanupCache()).toBe(5 + 1)
    const sent = world.redis.trips.flatMap(({ commands }) => commands)
    const asked = (name: string) => sent.filter((command) => command[0] === name)
    expect(asked('getrange')).toHaveLength(21)
    expect(asked('getrange').every(([, , from, to]) => from === '0' && Number(to) < 2_048)).toBe(true)
    expect(sent.length - asked('getrange').length).toBe(6)
    expect([...world.redis.data.keys()].filter((key) => key.includes(':v:'))).toEqual(kept)
    expect(await world.outcome(world.isolate(), {}, [1], orders)).toBe('l2')
    expect(await world.outcome(world.isolate({}, other), {}, [1])).toBe('l2')
    expect(await world.isolate().cleanupCache()).toBe(0)
  })

  it('reads no more headers than it may, and the next run goes on where it stopped', async () => {
    const a = world.isolate()
    await world.warm(a)
    for (let i = 0; i < 40; i++) await world.outcome(a, { ttl: Infinity }, [i])
    await world.isolate().invalidate({ tables: ['users'] })
    world.redis.page = 7
    let removed = 0
    for (let run = 0; run < 12; run++) {
      world.redis.reset()
      removed += await world.isolate().cleanupCache({ maxCommands: 24 })
      expect(world.redis.commands).toBeLessThanOrEqual(24)
    }
    expect(removed).toBe(40)
  })

  it('removes no more than 500 at once', async () => {
    const a = world.isolate()
    await world.warm(a)
    for (let i = 0; i < 700; i++) await world.outcome(a, { ttl: Infinity }, [i])
    await a.invalidate({ tables: ['users'] })
    world.redis.reset()
    expect(await world.isolate().cleanupCache()).toBe(700)
    const removals = world.redis.trips.flatMap(({ commands }) => commands).filter(([name]) => name === 'unlink')
    expect(removals.map((command) => command.length - 1)).toEqual([500, 200])
  })

  it('reads no header while names still tell of something to remove', async () => {
    const a = world.isolate({ epoch: 'new' })
    await world.warm(a)
    await world.outcome(a)
    await world.outcome(world.isolate({ epoch: 'old' }))
    const headers = () => world.redis.trips.flatMap(({ commands }) => commands).filter(([name]) => name === 'getrange')
    expect(await world.isolate({ epoch: 'new' }).cleanupCache()).toBe(1)
    expect(headers()).toHaveLength(0)
    expect(await world.isolate({ epoch: 'new' }).cleanupCache()).toBe(0)
    expect(headers()).toHaveLength(1)
  })

  it('ends when its time is over', async () => {
    const a = world.isolate()
    for (let i = 0; i < 50; i++) world.redis.data.set(`eqc:e:other:0::${i}`, 'of another prefix')
    world.redis.page = 1
    world.redis.before = ({ commands }) => void (world.now += commands[0]![0] === 'scan' ? 1_000 : 0)
    await a.cleanupCache({ maxMs: 5_000 })
    expect(world.redis.trips.filter(({ commands }) => commands[0]![0] === 'scan')).toHaveLength(5)
  })

  it('without a generation of its own leaves those of others', async () => {
    const a = world.isolate({ epoch: 'v2' })
    await world.warm(a)
    await world.outcome(a)
    expect(await world.isolate().cleanupCache()).toBe(0)
    expect(await world.outcome(world.isolate({ epoch: 'v2' }))).toBe('l2')
  })
})

describe('health', () => {
  it('is healthy, then unhealthy when Redis gives no answer, and never rejects', async () => {
    const a = world.isolate()
    await world.warm(a)
    const monitor = new CacheMonitoringService(a)
    expect(await monitor.checkCacheHealth()).toMatchObject({
      health: { status: 'healthy', issues: [] },
      redis: { keyCount: 2 },
    })
    world.redis.before = () => {
      throw new Error('down')
    }
    const { health, redis } = await monitor.checkCacheHealth()
    expect([health.status, redis]).toEqual(['unhealthy', null])
    expect(health.issues[0]).toContain('`redis.url`')
  })
})

describe('invalidation by events', () => {
  it('knows users and audit events, and learns rules of the application', async () => {
    const a = world.isolate()
    const service = new CacheInvalidationService<{ 'order:paid': { customer: number } }>(a)
    service.on('order:paid', ({ customer }) => ({ tables: ['orders'], keys: [`customer:${customer}:*`] }))
    const orders = 'SELECT n FROM orders WHERE id = $1'
    await world.outcome(a)
    await world.outcome(a, {}, [1], orders)
    await service.onUserUpdate('42')
    expect(await world.outcome(a)).toBe('miss')
    expect(await world.outcome(a, {}, [1], orders)).toBe('l1')
    await service.emit('order:paid', { customer: 7 })
    expect(await world.outcome(a, {}, [1], orders)).toBe('miss')
    await world.outcome(a, { tags: ['login'] }, [1], 'SELECT n FROM audit_events')
    await service.onNewAuditEvent({ created_at: new Date(), tags: ['login'] })
    expect(await world.outcome(a, { tags: ['login'] }, [1], 'SELECT n FROM audit_events')).toBe('miss')
  })
})
