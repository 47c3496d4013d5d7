import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { CachedQueryExecutor, fromPool } from '../../src/index.js'
import { TYPES, statementOf } from '../support/types-table.js'

const connectionString = process.env['TEST_DATABASE_URL']
/** pg leaves a `__proto__` column out of its rows; the cache keeps it, as Neon does. */
const COMPARED = TYPES.filter(({ name }) => !/prototype|__proto__/.test(name))

if (connectionString)
  describe('fromPool on PostgreSQL', () => {
    it.each([
      ['pool', () => new pg.Pool({ connectionString, max: 2 })],
      ['client', () => new pg.Client({ connectionString })],
    ])('gives the rows of the %s itself, from the database and from memory', async (_name, make) => {
      const pool = make()
      if (pool instanceof pg.Client) await pool.connect()
      const executor = new CachedQueryExecutor(fromPool(pool, { identity: 'from-pool' }), { type: 'local' })
      for (const type of COMPARED) {
        const text = statementOf(type)
        const own = (await pool.query(text)).rows
        for (let i = 0; i < 2; i++) expect(await executor.query(text)).toEqual(own)
      }
      expect(executor.getCacheStats().l1Hits).toBeGreaterThan(40)
      await expect(executor.transaction([{ sql: 'SELECT 1' }, { sql: 'SELECT 1/0' }])).rejects.toMatchObject({
        code: '22012',
      })
      expect(await executor.query('SELECT 1 AS alive', [], { skipCache: true })).toEqual([{ alive: 1 }])
      await pool.end()
    })

    it('never runs what was given up while all connections were busy', async () => {
      const pool = new pg.Pool({ connectionString, max: 1 })
      const executor = new CachedQueryExecutor(fromPool(pool, { identity: 'from-pool' }), { type: 'local' })
      await pool.query('CREATE TABLE given_up (n int)')
      const busy = pool.query('SELECT pg_sleep(0.3)')
      await expect(executor.execute('INSERT INTO given_up VALUES (1)', [], { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'DATABASE_TIMEOUT',
      })
      await busy
      expect((await pool.query('SELECT n FROM given_up')).rows).toEqual([])
      await pool.query('DROP TABLE given_up')
      await pool.end()
    })

    it('outlives a connection that the server ends in a transaction', async () => {
      const pool = new pg.Pool({ connectionString, max: 1 })
      const executor = new CachedQueryExecutor(fromPool(pool, { identity: 'from-pool' }), { type: 'local' })
      const ending = executor.transaction([{ sql: 'SELECT pg_terminate_backend(pg_backend_pid())' }])
      await expect(ending).rejects.toMatchObject({ code: '57P01' })
      expect(await executor.query('SELECT 1 AS alive')).toEqual([{ alive: 1 }])
      await pool.end()
    })
  })

it('never runs what was given up while another held PGlite', async () => {
  const lite = new PGlite()
  const executor = new CachedQueryExecutor(fromPool(lite, { identity: 'given-up' }), { type: 'local' })
  await lite.exec('CREATE TABLE given_up (n int)')
  let free!: () => void
  const held = lite.transaction(() => new Promise<void>((resolve) => (free = resolve)))
  const late = { timeoutMs: 20 }
  const writes = await Promise.allSettled([
    executor.execute('INSERT INTO given_up VALUES (1)', [], late),
    executor.execute('INSERT INTO given_up VALUES ($1)', [2], late),
    executor.transaction([{ sql: 'INSERT INTO given_up VALUES (3)' }], late),
  ])
  expect(writes.map((write) => write.status === 'rejected' && (write.reason as { code: unknown }).code)).toEqual(
    writes.map(() => 'DATABASE_TIMEOUT'),
  )
  free()
  await held
  // In PGlite's queue this comes behind what was given up.
  expect((await lite.query('SELECT n FROM given_up')).rows).toEqual([])
  await lite.close()
})

it('ends with PGlite what was given up between two messages of it', async () => {
  const lite = new PGlite()
  const executor = new CachedQueryExecutor(fromPool(lite, { identity: 'between' }), { type: 'local' })
  await lite.exec('CREATE TABLE between_two (n int)')
  const messages: string[] = []
  let free!: () => void
  const held = new Promise<void>((resolve) => (free = resolve))
  const send = lite.execProtocolStream.bind(lite)
  // As a PGlite in a worker does, which takes time for each message.
  lite.execProtocolStream = async (message, options) => {
    messages.push(String.fromCharCode(message[0]!))
    await held
    return send(message, options)
  }
  const late = executor.execute('INSERT INTO between_two VALUES (1)', [], { timeoutMs: 20 })
  await expect(late).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
  free()
  await lite.runExclusive(() => Promise.resolve())
  expect(messages.at(-1)).toBe('S')
  await lite.close()
})

it('compares with a real driver where one is required', () => {
  expect(connectionString !== undefined || process.env['REQUIRE_REAL_BACKENDS'] !== '1').toBe(true)
})
