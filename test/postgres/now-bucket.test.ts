/**
 * A text that is given the time instead of reading the clock: the database accepts it where it accepts the text, and answers the same rows with
 * the same names and types. In a transaction the clock stands still, so that both can be told the same time.
 */
import { PGlite } from '@electric-sql/pglite'
import { assert as assertAlways, asyncProperty } from 'fast-check'
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

/** Without ORDER BY the plan decides. */
const sorted = (rows: unknown[][]): unknown[][] =>
  [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

async function pglite(): Promise<Server> {
  const database = await PGlite.create()
  return {
    async ask(sql, params = []) {
      const { fields, rows } = await database.query<unknown[]>(sql, [...params], { rowMode: 'array' })
      return {
        names: fields.map(({ name }) => name),
        types: fields.map(({ dataTypeID }) => dataTypeID),
        rows: sorted(rows),
      }
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
      return {
        names: fields.map(({ name }) => name),
        types: fields.map(({ dataTypeID }) => dataTypeID),
        rows: sorted(rows),
      }
    },
    close: () => client.end(),
  }
}

/** Clocks of `clockQuery` that are tables or labels. */
const TABLE_OR_LABEL = /, now\(\) AS n|t, current_date|, CAST\(now\(\) AS date\) AS c|, coalesce\(now|id current_date/
const RUNS = Number(process.env['RUNS'] ?? 400)

const NAMES: [sql: string, ...names: string[]][] = [
  ['SELECT now()', 'now'],
  ['SELECT now()::date, current_date, current_date::text', 'now', 'current_date', 'current_date'],
  ['SELECT current_time(2), localtime, localtimestamp(0)', 'current_time', 'localtime', 'localtimestamp'],
  ['SELECT CURRENT_TIMESTAMP(3), transaction_timestamp()', 'current_timestamp', 'transaction_timestamp'],
  ['SELECT pg_catalog.now(), "now"(), ((now()))', 'now', 'now', 'now'],
  ['SELECT CAST(now() AS date), (now()::date)::text COLLATE "C"', 'now', 'now'],
  ['SELECT CASE WHEN true THEN NULL ELSE now() END, CASE WHEN now() > now() THEN 1 END', 'now', 'case'],
  ["SELECT now() - interval '1 day', - (now() - now()), now() AT TIME ZONE 'UTC'", '?column?', '?column?', 'timezone'],
  ["SELECT date_trunc('day', now()), coalesce(now(), now()), (ARRAY[now()])[1]", 'date_trunc', 'coalesce', 'array'],
  ['SELECT now() moment, current_date AS "now", now() "Now"', 'moment', 'now', 'Now'],
  ['SELECT now FROM (SELECT now()) AS t', 'now'],
  ['WITH c AS (SELECT current_date UNION SELECT current_date + 1) SELECT c.current_date FROM c', 'current_date'],
  ['SELECT s.* FROM (SELECT now()::date, 1 AS x) AS s', 'now', 'x'],
  ['SELECT (SELECT now()), (SELECT now() AS x), ARRAY(SELECT now())', 'now', 'x', 'array'],
  ['SELECT to_json(s) FROM (SELECT current_date, localtime(0)) AS s', 'to_json'],
  ['SELECT now() UNION ALL SELECT now() ORDER BY now', 'now'],
  ['SELECT now() AS n, count(*) FROM t GROUP BY now() ORDER BY n', 'n', 'count'],
  ["SELECT date_trunc('hour', now()) - at FROM t GROUP BY date_trunc('hour', now()) - at ORDER BY 1", '?column?'],
  ['SELECT now(), now() - at FROM t GROUP BY now() - at ORDER BY now() - at', 'now', '?column?'],
  ['SELECT DISTINCT ON (now()) now(), id FROM t ORDER BY now(), id', 'now', 'id'],
  ['SELECT DISTINCT now() FROM t ORDER BY now()', 'now'],
  ['SELECT now(), count(*) FROM t GROUP BY ROLLUP (now()) ORDER BY 1', 'now', 'count'],
  ['SELECT now(), count(*) FROM t GROUP BY GROUPING SETS ((now()), (id), ()) ORDER BY 1, 2', 'now', 'count'],
  ["SELECT generate_series FROM generate_series(now() - interval '1 day', now(), '6 hours')", 'generate_series'],
  ['SELECT * FROM (VALUES (now()), (now())) AS v', 'column1'],
  ['SELECT rank() OVER (ORDER BY now() - at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t', 'rank'],
]

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
      await database.ask(
        'CREATE TEMPORARY TABLE t (id int, at timestamptz, now text, "current_date" text) ON COMMIT DROP',
      )
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

    it('gives the same rows, names and types for queries of any composition, and leaves no clock that a parameter could stand for', async () => {
      let same = 0
      await assertAlways(
        asyncProperty(clockQuery, async (sql) => {
          const text = bucketed(sql, PARAMETERS)
          const original = await answer(sql, PARAMETERS)
          if ('refused' in original) return
          if (text === undefined) {
            expect(readSql(sql).stable || TABLE_OR_LABEL.test(sql)).toBe(true)
            return
          }
          expect(await answer(text, [...PARAMETERS, now])).toEqual(original)
          same++
        }),
        { numRuns: RUNS },
      )
      expect(same).toBeGreaterThan(RUNS / 2)
    })

    it.each(NAMES)('keeps the names of %s', async (sql, ...names) => {
      const text = bucketed(sql, []) as string
      const original = await answer(sql, [])
      expect(original).toMatchObject({ names })
      expect(await answer(text, [now])).toEqual(original)
    })
  },
)
