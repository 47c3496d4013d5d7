import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QueryCacheUtils } from '../../src/index.js'
import type { KeyValue } from '../../src/index.js'

const { createTableCacheKey, createAggregationCacheKey, createTimeSeriesCacheKey } = QueryCacheUtils
const from = new Date('2024-01-01T00:00:00.000Z')
const to = new Date('2024-01-02T00:00:00.000Z')

describe('key builders', () => {
  it('are readable', () => {
    expect(createTableCacheKey('users')).toBe('table:users')
    expect(createTableCacheKey('users', { active: true, name: 'Ada' })).toBe(
      'table:users:filter:active=true,name="Ada"',
    )
    expect(createAggregationCacheKey('orders', 'sum_revenue', ['status'], { date_range: '2024-01' })).toBe(
      'agg:orders:sum_revenue:by:status:filter:date_range="2024-01"',
    )
    expect(createTimeSeriesCacheKey('audit_events', 'created_at', from, to, 'hour')).toBe(
      'ts:audit_events:created_at:date(2024-01-01T00%3A00%3A00.000Z):date(2024-01-02T00%3A00%3A00.000Z):hour',
    )
  })

  it('tell types apart and let no value end its own part', () => {
    const values: KeyValue[] = [
      1,
      '1',
      1n,
      true,
      'true',
      null,
      'null',
      from,
      from.toISOString(),
      from.getTime(),
      [1, 2],
      '1,2',
      ['1', '2'],
      ['1,2'],
      { a: 1 },
      '{a=1}',
      [[1], 2],
      [1, [2]],
      '',
      [],
      {},
      NaN,
      'NaN',
      0,
      -0,
      'a:b',
      'a%3Ab',
      '"',
      '\\',
      ' ',
      '\ud800',
    ]
    const keys = values.map((value) => createTableCacheKey('t', { v: value }))
    expect(new Set(keys).size).toBe(values.length)
    for (const key of keys) expect(key.split(':')).toHaveLength(4)
  })

  it.each(['%', ':', ',', '=', '*', '?', '"', ...'()[]{} '.split(''), '\t', '\n', '\0', '\u200b', '\ud800'])(
    'escape %j in every name and value',
    (sign) => {
      const part = `a${sign}b`
      const escaped = 'a%[%0-9A-Fu]*[0-9a-fA-F]b'
      const filters = { [part]: part }
      expect(createAggregationCacheKey(part, part, [part], filters)).toMatch(
        new RegExp(`^agg:${escaped}:${escaped}:by:${escaped}:filter:${escaped}="${escaped}"$`, 'i'),
      )
      expect(createTimeSeriesCacheKey(part, part, from, to, part)).toMatch(
        new RegExp(`^ts:${escaped}:${escaped}:date\\([^:]*\\):date\\([^:]*\\):${escaped}$`, 'i'),
      )
    },
  )

  it('tell columns, halves of characters and filters apart', () => {
    const key = createAggregationCacheKey
    expect(key('t', 'sum', ['a,b'])).not.toBe(key('t', 'sum', ['a', 'b']))
    expect(key('t', 'sum')).toBe('agg:t:sum')
    expect(createTableCacheKey('\ud800')).not.toBe(createTableCacheKey('\ud801'))
    expect(createTimeSeriesCacheKey('t', 'at', from, to, 'hour', { kind: 'login' })).toBe(
      `${createTimeSeriesCacheKey('t', 'at', from, to, 'hour')}:filter:kind="login"`,
    )
  })

  it('take a date that is none, and refuse what holds itself', () => {
    expect(createTableCacheKey('t', { at: new Date(NaN) })).toBe('table:t:filter:at=date(invalid)')
    const own: { own?: KeyValue } = {}
    own.own = own as KeyValue
    expect(() => createTableCacheKey('t', own as never)).toThrow('`filters`')
  })

  it('refuse what has no properties to tell it by', () => {
    for (const value of [new Map(), new Set(), /x/, new URL('https://a.example'), new Uint8Array(1), () => 1])
      expect(() => createTableCacheKey('t', { v: value as never })).toThrow('`filters`')
  })

  it('do not depend on the order of properties, and take undefined for not set', () => {
    expect(createTableCacheKey('t', { b: 2, a: 1 })).toBe(createTableCacheKey('t', { a: 1, b: 2, c: undefined }))
    expect(createTableCacheKey('t', {})).toBe(createTableCacheKey('t'))
  })

  it('leave their arguments as they are', () => {
    const groupBy = Object.freeze(['b', 'a'])
    const filters = Object.freeze({ z: Object.freeze([3, 1]), a: from })
    createAggregationCacheKey('t', 'sum', groupBy, filters)
    expect([groupBy, filters]).toEqual([['b', 'a'], { z: [3, 1], a: from }])
  })

  it('never make two different inputs meet', () => {
    const value = fc.letrec<{ value: KeyValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: fc.constantFrom(':', ',', '=', '"', '%', '*', 'a', '[', ']', '{', '}', '(', ')') }),
        fc.double(),
        fc.bigInt(),
        fc.boolean(),
        fc.constant(null),
        fc.date({ noInvalidDate: true }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 3 }),
      ),
    })).value
    const filters = fc.dictionary(fc.string({ maxLength: 4 }), value, { maxKeys: 4 })
    const text = fc.string({ unit: fc.constantFrom(':', 'b', 'y', ',', 'x'), maxLength: 4 })
    const input = fc.tuple(text, text, fc.array(text, { maxLength: 3 }), filters)
    fc.assert(
      fc.property(input, input, (a, b) => {
        const same = fc.stringify(a.map(sorted)) === fc.stringify(b.map(sorted))
        expect(createAggregationCacheKey(...a) === createAggregationCacheKey(...b)).toBe(same)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** The same value with its properties in order, at every depth. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => ['property', name, sorted(item)])
}
