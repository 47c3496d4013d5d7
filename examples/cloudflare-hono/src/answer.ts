/**
 * How every route answers: `{ data, cache }`. No time is reported: a Worker's clock stands still between I/O, so the page measures.
 * @module
 */
import type { CacheInfo } from 'edge-query-cache'
import type { Context } from 'hono'

/** What a client may know about an answer. The key stays inside. */
export function describe({ outcome, reason, age, ttl, tables }: CacheInfo) {
  return { outcome, reason, age, ttl, tables }
}

/** A read's rows and how they came about. */
export function answer(c: Context, result: { rows: unknown; cache: CacheInfo }) {
  return c.json({ data: result.rows, cache: describe(result.cache) })
}

/** One row, or a 404. "There is none" is cached as well, for `emptyTtl`. */
export function answerOne(c: Context, result: { rows: unknown[]; cache: CacheInfo }, what: string) {
  const cache = describe(result.cache)
  if (result.rows.length === 0) return c.json({ error: `there is no such ${what}`, cache }, 404)
  return c.json({ data: result.rows[0], cache })
}
