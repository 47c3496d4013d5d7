/** What a request may change, in every way that the package offers, and what of it has to be seen. */
import type { Code } from './isolate.ts'
import { TABLES } from './model-postgres.ts'
import type { Aim } from './requests.ts'
import type { Site } from './sites.ts'
import type { World } from './world.ts'

export interface Named {
  tables?: string[]
  tags?: string[]
  keys?: string[]
}

/** One write or invalidation of a request. */
export interface Part {
  readonly what: string
  readonly run: Code<unknown>
  readonly named: Named
  readonly write: boolean
  readonly aim?: Aim
  readonly takesMs?: number
  /** It begins some time after the call: no session holds it when the response did not wait for it. */
  readonly beginsLate?: boolean
}

type Aimed = Pick<Part, 'aim' | 'takesMs'>

const update = (table: string): string => `UPDATE ${table} SET v = v + 1 WHERE id = $1`

export function writeTo(table: string, { tags = [], ...aimed }: Aimed & { tags?: string[] } = {}): Part {
  return {
    what: `execute ${table} ${tags.join()} ${aimed.aim ?? ''}`,
    run: (it) => it.execute(update(table), [1], { tags }),
    named: { tables: [table], tags },
    write: true,
    ...aimed,
  }
}

/** One transaction over two tables. */
export function writeToBoth(table: string, other: string, aimed: Aimed = {}): Part {
  const statements = [
    { sql: update(table), params: [1] },
    { sql: `UPDATE ${other} SET v = 0`, params: [] },
  ]
  return {
    what: `transaction ${table} ${other}`,
    run: (it) => it.transaction(statements),
    named: { tables: [table, other] },
    write: true,
    ...aimed,
  }
}

/** A write inside the loader of a `cached()` that nobody has asked before. */
export function writeInLoader(table: string, { chance, count }: World): Part {
  const key = `job:${chance.between(0, 1e9)}`
  return {
    what: `write in a loader ${table}`,
    run: async (it) => {
      count('write in a cached() loader')
      await it.cached(key, async (inner) => (await inner.execute(update(table), [1])).rowCount)
    },
    named: { tables: [table] },
    write: true,
    beginsLate: true,
  }
}

/** What the text does not explain changes everything, whatever tables are named besides. */
function unexplained({ chance, count }: World): Part {
  const sql = chance.pick(['CALL refresh()', 'CALL refresh()', 'DO $$ BEGIN PERFORM 1; END $$', 'SELECT refresh_all()'])
  count(`write not understood: ${sql.split(' ')[0]}`)
  const tables = chance.of(0.5) ? [chance.pick(TABLES)] : undefined
  const run: Code<unknown> = (it) => it.execute(sql, [], { tables })
  return { what: sql, run, named: { tables: TABLES }, write: true }
}

/** A write or an invalidation that concerns a site. */
export function partFor(site: Site, world: World): Part {
  const { chance, count, emptied } = world
  const { options = {} } = site
  const table = chance.pick(site.tables)
  const key = options.cacheKey ?? site.cached?.key
  const kind = chance.next()
  const invalidation = (what: string, run: Code<unknown>, named: Named): Part => ({ what, run, named, write: false })
  const tags = options.tags && chance.of(options.tagsOnly ? 0.8 : 0.3) ? [...options.tags] : []
  if (kind < 0.4) return writeTo(table, { tags })
  if (kind < 0.48) {
    const tags = options.tags && chance.of(0.7) ? [...options.tags] : []
    if (tags.length > 0) count('write by query() with tags')
    const what = `query ${table} ${tags.join()}`
    return { what, run: (it) => it.query(update(table), [1], { tags }), named: { tables: [table], tags }, write: true }
  }
  if (kind < 0.55) return writeToBoth(table, chance.pick(TABLES.slice(0, 3)))
  if (kind < 0.59 && emptied) return unexplained(world)
  if (kind < 0.62) return writeInLoader(table, world)
  if (kind < 0.7 && options.tags) {
    const all = [...options.tags]
    return invalidation(`invalidate tags ${all.join()}`, (it) => it.invalidate({ tags: all }), { tags: all })
  }
  if (kind < 0.82 && key) {
    count('invalidated by key')
    const pattern = chance.pick([key, key.includes(':') ? `${key.split(':')[0]}:*` : key, key])
    return invalidation(`invalidate key ${pattern}`, (it) => it.invalidateCache(pattern), { keys: [pattern] })
  }
  if (kind < 0.85 && emptied) return invalidation('invalidate all', (it) => it.invalidateCache(), { keys: ['*'] })
  return invalidation(`invalidate ${table}`, (it) => it.invalidate({ tables: [table] }), { tables: [table] })
}
