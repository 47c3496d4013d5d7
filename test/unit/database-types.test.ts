/** F6: a row is the same from the bare driver and from a cache that holds its text. */
import { PGlite } from '@electric-sql/pglite'
import { neon, neonConfig, Pool as NeonPool } from '@neondatabase/serverless'
import * as pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeEntry, encodeEntry } from '../../src/codec/encode.js'
import { packResult } from '../../src/codec/payload.js'
import { WireRows } from '../../src/codec/rows.js'
import { createConnectionPool, fromPool } from '../../src/database.js'
import { CachedQueryExecutor } from '../../src/index.js'
import type { Database } from '../../src/types.js'
import { neonEndpoint } from '../support/neon-endpoint.js'
import type { NeonEndpoint } from '../support/neon-endpoint.js'
import { statementOf, TYPES } from '../support/types-table.js'
import { Price } from '../support/price.js'

const CONNECTION = 'postgresql://user:secret@db.example.test/main'
const ENUM = { name: 'enum', expr: `'happy'::mood, ARRAY['sad', NULL]::mood[]` }

let lite: PGlite
let source: Database
let endpoint: NeonEndpoint

beforeAll(async () => {
  lite = new PGlite()
  await lite.exec(`CREATE TYPE mood AS ENUM ('sad', 'happy')`)
  source = fromPool(lite, { identity: 'types' })
  // The endpoint answers like Neon's: text and type OIDs.
  endpoint = await neonEndpoint(async ({ body }) => {
    const { fields, rows, rowCount, command } = await source.run({ sql: body.query!, params: body.params! })
    return { fields, rows, rowCount, command, rowAsArray: true }
  })
}, 60_000)
afterAll(async () => {
  await endpoint.close()
  await lite.close()
})

/** Rows on a miss, on a first and a second hit in memory, and after a trip through Redis, plain and compressed. */
async function everyWay(database: Database, sql: string): Promise<Record<string, Record<string, unknown>[]>> {
  const payload = packResult(await database.run({ sql, params: [] }))
  if (payload.kind !== 'rows') throw new Error('expected raw rows')
  const here = new WireRows(payload, database)
  const ways: Record<string, Record<string, unknown>[]> = {
    miss: here.rows(),
    hit: here.rows(),
    'second hit': here.rows(),
  }
  for (const compressAboveBytes of [0, 1e9]) {
    const entry = {
      key: 'k',
      names: [],
      versions: [],
      database: '',
      readAt: 0,
      freshUntil: 0,
      staleUntil: 0,
      errorUntil: 0,
      payload,
    }
    const written = await encodeEntry(entry, { compress: true, compressAboveBytes, maxEntryBytes: 1e9 })
    const { payload: stored } = await decodeEntry(written!.text, { maxDecodedBytes: 1e9 })
    if (stored.kind !== 'rows') throw new Error('expected raw rows')
    const there = new WireRows(stored, database)
    ways[compressAboveBytes ? 'stored' : 'compressed'] = there.rows()
  }
  return ways
}

/** Deep and strict equality, prototypes of all values, own keys in their order. */
function expectSame(actual: unknown, expected: unknown): void {
  expect(actual).toStrictEqual(expected)
  expect(outline(actual)).toEqual(outline(expected))
}

function outline(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : typeof value
  const prototype: unknown = Object.getPrototypeOf(value)
  const own = Reflect.ownKeys(value).map((key) => [
    key,
    ArrayBuffer.isView(value) ? 'byte' : outline((value as Record<PropertyKey, unknown>)[key]),
  ])
  return [(prototype as { constructor: { name: string } }).constructor.name, own]
}

describe.each([...TYPES, ENUM])('$name', (entry) => {
  const sql = statementOf(entry)

  it("gives rows like neon's own", async () => {
    const before = neonConfig.fetchEndpoint
    neonConfig.fetchEndpoint = endpoint.url
    const expected = await neon(CONNECTION).query(sql)
    neonConfig.fetchEndpoint = before
    const ways = await everyWay(
      createConnectionPool({ connectionString: CONNECTION, fetchEndpoint: endpoint.url }),
      sql,
    )
    for (const rows of Object.values(ways)) expectSame(rows, expected)
  })

  it('gives rows with the values of PGlite itself', async () => {
    const expected = await lite.query<unknown[]>(sql, [], { rowMode: 'array' })
    const rows = expected.rows.map((row) => Object.fromEntries(expected.fields.map(({ name }, i) => [name, row[i]])))
    for (const way of Object.values(await everyWay(source, sql))) expectSame(way, rows)
  })
})

describe('a parameter that PGlite asks for its text', () => {
  it('gives everybody the rows of his own one, and is written as it is', async () => {
    const executor = new CachedQueryExecutor(source, { type: 'local' })
    const asked = (amount: number) => executor.query('SELECT $1::text AS price', [new Price(amount)])
    expect([await asked(1), await asked(2), await asked(1)]).toEqual([
      [{ price: '1.00' }],
      [{ price: '2.00' }],
      [{ price: '1.00' }],
    ])
    await lite.exec('CREATE TABLE prices (price text)')
    await executor.execute('INSERT INTO prices VALUES ($1)', [new Price(3)])
    expect((await lite.query('SELECT price FROM prices')).rows).toEqual([{ price: '3.00' }])
  })
})

it('a number in a document keeps the digits that JSON was told', async () => {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object }
  const executor = new CachedQueryExecutor(
    createConnectionPool({ connectionString: CONNECTION, fetchEndpoint: endpoint.url }),
    { type: 'local' },
  )
  for (const id of ['9007199254740993', '9007199254740992'])
    for (const ask of ['query', 'execute'] as const) {
      const answer = await executor[ask]('SELECT $1::jsonb ->> $2 AS id', [{ id: rawJSON(id) }, 'id'])
      expect('rows' in answer ? answer.rows : answer).toEqual([{ id }])
    }
})

describe('parsers of node-postgres', () => {
  const OID = 1_184
  it.each([
    ['pg', new pg.Pool()],
    ['Neon', new NeonPool()],
  ] as const)("are those of %s's pool, without a connection", (_, pool) => {
    const database = fromPool(pool, { identity: 'x' })
    expect(database.parser(OID)('2024-01-01 00:00:00+00')).toStrictEqual(new Date(Date.UTC(2024, 0, 1)))
    expect(database.parser(999_999)('text')).toBe('text')
  })

  it.each([
    ['the pool', (pool: object) => pool],
    [
      'a pool that does not show what it makes connections with',
      (pool: object) => Object.assign(pool, { Client: undefined }),
    ],
  ])('are the ones given to %s', (_, shown) => {
    const types = { getTypeParser: (oid: number) => (text: string) => `${oid}:${text}` }
    const database = fromPool(shown(new pg.Pool({ types })) as pg.Pool, { identity: 'x' })
    expect(database.parser(7)('a')).toBe('7:a')
  })

  it('follow setTypeParser, before and after the first use', () => {
    const database = fromPool(new pg.Pool(), { identity: 'x' })
    const { INT8 } = pg.types.builtins
    expect(database.parser(INT8)('9')).toBe('9')
    const before = pg.types.getTypeParser(INT8) as (text: string) => unknown
    pg.types.setTypeParser(INT8, (text) => BigInt(text))
    try {
      expect(database.parser(INT8)('9')).toBe(9n)
      expect(fromPool(new pg.Client(), { identity: 'x' }).parser(INT8)('9')).toBe(9n)
    } finally {
      pg.types.setTypeParser(INT8, before)
    }
  })
})
