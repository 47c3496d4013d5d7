import { describe, expect, it } from 'vitest'
import { readSql } from '../../../src/sql/index.js'
import type { SqlOptions } from '../../../src/sql/index.js'

const tables = (sql: string, options: SqlOptions) => readSql(sql, options).tables
const writes = (sql: string, options: SqlOptions) => readSql(sql, options).writes

describe('what stands behind a table, by direction', () => {
  const sql: SqlOptions = {
    dependencies: {
      active_users: ['users'],
      users: { reads: ['teams'], writes: ['orders'] },
      orders: { writes: ['audit.log'] },
      teams: { writes: ['budgets'] },
      report: { reads: ['active_users', 'Totals'] },
    },
  }

  it('a cascade concerns writes and no read', () => {
    expect(tables('SELECT * FROM orders', sql)).toEqual(['public.orders'])
    expect(tables('SELECT * FROM users', sql)).toEqual(['public.teams', 'public.users'])
    expect(writes('DELETE FROM users', sql)).toEqual(['audit.log', 'public.orders', 'public.users'])
    expect(writes('INSERT INTO orders VALUES (1)', sql)).toEqual(['audit.log', 'public.orders'])
  })

  it('a view is read with its tables and what is read with them, and written with theirs', () => {
    expect(tables('SELECT * FROM active_users', sql)).toEqual(['public.active_users', 'public.teams', 'public.users'])
    expect(writes('UPDATE active_users SET a = 1', sql)).toEqual([
      'audit.log',
      'public.active_users',
      'public.orders',
      'public.users',
    ])
  })

  it('what is only read is not written with it, however far behind it is', () => {
    expect(tables('SELECT * FROM report', sql)).toContain('public.totals')
    expect(writes('DELETE FROM report', sql)).toEqual(['public.report'])
    expect(writes('DELETE FROM users', sql)).not.toContain('public.budgets')
  })

  it('is followed once around a circle', () => {
    const circle = { dependencies: { a: { writes: ['b'] }, b: { writes: ['a'] }, v: ['w'], w: ['v'] } }
    expect(writes('DELETE FROM b', circle)).toEqual(['public.a', 'public.b'])
    expect(tables('TABLE v', circle)).toEqual(['public.v', 'public.w'])
  })

  it('names are the same with and without the default schema, and two spellings add up', () => {
    const options: SqlOptions = {
      defaultSchema: 'app',
      dependencies: { users: { writes: ['a'] }, 'APP.Users': { writes: ['public.b'] } },
    }
    expect(writes('DELETE FROM app.users', options)).toEqual(['app.a', 'app.users', 'public.b'])
    expect(writes('DELETE FROM users', options)).toEqual(['app.a', 'app.users', 'public.b'])
  })

  it("'*' among the writes is everything, directly and behind others", () => {
    const options: SqlOptions = {
      dependencies: { a: { writes: ['b'] }, b: { writes: ['*'] } },
      functions: { run: { writes: ['*'] } },
    }
    expect(readSql('INSERT INTO a VALUES (1)', options)).toMatchObject({ kind: 'write', writes: undefined })
    expect(readSql('SELECT run()', options)).toMatchObject({ kind: 'write', writes: undefined })
    expect(readSql('SELECT * FROM a, b', options)).toMatchObject({ stable: true, tables: ['public.a', 'public.b'] })
    expect(writes('INSERT INTO "*" VALUES (1)', options)).toEqual(['public."*"'])
  })

  it('explicit undefined is not set', () => {
    const options: SqlOptions = {
      dependencies: { a: undefined, b: { reads: undefined, writes: ['c'] } },
      functions: { f: undefined },
    }
    expect(tables('SELECT * FROM a, b', options)).toEqual(['public.a', 'public.b'])
    expect(readSql('SELECT f()', options).reason).toBe('unknown-function')
  })

  it('TRUNCATE CASCADE empties what no map of cascades shows', () => {
    expect(writes('TRUNCATE users CASCADE', sql)).toBeUndefined()
    expect(writes('TRUNCATE users', sql)).toEqual(['audit.log', 'public.orders', 'public.users'])
  })
})

describe('relations that change without a write', () => {
  const sql: SqlOptions = {
    dependencies: { recent: { reads: ['users'], writes: ['users'], volatile: true }, ids: 'volatile', v: ['recent'] },
    functions: { latest: { reads: ['v'] } },
  }

  it.each([
    ['SELECT * FROM recent', 'public.recent'],
    ['SELECT last_value FROM ids', 'public.ids'],
    ['SELECT * FROM v', 'public.recent'],
    ['SELECT latest()', 'public.recent'],
    ['SELECT 1 WHERE EXISTS (SELECT FROM v)', 'public.recent'],
  ])('%s', (text, token) => {
    expect(readSql(text, sql)).toMatchObject({
      stable: false,
      reason: 'volatile-function',
      token,
      volatileFunctions: [token],
    })
  })

  it('are written like others', () => {
    expect(readSql('DELETE FROM recent', sql)).toMatchObject({
      kind: 'write',
      writes: ['public.recent', 'public.users'],
    })
    expect(readSql('SELECT * FROM users', sql).stable).toBe(true)
  })
})

describe('functions that write and change the session', () => {
  const sql: SqlOptions = {
    functions: { login: { reads: ['people'], writes: ['logins'], volatile: true }, clock: { volatile: true } },
  }

  it('are writes with an effect on the session', () => {
    expect(readSql("SELECT login('a')", sql)).toMatchObject({
      kind: 'write',
      reason: 'write',
      token: 'login',
      tables: ['public.people'],
      writes: ['public.logins'],
      volatileFunctions: ['login'],
      effects: 'session',
    })
  })

  it('are volatile where they write nothing', () => {
    expect(readSql('SELECT clock()', sql)).toMatchObject({
      kind: 'read',
      reason: 'volatile-function',
      effects: 'session',
    })
  })
})

describe('relations whose rows depend on who asks', () => {
  const sql: SqlOptions = {
    rowSecurity: ['Accounts'],
    dependencies: { v: ['accounts'], w: ['v'], accounts: { writes: ['ledger'] } },
    functions: { balance: { reads: ['w'] } },
  }

  it.each([
    ['SELECT * FROM accounts', 'public.accounts'],
    ['SELECT * FROM t JOIN public.accounts USING (id)', 'public.accounts'],
    ['SELECT * FROM w', 'public.accounts'],
    ['SELECT balance(1)', 'public.accounts'],
    ['SELECT * FROM w WHERE owner = current_user', 'current_user'],
  ])('%s', (text, identityToken) => {
    expect(readSql(text, sql)).toMatchObject({ stable: true, identity: true, identityToken })
  })

  it.each([
    ['UPDATE accounts SET n = n RETURNING owner', 'public.accounts'],
    ['WITH x AS (UPDATE w SET n = n RETURNING owner) SELECT * FROM x', 'public.accounts'],
    ['DELETE FROM ledger USING t WHERE t.owner = current_user', 'current_user'],
  ])('are told of what is written: %s', (text, identityToken) => {
    expect(readSql(text, sql)).toMatchObject({ kind: 'write', identity: true, identityToken })
  })

  it('leave others and what is written alone', () => {
    expect(readSql('SELECT * FROM ledger', sql).identity).toBe(false)
    expect(readSql('UPDATE ledger SET n = 1 RETURNING n', sql).identity).toBe(false)
    expect(writes('DELETE FROM accounts', sql)).toEqual(['public.accounts', 'public.ledger'])
  })
})

describe('declared functions', () => {
  const sql: SqlOptions = {
    defaultSchema: 'app',
    functions: {
      nothing: {},
      reads: { reads: ['t'] },
      'app.Audit': { writes: ['log'], reads: ['t'] },
      lower: { reads: ['words'] },
      'public.upper': 'stable',
      'public.now': 'stable',
    },
    dependencies: { reads: ['more'], nothing: { writes: ['log'] }, log: { writes: ['archive'] } },
  }

  it('without writes are stable, with them make a SELECT a write', () => {
    expect(readSql('SELECT app.reads()', sql)).toMatchObject({
      stable: true,
      tables: ['app.more', 'app.t'],
      writes: [],
    })
    expect(readSql('SELECT 1 FROM t WHERE Audit(id)', sql)).toMatchObject({
      kind: 'write',
      reason: 'write',
      token: 'audit',
      writes: ['app.archive', 'app.log'],
    })
  })

  it('add up where they are declared in two spellings, whichever comes first', () => {
    const first = { f: { reads: ['a'], volatile: true }, g: { reads: ['a'], identity: true } } as const
    const second = { 'public.F': { reads: ['b'] }, 'public.G': { reads: ['b'] } } as const
    for (const functions of [
      { ...first, ...second },
      { ...second, ...first },
    ]) {
      expect(readSql('SELECT f()', { functions })).toMatchObject({ stable: false, tables: ['public.a', 'public.b'] })
      expect(readSql('SELECT g()', { functions })).toMatchObject({ identity: true, tables: ['public.a', 'public.b'] })
    }
  })

  it('write what their dependencies say in an object', () => {
    expect(readSql('SELECT nothing()', sql)).toMatchObject({ kind: 'write', writes: ['app.archive', 'app.log'] })
  })

  it("may have a built-in's name in a schema of the user's: the stricter of the two counts where none is written", () => {
    expect(readSql('SELECT public.upper(a) FROM t', sql).stable).toBe(true)
    expect(readSql('SELECT public.now()', sql).stable).toBe(true)
    expect(readSql('SELECT other.upper(a) FROM t', sql).reason).toBe('unknown-function')
    expect(tables('SELECT lower(a) FROM t', sql)).toEqual(['app.t', 'app.words'])
    expect(readSql('SELECT now()', { functions: { now: 'stable' } }).reason).toBe('volatile-function')
    expect(readSql('SELECT lower(a)', { functions: { lower: 'volatile' } }).reason).toBe('volatile-function')
  })
})
