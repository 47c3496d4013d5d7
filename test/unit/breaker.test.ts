import { describe, expect, it } from 'vitest'
import { Breaker } from '../../src/breaker.js'

const NOW = 1_800_000_000_000

function opened(): Breaker {
  const breaker = new Breaker()
  for (let failures = 0; failures < 3; failures++) breaker.failed(NOW)
  return breaker
}

describe('a breaker', () => {
  it('opens at the third failure in a row, and not before', () => {
    const breaker = new Breaker()
    expect([breaker.failed(NOW), breaker.failed(NOW), breaker.succeeded()]).toEqual([false, false, false])
    expect([breaker.failed(NOW), breaker.failed(NOW), breaker.open]).toEqual([false, false, false])
    expect([breaker.failed(NOW), breaker.open, breaker.failed(NOW)]).toEqual([true, true, false])
  })

  it('takes no probe while it is closed', () => {
    expect(new Breaker().takeProbe(NOW)).toBe(false)
  })

  it('begins anew once Redis has answered, whoever had asked', () => {
    const breaker = opened()
    breaker.takeProbe(NOW + 1_000)
    breaker.failed(NOW + 1_000)
    breaker.takeProbe(NOW + 3_000)
    expect([breaker.open, breaker.succeeded(), breaker.open]).toEqual([true, true, false])
    for (let failures = 0; failures < 3; failures++) breaker.failed(NOW + 4_000)
    expect([NOW + 4_999, NOW + 5_000].map((now) => breaker.takeProbe(now))).toEqual([false, true])
    // The pause, too.
    breaker.failed(NOW + 5_000)
    expect([NOW + 6_999, NOW + 7_000].map((now) => breaker.takeProbe(now))).toEqual([false, true])
  })
})

describe('an open breaker', () => {
  it('puts its probe off for no failure of what was under way when it opened', () => {
    const breaker = opened()
    for (let late = 1; late <= 5; late++) expect(breaker.failed(NOW + late * 100)).toBe(false)
    expect(breaker.takeProbe(NOW + 1_000)).toBe(true)
    breaker.failed(NOW + 1_000)
    expect([NOW + 2_999, NOW + 3_000].map((now) => breaker.takeProbe(now))).toEqual([false, true])
  })

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
