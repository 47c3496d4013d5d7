/**
 * What a response says of its queries: `Cache-Status` (RFC 9211) and `Server-Timing` (W3C). Counts and times, never values.
 * @module
 */
import type { Context } from 'hono'
import type { Told } from '../ask.js'

const CACHE_NAME = 'edge-query-cache'

const isHit = ({ outcome }: Told): boolean => /^(l|stale)/.test(outcome)

/** The answers of one request. */
export class AnswerLog {
  /** `undefined`: the headers are written. What a stream or a socket asks for hours after them would only pile up. */
  #infos: Told[] | undefined = []
  /** The longest wait, where something was waited for: a Worker's clock stands still in between. */
  #waitedMs: number | undefined

  add(info: Told, durationMs: number): void {
    this.#infos?.push(info)
    if (info.outcome !== 'l1') this.#waitedMs = Math.max(this.#waitedMs ?? 0, durationMs)
  }

  /** Adds the headers, when anything was asked. */
  writeTo(c: Context): void {
    const infos = this.#infos ?? []
    this.#infos = undefined
    const [first] = infos
    if (!first) return
    // Nothing is equal to NaN: only what nearly every answer of a hot route says is kept.
    const left = infos.length === 1 && first.outcome === 'l1' ? shown(first.ttl) : NaN
    if (left !== latest.left) latest = { left, status: cacheStatus(infos), timing: serverTiming(infos, this.#waitedMs) }
    const { status, timing } = latest
    const { res } = c
    // What has a body is sent once: it is this request's own, and a copy would be three more objects of the platform.
    if (res.body) {
      try {
        res.headers.append('Cache-Status', status)
        res.headers.append('Server-Timing', timing)
        return
      } catch {
        // The headers of a response that was fetched cannot be changed.
      }
    }
    // A handler may hand out a response without a body many times: this makes a copy, which is the request's own.
    c.header('Cache-Status', status, { append: true })
    c.res.headers.append('Server-Timing', timing)
  }
}

/** An only hit's texts are kept for its second: the platform takes longer to be handed a new text than one that it has seen. */
let latest = { left: NaN, status: '', timing: '' }

/** One member for the response: a hit when every query was one, else why it went on to the database (RFC 9211, section 2). */
function cacheStatus(infos: readonly Told[]): string {
  const forwarded = infos.find((info) => !isHit(info))
  const { outcome, reason } = infos[0]!
  const detail = infos.length > 1 ? `"${counts(infos)}"` : outcome === 'bypass' && reason ? reason : outcome
  const way = !forwarded
    ? `hit; ttl=${shown(Math.min(...infos.map(({ ttl }) => ttl)))}`
    : forwarded.outcome === 'bypass'
      ? 'fwd=bypass'
      : `fwd=miss${forwarded.outcome === 'coalesced' ? '; collapsed' : ''}`
  return `${CACHE_NAME}; ${way}; detail=${detail}`
}

function counts(infos: readonly Told[]): string {
  const counts: Record<string, number> = {}
  for (const { outcome } of infos) counts[outcome] = (counts[outcome] ?? 0) + 1
  return Object.entries(counts)
    .map(([outcome, count]) => `${outcome}=${count}`)
    .join(' ')
}

const serverTiming = (infos: readonly Told[], waitedMs: number | undefined): string =>
  `query-cache;desc="${counts(infos)}"${waitedMs === undefined ? '' : `;dur=${waitedMs.toFixed(1)}`}`

/** Seconds as a header has them. */
const shown = (ttl: number): number => Math.floor(Math.min(ttl, 999_999_999))
