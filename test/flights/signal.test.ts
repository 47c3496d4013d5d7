/** A caller's `signal` ends his own wait, never a load that others share. In real workerd, where a signal belongs to one request. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/until.js'
import { Flights } from './flights.js'

let flights: Flights
// Without the flag a request's own signal never fires.
beforeAll(async () => void (flights = await Flights.start(['enable_request_signal'])), 60_000)
afterAll(() => flights.stop())

describe('a `signal`', () => {
  it('of the leader ends his wait; the others get his rows, from one question to the database', async () => {
    const key = flights.key('held')
    const leader = await key.leadBy('gives-up')
    const followers = await key.follow(20)
    expect(await leader.end()).toBe('no patience')
    key.answerAll()
    for (const answer of await Promise.all(followers)) expect(answer).toEqual({ rows: key.rows, outcome: 'coalesced' })
    expect(key.loads).toHaveLength(1)
  })

  it('of a follower ends his wait; leader and others get rows, from one question to the database', async () => {
    const key = flights.key('held')
    const leader = await key.leadBy('ask')
    const impatient = await key.follow(10, 'gives-up')
    const followers = await key.follow(10)
    await key.release()
    expect(new Set(await Promise.all(impatient))).toEqual(new Set(['no patience']))
    key.answerAll()
    expect(await leader.end()).toEqual({ rows: key.rows, outcome: 'miss' })
    for (const answer of await Promise.all(followers)) expect(answer).toEqual({ rows: key.rows, outcome: 'coalesced' })
    expect(key.loads).toHaveLength(1)
  })

  it("that is the leader's own request's, which is cancelled, ends no load either", async () => {
    const key = flights.key('held')
    const leader = await key.leadTo('passes-signal', () => key.loads.length > 0)
    const followers = await key.follow(20)
    await leader.end()
    await until('abort in the Worker', () => key.aborted())
    key.answerAll()
    for (const answer of await Promise.all(followers)) expect(answer).toEqual({ rows: key.rows, outcome: 'coalesced' })
    expect(key.loads).toHaveLength(1)
  })

  it('of a leader whose request ends with it leaves the others with two loads at the most', async () => {
    const key = flights.key('unheld')
    const leader = await key.leadBy('gives-up')
    key.answerLater()
    const followers = await key.follow(20)
    expect(await leader.end()).toBe('no patience')
    await key.dead()
    for (const { rows } of await Promise.all(followers)) expect(rows).toEqual(key.rows)
    expect(key.loads.length - 1).toBeLessThanOrEqual(2)
  })
})
