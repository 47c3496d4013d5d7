/** A loader's value depends on who asks where what it asks does, however it asks. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor, SqlSettings } from '../../src/index.js'
import { World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

const SECURED: SqlSettings = {
  rowSecurity: ['notes'],
  dependencies: { my_notes: { reads: ['notes'] } },
  functions: { declared: 'stable' },
}
const TOLD_APART: SqlSettings = { functions: { whose: 'identity' } }

type Load = (executor: CachedQueryExecutor) => Promise<unknown>
const query =
  (sql: string): Load =>
  (e) =>
    e.query(sql)

/** How often the loader runs for two callers, without a scope unless one is given. */
async function runs(sql: SqlSettings, load: Load, scope?: string): Promise<number> {
  const executor = world.isolate({ sql })
  let count = 0
  for (let i = 0; i < 2; i++) {
    await executor.cached(
      'key',
      async (e) => {
        await load(e)
        return ++count
      },
      { scope },
    )
    await executor.flush()
  }
  return count
}

describe('a loader is run for everybody who gives no scope', () => {
  it.each<[string, Load]>([
    ['RETURNING of execute', (e) => e.execute('UPDATE notes SET body = body RETURNING owner')],
    ['RETURNING of query', query('DELETE FROM notes RETURNING owner')],
    ['RETURNING of a batch', (e) => e.queryBatch([{ sql: 'UPDATE notes SET body = body RETURNING owner' }])],
    ['RETURNING in a transaction', (e) => e.transaction([{ sql: 'INSERT INTO notes VALUES (1) RETURNING owner' }])],
    ['RETURNING of a view', query('UPDATE my_notes SET body = body RETURNING owner')],
    ['a CTE that writes', query('WITH x AS (UPDATE notes SET body = body RETURNING owner) SELECT * FROM x')],
    ['a loader of its own that names it', (e) => e.cached('inner', async () => 1, { tables: ['notes'] })],
    ['one that names a view of it', (e) => e.cached('inner', async () => 1, { tables: ['my_notes'], scope: 'a' })],
    ['an unknown function', query('SELECT notes_of(1)')],
    ['a write with an unknown function', query('INSERT INTO logs VALUES (notes_of(1)) RETURNING *')],
    ['a procedure', (e) => e.execute('CALL read_notes()')],
    ['several statements', query('SELECT 1; SELECT owner FROM notes')],
  ])('that asks of a row-secured table by %s', async (_name, load) => {
    expect(await runs(SECURED, load)).toBe(2)
  })

  it('that asks as somebody whom an empty scope does not name', async () => {
    expect(await runs({}, query('SELECT current_user'), '')).toBe(2)
    expect(await runs({}, query('SELECT current_user'), 'a')).toBe(1)
  })

  it('that calls an unknown function where a declared one depends on who asks', async () => {
    expect(await runs(TOLD_APART, query('SELECT notes_of(1)'))).toBe(2)
  })
})

describe('a loader is shared', () => {
  it.each<[string, SqlSettings, Load]>([
    ['writes of other tables', SECURED, query('UPDATE logs SET n = n RETURNING n')],
    ['declared functions', SECURED, query('SELECT declared(1), n FROM logs')],
    ['loaders of other tables', SECURED, (e) => e.cached('inner', async () => 1, { tables: ['logs'] })],
    ['unknown functions where nothing is declared', {}, query('SELECT notes_of(1)')],
  ])('that asks by %s', async (_name, sql, load) => {
    expect(await runs(sql, load)).toBe(1)
  })
})
