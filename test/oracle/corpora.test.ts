import { beforeAll, describe, expect, it } from 'vitest'
import * as own from '../../src/sql/index.js'
import { committed, fuzzed } from './corpora.ts'
import { oracle } from './judge.ts'
import type { Verdict } from './judge.ts'
import type { Reader } from './load-reader.ts'
import { split } from './split.ts'
import { ENOUGH, count, failures, render, share } from './table.ts'

const corpora = [...committed(), fuzzed(3_000, 0)]
let judge: (sql: string) => Verdict | undefined
beforeAll(async () => {
  judge = await oracle(own)
})

describe("the reader of SQL beside PostgreSQL's own parser", () => {
  it.each(corpora.map(({ name, statements }) => [name, statements] as const))(
    '%s: no table missed, nothing wrongly cached, at least 97% of the stable SELECTs accepted',
    (name, statements) => {
      const found = count(name, statements, judge)
      expect(found.stableSelects).toBeGreaterThan(20)
      expect(found.unparsed).toBeLessThan(statements.length / 50)
      expect(failures(found)).toEqual([])
      expect(share(found)).toBeGreaterThanOrEqual(ENOUGH)
    },
  )

  it('sees a reader that misses tables, caches what it must not, or refuses too much', async () => {
    const read =
      (change: (facts: ReturnType<Reader['readSql']>) => object): Reader['readSql'] =>
      (sql) => ({ ...own.readSql(sql), ...change(own.readSql(sql)) })
    const found = async (readSql: Reader['readSql']) =>
      failures(count('fuzzer', corpora.at(-1)!.statements, await oracle({ ...own, readSql })))
    expect(await found(read(({ tables }) => ({ tables: tables.slice(0, 2) })))).toEqual([
      expect.stringMatching(/tables missed in \d+ statements/),
    ])
    expect(await found(read((facts) => ({ stable: facts.stable || facts.reason === 'volatile-function' })))).toEqual([
      expect.stringMatching(/\d+ statements wrongly cached/),
    ])
    expect(await found(read(({ tables, stable }) => ({ stable: stable && tables.length < 3 })))).toEqual([
      expect.stringMatching(/of the stable SELECTs accepted/),
    ])
  })
})

describe('the table', () => {
  it('has a line per corpus and tells why stable SELECTs were refused', () => {
    const text = render([
      count('mine', ['SELECT a FROM t', 'SELECT int4pl(a, 1) FROM t', 'SELECT now()', 'nonsense'], judge),
    ])
    expect(text).toMatch(/^mine +3 +1 +2 +1 +50\.00% +0 +0$/m)
    expect(text).toMatch(/refused in mine: unknown-function \(int4pl\) 1$/)
  })
})

describe('a file of statements', () => {
  it('is cut at semicolons outside quotes, comments and parentheses, without the commands and data of psql', () => {
    const file = `SELECT ';' /* ; /* ; */ ; */ -- ;
;\\d users
COPY t FROM stdin;
1;2
\\.
CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);SELECT $a$ ; $a$, E'\\';', "a;b" \\gset
SELECT a$b$c FROM t`
    expect(split(file)).toEqual([
      "SELECT ';' /* ; /* ; */ ; */ -- ;",
      'COPY t FROM stdin',
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)',
      `SELECT $a$ ; $a$, E'\\';', "a;b"`,
      'SELECT a$b$c FROM t',
    ])
  })
})
