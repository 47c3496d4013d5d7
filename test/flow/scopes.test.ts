/** F9: what depends on who asks is shared with nobody without a scope, and no scope gets what is another's. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor, QueryOptions } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

let world: World
beforeEach(() => void (world = new World()))

/** Rows that say who asked, whatever is asked. */
function personal(executor: CachedQueryExecutor, database = world.database) {
  let person = ''
  database.answer = () => [[['whose', 25, person]]]
  return async (who: string, sql: string, options?: QueryOptions, params: unknown[] = []) => {
    person = who
    const { rows, cache } = await executor.queryResult(sql, params, options)
    await executor.flush()
    return { whose: rows[0]?.['whose'], outcome: cache.outcome, reason: cache.reason }
  }
}

const FORMS = [
  'current_user',
  'CURRENT_USER',
  'session_user',
  'user',
  'current_role',
  'system_user',
  'current_schema',
  'current_schema()',
  'current_schemas(true)',
  'current_catalog',
  'current_database()',
  "current_setting('x')",
  "current_setting('x', true)",
  "pg_catalog.current_setting('x', true)",
  `"current_setting"('x')`,
  "PG_CATALOG . Current_Setting /* who */ ('x')",
  "pg_has_role('r', 'member')",
  "has_table_privilege('t', 'select')",
  "has_column_privilege('t', 'c', 'select')",
  "has_schema_privilege('s', 'usage')",
  "row_security_active('t')",
  'getpgusername()',
  'auth.uid()',
  'auth.jwt()',
  'auth.role()',
  'auth.email()',
  'auth.user_id()',
  'auth.session()',
  'auth.org_id()',
  'AUTH.UID()',
  '"auth"."uid"()',
]
const PLACES: Record<string, (form: string) => string> = {
  'the select list': (form) => `SELECT ${form}, n FROM users`,
  'a WHERE': (form) => `SELECT n FROM users WHERE owner::text = ${form}::text`,
  'a JOIN condition': (form) => `SELECT u.n FROM users u JOIN orders o ON o.owner = ${form} AND o.id = u.id`,
  'a CTE': (form) => `WITH me AS (SELECT ${form} AS id) SELECT u.n FROM users u, me WHERE u.owner = me.id`,
  'a subquery': (form) => `SELECT n FROM users WHERE owner IN (SELECT o.owner FROM orders o WHERE o.owner = ${form})`,
  "a function's argument": (form) => `SELECT n FROM users WHERE lower(coalesce(${form}::text, 'x')) = name`,
  'a CASE in ORDER BY': (form) => `SELECT n FROM users ORDER BY CASE WHEN owner = ${form} THEN 0 ELSE 1 END`,
  'a lateral item': (form) => `SELECT u.n FROM users u, LATERAL (SELECT ${form} AS id) me WHERE u.owner = me.id`,
  'the second half of a UNION': (form) => `SELECT n FROM users UNION ALL SELECT 1 WHERE ${form} IS NOT NULL`,
  HAVING: (form) => `SELECT owner FROM users GROUP BY owner HAVING max(owner) = ${form}`,
}

describe('a query that asks who asks', () => {
  it.each(FORMS)('%s is shared with a scope only, wherever it stands', async (form) => {
    const executor = world.isolate()
    const ask = personal(executor)
    for (const [place, write] of Object.entries(PLACES)) {
      const sql = write(form)
      for (const who of ['alice', 'bob'])
        expect([place, await ask(who, sql)]).toEqual([
          place,
          { whose: who, outcome: 'bypass', reason: 'scope-required' },
        ])
      for (const who of ['alice', 'bob'])
        expect([place, await ask(who, sql, { scope: who })]).toMatchObject([place, { whose: who, outcome: 'miss' }])
      for (const who of ['alice', 'bob'])
        expect([place, await ask('nobody', sql, { scope: who })]).toMatchObject([place, { whose: who, outcome: 'l1' }])
    }
  })

  it.each([
    ['a column', 'SELECT u."current_user", u.session_user FROM users u'],
    ['a text', "SELECT 'current_user' FROM users"],
    ['a comment', 'SELECT n /* current_user */ FROM users -- auth.uid()'],
  ])('%s of such a name asks nobody', async (_name, sql) => {
    const ask = personal(world.isolate())
    expect(await ask('anyone', sql)).toMatchObject({ outcome: 'miss' })
  })

  it.each([
    ['a view that is declared', { rowSecurity: ['mine'] }, 'SELECT n FROM mine'],
    ['a table that is declared', { rowSecurity: ['users'] }, 'SELECT n FROM public.users'],
    ['what a view reads', { dependencies: { v: ['users'] }, rowSecurity: ['users'] }, 'SELECT n FROM v'],
    ['a function that is declared', { functions: { whoami: 'identity' } as const }, 'SELECT whoami()'],
    ['a function that reads it', { functions: { f: { reads: ['users'] } }, rowSecurity: ['users'] }, 'SELECT f(1)'],
  ])('%s counts as one', async (_name, sql, text) => {
    const ask = personal(world.isolate({ sql }))
    for (const who of ['alice', 'bob'])
      expect(await ask(who, text)).toEqual({ whose: who, outcome: 'bypass', reason: 'scope-required' })
  })

  it("is kept apart in a batch with reads that are everybody's", async () => {
    const executor = world.isolate()
    let person = ''
    world.database.answer = ({ sql }) => [[['whose', 25, sql.includes('current_user') ? person : 'all']]]
    for (const who of ['alice', 'bob', 'alice']) {
      person = who
      const batch = [{ sql: SQL, params: [1] }, { sql: 'SELECT current_user' }, { sql: SQL, params: [2] }]
      expect(await executor.queryBatch(batch)).toEqual([[{ whose: 'all' }], [{ whose: who }], [{ whose: 'all' }]])
      const scoped = [batch[0]!, { ...batch[1]!, options: { scope: who } }]
      expect(await executor.queryBatch(scoped)).toEqual([[{ whose: 'all' }], [{ whose: who }]])
    }
    expect(world.database.log.filter((sql) => sql === SQL)).toHaveLength(2)
  })
})

describe('a loader', () => {
  it('needs a scope on a database that needs one', async () => {
    const secured = new FakeDatabase()
    secured.needsScope = true
    const executor = world.isolate({}, secured)
    let runs = 0
    const load = () => Promise.resolve(++runs)
    expect([await executor.cached('k', load), await executor.cached('k', load)]).toEqual([1, 2])
    const of = (scope: string) => executor.cached('k', load, { scope })
    expect([await of('alice'), await of('bob'), await of('alice'), await of('bob')]).toEqual([3, 4, 3, 4])
  })

  it.each<[string, (e: CachedQueryExecutor) => Promise<unknown>]>([
    ['query', (e: CachedQueryExecutor) => e.query('SELECT current_user')],
    ['queryBatch', (e: CachedQueryExecutor) => e.queryBatch([{ sql: SQL, params: [1] }, { sql: 'SELECT auth.uid()' }])],
    ['transaction', async (e: CachedQueryExecutor) => (await e.transaction([{ sql: 'SELECT user' }])).results[0]!.rows],
    ['a loader of its own', (e: CachedQueryExecutor) => e.cached('inner', (inner) => inner.query('SELECT user'))],
  ])('that asks who asks, by %s, is run for everybody who gives no scope', async (_name, load) => {
    const executor = world.isolate()
    const [a, b] = [await executor.cached('k', load), await executor.cached('k', load)]
    expect(a).not.toEqual(b)
    const both = await Promise.all([executor.cached('k', load), executor.cached('k', load)])
    expect(both[0]).not.toEqual(both[1])
    expect([...world.redis.data.keys()].filter((key) => key.includes(':e:'))).toEqual([])
    const own = await executor.cached('k', load, { scope: 'alice' })
    expect(await executor.cached('k', load, { scope: 'alice' })).toEqual(own)
  })

  it('with the key of a query is another thing than the query', async () => {
    const executor = world.isolate()
    expect(await executor.cached('k', () => Promise.resolve('loaded'))).toBe('loaded')
    expect(await executor.query('SELECT 1', [], { cacheKey: 'k' })).toEqual([{ n: 1 }])
    expect(await executor.cached('k', () => Promise.resolve('again'))).toBe('loaded')
  })
})

describe('scopes', () => {
  const asked = async (scopes: readonly string[], options: QueryOptions = {}) => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a, ['users'], ['mine'], ['me'])
    for (const executor of [a, b]) {
      const ask = personal(executor)
      for (const [i, scope] of scopes.entries()) await ask(`person ${i}`, SQL, { ...options, scope }, [1])
      world.now += 3_000
      for (const [i, scope] of scopes.entries())
        expect(await ask('nobody', SQL, { ...options, scope }, [1])).toMatchObject({ whose: `person ${i}` })
    }
  }

  it('of any text are kept apart', () =>
    asked([
      'a',
      'a|',
      'a|-',
      '1:a',
      '!1:a',
      '-',
      ' a',
      'A',
      'a;',
      '\0',
      '\uffff',
      '\ud800',
      '\udc00',
      '\ufffd',
      '',
      'a'.repeat(9999),
    ]))

  it('are kept apart under one custom key, one tag, and at once', async () => {
    await asked(['alice', 'bob'], { cacheKey: 'me', tags: ['mine'] })
    const executor = world.isolate()
    let person = 0
    world.database.answer = () => [[['whose', 23, String(++person)]]]
    const at = (scope: string) => executor.query(SQL, [9], { scope, cacheKey: 'me', coalesce: 'global' })
    const [a, b, again] = await Promise.all([at('alice'), at('bob'), at('alice')])
    expect(a).not.toEqual(b)
    expect(again).toEqual(a)
  })

  it('are kept apart in stale answers and those of a failed database', async () => {
    const executor = world.isolate()
    const ask = personal(executor)
    await world.warm(executor)
    const lives = { ttl: 5, staleWhileRevalidate: 10, staleIfError: 600 }
    for (const who of ['alice', 'bob']) await ask(who, SQL, { ...lives, scope: who }, [1])
    world.now += 6_000
    for (const who of ['alice', 'bob'])
      expect(await ask(who, SQL, { ...lives, scope: who }, [1])).toMatchObject({ whose: who, outcome: 'stale' })
    world.now += 60_000
    world.database.answer = () => Promise.reject(new Error('down'))
    for (const who of ['alice', 'bob']) {
      const { rows, cache } = await executor.queryResult(SQL, [1], { ...lives, scope: who })
      expect([rows, cache.outcome]).toEqual([[{ whose: who }], 'stale-if-error'])
    }
    await expect(executor.query(SQL, [1], lives)).rejects.toThrow('down')
    await expect(executor.query(SQL, [1], { ...lives, scope: 'carol' })).rejects.toThrow('down')
  })

  it('invalidate for one another, and show nothing of one another', async () => {
    const executor = world.isolate()
    const ask = personal(executor)
    for (const who of ['alice-secret', 'bob-secret'])
      await ask(who, SQL, { scope: who, cacheKey: 'me', tags: ['mine'] }, ['parameter-secret'])
    const shown = [executor.core.cache.getEntries(), executor.getCacheStats(), world.events]
    expect(JSON.stringify(shown)).not.toContain('secret')
    expect(executor.core.cache.getEntries().map(({ key }) => key)).toEqual(['me', 'me'])
    await executor.invalidate({ tags: ['mine'] })
    for (const who of ['alice-secret', 'bob-secret'])
      expect(
        await ask(`new ${who}`, SQL, { scope: who, cacheKey: 'me', tags: ['mine'] }, ['parameter-secret']),
      ).toMatchObject({ whose: `new ${who}` })
    expect(await executor.invalidateCache('me')).toBe(2)
  })

  it.each([[42], [{ id: 'alice' }], [['alice']], [true], [() => 'alice']])(
    'of another type are refused: %s',
    async (scope) => {
      const request = world.isolate().with({ runtime: {}, scope: scope as never })
      await expect(request.query(SQL, [1])).rejects.toThrow('`scope`')
      await expect(request.cached('k', () => Promise.resolve(1))).rejects.toThrow('`scope`')
      await expect(request.query(SQL, [1], { scope: scope as never })).rejects.toThrow('`scope`')
      expect(world.database.log).toEqual([])
    },
  )

  it.each([
    ['a token', true, SQL],
    ['who asks', false, 'SELECT n FROM users WHERE id = $1 AND name = current_user'],
  ])('that are empty say of nobody whose rows these are, where %s decides', async (_name, needsScope, sql) => {
    const secured = Object.assign(new FakeDatabase(), { needsScope })
    const ask = personal(world.isolate({}, secured), secured)
    for (const who of ['alice', 'bob'])
      expect(await ask(who, sql, { scope: '' }, [1])).toEqual({
        whose: who,
        outcome: 'bypass',
        reason: 'scope-required',
      })
  })

  it('of a database hold where nobody names one, give way to those of a request, and these to those of a call', async () => {
    const database = Object.assign(new FakeDatabase(), { scope: 'app' })
    const executor = world.isolate({}, database)
    const request = executor.with({ ...executor.call, scope: 'alice' })
    const asks = [executor, request].flatMap((one) =>
      [{}, { scope: 'bob' }].map((options) => (who: string) => personal(one, database)(who, SQL, options, [1])),
    )
    const whose = ['app', 'bob', 'alice', 'bob']
    for (const [i, ask] of asks.entries()) await ask(whose[i]!)
    for (const [i, ask] of asks.entries()) expect(await ask('nobody')).toMatchObject({ whose: whose[i]! })
    const plain = executor.with(executor.call, new FakeDatabase())
    expect(await personal(plain)('all', SQL, {}, [1])).toMatchObject({ outcome: 'miss' })
  })

  it('of a request hold for all that it asks, and give way to those of a call', async () => {
    const executor = world.isolate()
    const alice = executor.with({ ...executor.call, scope: 'alice' })
    const ask = personal(alice)
    await ask('alice', SQL, {}, [1])
    expect(await ask('nobody', SQL, {}, [1])).toMatchObject({ whose: 'alice' })
    expect(await ask('bob', SQL, { scope: 'bob' }, [1])).toMatchObject({ whose: 'bob', outcome: 'miss' })
    expect(await personal(alice.bind({ now: () => world.now }))('nobody', SQL, {}, [1])).toMatchObject({
      whose: 'alice',
    })
    expect(await personal(executor)('all', SQL, {}, [1])).toMatchObject({ whose: 'all', outcome: 'miss' })
  })

  it('see other rows with a token than without: a request that forgot its token leaves nothing for those that have one', async () => {
    const [plain, secured] = [new FakeDatabase(), new FakeDatabase()]
    secured.needsScope = true
    const executor = world.isolate({}, plain)
    const open = personal(executor, plain)
    const held = personal(executor.with(executor.call, secured), secured)
    await open('everybody', SQL, { scope: 'alice' }, [1])
    expect(await held('alice', SQL, { scope: 'alice' }, [1])).toMatchObject({ whose: 'alice', outcome: 'miss' })
    expect(await open('nobody', SQL, { scope: 'alice' }, [1])).toMatchObject({ whose: 'everybody' })
  })
})

it('two roles on one cache have nothing in common, however long the text is', async () => {
  const role = (name: string) =>
    Object.assign(new FakeDatabase(), { identity: `fake/db/${name}`, answer: () => [[['whose', 25, name]]] })
  const alice = world.isolate({}, role('alice'))
  const bob = alice.with(alice.call, role('bob'))
  for (const sql of [SQL, `${SQL} -- ${'x'.repeat(20_000)}`]) {
    expect(await alice.query(sql, [1])).toEqual([{ whose: 'alice' }])
    expect(await bob.query(sql, [1])).toEqual([{ whose: 'bob' }])
    expect(await Promise.all([alice.query(sql, [2]), bob.query(sql, [2])])).toEqual([
      [{ whose: 'alice' }],
      [{ whose: 'bob' }],
    ])
  }
})
