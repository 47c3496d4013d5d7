/** What the Neon endpoint must do, whatever database is behind it. With the unmodified driver. */
import { neon, neonConfig } from '@neondatabase/serverless'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveNeon } from '../../src/dev/neon.js'
import { openPostgres } from '../../src/dev/postgres.js'
import type { LocalDatabase, RawQueryResult } from '../../src/dev/local-database.js'
import type { Endpoint } from '../../src/dev/serve.js'
import { CachedQueryExecutor, createConnectionPool, createQueryCache } from '../../src/index.js'
import { FakeRedis } from '../support/fake-redis.js'
import { TYPES, statementOf } from '../support/types-table.js'

const CONNECTION = 'postgres://user:password@db.example.com/app'

/** Types whose text reads the server's state: they come from the database every time, and the same. */
const UNSTABLE: Record<string, string[]> = {
  'no rows': Array<string>(4).fill('volatile-function'),
}

export function neonSuite(name: string, databaseUrl: string | undefined): void {
  describe(`the Neon endpoint on ${name}`, () => {
    let database: LocalDatabase
    let endpoint: Endpoint
    let previous: typeof neonConfig.fetchEndpoint
    const statements: string[] = []
    const table = `eqc_suite_${process.pid}`
    /** Without the driver. */
    const ask = async (body: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(`${endpoint.url}/sql`, {
        method: 'POST',
        headers: {
          'Neon-Connection-String': CONNECTION,
          'Neon-Raw-Text-Output': 'true',
          'Neon-Array-Mode': 'true',
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }

    beforeAll(async () => {
      database = await openPostgres(databaseUrl, undefined)
      endpoint = await serveNeon(database, undefined, (words) => void statements.push(...words))
      previous = neonConfig.fetchEndpoint
      neonConfig.fetchEndpoint = `${endpoint.url}/sql`
      await database.exec(`CREATE TABLE ${table} (id int PRIMARY KEY, name text UNIQUE, n numeric CHECK (n > 0))`)
    })
    afterAll(async () => {
      neonConfig.fetchEndpoint = previous
      await database.exec(`DROP TABLE ${table}`)
      await endpoint.close()
      await database.close()
    })

    it('answers rows, arrays and full results', async () => {
      const sql = neon(CONNECTION)
      expect(await sql`SELECT ${7}::int AS n, ${null}::text AS nothing`).toEqual([{ n: 7, nothing: null }])
      const rows = await sql.query('SELECT 1 AS a, 2 AS a', [], { arrayMode: true })
      expect(rows).toEqual([[1, 2]])
      const full = await sql.query("SELECT 'x'::text AS word", [], { fullResults: true })
      expect(full).toMatchObject({
        command: 'SELECT',
        rowCount: 1,
        rows: [{ word: 'x' }],
        fields: [{ name: 'word', dataTypeID: 25, format: 'text' }],
      })
    })

    it('runs transactions: all or nothing, with their modes', async () => {
      const sql = neon(CONNECTION)
      const insert = (id: number) => sql.query(`INSERT INTO ${table} (id) VALUES ($1) RETURNING id`, [id])
      expect(await sql.transaction([insert(1), insert(2)])).toEqual([[{ id: 1 }], [{ id: 2 }]])
      await expect(sql.transaction([insert(3), insert(1)])).rejects.toMatchObject({
        code: '23505',
        constraint: `${table}_pkey`,
        table,
      })
      expect(await sql.query(`SELECT id FROM ${table} ORDER BY id`)).toEqual([{ id: 1 }, { id: 2 }])
      await expect(sql.transaction([insert(4)], { readOnly: true })).rejects.toMatchObject({ code: '25006' })
      const [[mode]] = (await sql.transaction([sql`SHOW transaction_isolation`], {
        isolationLevel: 'Serializable',
      })) as [[object]]
      expect(mode).toEqual({ transaction_isolation: 'serializable' })
      const [[deferrable]] = (await sql.transaction([sql`SHOW transaction_deferrable`], {
        deferrable: true,
        readOnly: true,
        isolationLevel: 'Serializable',
      })) as [[object]]
      expect(deferrable).toEqual({ transaction_deferrable: 'on' })
    })

    it("passes PostgreSQL's errors on with every field", async () => {
      const sql = neon(CONNECTION)
      await expect(sql.query('SELECT nothing FROM nowhere_at_all')).rejects.toMatchObject({
        name: 'NeonDbError',
        message: 'relation "nowhere_at_all" does not exist',
        severity: 'ERROR',
        code: '42P01',
        position: '21',
        routine: 'parserOpenTable',
      })
      await sql.query(`INSERT INTO ${table} (id, name) VALUES (10, 'a')`)
      await expect(sql.query(`INSERT INTO ${table} (id, name) VALUES (11, 'a')`)).rejects.toMatchObject({
        code: '23505',
        detail: 'Key (name)=(a) already exists.',
        schema: 'public',
        table,
        constraint: `${table}_name_key`,
      })
      await expect(sql.query(`INSERT INTO ${table} (id, n) VALUES (12, -1)`)).rejects.toMatchObject({
        code: '23514',
        constraint: `${table}_n_check`,
      })
      await expect(sql.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: '42601' })
      await expect(sql.query("SELECT 'x'::text::int")).rejects.toMatchObject({ code: '22P02' })
    })

    it('keeps no session state from one request to the next', async () => {
      const sql = neon(CONNECTION)
      await sql.query('SET statement_timeout = 12345')
      await sql.query("/* a word */ SET lock_timeout = '11s'")
      await sql.query("DO $$ BEGIN PERFORM set_config('work_mem', '77MB', false); END $$")
      await sql.query('CREATE TEMP TABLE of_one_request (n int)')
      const [row] = await sql.query(
        `SELECT current_setting('statement_timeout') AS t, current_setting('lock_timeout') AS l,
                current_setting('work_mem') = '77MB' AS w, to_regclass('of_one_request') AS r`,
      )
      expect(row).toEqual({ t: '0', l: '0', w: false, r: null })
    })

    it('ends a transaction with the request that began it', async () => {
      const sql = neon(CONNECTION)
      await sql.query('-- a word\nBEGIN')
      await sql.query(`INSERT INTO ${table} (id) VALUES (700)`)
      await sql.query('ROLLBACK')
      await expect(sql.transaction([sql.query('BEGIN'), sql.query('SELECT 1/0')])).rejects.toMatchObject({
        code: '22012',
      })
      expect(await sql.query(`SELECT id FROM ${table} WHERE id = 700`)).toEqual([{ id: 700 }])
    })

    it('refuses a COPY, which would wait for data, and goes on', async () => {
      const sql = neon(CONNECTION)
      for (let i = 0; i < 10; i++)
        await expect(sql.query(`COPY ${table} FROM STDIN`)).rejects.toMatchObject({ code: '57014' })
      expect(await sql`SELECT 1 AS n`).toEqual([{ n: 1 }])
    })

    it('tells everything about fields, of types of their own too', async () => {
      await database.exec(
        `CREATE TYPE ${table}_mood AS ENUM ('good', 'bad'); CREATE TABLE ${table}_moods (at date, mood ${table}_mood, n varchar(7))`,
      )
      const result = (await neon(CONNECTION).query(
        `INSERT INTO ${table}_moods VALUES ('2024-02-29', 'good', 'x') RETURNING *, ARRAY[mood] AS list, ROW(mood, NULL, 'a b') AS row`,
        [],
        { fullResults: true, arrayMode: true, types: { getTypeParser: () => (text: string) => text } },
      )) as unknown as RawQueryResult
      expect(result).toMatchObject({ command: 'INSERT', rowCount: 1 })
      expect(result.rows).toEqual([['2024-02-29', 'good', 'x', '{good}', '(good,,"a b")']])
      const oid = expect.any(Number) as number
      const { tableID } = result.fields[0]!
      expect(tableID).toBeGreaterThan(16_383)
      const column = (
        name: string,
        columnID: number,
        dataTypeID: number,
        dataTypeSize: number,
        dataTypeModifier = -1,
      ) => ({
        name,
        tableID: columnID ? tableID : 0,
        columnID,
        dataTypeID,
        dataTypeSize,
        dataTypeModifier,
        format: 'text',
      })
      expect(result.fields).toEqual([
        column('at', 1, 1082, 4),
        column('mood', 2, oid, 4),
        column('n', 3, 1043, -1, 11),
        column('list', 0, oid, -1),
        column('row', 0, 2249, -1),
      ])
      await database.exec(`DROP TABLE ${table}_moods; DROP TYPE ${table}_mood`)
    })

    it('takes parameters as text or as any other JSON value', async () => {
      const params = ['7', 7, true, null, [1, null, [2]], ['a"b\\', null], { a: [1] }]
      const text = 'SELECT $1::int, $2::int, $3::bool, $4::text, $5::text, $6::text[], $7::jsonb'
      expect((await ask({ query: text, params })).body).toMatchObject({
        rows: [['7', '7', 't', null, '{"1",NULL,{"2"}}', '{"a\\"b\\\\",NULL}', '{"a": [1]}']],
      })
    })

    it.each([
      ['{', 'parse'],
      ['null', '`query`'],
      ['{"query":1}', '`query`'],
      ['{"query":"SELECT 1","params":"x"}', '`params`'],
      ['{"query":"SELECT 1\\u0000; SELECT 2","params":[]}', 'byte sequence'],
    ])('says what is wrong with the body %s', async (body, said) => {
      const answer = await ask(body)
      expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining(said) as string])
    })

    it('answers rows as objects to who does not ask for arrays, and serves no other path', async () => {
      const { body } = await ask({ query: 'SELECT 1 AS a, NULL AS b' }, { 'Neon-Array-Mode': 'false' })
      expect([body.rowAsArray, body.rows]).toEqual([false, [{ a: '1', b: null }]])
      expect((await fetch(endpoint.url)).status).toBe(404)
    })

    it('refuses an isolation level that does not exist', async () => {
      const answer = await ask({ queries: [{ query: 'SELECT 1' }] }, { 'Neon-Batch-Isolation-Level': 'Total' })
      expect(answer.status).toBe(400)
    })

    it('keeps concurrent requests apart, transactions included', async () => {
      const sql = neon(CONNECTION)
      const ends = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          i % 3 === 0
            ? sql
                .transaction([sql`SELECT ${i}::int AS n`, sql`SELECT ${i}::int AS n`])
                .then((rows) => (rows as { n: number }[][])[1]![0]!.n)
            : sql`SELECT ${i}::int AS n`.then((rows) => (rows as { n: number }[])[0]!.n),
        ),
      )
      expect(ends).toEqual(Array.from({ length: 30 }, (_, i) => i))
    })

    it('answers large results whole', async () => {
      const rows = (await neon(CONNECTION).query(
        "SELECT n, repeat('x', 1000) AS text FROM generate_series(1, 5000) n",
      )) as { text: string }[]
      expect([rows.length, rows.every(({ text }) => text.length === 1000)]).toEqual([5000, true])
    })

    it('refuses what is no connection string, without repeating it', async () => {
      const response = await fetch(`${endpoint.url}/sql`, {
        method: 'POST',
        headers: { 'Neon-Connection-String': 'mysql://secret' },
        body: JSON.stringify({ query: 'SELECT 1', params: [] }),
      })
      const text = await response.text()
      expect([response.status, text.includes('secret'), text.includes('connection string')]).toEqual([400, false, true])
    })

    it('gives a query the time of its bucket, through the driver', async () => {
      const pool = createConnectionPool({ connectionString: CONNECTION, fetchEndpoint: `${endpoint.url}/sql` })
      const now = () => Date.parse('2024-02-29T10:20:30Z')
      const executor = new CachedQueryExecutor(pool, createQueryCache({ type: 'local' }), { now })
      const sql =
        "SELECT now(), $1::int AS n, current_timestamp(0) - interval '24 hours' AS since, (now() AT TIME ZONE 'UTC')::text AS utc"
      const asked = () => executor.queryResult(sql, ['7'], { nowBucket: 3_600 })
      const [miss, hit] = [await asked(), await asked()]
      expect([miss.cache.outcome, hit.cache.outcome]).toEqual(['miss', 'l1'])
      expect(miss.rows).toEqual([
        {
          now: new Date('2024-02-29T10:00:00Z'),
          n: 7,
          since: new Date('2024-02-28T10:00:00Z'),
          utc: '2024-02-29 10:00:00',
        },
      ])
      expect(hit.rows).toEqual(miss.rows)
      expect(miss.fields).toEqual((await executor.queryResult(sql, ['7'])).fields)
    })

    it('copies', async () => {
      await database.exec(`CREATE TABLE ${table}_copied (id int, name text)`)
      const data = Array.from({ length: 20_000 }, (_, i) => `${i}\tname ${i}\n`).join('')
      await database.copy(`COPY ${table}_copied FROM STDIN`, data)
      expect((await database.query(`SELECT count(*), max(id), min(name) FROM ${table}_copied`)).rows).toEqual([
        ['20000', '19999', 'name 0'],
      ])
      await database.exec(`DROP TABLE ${table}_copied`)
    })

    describe('and the cache in front of it: every type is the same from the driver, a miss, memory and Redis (F6)', () => {
      it.each(TYPES)('$name', async (type) => {
        const text = statementOf(type)
        const redis = new FakeRedis()
        const pool = createConnectionPool({ connectionString: CONNECTION, fetchEndpoint: `${endpoint.url}/sql` })
        const isolate = () =>
          new CachedQueryExecutor(pool, createQueryCache({ type: 'hybrid', redis: { client: redis.sdk } }))
        const [a, b] = [isolate(), isolate()]
        await a.invalidateCache()
        // A type's name is of the schema, whose version is there from now on.
        await a.invalidate({ tables: ['pg_catalog.pg_class'] })
        const bare = await neon(CONNECTION).query(text)
        const outcomes: string[] = []
        for (const executor of [a, a, b, b]) {
          const { rows, cache } = await executor.queryResult(text)
          await executor.flush()
          outcomes.push(cache.reason === undefined ? cache.outcome : cache.reason)
          expect(rows).toStrictEqual(bare)
          expect(rows.map((row) => Object.keys(row))).toEqual(bare.map((row) => Object.keys(row)))
        }
        expect(outcomes).toEqual(UNSTABLE[type.name] ?? ['miss', 'l1', 'l2', 'l1'])
      })
    })
  })
}
