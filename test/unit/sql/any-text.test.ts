import { array, assert, constantFrom, nat, oneof, pre, property, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalTable, readSql } from '../../../src/sql/index.js'
import { committed, fuzzed } from '../../oracle/corpora.ts'
import { oracle } from '../../oracle/judge.ts'

const PIECES =
  "select|from|with|recursive|as|(|)|,|;|a|b|\"q\"|'s'|E'\\'|$$|$t$|/*|*/|--|\n|join|left|outer|on|using|where|union|all|values|table|insert|into|update|set|delete|merge|for|now()|f(|::|.|*|1|$1|in|exists|explain|analyze|prepare|copy|search|cycle|only|lateral|rows|cast|extract|interval|U&'|truncate|create|drop|alter|call|uescape|fetch|group|by|cube|over".split(
    '|',
  )
const soup = array(constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(' '))
const bytes = string({ unit: 'binary', maxLength: 200 })

describe('any text', () => {
  it('is answered, the same each time, and only an understood read is stable', () => {
    assert(
      property(oneof(soup, bytes), (sql) => {
        const facts = readSql(sql)
        expect(readSql(sql)).toEqual(facts)
        if (facts.stable) expect(facts).toMatchObject({ kind: 'read', writes: [], volatileFunctions: [] })
        else expect(facts.reason).toBeDefined()
        if (facts.kind === 'unknown' && facts.reason !== 'empty') expect(facts.writes).toBeUndefined()
        expect(facts.tables).toEqual([...new Set(facts.tables)].sort())
      }),
      { numRuns: 3000 },
    )
  })

  it('does not turn a comment or the case of its keywords into another statement', () => {
    assert(
      property(soup, (sql) => {
        pre(!/['"$/*-]/.test(sql))
        const facts = readSql(sql)
        expect(readSql(sql.replaceAll(' ', '/* from x now() */').toUpperCase())).toEqual(facts)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '(',
    'select(',
    '((select 1) union ',
    'with recursive a as (',
    'select * from (',
    'f(',
    ')',
    "'",
    '"',
    "''",
    '$',
    '$a$',
    '/*',
    '/* */',
    '--\n',
    '-',
    '+-',
    'a.',
    'a,',
    '1',
    '1.',
    'é',
    "E'\\",
    "select 'a' ",
    "'a'\n",
    "'now aaaaaaaa",
    'a join b on ',
    'select * from a, ',
    'not ',
    '::a',
    '[',
    ';',
  ])('takes linear time for a megabyte of %j', (piece) => {
    const text = (length: number) => `select * from t where ${piece.repeat(Math.ceil(length / piece.length))}`
    const time = (sql: string) => {
      const start = performance.now()
      readSql(sql)
      return performance.now() - start
    }
    // A hang guard: a quadratic reader needs minutes.
    expect(time(text(1 << 20))).toBeLessThan(5000)
  })

  it('takes linear time for many CTEs and nested recursive lists', () => {
    const many = Array.from(
      { length: 30_000 },
      (_, i) => `c${i} as (select * from ${i ? `c${i - 1}` : 'base'}, t${i})`,
    ).join(', ')
    const nested = `with recursive ${Array.from({ length: 90 }, (_, i) => `n${i} as (with recursive `).join('')}`
    const start = performance.now()
    expect(readSql(`with recursive ${many} select * from c9`).tables).toHaveLength(30_001)
    expect(readSql(`with ${many} select * from c9`).tables).toHaveLength(30_001)
    readSql(nested + many)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it('refuses nesting that would endanger the call stack', () => {
    const nest = (depth: number) => `select ${'('.repeat(depth)}1${')'.repeat(depth)}`
    expect(readSql(nest(200)).stable).toBe(true)
    expect(readSql(nest(100_000)).reason).toBe('not-understood')
  })
})

describe('real SQL, cut and changed', () => {
  const statements = [...committed().flatMap((corpus) => corpus.statements), ...fuzzed(300, 0).statements]
  const cuts = tuple(constantFrom(...statements), nat(), nat()).map(
    ([sql, a, b]) => [sql, a % sql.length, b % sql.length] as const,
  )
  const changed = oneof(
    cuts.map(([sql, end]) => sql.slice(0, end)),
    cuts.map(([sql, start]) => sql.slice(start)),
    cuts.map(([sql, at, length]) => sql.slice(0, at) + sql.slice(at + (length % 20))),
    cuts.map(([sql, a, b]) => sql.slice(0, a) + sql.slice(b)),
    tuple(cuts, constantFrom(...PIECES)).map(([[sql, at], piece]) => `${sql.slice(0, at)}${piece}${sql.slice(at)}`),
    tuple(cuts, string({ unit: 'binary', maxLength: 3 })).map(
      ([[sql, at], text]) => sql.slice(0, at) + text + sql.slice(at + 1),
    ),
    tuple(cuts, cuts).map(([[sql, a], [other, b]]) => sql.slice(0, a) + other.slice(b)),
  )

  it('is answered; where PostgreSQL still takes it, no table is missed and nothing wrongly cached', async () => {
    const judge = await oracle({ readSql, canonicalTable })
    let taken = 0
    assert(
      property(changed, (sql) => {
        const facts = readSql(sql)
        if (!facts.stable) expect(facts.reason).toBeDefined()
        const verdict = judge(sql)
        if (!verdict) return
        taken++
        expect(verdict).toMatchObject({ missed: [], wronglyCached: false })
      }),
      { numRuns: 10_000 },
    )
    expect(taken).toBeGreaterThan(1_000)
  })
})
