/**
 * Isolate memory keeps its limit, and knows what it takes: what it counts is within 15 percent of what the heap grows by, for results of every
 * shape, through the public API. In a process of its own, after garbage collection.
 */
import { describe, expect, it } from 'vitest'
import { judge, nameOf, WAYS } from '../../bench/memory/heap.ts'
import { weighed } from './program.ts'

const MEGABYTES = 32
/** Enough for a ratio, in half the time. */
const LESS = 16

describe('the heap', { timeout: 600_000 }, () => {
  it.each(['all shapes', '1 row, 4 columns, pool', 'a text of its own'])(
    'stays within 32 MB, and is counted within 15 percent, after 100,000 different queries: %s',
    async (way) => {
      const [one] = await weighed([{ way, queries: 100_000, megabytes: MEGABYTES }])
      expect(one!.queries).toBe(100_000)
      // Most of them had to go again.
      expect(one!.evictions).toBeGreaterThan(70_000)
      expect(judge(one!, MEGABYTES), JSON.stringify(one)).toBe('')
    },
  )

  it('is counted within 15 percent for each shape of result, by each driver, hit and not', async () => {
    const ways = WAYS.map(nameOf)
    const all = await weighed(ways.map((way) => ({ way, queries: 'full', megabytes: LESS })))
    expect(ways.map((way, i) => `${way}: ${judge(all[i]!, LESS)}`)).toEqual(ways.map((way) => `${way}: `))
  })

  it.each([
    [
      'forgets what rows are parsed to',
      '20 rows, 8 typed columns, pool, asked 3 times',
      'full',
      { file: 'memory.ts', find: 'core.cache.keep(entry)', replace: 'entry.reader.keep(Infinity)' },
    ],
    [
      'counts what is parsed where it is not kept',
      '20 rows, 8 typed columns, pool, from Redis',
      'full',
      {
        file: 'weight.ts',
        find: 'payload.body ?',
        replace: '!payload ?',
      },
    ],
    [
      'forgets what results with the same columns have in common',
      'columns of its own',
      'full',
      { file: 'make-entry.ts', find: 'size += shape.uncounted', replace: 'size += 0' },
    ],
    [
      'keeps the columns of results that have gone',
      'columns of its own',
      'full',
      { file: 'codec/rows.ts', find: 'this.#bytes + shape.uncounted > this.#most', replace: 'false' },
    ],
    [
      'forgets that other scripts take two bytes for a character',
      'long texts, pool',
      'full',
      { file: 'weight.ts', find: '(wide ? 2 : 1)', replace: '(wide ? 1 : 1)' },
    ],
    [
      'never forgets a statement',
      'a text of its own',
      25_000,
      { file: 'statement.ts', find: 'while (this.bytes > 0 &&', replace: 'while (false &&' },
    ],
    [
      'does not count statements',
      'a text of its own',
      'full',
      {
        file: 'l1.ts',
        find: 'return this.#entries.bytes + this.statements.bytes',
        replace: 'return this.#entries.bytes',
      },
    ],
    [
      'holds the text that a key was cut out of',
      'cut out of longer texts',
      'full',
      { file: 'key.ts', find: '` ${text}`.slice(1)', replace: 'text' },
    ],
  ] as const)('finds what is wrong with a memory that %s', async (_, way, queries, fault) => {
    const [one] = await weighed([{ way, queries, megabytes: LESS }], fault)
    expect(judge(one!, LESS), JSON.stringify(one)).not.toBe('')
  })
})
