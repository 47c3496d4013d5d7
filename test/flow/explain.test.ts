import { describe, expect, it } from 'vitest'
import { CachedQueryExecutor } from '../../src/index.js'
import type { BypassReason, CacheConfig, Explanation, QueryOptions } from '../../src/index.js'
import { ADVICE } from '../../src/explain.js'
import { FakeDatabase } from '../support/fake-database.js'

const SECRET = 'hunter2'

interface Asked {
  sql: string
  params?: unknown[]
  options?: QueryOptions
  config?: Partial<CacheConfig>
  database?: Partial<FakeDatabase>
  /** What the sentence has to name. */
  names: string[]
}

function explain({ sql, params, options, config, database }: Asked): Explanation {
  const executor = new CachedQueryExecutor(Object.assign(new FakeDatabase(), database), { type: 'local', ...config })
  return executor.explain(sql, params, options)
}

const READ = `SELECT a FROM users WHERE b = '${SECRET}'`

/** A reason that is forgotten here is a compile error. A loader's value is not known before the loader has run. */
const CASES: { readonly [R in Exclude<BypassReason, 'not-serialisable'>]: Asked[] } = {
  'skip-cache': [{ sql: READ, options: { skipCache: true }, names: ['`skipCache`'] }],
  disabled: [{ sql: READ, config: { queryCache: { enabled: false } }, names: ['`queryCache.enabled`'] }],
  ttl: [
    { sql: READ, options: { ttl: 0 }, names: ['`ttl`', '`queryCache.defaultTTL`'] },
    { sql: READ, config: { queryCache: { defaultTTL: 0 } }, names: ['`ttl`', '`queryCache.defaultTTL`'] },
  ],
  'scope-required': [
    { sql: `${READ} AND c = current_user`, names: ['`current_user`', '`scope`'] },
    { sql: `SELECT auth.uid(), '${SECRET}'`, names: ['`auth.uid`', '`scope`'] },
    {
      sql: READ,
      config: { sql: { rowSecurity: ['users'] } },
      names: ['`public.users`', '`sql.rowSecurity`', '`scope`'],
    },
    {
      sql: READ,
      options: { tables: ['mine'] },
      config: { sql: { rowSecurity: ['accounts'], dependencies: { mine: ['accounts'] } } },
      names: ['`public.accounts`', '`sql.rowSecurity`'],
    },
    { sql: READ, database: { needsScope: true }, names: ['auth token or session state', '`scope`'] },
    {
      sql: `${READ} AND c = current_user`,
      database: { needsScope: true },
      names: ['auth token or session state', '`scope`'],
    },
    {
      sql: `SELECT score('${SECRET}'), current_user`,
      config: { sql: { onUnknown: 'ttl-only' } },
      names: ['`current_user` depends on who asks', '`scope`'],
    },
    {
      sql: `SELECT score('${SECRET}')`,
      config: { sql: { onUnknown: 'ttl-only', rowSecurity: ['accounts'] } },
      names: ['`score`', '`sql.functions`', '`scope`'],
    },
  ],
  'in-transaction': [
    { sql: READ, database: { inTransaction: true } as Partial<FakeDatabase>, names: ['`executor.transaction`'] },
  ],
  'unsupported-parameter': [{ sql: 'SELECT $1', params: [() => SECRET], names: ['parameter', 'plain data'] }],
  write: [
    { sql: `UPDATE users SET a = '${SECRET}'`, names: ['`update`', 'public.users', 'SELECT'] },
    {
      sql: `SELECT audit('${SECRET}')`,
      config: { sql: { functions: { audit: { writes: ['log'] } } } },
      names: ['`audit`', 'public.log'],
    },
    { sql: `CALL work('${SECRET}')`, names: ['`call`', 'everything'] },
  ],
  ddl: [{ sql: `ALTER TABLE users ADD c text DEFAULT '${SECRET}'`, names: ['`alter`', 'public.users'] }],
  locking: [{ sql: `${READ} FOR UPDATE`, names: ['`for update`'] }],
  'data-modifying-cte': [
    { sql: `WITH gone AS (DELETE FROM users WHERE a = '${SECRET}') SELECT 1`, names: ['`delete`', 'public.users'] },
  ],
  'select-into': [{ sql: `SELECT '${SECRET}' INTO copy`, names: ['`into`', 'public.copy'] }],
  'multiple-statements': [{ sql: `${READ}; ${READ}`, names: ['`queryBatch`', '`transaction`'] }],
  'volatile-function': [
    { sql: `${READ} AND c < now()`, names: ['`now`', 'set `nowBucket`', 'parameter'] },
    {
      sql: `SELECT '${SECRET}' FROM now()`,
      options: { nowBucket: 60 },
      names: ['`now`', '`nowBucket` cannot', 'parameter'],
    },
    { sql: `SELECT tick('${SECRET}')`, config: { sql: { functions: { tick: 'volatile' } } }, names: ['`tick`'] },
    {
      sql: `SELECT '${SECRET}' FROM recent`,
      config: { sql: { dependencies: { recent: 'volatile' } } },
      names: ['`public.recent`', '`sql.dependencies`'],
    },
    { sql: `SELECT * FROM pg_stat_activity WHERE query = '${SECRET}'`, names: ['`pg_stat_activity`', 'server itself'] },
    { sql: `SELECT '${SECRET}' FROM users, pg_stat_activity`, names: ['`pg_stat_activity`', 'server itself'] },
  ],
  'unknown-function': [
    {
      sql: `SELECT app.score('${SECRET}')`,
      names: ['`app.score`', '`sql.functions`', 'edge-query-cache dependencies'],
    },
  ],
  tablesample: [{ sql: 'SELECT * FROM users TABLESAMPLE system (1)', names: ['`tablesample`', 'LIMIT'] }],
  'session-statement': [{ sql: `SET app.password = '${SECRET}'`, names: ['`set`'] }],
  'not-understood': [
    { sql: `SELECT FROM WHERE '${SECRET}' ) x`, names: ['not understood at `', 'everything'] },
    { sql: `SELECT '${SECRET}`, names: ['not understood,', 'everything'] },
  ],
  empty: [{ sql: `-- ${SECRET}`, names: ['no statement'] }],
}

describe('explain', () => {
  for (const [reason, cases] of Object.entries(CASES))
    it.each(cases)(`${reason}: names what decided it and says what to do: $sql`, (asked) => {
      const told = explain(asked)
      expect(told).toMatchObject({ cacheable: false, reason })
      for (const name of asked.names) expect(told.advice).toContain(name)
      expect(told.advice).not.toMatch(/undefined|``/)
      expect(JSON.stringify(told)).not.toContain(SECRET)
    })

  it('names all that is volatile', () => {
    const told = explain({ sql: 'SELECT random(), now(), now() FROM users', names: [] })
    expect(told).toMatchObject({ token: 'random', volatileFunctions: ['now', 'random'], tables: ['public.users'] })
  })

  it('has a sentence for the value of a loader', () => {
    expect(ADVICE['not-serialisable']).toContain('plain data')
  })

  it('has nothing to say of what is cached', () => {
    const told = explain({ sql: READ, names: [] })
    expect(told).toMatchObject({ cacheable: true, reason: undefined, token: undefined, advice: undefined })
  })

  it('has a TTL of the call count before the default', () => {
    const config = { queryCache: { defaultTTL: 0 } }
    expect(explain({ sql: READ, options: { ttl: 1 }, config, names: [] }).cacheable).toBe(true)
  })

  it('shows the custom key, or a fingerprint of text, parameters and scope', () => {
    for (const options of [{}, { skipCache: true }])
      expect(explain({ sql: READ, options: { ...options, cacheKey: 'user:42' }, names: [] }).key).toBe('user:42')
    const asked: Partial<Asked>[] = [
      {},
      { params: [1] },
      { params: [2] },
      { options: { scope: 'a' } },
      { sql: 'SELECT 1' },
    ]
    const keys = asked.map((one) => explain({ sql: READ, names: [], ...one }).key)
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) expect(key).toMatch(/^query:[0-9a-z]+$/)
  })

  it('says what is not known of what is cached for its TTL only', () => {
    const told = explain({ sql: `SELECT score('${SECRET}')`, config: { sql: { onUnknown: 'ttl-only' } }, names: [] })
    expect(told).toMatchObject({ cacheable: true, reason: 'unknown-function', token: 'score' })
    expect(told.advice).toMatch(/`score`.*cached for its TTL.*`sql.functions`/)
  })
})
