/** What is asked: few results that share tables, tags and keys, so that requests meet; and what one request leaves for the judge. */
import type { CachedQueryExecutor, QueryOptions } from '../../src/index.js'
import type { Commit } from './model-postgres.ts'
import type { Chance, Context } from './virtual-time.ts'
import type { Client } from './clients.ts'
import type { Isolate } from './isolate.ts'

export type Aim = 'slow' | 'slow-check' | 'ambiguous' | 'late-reply' | 'lost-invalidation'

/** One request to one isolate. */
export interface Op extends Context {
  readonly id: number
  readonly what: string
  readonly isolate: Isolate
  readonly startOrder: number
  readonly startAt: number
  endOrder?: number
  endAt?: number
  readonly asks: Ask[]
  /** Outcomes in the order of their events. */
  readonly outcomes: string[]
  readonly commits: Commit[]
  /** When Redis executed the last lookup of an entry whose reply this request got. */
  askedL2?: number
  fenceAcknowledged?: number
  fencedBeforeSend?: boolean
  databaseAnswered?: boolean
  /** The database said that the write did not happen. */
  refused?: boolean
  sent?: number
  sentOrder?: number
  /** What is aimed at with this request. `slow`: its write is, and its isolate may die when it has committed. */
  readonly aim?: Aim
  /** Its invalidation has been lost once, on purpose. */
  owes?: boolean
  /** Whose request it is, where the client is one with cookies. */
  readonly client?: Client
  /** Until when its client's session says what it wrote. */
  cookieUntil?: number
  /** Its client has gone: what was handed to `waitUntil` goes on. */
  disconnected?: boolean
  /** Promises handed to `waitUntil` that are not settled. */
  held: number
  /** How many writes it sends. */
  readonly times: number
  readonly writeEvents: { outcome: string; invalidated: boolean }[]
}

export interface Ask {
  /** Everything that F8 tells apart. */
  readonly identity: string
  readonly sql: string | undefined
  readonly params: unknown[]
  readonly tables: readonly string[]
  readonly tags: readonly string[]
  readonly key: string | undefined
  readonly options: QueryOptions
}

export interface Site {
  sql?: string
  cached?: { key: string; load: (executor: CachedQueryExecutor) => Promise<number[]> }
  tables: string[]
  options?: QueryOptions
  scopes?: string[]
}

export type Reads = { read: number }[]
const ONE = (table: string) => `SELECT read FROM ${table} WHERE id = $1`
export const ids = (rows: Reads): number[] => rows.map(({ read }) => read)

export const SITES: Site[] = [
  { sql: ONE('users'), tables: ['users'] },
  { sql: ONE('users'), tables: ['users'], options: { tags: ['hot'] } },
  { sql: ONE('users'), tables: ['users'], options: { tags: ['cold'], cacheKey: 'user:42' } },
  { sql: ONE('users'), tables: ['users', 'posts'], options: { tables: ['posts'] } },
  { sql: 'SELECT read FROM posts JOIN users ON true WHERE posts.id = $1', tables: ['posts', 'users'] },
  { sql: ONE('posts'), tables: ['posts'], options: { cacheKey: 'user:42:posts', tags: ['hot'] } },
  { sql: ONE('posts'), tables: ['posts'], options: { ttl: 2, staleWhileRevalidate: 20 } },
  { sql: ONE('notes'), tables: ['notes'], scopes: ['ann', 'bob', ''] },
  { sql: ONE('notes'), tables: ['notes'], options: { ttl: 1, staleIfError: 20 } },
  {
    tables: ['users', 'posts'],
    options: { tables: ['users', 'posts'] },
    cached: {
      key: 'report',
      load: async (executor) => {
        const first = await executor.query<{ read: number }>(ONE('users'), [1])
        return [...ids(first), ...ids(await executor.query(ONE('posts'), [1]))]
      },
    },
  },
  {
    tables: ['users', 'notes'],
    options: { tables: ['users', 'notes'], tags: ['hot'], ttl: 3, staleWhileRevalidate: 10 },
    cached: {
      key: 'user:7:home',
      load: async (executor) => {
        const inner = await executor.cached('user:7', async (deeper) => ids(await deeper.query(ONE('users'), [1])), {
          tables: ['users'],
        })
        return [...inner, ...ids(await executor.query(ONE('notes'), [1]))]
      },
    },
  },
]

export function askOf(site: Site, isolate: Isolate, chance: Chance, globalShare: number): Ask {
  const params = site.sql ? [chance.pick<unknown>(chance.of(0.9) ? [1] : ['1', 1n, true])] : []
  const scope = site.scopes && chance.pick(site.scopes)
  const options: QueryOptions = { ...site.options, ...(scope === undefined ? {} : { scope }) }
  if (chance.of(0.03)) options.refreshCache = true
  if (chance.of(globalShare)) options.coalesce = 'global'
  const { tags = [], cacheKey = site.cached?.key } = options
  const shown = params.map((param) => `${typeof param} ${String(param)}`)
  const identity = JSON.stringify([
    site.sql ?? 'cached',
    shown,
    tags,
    options.tables,
    cacheKey,
    scope,
    isolate.identity,
    isolate.epoch,
  ])
  return { identity, sql: site.sql, params, tables: site.tables, tags, key: cacheKey, options }
}
