/** What `CacheMonitoringService` finds, and from which figures on. */
import { beforeEach, expect, it } from 'vitest'
import { CacheMonitoringService } from '../../src/index.js'
import type { CounterValues } from '../../src/stats.js'
import { World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

const LOW = /hit ratio/
const FAILING = /fail/
it.each<[Partial<CounterValues>, RegExp | undefined]>([
  [{ l1Hits: 10, l2Hits: 19, misses: 71 }, LOW],
  [{ l1Hits: 10, l2Hits: 20, misses: 70 }, undefined],
  [{ misses: 100 }, LOW],
  [{ misses: 99 }, undefined],
  [{ l1Hits: 100, errors: 6 }, FAILING],
  [{ l1Hits: 100, errors: 5 }, undefined],
  [{ l1Hits: 99, errors: 99 }, undefined],
  [{ l1Hits: 100, bypassed: 100, errors: 10 }, undefined],
  [{ l1Hits: 100, bypassed: 100, errors: 11 }, FAILING],
])('of %j it says %s', async (counted, issue) => {
  const a = world.isolate()
  Object.assign(a.core.cache.counters.total, counted)
  const before = a.getCacheStats()
  const { health, stats } = await new CacheMonitoringService(a).checkCacheHealth()
  expect(stats).toEqual(before)
  expect(health).toEqual({
    status: issue ? 'degraded' : 'healthy',
    issues: issue ? [expect.stringMatching(issue)] : [],
  })
})

it('an invalidation that Redis has not acknowledged is a finding, until it has', async () => {
  const a = world.isolate()
  const monitor = new CacheMonitoringService(a)
  world.redis.full = true
  world.redis.garble = (replies, { commands }) =>
    replies.map((reply, i) => (/^(del|unlink)$/.test(commands[i]![0]!) ? { error: 'ERR no' } : reply))
  await expect(a.invalidate({ tables: ['users'] })).rejects.toThrow()
  const { health } = await monitor.checkCacheHealth()
  expect(health).toEqual({ status: 'degraded', issues: [expect.stringContaining('acknowledge')] })
})

it('memory that is full is a finding when most results are thrown out before they are read', async () => {
  const a = world.isolate({ type: 'local', queryCache: { maxSizeMB: 1 } })
  const monitor = new CacheMonitoringService(a)
  const ask = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await a.query('SELECT n FROM users WHERE id = $1', [i])
  }
  const full = async () => /localCacheSizeMB/.test((await monitor.checkCacheHealth()).health.issues.join())
  await ask(0, 2_000)
  const { evictions, cacheMisses, totalSizeMB } = a.getCacheStats()
  expect([totalSizeMB > 0.95, evictions > 0, evictions < cacheMisses / 2]).toEqual([true, true, true])
  expect(await full()).toBe(false)
  await ask(2_000, 6_000)
  expect(await full()).toBe(true)
  await a.invalidateCache()
  expect(await full()).toBe(false)
})

it('what is no executor is refused', () => {
  expect(() => new CacheMonitoringService({} as never)).toThrow('`executor`')
})
