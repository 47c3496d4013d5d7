import { array, assert, constantFrom, oneof, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf, withoutClock } from '../../../src/now-bucket.js'
import { readSql } from '../../../src/sql/index.js'
import { tokenize } from '../../../src/sql/tokens.js'
import type { Token } from '../../../src/sql/tokens.js'
import { clockQuery } from '../../support/clock-statements.js'

describe('a text that is given the time', () => {
  it.each([
    [
      "SELECT n FROM t WHERE at > now() - interval '1 day'",
      "SELECT n FROM t WHERE at > ($1::timestamptz) - interval '1 day'",
    ],
    [
      'SELECT n FROM t WHERE at >NOW/* now() */( ) AND id = $1',
      'SELECT n FROM t WHERE at >($2::timestamptz) AND id = $1',
    ],
    [
      'SELECT n FROM t WHERE at > "now"() OR at > pg_catalog . now()',
      'SELECT n FROM t WHERE at > ($1::timestamptz) OR at > ($1::timestamptz)',
    ],
    [
      'SELECT n FROM t WHERE at BETWEEN transaction_timestamp() AND statement_timestamp()',
      'SELECT n FROM t WHERE at BETWEEN ($1::timestamptz) AND ($1::timestamptz)',
    ],
    ['SELECT n FROM t WHERE d = Current_Date', 'SELECT n FROM t WHERE d = ($1::timestamptz::date)'],
    ['SELECT n FROM t WHERE at > current_timestamp(3)', 'SELECT n FROM t WHERE at > ($1::timestamptz(3))'],
    ['SELECT n FROM t WHERE at > localtimestamp (0)', 'SELECT n FROM t WHERE at > ($1::timestamptz::timestamp(0))'],
    [
      'SELECT n FROM t WHERE h > localtime AND g > current_time(2)',
      'SELECT n FROM t WHERE h > ($1::timestamptz::time) AND g > ($1::timestamptz::timetz(2))',
    ],
    ['SELECT n FROM t JOIN u ON u.at < now(), v', 'SELECT n FROM t JOIN u ON u.at < ($1::timestamptz), v'],
    [
      "SELECT x FROM generate_series(now() - interval '1 day', now(), '1 hour') AS g(x)",
      "SELECT x FROM generate_series(($1::timestamptz) - interval '1 day', ($1::timestamptz), '1 hour') AS g(x)",
    ],
    [
      "SELECT date_trunc('hour', now()) FROM t GROUP BY date_trunc('hour', now())",
      "SELECT date_trunc('hour', ($1::timestamptz)) FROM t GROUP BY date_trunc('hour', ($1::timestamptz))",
    ],
    ['SELECT $2, $1 FROM t WHERE $9 = now()', 'SELECT $2, $1 FROM t WHERE $9 = ($10::timestamptz)'],
  ])('%s', (sql, text) => expect(withoutClock(sql, 0)).toBe(text))

  it('numbers its parameter above those of the text and those that are given', () => {
    expect(withoutClock('SELECT n FROM t WHERE at > now() AND $4', 6)).toContain('> ($7::timestamptz)')
    expect(withoutClock('SELECT \'$9\', n AS "$8" FROM t /* $7 */ WHERE at > now() AND $4', 4)).toContain(
      '> ($5::timestamptz)',
    )
    expect(withoutClock('SELECT n FROM t WHERE at > now()', 65_534)).toContain('$65535')
    expect(withoutClock('SELECT n FROM t WHERE at > now()', 65_535)).toBeUndefined()
  })

  it.each([
    ['SELECT now()', 'SELECT (SELECT $1::timestamptz AS "now")'],
    [
      'SELECT current_date::text, now() n',
      'SELECT (SELECT $1::timestamptz::date AS "current_date")::text, (SELECT $1::timestamptz AS "now") n',
    ],
    [
      'SELECT now(), n FROM t WHERE at > now() ORDER BY n - now()',
      'SELECT (SELECT $1::timestamptz AS "now"), n FROM t WHERE at > ($1::timestamptz) ORDER BY n - (SELECT $1::timestamptz AS "now")',
    ],
    [
      'SELECT CASE WHEN a THEN b ELSE now() END',
      'SELECT CASE WHEN a THEN b ELSE (SELECT $1::timestamptz AS "now") END',
    ],
    ['SELECT CAST(now() AS date)', 'SELECT CAST((SELECT $1::timestamptz AS "now") AS date)'],
  ])('keeps the name of a column: %s', (sql, text) => expect(withoutClock(sql, 0)).toBe(text))

  it.each([
    'SELECT now() AS n',
    'SELECT current_date d FROM t',
    'SELECT now() - at, at < now(), at IS DISTINCT FROM now(), NOT now() > at FROM t',
    "SELECT to_char(now(), 'YYYY'), extract(year FROM now()), ARRAY[now()] FROM t",
    'SELECT CASE WHEN now() > at THEN now() ELSE at END FROM t',
    'SELECT CASE WHEN a THEN b ELSE now() - at END FROM t',
    "SELECT (now())::date - 1, (now() AT TIME ZONE 'UTC') FROM t",
    'SELECT n FROM t WHERE at = (SELECT max(at) FROM t WHERE at < now()) ORDER BY now() - at LIMIT extract(day FROM now())',
    'SELECT DISTINCT ON (now()) n FROM t',
    'VALUES (now())',
  ])('needs no subquery where no name is at stake: %s', (sql) => {
    const text = withoutClock(sql, 0)
    expect(text).toContain('($1::timestamptz')
    expect(text).not.toContain('AS "')
  })

  it.each([
    "SELECT 'now()', $$now()$$, E'\\'now()' FROM t -- now()",
    'SELECT now, t.now, "now()", "current_date", t.current_date FROM t',
    'SELECT n AS now, m AS current_date, m current_date, t.* current_date FROM t',
    'SELECT app.now(), app.pg_catalog.now(), now(1), "NOW"() FROM t',
    'SELECT * FROM now()',
    'SELECT * FROM t, LATERAL now() AS n, (VALUES (1)) AS v',
    'SELECT * FROM current_date JOIN now() ON true',
    'SELECT * FROM t JOIN u ON true, localtime',
    'SELECT * FROM ROWS FROM (now(), unnest($1))',
    'SELECT * FROM CAST(now() AS date)',
    'SELECT now() OVER (), current_date(3), current_timestamp($1)',
    'SELECT clock_timestamp(), timeofday(), random()',
    "SELECT 'now'::timestamptz, timestamp 'today', age(at) FROM t",
    'SELECT interval now()',
    '',
    "'",
  ])('is not made of %s', (sql) => expect(withoutClock(sql, 0)).toBeUndefined())

  it.each([
    ['SELECT now(), clock_timestamp()', 'clock_timestamp'],
    ["SELECT now(), 'today'::date", 'today'],
    ['SELECT now(), age(at) FROM t', 'age'],
    ['SELECT now() FROM t, now()', 'now'],
    ['SELECT now(), random()', 'random'],
  ])('of %s reads a clock all the same', (sql, token) =>
    expect(readSql(withoutClock(sql, 0)!)).toMatchObject({ stable: false, reason: 'volatile-function', token }),
  )
})

const PIECES =
  "now()|NOW ( )|\"now\"()|pg_catalog.now()|current_date|CURRENT_TIMESTAMP(3)|localtime|now|\"now\"|'now()'|$a$ now() $a$|/* now() */|-- now()\n|E'\\'now()'|t.now()|$1|$9|$3|select|from|where|as|(|)|,|.|=|-|::|date|t|on|join|case|when|else|end|[|]|extract(|order by|distinct|union".split(
    '|',
  )
const soup = array(constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => `select ${pieces.join(' ')}`)

/** Without parentheses no name is a call. */
const quiet = array(
  constantFrom(...PIECES.filter((piece) => !/^(now|"now"|pg_).*\(|[()]$|^current_|^localtime/i.test(piece))),
).map((pieces) => `select ${pieces.join(' ')}`)

describe('whatever the text', () => {
  it('nothing is made of one without a clock', () => {
    assert(
      property(quiet, (sql) => {
        expect(withoutClock(sql, 3)).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })

  it('nothing but clocks is replaced, and every parameter stays', () => {
    let replaced = 0
    assert(
      property(oneof(soup, clockQuery), (sql) => {
        const text = withoutClock(sql, 3)
        if (text === undefined) return
        const before = tokenize(sql)!
        const numbers = before.filter(({ key }) => key === '$').map(({ text: name }) => Number(name.slice(1)))
        expect(difference(before, tokenize(text)!, Math.max(3, ...numbers) + 1)).toBe('')
        replaced++
      }),
      { numRuns: 3000 },
    )
    expect(replaced).toBeGreaterThan(1000)
  })

  it('what is then understood reads the tables that the text reads', () => {
    assert(
      property(oneof(soup, clockQuery), (sql) => {
        const text = withoutClock(sql, 3)
        const facts = readSql(sql)
        if (text === undefined || facts.kind !== 'read') return
        const { kind, tables, identity, writes } = readSql(text)
        expect({ kind, tables, identity, writes }).toEqual({
          kind: 'read',
          tables: facts.tables,
          identity: facts.identity,
          writes: [],
        })
      }),
      { numRuns: 2000 },
    )
  })

  it.each(['now(),', '(now()', 'case when now() then ', '[now()', ', current_date from t', 'select now() '])(
    'takes linear time for a megabyte of %j',
    (piece) => {
      const start = performance.now()
      withoutClock(`select ${piece.repeat(Math.ceil((1 << 20) / piece.length))}`, 0)
      // A hang guard: a quadratic reader needs minutes.
      expect(performance.now() - start).toBeLessThan(5000)
    },
  )
})

/** A token as one word, and tokens as words between spaces. */
const word = ({ key, text }: Token): string => (key === text ? key : `${key}${text.replaceAll(/\s/g, '_')}`)
const WRITTEN =
  /^(?:"?(?:pg_catalog) \. )?"?(now|transaction_timestamp|statement_timestamp) \( \) |^(current_date|(?:current_timestamp|current_time|localtime|localtimestamp)(?: \( 0\d* \))?) /
const GIVEN =
  /^\( (?:select )?\$\$(\d+) :: timestamptz (?::: (?:date|time|timetz|timestamp) )?(?:\( 0\d* \) )?(?:as "\w+ )?\) /

/** The tokens behind what both texts have in common, clocks and given times taken for the same. */
function difference(before: readonly Token[], after: readonly Token[], parameter: number): string {
  let [left, right] = [before, after].map((tokens) => `${tokens.map(word).join(' ')} `) as [string, string]
  while (left !== '' || right !== '') {
    const same = /^\S* /.exec(left)![0]
    if (right.startsWith(same)) {
      ;[left, right] = [left.slice(same.length), right.slice(same.length)]
      continue
    }
    const [clock, given] = [WRITTEN.exec(left), GIVEN.exec(right)]
    if (!clock || Number(given?.[1]) !== parameter) return `${left} / ${right}`
    ;[left, right] = [left.slice(clock[0].length), right.slice(given![0].length)]
  }
  return ''
}

describe('a bucket', () => {
  it('begins at a multiple of its length since the epoch and ends a length later', () => {
    const at = Date.parse('2027-01-15T08:31:12.345Z')
    expect(bucketOf(at, 3600)).toEqual({ start: '2027-01-15T08:00:00.000Z', end: Date.parse('2027-01-15T09:00:00Z') })
    expect(bucketOf(at, 86_400).start).toBe('2027-01-15T00:00:00.000Z')
    expect(bucketOf(at, 0.5).start).toBe('2027-01-15T08:31:12.000Z')
    const { start, end } = bucketOf(at, 60)
    expect(bucketOf(end - 1, 60).start).toBe(start)
    expect(bucketOf(end, 60).start).toBe('2027-01-15T08:32:00.000Z')
  })
})
