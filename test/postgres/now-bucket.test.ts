/**
 * A text that is given the time instead of reading the clock: the database accepts it where it accepts the text, and answers the same rows with
 * the same names and types. In a transaction the clock stands still, so that both can be told the same time.
 */
import { PGlite } from '@electric-sql/pglite'
import { asyncProperty, assert as assertAlways } from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutClock } from '../../src/now-bucket.js'
import { readSql } from '../../src/sql/index.js'
import { PARAMETERS, clockQuery } from '../support/clock-statements.js'

interface Answer {
  names: string[]
  types: number[]
  rows: unknown[][]
}
interface Server {
  ask(sql: string, params?: readonly unknown[]): Promise<Answer>
  close(): Promise<void>
}

async function pglite(): Promise<Server> {
  const database = await PGlite.create()
  return {
    async ask(sql, params = []) {
      const { fields, rows } = await database.query<unknown[]>(sql, [...params], { rowMode: 'array' })
      return { names: fields.map(({ name }) => name), types: fields.map(({ dataTypeID }) => dataTypeID), rows }
    },
    close: () => database.close(),
  }
}

async function server(connectionString: string): Promise<Server> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const types = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig
  return {
    async ask(text, params = []) {
      const { fields, rows } = await client.query<unknown[]>({ text, values: [...params], rowMode: 'array', types })
      return { names: fields.map(({ name }) => name), types: fields.map(({ dataTypeID }) => dataTypeID), rows }
    },
    close: () => client.end(),
  }
}

const url = process.env['TEST_DATABASE_URL']

describe.each([['PGlite', () => pglite()] as const, ...(url ? [['PostgreSQL', () => server(url)] as const] : [])])(
  '%s',
  (_, start) => {
    let database: Server
    let now: unknown

    beforeAll(async () => {
      database = await start()
      await database.ask('BEGIN')
      await database.ask("SET LOCAL TimeZone = 'Asia/Kathmandu'")
      await database.ask('CREATE TEMPORARY TABLE t (id int, at timestamptz, now text, "current_date" text) ON COMMIT DROP')
      await database.ask(
        `INSERT INTO t SELECT i, now() - i * interval '7 hours', 'now()', 'today' FROM generate_series(0, 5) AS i`,
      )
      now = (await database.ask('SELECT now()::text')).rows[0]![0]
    })
    afterAll(async () => {
      await database.ask('ROLLBACK')
      await database.close()
    })

    /** The answer, or the SQLSTATE of the refusal. */
    async function answer(sql: string, params: readonly unknown[]): Promise<Answer | { refused: unknown }> {
      await database.ask('SAVEPOINT s')
      try {
        return await database.ask(sql, params)
      } catch (error) {
        await database.ask('ROLLBACK TO SAVEPOINT s')
        return { refused: (error as { code?: unknown }).code }
      } finally {
        await database.ask('RELEASE SAVEPOINT s')
      }
    }

    const bucketed = (sql: string, params: readonly unknown[]): string | undefined => {
      const text = withoutClock(sql, params.length)
      return text !== undefined && readSql(text).stable ? text : undefined
    }

    it('gives the same rows, names and types', async () => {
      const count = { refused: 0, left: 0, same: 0 }
      await assertAlways(
        asyncProperty(clockQuery, async (sql) => {
          const text = bucketed(sql, PARAMETERS)
          const original = await answer(sql, PARAMETERS)
          if ('refused' in original) return void count.refused++
          if (text === undefined) return void count.left++
          expect(await answer(text, [...PARAMETERS, now])).toEqual(original)
          count.same++
        }),
        { numRuns: Number(process.env['RUNS'] ?? 400) },
      )
      console.log(count)
      expect(count.same).toBeGreaterThan(200)
    })
  },
)
