const DAY_MS = 86_400_000

/**
 * The last `days` days up to the end of today, in UTC, as parameters of a query.
 * `now()` in the SQL would give another result at every moment, so nothing could be cached; bounds rounded to the day are the same
 * two values until midnight.
 */
export function lastDays(days: number, now = Date.now()): [since: string, until: string] {
  const endOfToday = (Math.floor(now / DAY_MS) + 1) * DAY_MS
  return [new Date(endOfToday - days * DAY_MS).toISOString(), new Date(endOfToday).toISOString()]
}
