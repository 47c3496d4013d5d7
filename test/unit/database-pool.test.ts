import { EventEmitter } from 'node:events'
import { PGlite } from '@electric-sql/pglite'
import * as pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { DatabaseTimeoutError, fromPool } from '../../src/database.js'
import type { FromPoolOptions, PoolLike } from '../../src/database.js'
import { CachedQueryExecutor } from '../../src/index.js'
import { packResult, unpackValue } from '../../src/codec/payload.js'
import type { Database, Statement } from '../../src/types.js'

interface Config {
  text: string
  values?: unknown[]
  rowMode?: string
  types?: { getTypeParser(oid: number, format?: string): (text: string) => unknown }
}

const sql = (text: string, ...params: unknown[]): Statement => ({ sql: text, params })
const FIELDS = [{ name: 'n', dataTypeID: 23, tableID: 5, format: 'text' }]

/** A connection that answers every statement with one int4, parsed as node-postgres does, after a turn of the event loop. */
class FakeConnection extends EventEmitter {
  readonly log: string[]
  readonly configs: Config[] = []
  readonly released: unknown[] = []
  failing: Record<string, unknown> = {}
  hanging: string | undefined
  rawMode = true
  #close: ((error: unknown) => void) | undefined
  constructor(log: string[] = []) {
    super()
    this.log = log
  }
  async query(config: Config): Promise<object> {
    this.log.push(config.text)
    this.configs.push(config)
    await new Promise((resolve) => setImmediate(resolve))
    if (config.text === this.hanging) await new Promise((_, reject) => (this.#close = reject))
    if (config.text in this.failing) throw this.failing[config.text]
    const parse = (this.rawMode && config.types ? config.types : { getTypeParser: () => Number }).getTypeParser(
      23,
      'text',
    )
    return {
      command: 'SELECT',
      rowCount: 1,
      fields: FIELDS,
      rows: [config.rowMode === 'array' ? [parse('7')] : { n: parse('7') }],
    }
  }
  /** With an error the connection is closed, which ends the statement that runs. */
  release(error?: unknown): void {
    this.released.push(error)
    if (error !== undefined) this.#close?.(error)
  }
}

class FakeClient extends FakeConnection {
  connect(): void {}
  getTypeParser(oid: number): unknown {
    return (text: string) => `${oid}=${text}`
  }
}

class FakePool {
  readonly connection = new FakeConnection()
  options: object = {}
  Client = FakeClient
  query(config: Config): Promise<object> {
    return this.connection.query(config)
  }
  connect(): Promise<FakeConnection> {
    return Promise.resolve(this.connection)
  }
}

/** A PGlite of any version: what it answers is what a test tells it to. */
class FakeLite {
  readonly log: string[] = []
  readonly asked: { params: unknown[]; parsers: object | undefined }[] = []
  answer: object = { fields: FIELDS, rows: [['7']] }
  parsers: Record<number, (text: string, oid: number) => unknown> | undefined = { 23: (text, oid) => `${oid}=${text}` }
  waitReady: Promise<void> | undefined
  ready: boolean | undefined
  held: Promise<void> | undefined
  async query(text: string, params: unknown[], options: { blob: unknown; parsers: object | undefined }) {
    void options.blob
    this.log.push(text)
    this.asked.push({ params, parsers: options.parsers })
    await this.held
    return this.answer
  }
  async exec(text: string): Promise<void> {
    this.log.push(text)
  }
  async transaction(run: (tx: FakeLite) => Promise<unknown>): Promise<unknown> {
    this.log.push('BEGIN')
    const results = await run(this).catch((error: unknown) => {
      this.log.push('ROLLBACK')
      throw error
    })
    this.log.push('COMMIT')
    return results
  }
}

function gate(): { open: () => void; passed: Promise<void> } {
  let open!: () => void
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { open, passed }
}

let pool: FakePool
let database: Database
beforeEach(() => {
  pool = new FakePool()
  database = fromPool(pool, { identity: 'fake' })
})
afterEach(() => void vi.useRealTimers())

describe('a statement', () => {
  it('is asked for as arrays of raw text', async () => {
    const params = Object.freeze([1, 'a'])
    expect(await database.run({ sql: 'SELECT $1', params })).toStrictEqual({
      raw: true,
      command: 'SELECT',
      rowCount: 1,
      fields: [{ name: 'n', dataTypeID: 23 }],
      rows: [['7']],
    })
    expect(pool.connection.configs[0]).toMatchObject({ text: 'SELECT $1', values: [1, 'a'], rowMode: 'array' })
    expect(pool.connection.configs[0]!.values).not.toBe(params)
  })

  it('gives parsed rows where the driver takes no parsers with a query', async () => {
    pool.connection.rawMode = false
    expect(await database.run(sql('SELECT 1'))).toMatchObject({ raw: false, rows: [[7]] })
  })

  it('gives parsed rows where nothing tells how to parse text', async () => {
    const plain = fromPool({ query: pool.query.bind(pool), connect: pool.connect.bind(pool) } as unknown as PoolLike, {
      identity: 'x',
    })
    const result = await plain.run(sql('SELECT 1'))
    expect(result).toMatchObject({ raw: false, rows: [[7]] })
    expect(await plain.transaction([sql('SELECT 1')])).toStrictEqual([result])
    const payload = packResult(result)
    expect(payload.kind === 'value' && unpackValue(payload)).toMatchObject({ rows: [[7]], command: 'SELECT' })
  })

  it('gives parsed rows where the pool cannot make a client to be asked', async () => {
    pool.Client = class extends FakeClient {
      constructor() {
        super()
        throw new Error('not without a host')
      }
    }
    expect(await database.run(sql('SELECT 1'))).toMatchObject({ raw: false, rows: [[7]] })
  })

  it.each<[string, object, object]>([
    [
      'the last of several answers',
      [
        { command: 'SELECT', rowCount: 1, fields: FIELDS, rows: [['7']] },
        { command: 'UPDATE', rowCount: 0, fields: [], rows: [] },
      ],
      { command: 'UPDATE', rowCount: 0 },
    ],
    ['nothing where there is no answer', [], { command: '', rowCount: null }],
    ['nothing where the answer says nothing', {}, { command: '', rowCount: null }],
  ])('gives %s', async (_, answer, said) => {
    pool.query = () => Promise.resolve(answer)
    expect(await database.run(sql('SELECT 1; UPDATE t SET n = 1'))).toStrictEqual({
      raw: true,
      fields: [],
      rows: [],
      ...said,
    })
  })

  it("rejects with the driver's own error", async () => {
    const error = new Error('mine')
    pool.connection.failing = { 'SELECT 1': error }
    await expect(database.run(sql('SELECT 1'))).rejects.toBe(error)
    await expect(database.run(sql('SELECT 1'), { timeoutMs: 1_000 })).rejects.toBe(error)
  })

  it('tells the driver of no limit that its timers would take for none', async () => {
    await database.run(sql('SELECT 1'), { timeoutMs: 1e12 })
    expect(pool.connection.configs[0]).toMatchObject({ query_timeout: 2_147_483_647 })
  })

  it('that takes too long is given up', async () => {
    pool.connection.hanging = 'SELECT 1'
    await expect(database.run(sql('SELECT 1'), { timeoutMs: 20 })).rejects.toBeInstanceOf(DatabaseTimeoutError)
  })

  it('that is given up while it waits for a connection is not sent', async () => {
    let free!: () => void
    const busy = new Promise<void>((resolve) => (free = resolve))
    let sending: Promise<object> | undefined
    pool.query = (config) => (sending = busy.then(() => pool.connection.query(config)))
    await expect(database.run(sql('UPDATE t SET n = 1'), { timeoutMs: 10 })).rejects.toBeInstanceOf(
      DatabaseTimeoutError,
    )
    free()
    await expect(sending).rejects.toMatchObject({ name: 'AbortError' })
    expect(pool.connection.log).toStrictEqual([])
  })
})

describe("a pool's transaction", () => {
  it('runs between BEGIN and COMMIT on one connection, which is given back', async () => {
    const results = await database.transaction([sql('A'), sql('B')])
    expect(results.map(({ rows }) => rows)).toStrictEqual([[['7']], [['7']]])
    expect(pool.connection.log).toStrictEqual(['BEGIN', 'A', 'B', 'COMMIT'])
    expect(pool.connection.released).toStrictEqual([undefined])
  })

  it('has the modes that were asked for', async () => {
    await database.transaction([], { isolationLevel: 'RepeatableRead', readOnly: true, deferrable: false })
    await database.transaction([], { readOnly: false, deferrable: true })
    expect(pool.connection.log.filter((text) => text !== 'COMMIT')).toStrictEqual([
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY NOT DEFERRABLE',
      'BEGIN READ WRITE DEFERRABLE',
    ])
  })

  it('has no mode that could end its BEGIN', async () => {
    await database.transaction([], { isolationLevel: 'Serializable; DROP TABLE t --' as 'Serializable' })
    expect(pool.connection.log[0]).toMatch(/^BEGIN ISOLATION LEVEL [A-Z ]+$/)
  })

  it('needs no events of its connection', async () => {
    Object.assign(pool.connection, { on: undefined, off: undefined })
    await database.transaction([sql('A')])
    expect(pool.connection.log).toStrictEqual(['BEGIN', 'A', 'COMMIT'])
  })

  it('that is given up while it waits for a connection is not sent, and gives that back', async () => {
    const { open, passed } = gate()
    const released = new Promise<void>((resolve) => {
      pool.connection.release = (error) => (expect(error).toBeUndefined(), resolve())
    })
    pool.connect = () => passed.then(() => pool.connection)
    await expect(database.transaction([sql('A')], { timeoutMs: 10 })).rejects.toBeInstanceOf(DatabaseTimeoutError)
    open()
    await released
    expect(pool.connection.log).toStrictEqual([])
  })

  it.each(['A', 'B', 'COMMIT'])("is rolled back when %s fails, with the driver's own error", async (text) => {
    const error = new Error('mine')
    pool.connection.failing = { [text]: error }
    await expect(database.transaction([sql('A'), sql('B')])).rejects.toBe(error)
    expect(pool.connection.log.at(-1)).toBe('ROLLBACK')
    expect(pool.connection.released).toStrictEqual([undefined])
  })

  it('throws its connection away when that does not take the ROLLBACK', async () => {
    const error = new Error('mine')
    pool.connection.failing = { A: error, ROLLBACK: new Error('connection lost') }
    await expect(database.transaction([sql('A')])).rejects.toBe(error)
    expect(pool.connection.released).toStrictEqual([expect.any(Error)])
  })

  it('outlives the loss of its connection, of which node-postgres tells in an event, too', async () => {
    const { connection } = pool
    const lost = new Error('Connection terminated unexpectedly')
    const query = connection.query.bind(connection)
    connection.failing = { COMMIT: lost, ROLLBACK: lost }
    connection.query = async (config) => {
      if (config.text === 'COMMIT') setImmediate(() => connection.emit('error', lost))
      return query(config)
    }
    await expect(database.transaction([sql('UPDATE t SET n = 1')])).rejects.toBe(lost)
    expect(connection.released).toHaveLength(1)
    expect(connection.listenerCount('error')).toBe(0)
  })

  it('gives its connection back when BEGIN fails', async () => {
    const error = new Error('mine')
    pool.connection.failing = { BEGIN: error }
    await expect(database.transaction([sql('A')])).rejects.toBe(error)
    expect(pool.connection.released).toHaveLength(1)
  })

  it('that takes too long throws its connection away, once', async () => {
    pool.connection.hanging = 'A'
    await expect(database.transaction([sql('A')], { timeoutMs: 20 })).rejects.toBeInstanceOf(DatabaseTimeoutError)
    await new Promise((resolve) => setImmediate(resolve))
    expect(pool.connection.released).toStrictEqual([expect.any(Error)])
  })
})

describe('a single connection', () => {
  it('mixes no transaction with other queries, through whichever Database they come', async () => {
    const client = new FakeClient()
    const [one, two] = [1, 2].map(() => fromPool(client, { identity: 'one' })) as [Database, Database]
    client.failing = { FAILS: new Error('mine') }
    await Promise.allSettled([
      one.run(sql('first')),
      one.transaction([sql('A'), sql('B')]),
      two.run(sql('middle')),
      two.transaction([sql('FAILS')]),
      one.run(sql('last')),
    ])
    expect(client.log).toStrictEqual([
      'first',
      'BEGIN',
      'A',
      'B',
      'COMMIT',
      'middle',
      'BEGIN',
      'FAILS',
      'ROLLBACK',
      'last',
    ])
    expect(client.released).toStrictEqual([])
  })

  it('is asked in the order in which it was called, with a limit or without', async () => {
    const client = new FakeClient()
    const single = fromPool(client, { identity: 'one' })
    await Promise.all([
      single.run(sql('first'), { timeoutMs: 60_000 }),
      single.transaction([], { timeoutMs: 60_000 }),
      single.run(sql('last')),
    ])
    expect(client.log).toStrictEqual(['first', 'BEGIN', 'COMMIT', 'last'])
  })

  it("rejects with the driver's own error, also when ROLLBACK fails", async () => {
    const client = new FakeClient()
    const error = new Error('mine')
    client.failing = { A: error, ROLLBACK: new Error('lost') }
    await expect(fromPool(client, { identity: 'one' }).transaction([sql('A')])).rejects.toBe(error)
  })

  it('does not send what was given up while it waited', async () => {
    const client = new FakeClient()
    client.hanging = 'slow'
    const single = fromPool(client, { identity: 'one' })
    const slow = single.run(sql('slow'), { timeoutMs: 10 }).catch((error: unknown) => error)
    await expect(single.run(sql('INSERT'), { timeoutMs: 20 })).rejects.toBeInstanceOf(DatabaseTimeoutError)
    expect(await slow).toBeInstanceOf(DatabaseTimeoutError)
    expect(client.log).toStrictEqual(['slow'])
  })

  it('gives raw text, alone and in a transaction', async () => {
    const single = fromPool(new FakeClient(), { identity: 'one' })
    const result = await single.run(sql('A'))
    expect(result).toMatchObject({ raw: true, rows: [['7']] })
    expect(await single.transaction([sql('A')])).toStrictEqual([result])
  })

  it.each([[['A']], [['A', 'B']]])('takes a transaction back that was given up while it ran: %j', async (texts) => {
    const client = new FakeClient()
    const single = fromPool(client, { identity: 'one' })
    const [running, over] = [gate(), gate()]
    const query = client.query.bind(client)
    client.query = async (config) => {
      const slow = config.text === 'A'
      const answer = await query(config)
      if (slow) running.open()
      if (slow) await over.passed
      return answer
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const late = single.transaction(
      texts.map((text) => sql(text)),
      { timeoutMs: 10 },
    )
    const unsent = single.transaction([sql('C')], { timeoutMs: 10 })
    const ends = Promise.allSettled([late, unsent])
    await running.passed
    vi.advanceTimersByTime(10)
    vi.useRealTimers()
    for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'DATABASE_TIMEOUT' } })
    over.open()
    await single.run(sql('last'))
    expect(client.log).toStrictEqual(['BEGIN', 'A', 'ROLLBACK', 'last'])
  })

  it('needs a scope once it carries session state, through whichever Database', () => {
    const client = new FakeClient()
    const [one, two] = [1, 2].map(() => fromPool(client, { identity: 'one' })) as [Database, Database]
    expect([one.needsScope, two.needsScope]).toStrictEqual([false, false])
    one.markSessionState!()
    expect([one.needsScope, two.needsScope]).toStrictEqual([true, true])
    two.markSessionState!()
    expect([one.sessionChanges, two.sessionChanges, database.sessionChanges]).toStrictEqual([2, 2, undefined])
    expect(database.needsScope).toBe(false)
  })

  it('is in a transaction of an executor for every Database, and for none once that is over', () => {
    const client = new FakeClient()
    const [one, two] = [1, 2].map(() => fromPool(client, { identity: 'one' })) as [Database, Database]
    for (const open of [true, false]) {
      one.inTransaction = open
      expect([one.inTransaction, two.inTransaction]).toStrictEqual([open, open])
    }
    expect(database.inTransaction).toBeUndefined()
  })

  it("parses with the client's own parsers", () => {
    expect(fromPool(new FakeClient(), { identity: 'one' }).parser(20)('9')).toBe('20=9')
  })

  it('keeps the text of what has no parser, and is asked for none of binary results', () => {
    const client = Object.assign(new FakeClient(), {
      getTypeParser: (oid: number, format?: string) =>
        oid === 20 && format === 'text' ? (text: string) => BigInt(text) : undefined,
    })
    const single = fromPool(client, { identity: 'one' })
    expect([single.parser(20)('9'), single.parser(25)('9')]).toStrictEqual([9n, '9'])
  })
})

describe('PGlite', () => {
  let lite: PGlite
  let own: Database
  beforeAll(async () => {
    lite = new PGlite()
    own = fromPool(lite, { identity: 'lite' })
    await own.run(sql('CREATE TABLE t (id int PRIMARY KEY)'))
  }, 60_000)
  afterAll(() => lite.close())

  it('gives raw text', async () => {
    expect(await own.run(sql(`SELECT $1::int AS a, ARRAY[true] AS b, NULL AS c`, 1))).toMatchObject({
      raw: true,
      command: 'SELECT',
      rowCount: 1,
      rows: [['1', '{t}', null]],
    })
  })

  it('tells how many rows a write changed', async () => {
    expect(await own.run(sql('INSERT INTO t VALUES (1), (2)'))).toMatchObject({
      command: 'INSERT',
      rowCount: 2,
      fields: [],
      rows: [],
    })
    expect(await own.run(sql('DELETE FROM t RETURNING id'))).toMatchObject({
      command: 'DELETE',
      rowCount: 2,
      rows: [['1'], ['2']],
    })
  })

  it('is given an array of objects for a JSON column as it is, by writes and reads of an executor', async () => {
    const a = new CachedQueryExecutor(own, { type: 'local' })
    const list = [{ a: 1 }, [{ b: '2' }]]
    await a.execute('CREATE TABLE notes (list jsonb)')
    await a.execute('INSERT INTO notes VALUES ($1)', [list])
    expect(await a.query('SELECT list FROM notes')).toEqual([{ list }])
    expect(await a.query('SELECT $1::jsonb AS list', [list])).toEqual([{ list }])
  })

  it('is given a number of a class as it is, which it asks for its text', async () => {
    const a = new CachedQueryExecutor(own, { type: 'local' })
    const decimal = { toString: () => '1.5', toJSON: () => '1.5' }
    await a.execute('CREATE TABLE prices (price numeric)')
    await a.execute('INSERT INTO prices VALUES ($1)', [decimal])
    expect(await a.query('SELECT price FROM prices WHERE price = $1', [decimal])).toEqual([{ price: '1.5' }])
  })

  it('takes a failed transaction back and rejects with its error', async () => {
    const failed = own.transaction([sql('INSERT INTO t VALUES (9)'), sql('INSERT INTO t VALUES (9)')])
    await expect(failed).rejects.toMatchObject({ code: '23505' })
    expect(await own.run(sql('SELECT id FROM t'))).toMatchObject({ rows: [] })
  })

  it('has the modes that were asked for', async () => {
    const statements = [sql('SHOW transaction_isolation'), sql('SHOW transaction_read_only')]
    const results = await own.transaction(statements, { isolationLevel: 'Serializable', readOnly: true })
    expect(results.map(({ rows }) => rows)).toStrictEqual([[['serializable']], [['on']]])
  })
})

describe('a PGlite of any version', () => {
  let lite: FakeLite
  let own: Database
  beforeEach(() => {
    lite = new FakeLite()
    own = fromPool(lite, { identity: 'lite' })
  })

  it.each<[string, string, object, object]>([
    ['a read', ' (\nselect 1)', { fields: FIELDS, rows: [['7']], affectedRows: 0 }, { command: 'SELECT', rowCount: 1 }],
    ['a write', 'insert into t', { fields: [], rows: [], affectedRows: 2 }, { command: 'INSERT', rowCount: 2 }],
    ['what changes no rows', 'CREATE TABLE t ()', { fields: [], rows: [] }, { command: 'CREATE', rowCount: null }],
    ['no word', '', {}, { command: '', rowCount: null }],
    [
      'what it says itself',
      'WITH x AS (SELECT 1) INSERT INTO t',
      { fields: [], rows: [], affectedRows: 1, command: 'INSERT', rowCount: 3 },
      { command: 'INSERT', rowCount: 3 },
    ],
  ])('gives command and number of rows of %s', async (_, text, answer, said) => {
    lite.answer = answer
    expect(await own.run(sql(text))).toMatchObject(said)
  })

  it('is asked for the text of every type that it knows once it has started', async () => {
    const params = Object.freeze([1])
    lite.waitReady = Promise.resolve().then(() => void (lite.parsers![1007] = () => []))
    expect(await own.run({ sql: 'SELECT $1', params })).toMatchObject({ raw: true, rows: [['7']] })
    const [asked] = lite.asked
    expect(Object.keys(asked!.parsers!)).toStrictEqual(['23', '1007'])
    expect(asked!.params).toStrictEqual(params)
    expect(asked!.params).not.toBe(params)
  })

  it('gives parsed rows where it does not show its parsers', async () => {
    lite.parsers = undefined
    expect(await own.run(sql('SELECT 1'))).toMatchObject({ raw: false, rows: [['7']] })
  })

  it('is not believed to have no parser of a type while it starts', () => {
    expect([own.parser(23)('9'), own.parser(25)('9')]).toStrictEqual(['23=9', '9'])
    lite.ready = false
    expect(own.parser(23)('9')).toBe('23=9')
    expect(() => own.parser(25)).toThrow('`db.waitReady`')
  })

  it.each([[['A']], [['A', 'B']]])('takes a transaction back that was given up while it ran: %j', async (texts) => {
    const { open, passed } = gate()
    lite.held = passed
    const statements = texts.map((text) => sql(text))
    await expect(own.transaction(statements, { timeoutMs: 10 })).rejects.toBeInstanceOf(DatabaseTimeoutError)
    open()
    await new Promise((resolve) => setImmediate(resolve))
    expect(lite.log).toStrictEqual(['BEGIN', 'A', 'ROLLBACK'])
  })
})

describe('a wrong option', () => {
  it.each([
    ['not set', undefined],
    ['empty', ''],
    ['of type number', 5],
  ])('names identity when it is %s', (what, identity) => {
    const make = () => fromPool(new FakePool(), { identity } as unknown as FromPoolOptions)
    expect(make).toThrow(/`identity`/)
    expect(make).toThrow(what)
  })

  it('names a missing set of options', () => {
    expect(() => fromPool(new FakePool(), undefined as unknown as FromPoolOptions)).toThrow(/`identity`/)
  })

  it.each([null, undefined, {}, () => 1, { query: () => 1 }, { query: 1, connect: () => 1 }])(
    'names what can be given instead of another shape',
    (shape) => {
      expect(() => fromPool(shape as unknown as PoolLike, { identity: 'x' })).toThrow(/`pool`.*PGlite/)
    },
  )

  it.each(['scope', 'database'])('names an empty %s', (option) => {
    expect(() => fromPool(new FakePool(), { identity: 'x', [option]: '' })).toThrow(`\`${option}\``)
  })

  it('refuses binary results before anything is sent', async () => {
    expect(() => fromPool(new pg.Pool({ binary: true } as pg.PoolConfig), { identity: 'x' })).toThrow(/`binary: true`/)
    expect(() => fromPool(new pg.Client({ binary: true } as pg.ClientConfig), { identity: 'x' })).toThrow(
      /`binary: true`/,
    )
    pool.Client = class extends FakeClient {
      binary = true
    }
    await expect(database.run(sql('INSERT'))).rejects.toThrow(/`binary: true`/)
    expect(pool.connection.log).toStrictEqual([])
  })
})

it.each(['transaction', 'exec'])('a pool with a method %s of its own is a pool', async (method) => {
  Object.assign(pool, { [method]: () => Promise.reject(new Error('not asked')) })
  await fromPool(pool, { identity: 'x' }).transaction([sql('A')])
  expect(pool.connection.log).toStrictEqual(['BEGIN', 'A', 'COMMIT'])
})

it('the database is told apart from the role where it has a name of its own', () => {
  expect(fromPool(new FakePool(), { identity: 'main:app', database: 'main' })).toMatchObject({
    identity: 'main:app',
    invalidationIdentity: 'main',
  })
})

it('identity and scope are what was given, and a scope is absent when none was', () => {
  const named = fromPool(new FakePool(), { identity: 'main', scope: 'me' })
  expect(named).toMatchObject({ identity: 'main', invalidationIdentity: 'main', scope: 'me', needsScope: false })
  expect(database).not.toHaveProperty('scope')
})
