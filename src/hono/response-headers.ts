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
    if (this.#answers.length === 0) return
    append(c, 'Cache-Status', this.#cacheStatus())
    append(c, 'Server-Timing', this.#serverTiming())
  }

  /** One member for the response: a hit when every query was one, else why it went on to the database (RFC 9211, section 2). */
  #cacheStatus(): string {
    const infos = this.#answers.map(({ info }) => info)
    const forwarded = infos.find((info) => !isHit(info))
    const detail = infos.length === 1 ? this.#detail(infos[0]!) : `"${this.#counts()}"`
    if (!forwarded) {
      const ttl = Math.floor(Math.min(...infos.map((info) => info.ttl), 999_999_999))
      return `${CACHE_NAME}; hit; ttl=${ttl}; detail=${detail}`
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
    if (this.#answers.length === 1 && this.#answers[0]!.info.outcome === 'l1') return 'query-cache;desc="l1=1"'
    const waited = this.#answers.filter(({ info }) => info.outcome !== 'l1')
    const longest = Math.max(0, ...waited.map(({ durationMs }) => durationMs))
    return `query-cache;desc="${this.#counts()}"${waited.length > 0 ? `;dur=${longest.toFixed(1)}` : ''}`
  }
}

/** `c.header` makes a new response of one that is there already, for each header: only for one whose headers cannot be changed. */
function append(c: Context, name: string, value: string): void {
  try {
    c.res.headers.append(name, value)
  } catch {
    c.header(name, value, { append: true })
  }
}
