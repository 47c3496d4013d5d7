/** Two people on one database with row-level security: whatever they ask, by whatever way, neither sees a row of the other. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startLocalStack } from '../../src/dev/index.js'
import type { LocalStack } from '../../src/dev/index.js'
import { createQueryCache } from '../../src/index.js'
import type { CacheConfig } from '../../src/index.js'
import { Chance } from '../consistency/virtual-time.js'
import { neonWithRoles } from '../support/neon-with-roles.js'
import type { RoleEndpoint } from '../support/neon-with-roles.js'
import { SecuredDatabase, settingsOf } from './database.js'
import type { Person } from './database.js'
import { DECLARED, ROW_SECURITY } from './statements.js'
import { BOUND_SECONDS, Trial } from './trial.js'
import { WAYS, waysOf } from './ways.js'

const server = process.env['TEST_DATABASE_URL']
const seed = Number(process.env['RLS_SEED'] ?? 20_260_801)
const QUERIES = Number(process.env['RLS_QUERIES'] ?? 10_000)

/** What each isolate is like; they share one Redis. */
const ISOLATES: readonly Partial<CacheConfig>[] = [
  { type: 'hybrid', sql: DECLARED },
  { type: 'hybrid', sql: { ...DECLARED, rowSecurity: ROW_SECURITY }, consistency: { invalidate: 'fenced' } },
  { type: 'redis', sql: { ...DECLARED, onUnknown: 'ttl-only' }, redis: { serializationFormat: 'superjson' } },
]

if (server)
  describe('two people on a database with row-level security', () => {
    const database = new SecuredDatabase(server)
    const closers: (() => Promise<unknown>)[] = []
    let stack: LocalStack
    let endpoint: RoleEndpoint
    const pools = {} as Record<Person, pg.Pool>

    beforeAll(async () => {
      await database.create()
      stack = await startLocalStack({ databaseUrl: server })
      const connect = (role: string) =>
        new pg.Pool({ connectionString: database.connectionOf(role.split('_').at(-1) as Person), max: 4 })
      endpoint = await neonWithRoles(connect, (token) => [
        `SET LOCAL ROLE ${database.roles[token as Person]}`,
        ...settingsOf(token as Person).map((set) => `SET LOCAL ${set}`),
      ])
      for (const person of ['alice', 'bob'] as const)
        pools[person] = new pg.Pool({ connectionString: database.connectionOf(person), max: 2 })
    }, 60_000)
    afterAll(async () => {
      vi.restoreAllMocks()
      for (const close of closers) await close()
      await Promise.all(Object.values(pools).map((pool) => pool.end()))
      await endpoint?.close()
      await stack?.stop()
      await database.drop()
    })

    async function trial(seed: number, queries: number, sameScope: boolean): Promise<Trial> {
      const chance = new Chance(seed)
      const realNow = Date.now
      let ahead = 0
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => realNow() + ahead)
      let failing = false
      const grounds = {
        database,
        endpoint,
        chance,
        failing: () => failing,
        closing: (close: () => Promise<unknown>) => void closers.push(close),
      }
      const caches = ISOLATES.map((config) =>
        createQueryCache({
          type: 'hybrid',
          ...config,
          redis: { ...stack.upstash, redisKeyPrefix: `rls-${seed}`, timeoutMs: 10_000, ...config.redis },
          consistency: { maxStalenessSeconds: BOUND_SECONDS, ...config.consistency },
        }),
      )
      const isolates = await Promise.all(caches.map((cache) => waysOf(grounds, cache)))
      const told = await new Trial({
        chance,
        isolates,
        direct: async (person, { sql, params }) =>
          (await pools[person].query<Record<string, unknown>>(sql, params)).rows,
        advance: (ms) => void (ahead += ms),
        fail: (now) => (failing = endpoint.failing = now),
        sameScope,
      }).run(queries)
      await Promise.all(caches.map((cache) => cache.background.settle()))
      clock.mockRestore()
      return told
    }

    it('is sure to notice rows that go astray: with one scope for both they do', async () => {
      const { leaks, wrong } = await trial(seed, 500, true)
      expect(leaks.length).toBeGreaterThan(0)
      expect(wrong.length).toBeGreaterThan(0)
    })

    it(
      `hands neither a row of the other in ${QUERIES} random queries (RLS_SEED=${seed})`,
      { timeout: 300_000 },
      async () => {
        expect(stack.backends).toEqual({ postgres: 'postgres', redis: expect.stringMatching(/^redis/) as string })
        const { leaks, wrong, seen, asked } = await trial(seed + 1, QUERIES, false)
        if (process.env['RLS_COUNTS'])
          for (const [what, times] of seen) console.log(`${String(times).padStart(6)}  ${what}`)
        expect({ leaks: leaks.slice(0, 3), wrong: wrong.slice(0, 3) }).toEqual({ leaks: [], wrong: [] })
        expect(asked).toBeGreaterThanOrEqual(QUERIES)
        const times = (pattern: RegExp) => [...seen].reduce((sum, [what, n]) => sum + (pattern.test(what) ? n : 0), 0)
        const fewest = QUERIES / 1_000
        for (const way of WAYS)
          for (const tier of ['l1', 'l2', 'miss'])
            expect([way, tier, times(new RegExp(`^${way} ${tier}$`)) >= fewest]).toEqual([way, tier, true])
        for (const what of [
          / stale$/,
          / coalesced$/,
          / stale-if-error$/,
          /^scope-required$/,
          /^in-transaction$/,
          /^write$/,
        ])
          expect([what, times(what) >= fewest]).toEqual([what, true])
      },
    )
  })

it('runs on a real PostgreSQL where one is required', () => {
  expect(server !== undefined || process.env['REQUIRE_REAL_BACKENDS'] !== '1').toBe(true)
})
