/**
 * The database: single queries, several stable reads in one trip, and what counts as an outcome that is not known.
 * @module
 */
import type { Ask, Call, Core } from './ask.js'
import { clock } from './runtime.js'
import type { DatabaseResult, Statement } from './types.js'

/** Runs one statement and counts it. Rejects with the driver's own error. */
export async function fetchOne(
  core: Core,
  call: Call,
  statement: Statement,
  timeoutMs: number | undefined,
): Promise<DatabaseResult> {
  return timed(core, call, 1, () => core.database.run(statement, { timeoutMs }))
}

/** One query of several. */
interface Fetch {
  statement: Statement
  timeoutMs: number | undefined
  /** Only such a query shares a trip or is asked again: an unknown function may do something each time. */
  stable: boolean
}

/** Runs stable reads that wait equally long in one trip each, and everything else on its own. */
async function fetchMany(
  core: Core,
  call: Call,
  fetches: readonly Fetch[],
): Promise<PromiseSettledResult<DatabaseResult>[]> {
  const groups = new Map<unknown, Fetch[]>()
  for (const fetch of fetches) {
    const group = fetch.stable ? (fetch.timeoutMs ?? 'none') : fetch
    groups.set(group, [...(groups.get(group) ?? []), fetch])
  }
  const ends = new Map<Fetch, PromiseSettledResult<DatabaseResult>>()
  const runs = [...groups.values()].map(async (group) => {
    const settled = await fetchTogether(core, call, group)
    group.forEach((fetch, i) => ends.set(fetch, settled[i]!))
  })
  await Promise.all(runs)
  return fetches.map((fetch) => ends.get(fetch)!)
}

/** One trip. When a statement fails in it each is asked on its own, so that one bad query spoils no other; a lost trip is lost for all. */
async function fetchTogether(
  core: Core,
  call: Call,
  group: readonly Fetch[],
): Promise<PromiseSettledResult<DatabaseResult>[]> {
  const [{ timeoutMs }] = group as [Fetch]
  const alone = () => Promise.allSettled(group.map(({ statement }) => fetchOne(core, call, statement, timeoutMs)))
  if (group.length === 1) return alone()
  try {
    const statements = group.map(({ statement }) => statement)
    const run = () => core.database.transaction(statements, { readOnly: true, timeoutMs })
    const results = await timed(core, call, group.length, run)
    return results.map((value) => ({ status: 'fulfilled', value }))
  } catch (reason) {
    return didNotHappen(reason) ? alone() : group.map(() => ({ status: 'rejected', reason }))
  }
}

/** Asks for several questions' rows and values together. */
export async function fetchSources(
  core: Core,
  call: Call,
  asks: readonly Ask[],
): Promise<PromiseSettledResult<unknown>[]> {
  // What is not known of a query may be that it changes the session.
  if (asks.some(({ reason }) => reason !== undefined)) core.database.markSessionState?.()
  const fetches = asks.flatMap((ask) =>
    ask.loader
      ? []
      : {
          statement: { sql: ask.sql, params: ask.params },
          timeoutMs: ask.options.timeoutMs,
          stable: ask.reason === undefined,
        },
  )
  const rows = fetchMany(core, call, fetches)
  const values = Promise.allSettled(asks.map(async ({ loader }) => loader?.run(core.database)))
  const [fetched, loaded] = await Promise.all([rows, values])
  let next = 0
  return asks.map(({ loader }, i) => (loader ? loaded[i]! : fetched[next++]!))
}

async function timed<T>(core: Core, call: Call, queries: number, run: () => Promise<T>): Promise<T> {
  const { counters } = core.cache
  const startedAt = clock(call.runtime)
  counters.add('dbQueries', queries)
  try {
    return await run()
  } catch (error) {
    counters.add('errors', 1)
    throw error
  } finally {
    counters.add('dbTimeMs', Math.max(0, clock(call.runtime) - startedAt))
  }
}

/**
 * True when the database has said that the statement did not happen: an error with an SQLSTATE, whose classes begin with a digit or
 * F, H, P, X (a system's `EPIPE` is none), except those that tell of a lost connection, an unknown completion or a broken server
 * (PostgreSQL errcodes, classes 08, 57P, 58, XX and 40003).
 */
export function didNotHappen(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' && /^[0-9FHPX][0-9A-Z]{4}$/.test(code) && !/^(08|57P|58|40003|XX)/.test(code)
}
