import { describe, expect, it } from 'vitest'
import { freshness, lifetime, redisTtl, secondsLeft } from '../../src/entry.js'
import type { Lifetime, TtlOptions } from '../../src/entry.js'

const READ_AT = 1_800_000_000_000
const at = (seconds: number) => READ_AT + seconds * 1_000
/** Fresh, stale and for errors until then, in seconds from the read. */
const seconds = ({ freshUntil, staleUntil, errorUntil }: Lifetime) =>
  [freshUntil, staleUntil, errorUntil].map((ms) => (ms - READ_AT) / 1_000)
const of = (options: TtlOptions, { empty = false, jitter = 0, end = Infinity } = {}) =>
  lifetime(READ_AT, options, 300, empty, jitter, end)

describe('the lifetime of a result', () => {
  it.each<[TtlOptions, number[]]>([
    [{}, [300, 300, 300]],
    [{ ttl: 10 }, [10, 10, 10]],
    [{ ttl: 10, staleWhileRevalidate: 20 }, [10, 30, 30]],
    [{ ttl: 10, staleIfError: 20 }, [10, 10, 30]],
    // Both count from the end of the freshness, and who may be answered while it is refreshed may be when that fails.
    [{ ttl: 10, staleWhileRevalidate: 20, staleIfError: 50 }, [10, 30, 60]],
    [{ ttl: 10, staleWhileRevalidate: 20, staleIfError: 5 }, [10, 30, 30]],
  ])('counts from its read: %j', (options, expected) => {
    expect(seconds(of(options))).toEqual(expected)
  })

  it.each<[TtlOptions, number[]]>([
    [{}, [10, 10, 10]],
    [{ ttl: 5 }, [5, 5, 5]],
    [{ emptyTtl: 20 }, [20, 20, 20]],
    [{ ttl: 5, emptyTtl: 20 }, [5, 5, 5]],
    [{ staleWhileRevalidate: 60, staleIfError: 30 }, [10, 10, 40]],
  ])('is `emptyTtl` for one without rows, which is never stale: %j', (options, expected) => {
    expect(seconds(of(options, { empty: true }))).toEqual(expected)
  })

  it('loses a part of what it has beyond its first minute', () => {
    expect([30, 60, 360].map((ttl) => seconds(of({ ttl }, { jitter: 0.1 }))[0])).toEqual([30, 60, 330])
    expect(secondsLeft(of({ ttl: Infinity }, { jitter: 0.1 }), {}, READ_AT)).toBe(Infinity)
  })

  it('ends altogether where nobody asks for it any more', () => {
    const options = { ttl: 10, staleWhileRevalidate: 20, staleIfError: 50 }
    expect([5, 25, 40].map((end) => seconds(of(options, { end: at(end) })))).toEqual([
      [5, 5, 5],
      [10, 25, 25],
      [10, 30, 40],
    ])
  })
})

describe('what a reader may do with an entry', () => {
  const entry = of({ ttl: 10, staleWhileRevalidate: 20, staleIfError: 50 })
  const states = (reader: TtlOptions, times: number[]) => times.map((time) => freshness(entry, reader, at(time)))

  it('follows its times, of which none belongs to it any more, and not before it was read', () => {
    expect(states({}, [-0.001, 0, 9.999, 10, 29.999, 30, 59.999, 60])).toEqual([
      'expired',
      'fresh',
      'fresh',
      'stale',
      'stale',
      'error-only',
      'error-only',
      'expired',
    ])
  })

  it.each<[TtlOptions, string[]]>([
    // A shorter `ttl` is the end for him who names nothing else, a longer one changes nothing.
    [{ ttl: 4 }, ['fresh', 'expired', 'expired', 'expired', 'expired']],
    [{ ttl: 100 }, ['fresh', 'fresh', 'expired', 'expired', 'expired']],
    [{ ttl: 4, staleWhileRevalidate: 7 }, ['fresh', 'stale', 'expired', 'expired', 'expired']],
    [{ ttl: 4, staleIfError: 40 }, ['fresh', 'error-only', 'error-only', 'error-only', 'expired']],
    // Other limits alone leave the writer's `ttl`, and nobody gets more than the writer gave.
    [{ staleWhileRevalidate: 5 }, ['fresh', 'fresh', 'stale', 'error-only', 'error-only']],
    [{ staleWhileRevalidate: 1_000 }, ['fresh', 'fresh', 'stale', 'error-only', 'error-only']],
    [{ staleIfError: 1_000 }, ['fresh', 'fresh', 'stale', 'error-only', 'error-only']],
    [{ staleIfError: 25 }, ['fresh', 'fresh', 'stale', 'error-only', 'expired']],
  ])('is no more than he accepts: %j', (reader, expected) => {
    expect(states(reader, [3, 9, 12, 31, 50])).toEqual(expected)
  })

  it('gives nobody more than its writer gave', () => {
    const reader = { staleWhileRevalidate: 1_000, staleIfError: 1_000 }
    expect(states(reader, [30, 60])).toEqual(['error-only', 'expired'])
  })
})

describe('the seconds', () => {
  it('that Redis keeps an entry reach to the last of its uses, at least one', () => {
    expect(redisTtl(of({ ttl: 10, staleWhileRevalidate: 20, staleIfError: 50 }), at(0))).toBe(60)
    expect(redisTtl(of({ ttl: 10, staleWhileRevalidate: 20 }), at(0))).toBe(30)
    expect([0.001, 9.5, 10, 15].map((time) => redisTtl(of({ ttl: 10 }), at(time)))).toEqual([10, 1, 1, 1])
    expect(redisTtl(of({ ttl: Infinity }), at(0))).toBeUndefined()
    expect(redisTtl(of({ ttl: 10, staleIfError: Infinity }), at(0))).toBeUndefined()
  })

  it('that are left are those of this reader, and never less than none', () => {
    const entry = of({ ttl: 10 })
    expect([{}, { ttl: 4 }, { ttl: 40 }].map((reader) => secondsLeft(entry, reader, at(1)))).toEqual([9, 3, 9])
    expect(secondsLeft(entry, {}, at(11))).toBe(0)
    expect(secondsLeft(of({ ttl: Infinity }), { ttl: 4 }, at(1))).toBe(3)
  })
})
