/**
 * The cookie that lets a client see its own writes on any isolate: which names it has written lately, hashed, and the versions that
 * its writes left. Signed, short-lived, one per write, so that two responses at once do not overwrite each other.
 * @module
 */
import type { Context } from 'hono'
import { deleteCookie, getCookie, getSignedCookie, setSignedCookie } from 'hono/cookie'
import type { QueryCache } from '../l1.js'
import { isRedisCache } from '../l2.js'
import type { ResolvedConfig } from '../options.js'
import { OwnWrites } from '../own-writes.js'
import type { OwnWrite } from '../own-writes.js'
import { bool, matching, oneOf, positive, readOptions } from '../rules.js'
import type { Rules } from '../rules.js'
import { uniqueValue } from '../runtime.js'

export interface SessionCookieOptions {
  /** First part of the cookies' names, not beginning with `__`. Default `eqc-session`. */
  name?: string | undefined
  /** Seconds that a client's reads of what it wrote are looked after, 400 days at most. Default 10, or `maxStalenessSeconds` + 5 if that is more. */
  maxAge?: number | undefined
  /** Default `/`. */
  path?: string | undefined
  /** Default: the host of the request alone. */
  domain?: string | undefined
  /** `None` where another site's pages call the API; browsers then want HTTPS. Default `Lax`. */
  sameSite?: 'Strict' | 'Lax' | 'None' | undefined
  /** Default: true where the request came by HTTPS. */
  secure?: boolean | undefined
}

/** What a cookie says: names and versions, or everything. */
export interface Session {
  readonly cookie: string
  readonly writes: readonly OwnWrite[] | 'everything'
}

const attribute = matching(/^[!-:<-~]+$/, 'ASCII without `;` and spaces')
const OPTIONS: Rules<SessionCookieOptions> = {
  // Browsers and Hono refuse a cookie whose prefix promises what its attributes do not keep.
  name: matching(/^(?!__)[\w-]+$/, 'letters, digits, - and _, without __ in front'),
  maxAge: positive('seconds'),
  path: attribute,
  domain: attribute,
  sameSite: oneOf('Strict', 'Lax', 'None'),
  secure: bool,
}
/** Seconds: no browser keeps a cookie longer, and Hono refuses it. */
const LONGEST_LIFE = 400 * 86_400
/** More names than this in one cookie mean everything. */
const MOST_NAMES = 32
/** As many cookies at once, and the next one means everything and replaces them. */
const MOST_COOKIES = 8
/** Cookies of one request that are looked at; more than that mean everything. */
const MOST_READ = 64
/** Seconds that a clock may be off. */
const SKEW_SECONDS = 5
/** Seconds after the last moment at which a write whose end is not known may commit. */
const UNKNOWN_SECONDS = 30

/** One request's session: what its client has written before, and what it writes. */
export interface Visit {
  readonly own: OwnWrites
  readonly before: readonly Session[]
}

/** Reads a client's cookies and writes the next one. */
export class SessionCookie {
  readonly #options: SessionCookieOptions
  readonly #prefix: string

  /** @throws InvalidOptionError */
  constructor(options: SessionCookieOptions) {
    this.#options = readOptions(options, OPTIONS, 'session', 'session.')
    this.#prefix = `${this.#options.name ?? 'eqc-session'}-`
  }

  /** Whether the client has brought anything to read. */
  isSent(c: Context): boolean {
    return c.req.raw.headers.get('Cookie')?.includes(this.#prefix) ?? false
  }

  /** The visit of a client that has brought nothing. */
  begin(cache: QueryCache): Visit {
    return { own: new OwnWrites(cache.versions.mark()), before: [] }
  }

  /** What the client has written before. What is malformed, forged or over is ignored. */
  async read(c: Context, cache: QueryCache): Promise<Visit> {
    const now = nowInSeconds()
    const longest = this.#lifetime(cache.config, true)
    const own = new OwnWrites(cache.versions.mark(), (now + longest) * 1000)
    const before: Session[] = []
    const cookies = Object.keys(getCookie(c)).filter((name) => name.startsWith(this.#prefix))
    const oldest = now - longest - SKEW_SECONDS
    for (const cookie of cookies.slice(0, MOST_READ)) {
      const text = await getSignedCookie(c, secretOf(cache), cookie)
      const session = text ? parsed(cookie, text, oldest) : undefined
      if (!session) continue
      before.push(session)
      if (session.writes === 'everything') own.mustSeeEverything()
      else for (const write of session.writes) own.mustSee(write)
    }
    // What was not looked at may be anything, if any of it is from here.
    if (cookies.length > MOST_READ && before.length > 0) own.mustSeeEverything()
    return { own, before }
  }

  /** One cookie for what this request wrote, and none any more for what that supersedes. */
  async write(c: Context, cache: QueryCache, { own, before }: Visit): Promise<void> {
    const writes = own.written()
    if (writes.length === 0) return
    const all = before.length >= MOST_COOKIES
    const groups = all || writes.length > MOST_NAMES ? '*' : grouped(writes)
    const superseded = before.filter((session) => all || supersedes(writes, session))
    const { path = '/', domain, sameSite = 'Lax' } = this.#options
    const secure = this.#options.secure ?? c.req.url.startsWith('https:')
    const place = { path, secure, domain }
    const name = `${this.#prefix}${all ? 'all' : uniqueValue().slice(1, 9)}`
    const unknown = all || writes.some(([, mark]) => mark === undefined)
    const value = `${Math.floor(nowInSeconds()).toString(36)}.${groups}`
    const maxAge = Math.min(LONGEST_LIFE, this.#lifetime(cache.config, unknown))
    await setSignedCookie(c, name, value, secretOf(cache), { ...place, httpOnly: true, sameSite, maxAge })
    for (const { cookie } of superseded) if (cookie !== name) deleteCookie(c, cookie, place)
  }

  /** Longer when it is not known whether a write has ended, or whether Redis knows of it. */
  #lifetime(config: ResolvedConfig, unknown: boolean): number {
    const known = this.#options.maxAge ?? Math.max(10, Math.ceil(config.maxStalenessMs / 1000) + 5)
    return unknown ? Math.max(known, Math.ceil(config.fenceMs / 1000) + UNKNOWN_SECONDS) : Math.ceil(known)
  }
}

/** Whose signature is good: that of an isolate with the same Redis. Without Redis a forged cookie costs its sender's own hits at most. */
const secretOf = (cache: QueryCache): string => (isRedisCache(cache) && cache.link.secret) || 'edge-query-cache'

const nowInSeconds = (): number => Date.now() / 1000

/** `version~name~name!version~name`, with `-` for "no version will do". */
function grouped(writes: readonly OwnWrite[]): string {
  const groups = new Map<string, string[]>()
  for (const [hash, mark = '-'] of writes) groups.set(mark, [...(groups.get(mark) ?? []), hash])
  return [...groups].map((group) => group.flat().join('~')).join('!')
}

function parsed(cookie: string, text: string, oldest: number): Session | undefined {
  const [time, groups] = text.split('.') as [string, string?]
  if (!groups || !(parseInt(time, 36) >= oldest)) return undefined
  if (groups === '*') return { cookie, writes: 'everything' }
  const writes = groups.split('!').flatMap((group) => {
    const [mark, ...hashes] = group.split('~')
    return hashes.map((hash): OwnWrite => [hash, mark === '-' ? undefined : mark])
  })
  return { cookie, writes }
}

/** Whether later writes, all acknowledged, cover everything that an earlier cookie asks for; it has to be about acknowledged ones too. */
function supersedes(writes: readonly OwnWrite[], { writes: earlier }: Session): boolean {
  if (earlier === 'everything') return false
  const now = new Map(writes)
  return earlier.every(([hash, mark]) => mark !== undefined && now.get(hash) !== undefined)
}
