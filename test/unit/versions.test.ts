import { beforeEach, describe, expect, it } from 'vitest'
import { VersionBook } from '../../src/versions.js'
import type { Captured, Known } from '../../src/versions.js'

const NOW = 1_800_000_000_000
let book: VersionBook
let users: Known
let orders: Known
beforeEach(() => {
  book = new VersionBook()
  users = book.name('users')
  orders = book.name('orders')
})

/** The reply to a check of both that was sent at `sentAt`, marked before it. */
const reply = (versions: (string | null)[], fences = [false, false], sentAt = NOW, order = book.mark()): Captured =>
  book.accept([users, orders], versions, fences, order, sentAt)

const validity = (versions: string[], now = NOW) => book.validity([users, orders], versions, now, 2_000)

describe('a reply about versions', () => {
  it('is what entries may be stored and judged by', () => {
    expect(reply(['u1', 'o1'])).toEqual({ versions: ['u1', 'o1'], missing: [], fenced: false })
    expect(validity(['u1', 'o1'])).toBe('valid')
  })

  it.each([null, ''])('names those that have none, and is no ground to store by: %j', (none) => {
    expect(reply(['u1', none])).toEqual({ versions: undefined, missing: [orders], fenced: false })
    expect(validity(['u1', 'o1'])).toBe('unknown')
  })

  it('says of a fenced name that nothing is known of it, whatever version it has', () => {
    reply(['u1', 'o1'])
    expect(reply(['u1', 'o1'], [false, true])).toEqual({ versions: undefined, missing: [], fenced: true })
    expect(validity(['u1', 'o1'])).toBe('unknown')
  })

  it('is no ground to store by when an invalidation of this isolate has overtaken it, and teaches nothing', () => {
    const order = book.mark()
    book.invalidated([orders])
    expect(reply(['u1', 'o1'], undefined, NOW, order).versions).toBeUndefined()
    expect([users.version, orders.version]).toEqual(['u1', undefined])
  })

  it('is no ground to store by while one of its names is distrusted', () => {
    book.distrust([orders], true)
    expect(reply(['u1', 'o1']).versions).toBeUndefined()
    expect(validity(['u1', 'o1'])).toBe('invalid')
    book.distrust([orders], false)
    expect(validity(['u1', 'o1'])).toBe('valid')
  })
})

describe('what versions an entry recorded', () => {
  it('is void when one of them is another now, and unknown when one is of no known age', () => {
    reply(['u1', 'o1'])
    expect(validity(['u1', 'o2'])).toBe('invalid')
    expect(validity(['u2', 'o1'], NOW + 3_000)).toBe('invalid')
    expect([-1, 0, 2_000, 2_001].map((ms) => validity(['u1', 'o1'], NOW + ms))).toEqual([
      'unknown',
      'valid',
      'valid',
      'unknown',
    ])
  })

  it('is as old as the oldest check among its names', () => {
    reply(['u1', 'o1'])
    book.accept([orders], ['o1'], [false], book.mark(), NOW + 1_500)
    expect(book.oldestCheck([orders, users])).toBe(NOW)
    expect(validity(['u1', 'o1'], NOW + 2_001)).toBe('unknown')
  })
})

it('blocks each of several names until then', () => {
  book.blockUntil([users, orders], NOW)
  expect([[users], [orders]].map((names) => book.blocked(names, NOW - 1))).toEqual([true, true])
  expect(book.blocked([users, orders], NOW)).toBe(false)
})

describe('names in use', () => {
  const used = (since: number, most = 2) => book.inUse(most, since).map(({ key }) => key)

  it('are those that entries were read by lately, the latest first where there are too many', () => {
    const names = ['posts', 'users', 'tags', 'orders'].map((key) => book.name(key))
    for (const [i, known] of names.entries()) book.validity([known], ['v'], NOW + i, 2_000)
    expect(used(NOW - 1)).toEqual(['orders', 'tags'])
    expect(used(NOW + 2)).toEqual(['orders'])
    expect(used(NOW - 1, 4).sort()).toEqual(['orders', 'posts', 'tags', 'users'])
  })

  it('are not those that nothing is believed of', () => {
    book.validity([users], ['v'], NOW, 2_000)
    book.validity([orders], ['v'], NOW, 2_000)
    book.distrust([orders], true)
    expect(used(NOW - 1)).toEqual(['users'])
  })
})
