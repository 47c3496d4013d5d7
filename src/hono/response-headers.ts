/**
 * What a response says of its queries: `Cache-Status` (RFC 9211) and `Server-Timing` (W3C). Counts and times, never values.
 * @module
 */
import type { Context } from 'hono'
import type { CacheInfo } from '../ask.js'

const CACHE_NAME = 'edge-query-cache'

const isHit = ({ outcome }: CacheInfo): boolean =>
  outcome === 'l1' || outcome === 'l2' || outcome === 'stale' || outcome === 'stale-if-error'

/** The answers of one request. */
export class AnswerLog {
  readonly #answers: { info: CacheInfo; durationMs: number }[] = []

  add(info: CacheInfo, durationMs: number): void {
    this.#answers.push({ info, durationMs })
  }

  /** Adds the headers, when anything was asked. */
  writeTo(c: Context): void {
    const info = this.#answers[0]?.info
    if (!info) return
    // What nearly every answer of a hot route says.
    const plain = this.#answers.length === 1 && info.outcome === 'l1'
    const status = plain ? `${CACHE_NAME}; hit; ttl=${shown(info.ttl)}; detail=l1` : this.#cacheStatus()
    const timing = plain ? 'query-cache;desc="l1=1"' : this.#serverTiming()
    // A handler may hand out one response many times, or one whose headers cannot be changed: this makes a copy, which is the request's own.
    c.header('Cache-Status', status, { append: true })
    c.res.headers.append('Server-Timing', timing)
  }

  /** One member for the response: a hit when every query was one, else why it went on to the database (RFC 9211, section 2). */
  #cacheStatus(): string {
    const infos = this.#answers.map(({ info }) => info)
    const forwarded = infos.find((info) => !isHit(info))
    const detail = infos.length === 1 ? this.#detail(infos[0]!) : `"${this.#counts()}"`
    if (!forwarded) {
      const ttl = Math.min(...infos.map((info) => info.ttl))
      return `${CACHE_NAME}; hit; ttl=${shown(ttl)}; detail=${detail}`
    }
    const why = forwarded.outcome === 'bypass' ? 'bypass' : 'miss'
    return `${CACHE_NAME}; fwd=${why}${forwarded.outcome === 'coalesced' ? '; collapsed' : ''}; detail=${detail}`
  }

  #detail({ outcome, reason }: CacheInfo): string {
    return outcome === 'bypass' && reason ? reason : outcome
  }

  #counts(): string {
    if (this.#answers.length === 1) return `${this.#answers[0]!.info.outcome}=1`
    const counts = new Map<string, number>()
    for (const { info } of this.#answers) counts.set(info.outcome, (counts.get(info.outcome) ?? 0) + 1)
    return [...counts].map(([outcome, count]) => `${outcome}=${count}`).join(' ')
  }

  /** Only where something was waited for: a Worker's clock stands still in between. */
  #serverTiming(): string {
    const waited = this.#answers.filter(({ info }) => info.outcome !== 'l1')
    const longest = Math.max(0, ...waited.map(({ durationMs }) => durationMs))
    return `query-cache;desc="${this.#counts()}"${waited.length > 0 ? `;dur=${longest.toFixed(1)}` : ''}`
  }
}

/** Seconds as a header has them. */
const shown = (ttl: number): number => Math.floor(Math.min(ttl, 999_999_999))
