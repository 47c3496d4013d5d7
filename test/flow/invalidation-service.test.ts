/** What `CacheInvalidationService` makes of an event. */
import { beforeEach, describe, expect, it } from 'vitest'
import { CacheInvalidationService } from '../../src/index.js'
import type { CachedQueryExecutor, QueryOptions } from '../../src/index.js'
import { SQL, World } from '../support/isolates.js'

let world: World
let a: CachedQueryExecutor
let service: CacheInvalidationService
beforeEach(() => {
  world = new World()
  a = world.isolate()
  service = new CacheInvalidationService(a)
})

const ORDERS = 'SELECT n FROM orders WHERE id = $1'
type Site = [sql: string, options: QueryOptions]
/** Which of these results an event ends. */
async function ended(sites: Site[], event: () => Promise<void>): Promise<boolean[]> {
  for (const [sql, options] of sites) await world.outcome(a, options, [1], sql)
  await event()
  const outcomes: boolean[] = []
  for (const [sql, options] of sites) outcomes.push((await world.outcome(a, options, [1], sql)) === 'miss')
  return outcomes
}

describe('by default', () => {
  it.each([42, 42n, '42'])('a user who has changed ends the table, his tag and his keys (%s)', async (id) => {
    const sites: Site[] = [
      [SQL, {}],
      [ORDERS, { tags: ['user:42'] }],
      [ORDERS, { cacheKey: 'user:42:orders' }],
      [ORDERS, { tags: ['user:421'] }],
      [ORDERS, { cacheKey: 'user:421:orders' }],
      [ORDERS, {}],
    ]
    expect(await ended(sites, () => service.onUserUpdate(id))).toEqual([true, true, true, false, false, false])
  })

  it("a user whose id has a pattern's sign in it ends the table and his tag", async () => {
    const sites: Site[] = [
      [SQL, {}],
      [ORDERS, { tags: ['user:a*'] }],
      [ORDERS, { cacheKey: 'user:b:orders' }],
    ]
    expect(await ended(sites, () => service.onUserUpdate('a*'))).toEqual([true, true, false])
  })

  it.each(['', null, undefined, {}, ['42'], true])('a user is refused whose id is %j', async (id) => {
    await expect(service.onUserUpdate(id as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(world.redis.trips).toEqual([])
  })

  it('an audit event ends its table, and its tags where it has any', async () => {
    const sites: Site[] = [
      ['SELECT n FROM audit_events', {}],
      [ORDERS, { tags: ['login'] }],
      [ORDERS, { tags: ['logout'] }],
    ]
    expect(await ended(sites, () => service.onNewAuditEvent({ at: 1 }))).toEqual([true, false, false])
    expect(await ended(sites, () => service.onNewAuditEvent({ tags: ['login'] }))).toEqual([true, true, false])
  })
})

describe('a rule', () => {
  it('adds to those that the event has, in one trip', async () => {
    service.on('user:update', async () => ({ keys: ['home'] })).on('user:update', () => undefined)
    const sites: Site[] = [
      [SQL, {}],
      [ORDERS, { cacheKey: 'home' }],
      [ORDERS, {}],
    ]
    const event = async () => {
      world.redis.reset()
      await service.onUserUpdate(1)
      expect(world.redis.trips).toHaveLength(1)
    }
    expect(await ended(sites, event)).toEqual([true, true, false])
  })

  it.each([{ tables: ['orders'] }, { tags: ['hot'] }, { keys: ['home'] }])('may name %j alone', async (named) => {
    service.on('paid', () => named)
    expect(await ended([[ORDERS, { tags: ['hot'], cacheKey: 'home' }]], () => service.emit('paid', {}))).toEqual([true])
  })

  it('that names nothing costs nothing, nor does an event without one', async () => {
    service.on('nothing', () => undefined).on('nothing', () => ({ tables: [] }))
    await service.emit('nothing', {})
    await service.emit('unknown', {})
    expect(world.redis.trips).toEqual([])
  })

  it.each([{ table: ['orders'] }, { tables: 'orders' }, { keys: ['a*b'] }])('may not name %j', async (named) => {
    service.on('paid', () => named as never)
    await expect(service.emit('paid', {})).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('is a function, of a service that has an executor', () => {
    expect(() => service.on('paid', {} as never)).toThrow('`rule`')
    expect(() => new CacheInvalidationService({} as never)).toThrow('`executor`')
  })
})
