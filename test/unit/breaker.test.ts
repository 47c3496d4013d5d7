import { describe, expect, it } from 'vitest'
import { Breaker } from '../../src/breaker.js'

const NOW = 1_800_000_000_000

function opened(): Breaker {
  const breaker = new Breaker()
  for (let failures = 0; failures < 3; failures++) breaker.failed(NOW)
  return breaker
}

describe('an open breaker', () => {
  it('takes one probe at a time, and the next one after a pause', () => {
    const breaker = opened()
    expect([NOW + 999, NOW + 1_000, NOW + 1_001].map((now) => breaker.takeProbe(now))).toEqual([false, true, false])
    breaker.failed(NOW + 1_100)
    expect([NOW + 3_099, NOW + 3_100].map((now) => breaker.takeProbe(now))).toEqual([false, true])
  })

  it('takes another probe when the one under way has died', () => {
    const breaker = opened()
    expect([NOW + 1_000, NOW + 10_999, NOW + 11_000].map((now) => breaker.takeProbe(now))).toEqual([true, false, true])
  })

  it.each([0, 1_000])('does not wait for a clock that was set back, %d ms after it opened', (ms) => {
    const breaker = opened()
    breaker.takeProbe(NOW + ms)
    expect(breaker.takeProbe(NOW - 3_600_000)).toBe(true)
  })
})
