import { createRequire } from 'node:module'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fromPool } from '../../src/database.js'
import { CachedQueryExecutor } from '../../src/index.js'
import { snapshot } from '../../src/key.js'
import type { Statement } from '../../src/types.js'
import { SQL, World } from '../support/isolates.js'

// What node-postgres makes of a parameter, and Neon's driver after it.
const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils') as { prepareValue: (value: unknown) => unknown }

const UPDATE = 'UPDATE users SET n = $1'
const CLOCK = 'SELECT n FROM users WHERE at < now() AND id = $1'

let world: World
/** Parameters as they were when the database took the statement. */
let sent: Map<string, unknown[]>
beforeEach(() => {
  world = new World()
  sent = new Map()
  const { answer } = world.database
  world.database.answer = async (statement: Statement) => {
    // A busy connection takes a statement later than it is given one.
    await new Promise((resolve) => setTimeout(resolve))
    sent.set(statement.sql, statement.params.map(prepareValue))
    return answer(statement)
  }
})

describe('what a caller changes after the call changes nothing', () => {
  const given = () => ({ ids: [1, { a: 1 }], json: { b: [1] }, at: new Date(0), bytes: Buffer.from([1, 2]) })
  const change = ({ ids, json, at, bytes }: ReturnType<typeof given>) => {
    ids.push(9)
    Object.assign(ids[1]!, { a: 9 })
    json.b.push(9)
    at.setTime(9e9)
    bytes.fill(9)
  }
  const wire = () => Object.values(given()).map(prepareValue)

  it.each([
    ['a write', UPDATE, {}],
    ['a bypassed read', CLOCK, {}],
    ['a read', SQL, {}],
    ['a read that skips caches', SQL, { skipCache: true }],
  ])('of %s', async (_what, sql, options) => {
    const values = given()
    const asked = world.isolate().query(sql, Object.values(values), options)
    change(values)
    await asked
    expect(sent.get(sql)).toEqual(wire())
  })

  it.each([false, true])('of writes, fenced: %s', async (fenced) => {
    const a = world.isolate({ consistency: { invalidate: fenced ? 'fenced' : 'after' } })
    const [values, others] = [given(), given()]
    const statements = [{ sql: 'UPDATE orders SET n = $1', params: Object.values(others) }]
    const executed = a.execute(UPDATE, Object.values(values))
    const committed = a.transaction(statements)
    change(values)
    change(others)
    statements.push({ sql: 'UPDATE plans SET n = 1', params: [] })
    await Promise.all([executed, committed])
    expect([sent.get(UPDATE), sent.get('UPDATE orders SET n = $1')]).toEqual([wire(), wire()])
    expect(sent.has('UPDATE plans SET n = 1')).toBe(false)
  })

  it('of how long a fenced write waits', async () => {
    const calls: unknown[][] = vi.spyOn(world.database, 'run').mock.calls
    const a = world.isolate({ consistency: { invalidate: 'fenced' } })
    const options = { timeoutMs: 5_000 }
    const written = a.execute(UPDATE, [1], options)
    options.timeoutMs = 1
    await written
    expect(calls.map(([, how]) => how)).toEqual([{ timeoutMs: 5_000 }])
  })

  it('of a batch, in which reads wait for writes', async () => {
    const a = world.isolate()
    const batch = [CLOCK, UPDATE, SQL, 'SELECT random(), $1'].map((sql) => ({
      sql,
      values: given(),
      options: { tags: ['a'] } as Record<string, unknown>,
    }))
    const queries = batch.map(({ sql, values, options }) => ({ sql, params: Object.values(values), options }))
    const read = { sql: 'SELECT n FROM orders', params: [], options: { tags: ['a'] } }
    const asked = a.queryBatchSettled([...queries, read])
    for (const { values } of batch) change(values)
    for (const query of queries) {
      query.params.length = 0
      query.options['nonsense'] = true
      query.sql = 'DELETE FROM users'
    }
    read.options.tags[0] = 'b'
    expect((await asked).map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'))
    expect([...sent.keys()].toSorted()).toEqual([...batch.map(({ sql }) => sql), read.sql].toSorted())
    for (const { sql } of batch) expect(sent.get(sql)).toEqual(wire())
    await a.flush()
    expect(await world.outcome(a, { tags: ['a'] }, [], read.sql)).toBe('l1')
  })

  it('of a bypassed read on a connection that is busy', async () => {
    const taken: unknown[] = []
    let free!: () => void
    const busy = new Promise<void>((resolve) => (free = resolve))
    const client = {
      getTypeParser: () => String,
      query: async ({ text, values }: { text: string; values: unknown[] }) => {
        taken.push([text, structuredClone(values)])
        await busy
        return { fields: [], rows: [], rowCount: 0, command: 'SELECT' }
      },
    }
    const a = new CachedQueryExecutor(fromPool(client, { identity: 'one' }), { type: 'local' })
    const params = [[1]]
    const both = [a.query('SELECT now()'), a.query('SELECT now(), $1', params)]
    params[0]!.push(9)
    free()
    await Promise.all(both)
    expect(taken.at(-1)).toEqual(['SELECT now(), $1', [[1]]])
  })
})

class Point {
  x = 1
  #hidden = 2
  toJSON() {
    return { at: this.#hidden }
  }
}
class Day extends Date {
  override toJSON() {
    return 'a day'
  }
}

const VALUES: [string, () => unknown][] = [
  ['a Date', () => new Date(5)],
  ['a Buffer', () => Buffer.from('abc')],
  ['a typed array', () => new Uint16Array([1, 2])],
  ['an object', () => ({ a: [1, { b: null }], u: undefined })],
  ['an object that writes its own JSON', () => ({ toJSON: () => ({ as: 'text' }) })],
  ['an object of a class', () => new Point()],
  ['a Map', () => new Map([[1, 2]])],
  ['an array of all kinds', () => [null, 1, 'a', [{ a: 1 }], new Point(), { toJSON: () => ({ a: 1 }) }, new Date(5)]],
]

describe('a read of a batch', () => {
  it.each(VALUES)('has the key and the wire text that it has alone, given %s', async (_what, make) => {
    const a = world.isolate()
    await world.warm(a)
    await a.queryBatch([{ sql: SQL, params: [make()] }])
    const batched = sent.get(SQL)
    await a.flush()
    expect(await world.outcome(a, {}, [make()])).toBe('l1')
    expect(await world.outcome(world.isolate(), {}, [make()])).toBe('l2')
    await world.outcome(a, { refreshCache: true }, [make()])
    expect([batched, sent.get(SQL)]).toEqual([[prepareValue(make())], [prepareValue(make())]])
  })

  it.each([
    [{ a: 'now' }],
    ['now'],
    [{ toPostgres: () => 'x' }],
    [new Day(5)],
    [{ toJSON: () => '1.5' }],
    [Object('text')],
    [[{ toJSON: () => [1] }]],
    [Symbol.iterator],
    [() => 1],
  ])('is not cached when alone it is not', async (value) => {
    const a = world.isolate()
    await a.queryBatchSettled([{ sql: SQL, params: [value] }])
    await a.queryBatchSettled([{ sql: UPDATE }, { sql: SQL, params: [value] }])
    await a.flush()
    expect(a.core.cache.getEntries()).toEqual([])
    expect(a.getCacheStats()).toMatchObject({ bypassed: 3, cacheMisses: 0 })
  })

  it('that is none ends the batch before anything is sent', async () => {
    const a = world.isolate()
    const batch = [{ sql: UPDATE }, { sql: SQL, params: 5 as never }]
    for (const run of [a.queryBatch(batch), a.queryBatchSettled(batch)])
      await expect(run).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(world.database.log).toEqual([])
  })
})

it.each(VALUES)('a copy of %s is copied to the same', (_what, make) => {
  const once = snapshot([make(), [make()]])
  expect(snapshot(once).map(prepareValue)).toEqual([make(), [make()]].map(prepareValue))
})
