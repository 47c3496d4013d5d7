/** What is asked: few results that share tables, tags and keys, so that requests meet. */
import type { CachedQueryExecutor, QueryOptions } from '../../src/index.js'
import type { Isolate } from './isolate.ts'
import type { Ask } from './requests.ts'
import type { Chance } from './virtual-time.ts'

export interface Site {
  sql?: string
  cached?: { key: string; load: (executor: CachedQueryExecutor) => Promise<number[]> }
  /** What it reads. */
  tables: string[]
  options?: QueryOptions
  scopes?: string[]
}

export type Reads = { read: number }[]
const ONE = (table: string) => `SELECT read FROM ${table} WHERE id = $1`
export const ids = (rows: Reads): number[] => rows.map(({ read }) => read)

/** Two custom keys that hash into one bucket: whatever they depend on is the same. */
export const TWINS = ['report', 'report-124'] as const

const both = async (executor: CachedQueryExecutor): Promise<number[]> => {
  const first = await executor.query<{ read: number }>(ONE('users'), [1])
  return [...ids(first), ...ids(await executor.query(ONE('posts'), [1]))]
}

/** Answers past its time when the database fails. */
export const FORGIVING: Site = { sql: ONE('notes'), tables: ['notes'], options: { ttl: 1, staleIfError: 20 } }

/** Answers past its time while it is loaded anew. */
export const REVALIDATED = {
  sql: ONE('posts'),
  tables: ['posts'] as [string],
  options: { ttl: 2, staleWhileRevalidate: 20 },
}

export const SITES: Site[] = [
  { sql: ONE('users'), tables: ['users'] },
  { sql: ONE('users'), tables: ['users'], options: { tags: ['hot'] } },
  { sql: ONE('users'), tables: ['users'], options: { tags: ['cold'], cacheKey: 'user:42' } },
  { sql: ONE('users'), tables: ['users'], options: { tags: ['hot'], tagsOnly: true } },
  { sql: ONE('users'), tables: ['users', 'posts'], options: { tables: ['posts'] } },
  { sql: 'SELECT read FROM posts JOIN users ON true WHERE posts.id = $1', tables: ['posts', 'users'] },
  { sql: ONE('posts'), tables: ['posts'], options: { cacheKey: 'user:42:posts', tags: ['hot'] } },
  REVALIDATED,
  { sql: ONE('notes'), tables: ['notes'], scopes: ['ann', 'bob', ''] },
  FORGIVING,
  ...TWINS.map((key) => ({
    tables: ['users', 'posts'],
    options: { tables: ['users', 'posts'] },
    cached: { key, load: both },
  })),
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

/** A result whose table only the quiet plots write to, so that what they leave in Redis stays there. */
export const QUIET: Site = { sql: ONE('plans'), tables: ['plans'] }

export function askOf(site: Site, isolate: Isolate, role: string, chance: Chance, globalShare: number): Ask {
  const params = site.sql ? [chance.pick<unknown>(site === QUIET || chance.of(0.9) ? [1] : ['1', 1n, true])] : []
  const scope = site.scopes && chance.pick(site.scopes)
  const options: QueryOptions = { ...site.options, ...(scope === undefined ? {} : { scope }) }
  if (site !== QUIET && chance.of(0.03)) options.refreshCache = true
  if (chance.of(globalShare)) options.coalesce = 'global'
  const { tags = [], cacheKey = site.cached?.key } = options
  const shown = params.map((param) => `${typeof param} ${String(param)}`)
  const identity = JSON.stringify([
    site.sql ?? 'cached',
    shown,
    tags,
    options.tagsOnly,
    options.tables,
    cacheKey,
    scope,
    role,
    isolate.epoch,
  ])
  const tables = options.tagsOnly ? [] : site.tables
  return { identity, sql: site.sql, params, tables, tags, key: cacheKey, options }
}
