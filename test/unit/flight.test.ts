import { describe, expect, it } from 'vitest'
import { Flights } from '../../src/flight.js'
import { VersionBook } from '../../src/versions.js'

describe('a flight', () => {
  const versions = new VersionBook()
  const flights = new Flights<string>()
  const order = versions.mark()
  const flight = { promise: new Promise<string>(() => undefined), startedAt: 10_000, order, timeoutMs: undefined }
  flights.lead('key', flight, 2_000)
  const joined = (now: number, since = 0) => flights.joinable('key', [], versions, now, 2_000, since) !== undefined

  it('is joined while it is young, and begun after what its reader must see', () => {
    expect([10_000, 12_000, 12_001, 60_000, 9_999].map((now) => joined(now))).toEqual([true, true, false, false, false])
    expect(joined(10_001, order)).toBe(false)
  })
})
