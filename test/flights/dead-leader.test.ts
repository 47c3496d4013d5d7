/** What becomes of a load when the request that leads it ends. In real workerd: only there a promise dies with its request. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { faultyEndpoint } from '../support/faulty-endpoint.js'
import type { FaultyEndpoint } from '../support/faulty-endpoint.js'
import { workerdVersion } from '../support/worker-process.js'
import { DEATHS, Flights } from './flights.js'
import type { Answer, Key } from './flights.js'

/** What dead promises do in the workerd that is to be tested: `hang` in the locked one, `reject` in the newer one of `.ci/run`. */
const EXPECTED = process.env['EXPECT_DEAD_PROMISES'] ?? 'hang'
const REJECTION = 'This promise was created by a request that has since ended'
/** Who has no answer by then hangs. A rejection takes milliseconds, on a busy machine more. */
const HANGS_MS = EXPECTED === 'hang' ? 3_000 : 15_000
const MANY = 100

let redis: FaultyEndpoint
let flights: Flights
beforeAll(async () => {
  redis = await faultyEndpoint(inject('stack').url)
  flights = await Flights.start([], redis.url)
}, 60_000)
afterAll(async () => {
  await flights.stop()
  await redis.close()
})

describe('a naive shared promise', () => {
  /** What a follower without protection gets. */
  async function fate(key: Key): Promise<string> {
    const answer = await key
      .ask('ask', AbortSignal.timeout(HANGS_MS))
      .catch((error: Error) => (error.name === 'TimeoutError' ? 'hang' : error))
    if (typeof answer === 'string' || answer instanceof Error) return String(answer)
    return answer.error?.startsWith(REJECTION) ? 'reject' : JSON.stringify(answer)
  }

  it.concurrent.each(DEATHS)(`shows that dead promises ${EXPECTED} here, when its leader ends (%s)`, async (death) => {
    const key = flights.key('naive')
    const leader = await key.lead(death)
    const waiting = fate(key)
    await key.arrived(2)
    await leader.end()
    await key.dead()
    key.answerAll()
    const fates = await Promise.all([waiting, fate(key)])
    expect(fates, `waiting and later follower in workerd ${workerdVersion()}`).toEqual([EXPECTED, EXPECTED])
  })
})

describe.each(DEATHS)('a leader that nobody keeps alive and that ends (%s)', (death) => {
  it(`leaves ${MANY} waiting followers with two loads at the most, and its key in order`, async () => {
    const key = flights.key('unheld')
    const leader = await key.lead(death)
    key.answerLater()
    const followers = await key.follow(MANY)
    await leader.end()
    await key.dead()
    await allHaveRows(key, followers)
    expect(key.loads.length - 1).toBeLessThanOrEqual(2)
    expect((await key.ask()).rows).toEqual(key.rows)
  })

  it(`leaves ${MANY} later followers with two loads at the most, and its key in order`, async () => {
    const key = flights.key('unheld')
    const leader = await key.lead(death)
    key.answerLater()
    await leader.end()
    await key.dead()
    await allHaveRows(key, await key.follow(MANY))
    expect(key.loads.length - 1).toBeLessThanOrEqual(2)
    expect((await key.ask()).rows).toEqual(key.rows)
  })

  it('leaves a single later request with one load', async () => {
    const key = flights.key('unheld')
    const leader = await key.lead(death)
    key.answerLater()
    await leader.end()
    await key.dead()
    expect(await key.ask()).toEqual({ rows: key.rows, outcome: 'miss' })
    expect(key.loads).toHaveLength(2)
  })
})

// Where dead promises hang there is nothing else to tell a dead leader by than time.
if (EXPECTED === 'reject')
  describe.each(DEATHS)('a leader whose end the runtime tells (%s)', (death) => {
    it('keeps nobody waiting, however long they would wait for a living one', async () => {
      const key = flights.key('unheld-patient')
      const leader = await key.lead(death)
      key.answerLater()
      const waiting = await key.follow(MANY / 2)
      await leader.end()
      const signal = AbortSignal.timeout(15_000)
      await allHaveRows(key, [...waiting, key.ask('ask', signal)])
      expect(signal.aborted).toBe(false)
    })
  })

describe.each(DEATHS)('a leader that `waitUntil` keeps alive and that ends (%s)', (death) => {
  it('brings its rows to all who wait and all who come later: one load', async () => {
    const key = flights.key('held')
    const leader = await key.lead(death)
    const waiting = await key.follow(MANY / 2)
    await leader.end()
    const later = await key.follow(MANY / 2)
    key.answerAll()
    const answers = await allHaveRows(key, [...waiting, ...later])
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['coalesced']))
    expect(key.loads).toHaveLength(1)
  })

  it(`and is never answered leaves ${MANY} followers with two loads at the most`, async () => {
    const key = flights.key('default')
    const leader = await key.lead(death)
    key.answerLater()
    const waiting = await key.follow(MANY / 2)
    await leader.end()
    const later = await key.follow(MANY / 2)
    await allHaveRows(key, [...waiting, ...later])
    expect(key.loads.length - 1).toBeLessThanOrEqual(2)
    expect((await key.ask()).rows).toEqual(key.rows)
  })
})

describe('a leader that ends', () => {
  it('at once blocks nobody, wherever its load had got to', async () => {
    const key = flights.key('unheld')
    await key.ask('at-once')
    await allHaveRows(key, await key.follow(MANY))
    // Its own question may have reached the database too.
    expect(key.loads.length).toBeLessThanOrEqual(3)
  })

  it('while it asks Redis blocks nobody', async () => {
    const key = flights.key('unheld')
    const before = redis.requests
    redis.fault = 'hang'
    const leader = await key.leadTo('ask', () => redis.requests > before)
    redis.fault = 'none'
    key.answerLater()
    const waiting = await key.follow(MANY / 2)
    await leader.end()
    await allHaveRows(key, [...waiting, ...(await key.follow(MANY / 2))])
    expect(key.loads.length).toBeLessThanOrEqual(2)
  })
})

async function allHaveRows(key: Key, requests: readonly Promise<Answer>[]): Promise<Answer[]> {
  const answers = await Promise.all(requests)
  expect(answers.filter(({ rows }) => JSON.stringify(rows) !== JSON.stringify(key.rows))).toEqual([])
  return answers
}
