/**
 * `nowBucket`: a text that reads the transaction's clock -> the text that is given a time instead, and the time.
 * @module
 */
import { clocks } from './sql/now.js'
import { givesName } from './sql/places.js'
import { tokenize } from './sql/tokens.js'

/** What the protocol can number. */
const MOST_PARAMETERS = 65_535

/**
 * The text with a new, last parameter in the place of every clock; `undefined` when there is no clock that one could stand for.
 * @param count Parameters that are given with the text.
 */
export function withoutClock(sql: string, count: number): string | undefined {
  const tokens = tokenize(sql)
  const found = tokens ? clocks(tokens) : []
  if (!tokens || found.length === 0) return undefined
  let highest = count
  for (const { key, text } of tokens) if (key === '$') highest = Math.max(highest, Number(text.slice(1)))
  if (highest >= MOST_PARAMETERS) return undefined
  const parameter = `$${highest + 1}`
  // A subquery keeps a column's name. The planner does not know its value, so that it stands only where a name is at stake, and in the
  // clauses that have to repeat each other: GROUP BY, ORDER BY, DISTINCT ON.
  const named = found.some(({ item }) => item && givesName(item))
  let out = ''
  let copied = 0
  for (const { start, end, name, cast, filtering } of found) {
    const value = `${parameter}::timestamptz${cast}`
    out += sql.slice(copied, start) + (named && !filtering ? `(SELECT ${value} AS "${name}")` : `(${value})`)
    copied = end
  }
  return out + sql.slice(copied)
}

/** The bucket that a time lies in: its start for the database, and its end in epoch milliseconds. Buckets count from the epoch, in UTC. */
export function bucketOf(now: number, seconds: number): { start: string; end: number } {
  // What a clock can tell apart, and a date can be.
  const length = Math.max(1, Math.min(seconds * 1000, 8e15))
  const start = Math.floor(now / length) * length
  return { start: new Date(start).toISOString(), end: start + length }
}
