import { beforeEach, describe, expect, it } from 'vitest'
import { Flights } from '../../src/flight.js'
import type { Flight } from '../../src/flight.js'
import { VersionBook } from '../../src/versions.js'

let versions: VersionBook
let flights: Flights<string>
beforeEach(() => {
  versions = new VersionBook()
  flights = new Flights()
})

/** Begins a load for a key that others may join for two seconds. */
function lead(startedAt: number, key = 'key', promise = new Promise<string>(() => undefined)): Flight<string> {
  const flight = { promise, startedAt, order: versions.mark(), timeoutMs: undefined }
  flights.lead(key, flight, 2_000)
  return flight
}
const joinable = (now: number, since = 0) => flights.joinable('key', [], versions, now, 2_000, since)

describe('a flight', () => {
  it('is joined while it is young, and begun after what its reader must see', () => {
    const flight = lead(10_000)
    const joined = [10_000, 12_000, 12_001, 60_000, 9_999].map((now) => joinable(now) === flight)
    expect(joined).toEqual([true, true, false, false, false])
    expect(joinable(10_001, flight.order)).toBeUndefined()
  })

  it('is over with its load, which takes none along that has taken its place', async () => {
    let land!: (outcome: string) => void
    lead(10_000, 'key', new Promise((resolve) => (land = resolve)))
    const second = lead(10_500)
    land('rows')
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(joinable(10_500)).toBe(second)
    lead(11_000, 'key', Promise.resolve('rows'))
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(joinable(11_000)).toBeUndefined()
  })

  it('whose leader is dead is kept no longer than somebody may join it', () => {
    const flight = lead(10_000)
    lead(12_000, 'of another')
    expect(joinable(11_000)).toBe(flight)
    lead(12_001, 'of a third')
    expect(joinable(11_000)).toBeUndefined()
  })
})
