/** The session cookie as its options make it. */
import { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { queryCache } from '../../src/hono/index.js'
import type { SessionCookieOptions } from '../../src/hono/index.js'
import { createQueryCache } from '../../src/index.js'
import type { CacheConfig } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { FakeRedis } from '../support/fake-redis.js'

let redis: FakeRedis
beforeEach(() => void (redis = new FakeRedis()))

/** The cookies that a write sets, for a client that has brought some. */
async function written(
  session?: SessionCookieOptions,
  config: Partial<CacheConfig> = {},
  cookie = '',
  url = 'http://a.example/',
) {
  const app = new Hono()
  const cache = createQueryCache({ type: 'hybrid', redis: { client: redis.sdk }, ...config })
  app.use(queryCache({ database: new FakeDatabase(), cache, session }))
  app.get('/', async (c) => c.json((await c.var.queryCache.execute('UPDATE users SET n = 1')).cache))
  const response = await app.request(url, { headers: cookie ? { Cookie: cookie } : {} })
  return response.headers.getSetCookie()
}
const attributes = (cookie: string) => cookie.split('; ').slice(1).toSorted()

describe('the cookie of a write', () => {
  it('is for this host, its whole site, no script, and ten seconds, where nothing else is said', async () => {
    const [cookie, ...more] = await written()
    expect(more).toEqual([])
    expect(cookie).toMatch(/^eqc-session-[0-9a-f]{8}=/)
    expect(attributes(cookie!)).toEqual(['HttpOnly', 'Max-Age=10', 'Path=/', 'SameSite=Lax'])
  })

  it('is as it was told to be, and is taken back as it was set', async () => {
    const session: SessionCookieOptions = {
      name: 'mine',
      maxAge: 20.5,
      path: '/app',
      domain: 'a.example',
      sameSite: 'None',
      secure: true,
    }
    const [first] = await written(session)
    expect(first).toMatch(/^mine-/)
    const place = ['Domain=a.example', 'Path=/app', 'Secure']
    expect(attributes(first!)).toEqual([...place, 'HttpOnly', 'Max-Age=21', 'SameSite=None'].toSorted())
    const [sent] = first!.split(';')
    const [, ended] = await written(session, {}, sent)
    expect(ended).toMatch(new RegExp(`^${sent!.split('=')[0]}=;`))
    expect(attributes(ended!)).toEqual(['Max-Age=0', ...place].toSorted())
  })

  it.each<[SessionCookieOptions, string, boolean]>([
    [{}, 'https://a.example/', true],
    [{ secure: false }, 'https://a.example/', false],
    [{ secure: true }, 'http://a.example/', true],
  ])('with %j, asked for at %s, is for HTTPS alone: %s', async (session, url, secure) => {
    expect(attributes((await written(session, {}, '', url))[0]!).includes('Secure')).toBe(secure)
  })

  it.each<[SessionCookieOptions, number, number]>([
    [{}, 2, 10],
    [{}, 5, 10],
    [{}, 6, 11],
    [{}, 60, 65],
    [{ maxAge: 3 }, 60, 3],
    [{ maxAge: 401 * 86_400 }, 2, 400 * 86_400],
  ])('with %j and a bound of %s s lasts %s s', async (session, maxStalenessSeconds, seconds) => {
    const [cookie] = await written(session, { consistency: { maxStalenessSeconds } })
    expect(attributes(cookie!)).toContain(`Max-Age=${seconds}`)
  })
})

it.each<[keyof SessionCookieOptions, unknown[]]>([
  ['name', ['', '__Host-a', '__a', 'a b', 'a=b', 'a;b']],
  ['maxAge', [0, -1, Infinity, '1']],
  ['path', ['', '/a;b', '/a b', '/ä']],
  ['domain', ['', 'a;b', 'a b']],
  ['sameSite', ['lax', 'none', true]],
  ['secure', [1, 'true']],
])('%s may not be any of these', (name, refused) => {
  for (const value of refused)
    expect(() => queryCache({ session: { [name]: value } }), String(value)).toThrow(`\`session.${name}\``)
})
