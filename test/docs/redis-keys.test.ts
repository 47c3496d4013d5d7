import { CachedQueryExecutor, createQueryCache } from 'edge-query-cache'
import type { CacheConfig } from 'edge-query-cache'
import { beforeEach, describe, expect, test } from 'vitest'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'
import { page, tableRows } from './pages.js'

const PAGE = page('docs/redis-keys.md')
const SQL = 'SELECT n FROM users WHERE id = $1'
const UPDATE = 'UPDATE users SET n = $1'

let redis: FakeRedis
let database: FakeDatabase
let now: number

beforeEach(() => {
  redis = new FakeRedis()
  database = new FakeDatabase()
  now = 1_800_000_000_000
})

function isolate(config: Partial<CacheConfig> = {}) {
  const cache = createQueryCache({ type: 'hybrid', ...config, redis: { client: redis.sdk } })
  return new CachedQueryExecutor(database, cache, { now: () => now })
}

/** An isolate, and another one that has stored what `SQL` brings for 1. */
async function stored(config: Partial<CacheConfig> = {}) {
  const writer = isolate(config)
  await writer.query(SQL, [1])
  await writer.flush()
  now += 3_000
  await writer.query(SQL, [1])
  await writer.flush()
  redis.reset()
  return { writer, reader: isolate(config) }
}

describe('the keys', () => {
  /** A form as a pattern: `<x>` stands for anything without a colon, `<name>` for a name with its colons. */
  const patternOf = (form: string) =>
    new RegExp(
      `^${form
        .replace(/[.*]/g, '\\$&')
        .replaceAll('<name>', '.+')
        .replace(/<[\w ]+>/g, '[^:]*')}$`,
    )
  const forms = tableRows(PAGE, '## Keys').map(([cell]) => cell!.replaceAll('`', ''))

  /** Everything that writes to Redis, once. */
  async function writeEverything() {
    const { writer } = await stored()
    const fenced = isolate({ consistency: { invalidate: 'fenced' } })
    await fenced.execute(UPDATE, [1])
    await writer.invalidate({ tags: ['a'], keys: ['user:42', 'user:*'] })
    await writer.invalidateCache()
    await writer.getGlobalStats()
    // By name, and when that finds nothing any more by content.
    await writer.cleanupCache()
    await writer.cleanupCache()
    // What was there before has ended with the invalidations.
    await writer.query(SQL, [1])
    await Promise.all([writer.flush(), fenced.flush()])
    // A lease lasts as long as its load.
    database.answer = () => new Promise(() => undefined)
    void isolate().query(SQL, [7], { coalesce: 'global' })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }

  test('every key that the code writes has one of the forms on the page', async () => {
    await writeEverything()
    const keys = [...redis.data.keys()]
    expect(keys.length).toBeGreaterThan(6)
    expect(keys.filter((key) => forms.filter((form) => patternOf(form).test(key)).length !== 1)).toEqual([])
  })

  test('every form on the page is written by the code', async () => {
    await writeEverything()
    const keys = [...redis.data.keys()]
    expect(forms.filter((form) => !keys.some((key) => patternOf(form).test(key)))).toEqual([])
  })
})

describe('the trips and commands of an operation', () => {
  /** What each row of the page's table does; resolves with the trips and commands it took. */
  const operations: Record<string, () => Promise<void>> = {
    'read, answered by isolate memory': async () => {
      const { writer } = await stored()
      await writer.query(SQL, [1])
      await writer.flush()
    },
    'read, answered by Redis': async () => {
      const { reader } = await stored()
      await reader.query(SQL, [1])
      await reader.flush()
    },
    'read, answered by the database, names known to Redis': async () => {
      const { reader } = await stored()
      await reader.query(SQL, [2])
      await reader.flush()
    },
    'read, answered by the database, a name new to Redis': async () => {
      const executor = isolate()
      await executor.query(SQL, [1])
      await executor.flush()
    },
    "read with `coalesce: 'global'`, answered by the database": async () => {
      const { reader } = await stored()
      await reader.query(SQL, [2], { coalesce: 'global' })
      await reader.flush()
    },
    "read with `coalesce: 'global'`, loaded by another isolate": async () => {
      const { writer, reader } = await stored()
      const { answer } = database
      let arrive!: () => void
      database.answer = async (statement) => {
        await new Promise<void>((resolve) => (arrive = resolve))
        return answer(statement)
      }
      const loading = writer.query(SQL, [2], { coalesce: 'global' })
      await new Promise((resolve) => setTimeout(resolve, 10))
      redis.reset()
      const waiting = reader.query(SQL, [2], { coalesce: 'global' })
      await new Promise((resolve) => setTimeout(resolve, 10))
      const before = [...redis.trips]
      arrive()
      await loading
      await writer.flush()
      redis.reset()
      redis.trips.push(...before)
      await waiting
      await reader.flush()
    },
    '`queryBatch` of 5 reads of one table, none of them cached': async () => {
      const { reader } = await stored()
      await reader.queryBatch([2, 3, 4, 5, 6].map((id) => ({ sql: SQL, params: [id] })))
      await reader.flush()
    },
    'write of one table': async () => {
      await isolate().execute(UPDATE, [1])
    },
    "write of one table, `invalidate: 'fenced'`": async () => {
      await isolate({ consistency: { invalidate: 'fenced' } }).execute(UPDATE, [1])
    },
    'write of one table whose outcome is unknown': async () => {
      database.answer = () => Promise.reject(new Error('the connection was lost'))
      await isolate()
        .execute(UPDATE, [1])
        .catch(() => undefined)
    },
    '`invalidate` of any number of names, `invalidateCache`': async () => {
      await isolate().invalidate({ tables: ['a', 'b', 'c'], tags: ['d'], keys: ['e:*'] })
    },
    'check of hot names, in the background': async () => {
      const { writer } = await stored()
      now += 1_500
      await writer.query(SQL, [1])
      await writer.flush()
    },
    '`getGlobalStats` of today, nothing left to push': async () => {
      await isolate().getGlobalStats({ since: now })
    },
    '`cleanupCache` without an entry': async () => {
      await isolate().cleanupCache()
    },
  }

  const rows = tableRows(PAGE, '## Trips and commands')

  test('every row of the table is measured here', () => {
    expect(rows.map(([operation]) => operation!).sort()).toEqual(Object.keys(operations).sort())
  })

  test.each(
    rows.map(([operation, trips, commands]) => ({ operation: operation!, trips: trips!, commands: commands! })),
  )('$operation: $trips trips, $commands commands', async ({ operation, trips, commands }) => {
    await operations[operation]!()
    expect({ trips: redis.trips.length, commands: redis.commands }).toEqual({
      trips: Number(trips),
      commands: Number(commands),
    })
  })
})
