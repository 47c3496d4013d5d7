/** What `Cache-Status` and `Server-Timing` say of a request's answers. */
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { CacheInfo } from '../../src/ask.js'
import { AnswerLog } from '../../src/hono/response-headers.js'

type Answered = [outcome: CacheInfo['outcome'], ttl: number, durationMs: number, reason?: CacheInfo['reason']]

function application(answers: Answered[], respond = () => new Response('ok')) {
  const app = new Hono()
  app.use(async (c, next) => {
    const log = new AnswerLog()
    for (const [outcome, ttl, durationMs, reason] of answers)
      log.add({ outcome, ttl, key: 'k', age: 0, tables: [], tags: [], ...(reason && { reason }) }, durationMs)
    await next()
    log.writeTo(c)
  })
  app.get('/', respond)
  return async () => (await app.request('/')).headers
}

describe('the headers of a response', () => {
  it.each<[Answered[], status: string, timing: string]>([
    [[['l1', 3.9, 0]], 'hit; ttl=3; detail=l1', 'desc="l1=1"'],
    [[['l1', Infinity, 0]], 'hit; ttl=999999999; detail=l1', 'desc="l1=1"'],
    [[['l2', 9, 4]], 'hit; ttl=9; detail=l2', 'desc="l2=1";dur=4.0'],
    [[['stale', 0, 1]], 'hit; ttl=0; detail=stale', 'desc="stale=1";dur=1.0'],
    [[['stale-if-error', 0, 1]], 'hit; ttl=0; detail=stale-if-error', 'desc="stale-if-error=1";dur=1.0'],
    [[['miss', 60, 1234.56]], 'fwd=miss; detail=miss', 'desc="miss=1";dur=1234.6'],
    [[['coalesced', 60, 2]], 'fwd=miss; collapsed; detail=coalesced', 'desc="coalesced=1";dur=2.0'],
    [[['bypass', 0, 2]], 'fwd=bypass; detail=bypass', 'desc="bypass=1";dur=2.0'],
    [[['bypass', 0, 2, 'scope-required']], 'fwd=bypass; detail=scope-required', 'desc="bypass=1";dur=2.0'],
    [
      [
        ['l2', 9, 7],
        ['l1', 4, 50],
        ['l1', 6, 0],
      ],
      'hit; ttl=4; detail="l2=1 l1=2"',
      'desc="l2=1 l1=2";dur=7.0',
    ],
    [
      [
        ['l1', 4, 0],
        ['miss', 9, 5],
        ['miss', 9, 20],
        ['l2', 9, 3],
      ],
      'fwd=miss; detail="l1=1 miss=2 l2=1"',
      'desc="l1=1 miss=2 l2=1";dur=20.0',
    ],
  ])('of %j', async (answers, status, timing) => {
    const headers = await application(answers)()
    expect(headers.get('Cache-Status')).toBe(`edge-query-cache; ${status}`)
    expect(headers.get('Server-Timing')).toBe(`query-cache;${timing}`)
  })

  it('are none where nothing was asked', async () => {
    const headers = await application([])()
    expect([headers.get('Cache-Status'), headers.get('Server-Timing')]).toEqual([null, null])
  })

  it.each([
    ['a body', 'ok', 200],
    ['none', null, 204],
  ])('stand behind those of the handler, on a response with %s', async (_what, body, status) => {
    const given = { 'Cache-Status': 'other; hit', 'Server-Timing': 'app;dur=1' }
    const headers = await application([['l2', 9, 4]], () => new Response(body, { status, headers: given }))()
    expect(headers.get('Cache-Status')).toBe('other; hit, edge-query-cache; hit; ttl=9; detail=l2')
    expect(headers.get('Server-Timing')).toBe('app;dur=1, query-cache;desc="l2=1";dur=4.0')
  })

  it('are there once on a response that is handed out again, and on one whose headers cannot be changed', async () => {
    const shared = new Response(null, { status: 204 })
    for (const respond of [() => shared, () => Response.redirect('https://a.example/')]) {
      const get = application([['l2', 9, 4]], respond)
      for (let i = 0; i < 2; i++)
        expect((await get()).get('Cache-Status')).toBe('edge-query-cache; hit; ttl=9; detail=l2')
    }
    expect([...shared.headers.keys()]).toEqual([])
  })
})
