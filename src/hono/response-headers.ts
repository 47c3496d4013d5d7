/**
 * What a response says of its queries: `Cache-Status` (RFC 9211) and `Server-Timing` (W3C). Counts and times, never values.
 * @module
 */
import type { Context } from 'hono'
import type { CacheInfo } from '../ask.js'

const CACHE_NAME = 'edge-query-cache'

const isHit = ({ outcome }: CacheInfo): boolean => /^(l|stale)/.test(outcome)

/** The answers of one request. */
export class AnswerLog {
  readonly #answers: { info: CacheInfo; durationMs: number }[] = []

  add(info: CacheInfo, durationMs: number): void {
    this.#answers.push({ info, durationMs })
  }

  /** Adds the headers, when anything was asked. */
  writeTo(c: Context): void {
    const [first] = this.#answers
    if (!first) return
    const { outcome, ttl } = first.info
    // What nearly every answer of a hot route says.
    const plain = this.#answers.length === 1 && outcome === 'l1'
    const status = plain ? `${CACHE_NAME}; hit; ttl=${shown(ttl)}; detail=l1` : this.#cacheStatus()
    // A handler may hand out one response many times, or one whose headers cannot be changed: this makes a copy, which is the request's own.
    c.header('Cache-Status', status, { append: true })
    c.res.headers.append('Server-Timing', plain ? 'query-cache;desc="l1=1"' : this.#serverTiming())
  }

  /** One member for the response: a hit when every query was one, else why it went on to the database (RFC 9211, section 2). */
  #cacheStatus(): string {
    const infos = this.#answers.map(({ info }) => info)
    const forwarded = infos.find((info) => !isHit(info))
    const [{ outcome, reason }] = infos as [CacheInfo]
    const detail = infos.length > 1 ? `"${this.#counts()}"` : outcome === 'bypass' && reason ? reason : outcome
    const way = !forwarded
      ? `hit; ttl=${shown(Math.min(...infos.map(({ ttl }) => ttl)))}`
      : forwarded.outcome === 'bypass'
        ? 'fwd=bypass'
        : `fwd=miss${forwarded.outcome === 'coalesced' ? '; collapsed' : ''}`
    return `${CACHE_NAME}; ${way}; detail=${detail}`
  }

  #counts(): string {
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
