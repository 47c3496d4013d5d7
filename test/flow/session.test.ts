import { beforeEach, describe, expect, it } from 'vitest'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

/** A single connection, as `fromPool` makes it of a client. */
class FakeConnection extends FakeDatabase {
  inTransaction = false
  markSessionState(): void {
    this.needsScope = true
  }
}

let world: World
let connection: FakeConnection
beforeEach(() => {
  world = new World()
  connection = new FakeConnection()
})

describe('a single connection with session state', () => {
  it.each([
    ['query', (e: ReturnType<World['isolate']>) => e.query('SET ROLE bob')],
    ['execute', (e: ReturnType<World['isolate']>) => e.execute('SET ROLE bob')],
    ['transaction', (e: ReturnType<World['isolate']>) => e.transaction([{ sql: 'SET ROLE bob' }])],
    ['a batch', (e: ReturnType<World['isolate']>) => e.queryBatch([{ sql: 'SET ROLE bob' }])],
    ['set_config', (e: ReturnType<World['isolate']>) => e.query("SELECT set_config('role', 'bob', false)")],
    ['several statements', (e: ReturnType<World['isolate']>) => e.query('SET ROLE bob; SELECT 1')],
    ['a block', (e: ReturnType<World['isolate']>) => e.execute('DO $$ BEGIN PERFORM 1; END $$')],
    ['an unknown function', (e: ReturnType<World['isolate']>) => e.query('SELECT become($1)', ['bob'])],
  ])('shares nothing without a scope after %s', async (_name, change) => {
    const executor = world.isolate({}, connection)
    expect(await world.outcome(executor)).toBe('miss')
    expect(await world.outcome(executor)).toBe('l1')
    await change(executor)
    const { cache } = await executor.queryResult(SQL, [1])
    expect([cache.outcome, cache.reason]).toEqual(['bypass', 'scope-required'])
  })

  it('keeps what was read while the session changed from everybody else', async () => {
    const executor = world.isolate({}, connection)
    await world.warm(executor)
    connection.answer = async () => {
      connection.markSessionState()
      return [[['n', 23, '7']]]
    }
    expect(await executor.query(SQL, [1])).toEqual([{ n: 7 }])
    await executor.flush()
    expect([...world.redis.data.keys()].filter((key) => key.includes(':e:'))).toEqual([])
    expect(executor.core.cache.getEntries()).toEqual([])
  })

  it('caches nothing inside a transaction, and invalidates everything at its commit', async () => {
    const executor = world.isolate({}, connection)
    const scoped = { scope: 'own' }
    await world.warm(executor)
    expect(await world.outcome(executor, scoped)).toBe('miss')
    await executor.execute('BEGIN')
    await executor.execute('UPDATE users SET n = 99')
    const { cache } = await executor.queryResult(SQL, [1], scoped)
    expect([cache.outcome, cache.reason]).toEqual(['bypass', 'in-transaction'])
    await executor.execute('ROLLBACK TO SAVEPOINT a')
    expect((await executor.queryResult(SQL, [1], scoped)).cache.reason).toBe('in-transaction')
    world.redis.reset()
    await executor.query('COMMIT')
    expect(world.redis.trips.map(({ commands }) => commands[0]![1])).toEqual([expect.stringMatching(/:\*$/)])
    expect(await world.outcome(executor, scoped)).toBe('miss')
    expect(await world.outcome(executor, scoped)).toBe('l1')
  })
})

describe('a database without a session', () => {
  it('takes no notice of session statements', async () => {
    const executor = world.isolate()
    await world.warm(executor)
    await world.outcome(executor)
    await executor.query('BEGIN')
    await executor.query('COMMIT')
    expect(await world.outcome(executor)).toBe('l1')
  })
})
