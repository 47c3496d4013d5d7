/** A session of PGlite, changed in ways that only the text tells, with row-level security behind it. */
import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CachedQueryExecutor, createQueryCache, fromPool } from '../../src/index.js'

let lite: PGlite
beforeAll(async () => {
  lite = await PGlite.create()
  await lite.exec(`
    CREATE ROLE alice; CREATE ROLE bob;
    CREATE TABLE notes (whose text); INSERT INTO notes VALUES ('alice'), ('bob');
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (whose = current_user);
    GRANT SELECT ON notes TO alice, bob;
    CREATE FUNCTION become(text) RETURNS text LANGUAGE sql AS $$ SELECT set_config('role', $1, false) $$`)
}, 60_000)
afterAll(() => lite.close())

const NOTES = 'SELECT whose FROM notes'

it.each([
  'SET ROLE $who',
  "SELECT pg_catalog.set_config('role', '$who', false)",
  "SELECT now(), become('$who')",
  "SELECT query_to_xml('SELECT become(''$who'')', true, true, '')",
  "EXPLAIN ANALYZE SELECT become('$who')",
  "DO $$ BEGIN PERFORM become('$who'); END $$",
])('after %s each sees his own, whatever was cached before', async (change) => {
  const cache = createQueryCache({ type: 'local' })
  const executor = new CachedQueryExecutor(fromPool(lite, { identity: 'lite' }), cache)
  for (const who of ['alice', 'bob', 'alice', 'bob']) {
    await executor.query('RESET ROLE')
    await executor.query(change.replaceAll('$who', who))
    expect(await executor.query(NOTES)).toEqual([{ whose: who }])
    const scope = who
    const lives = { scope, ttl: 0.001, staleWhileRevalidate: 600 }
    for (let i = 0; i < 3; i++) expect(await executor.query(NOTES, [], lives)).toEqual([{ whose: who }])
  }
  await lite.query('RESET ROLE')
})

it('a session that was changed past the executor is told apart by the scope of its database', async () => {
  const cache = createQueryCache({ type: 'local' })
  const [one, two] = await Promise.all([PGlite.create(), PGlite.create()])
  for (const [session, who] of [
    [one, 'alice'],
    [two, 'bob'],
  ] as const) {
    await session.exec(
      `CREATE ROLE ${who}; CREATE TABLE notes (whose text); INSERT INTO notes VALUES ('${who}'); GRANT ALL ON notes TO ${who}; SET ROLE ${who}`,
    )
    const executor = new CachedQueryExecutor(fromPool(session, { identity: 'lite', scope: who }), cache)
    for (let i = 0; i < 2; i++) expect(await executor.query(NOTES)).toEqual([{ whose: who }])
    expect(executor.getCacheStats().l1Hits).toBeGreaterThan(0)
    await session.close()
  }
}, 60_000)
