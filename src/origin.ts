/**
 * The database: single queries, several stable reads in one trip, and what counts as an outcome that is not known.
 * @module
 */
import type { Ask, Call, Core } from './ask.js'
import { clock } from './runtime.js'
import type { DatabaseResult, Statement } from './types.js'

/** Runs one statement and counts it. Rejects with the driver's own error. */
export function fetchOne(
  core: Core,
  call: Call,
  statement: Statement,
  timeoutMs: number | undefined,
): Promise<DatabaseResult> {
  return timed(core, call, 1, () => core.database.run(statement, { timeoutMs }))
}

/** One trip. When a statement fails in it each is asked on its own, so that one bad query spoils no other; a lost trip is lost for all. */
async function fetchTogether(core: Core, call: Call, group: readonly Ask[]): Promise<PromiseSettledResult<unknown>[]> {
  const [{ options }] = group as [Ask]
  const { timeoutMs } = options
  const alone = () => Promise.allSettled(group.map((ask) => fetchSource(core, call, ask)))
  // A COMMIT would end the transaction that has begun meanwhile on a single connection.
  if (group.length === 1 || core.database.inTransaction) return alone()
  try {
    const run = () => core.database.transaction(group.map(statementOf), { readOnly: true, timeoutMs })
    const results = await timed(core, call, group.length, run)
    return results.map((value) => ({ status: 'fulfilled', value }))
  } catch (reason) {
    return didNotHappen(reason) ? alone() : group.map(() => ({ status: 'rejected', reason }))
  }
}

const statementOf = ({ sql, params }: Ask): Statement => ({ sql, params })

async function fetchSource(core: Core, call: Call, ask: Ask): Promise<unknown> {
  return ask.loader ? ask.loader.run(core.database) : fetchOne(core, call, statementOf(ask), ask.options.timeoutMs)
}

/** Asks for several questions' rows and values together: stable reads that wait equally long in one trip, everything else on its own. */
export async function fetchSources(
  core: Core,
  call: Call,
  asks: readonly Ask[],
): Promise<PromiseSettledResult<unknown>[]> {
  // What is not known of a query may be that it changes the session.
  if (asks.some(({ reason }) => reason !== undefined)) core.database.markSessionState?.()
  if (asks.length === 1) return Promise.allSettled([fetchSource(core, call, asks[0]!)])
  const groups = new Map<unknown, Ask[]>()
  for (const ask of asks) {
    // An unknown function may do something each time: such a query shares no trip and is not asked again.
    const stable = ask.reason === undefined && !ask.loader
    const group = stable ? (ask.options.timeoutMs ?? 'none') : ask
    groups.set(group, [...(groups.get(group) ?? []), ask])
  }
  const ends = new Map<Ask, PromiseSettledResult<unknown>>()
  const runs = [...groups.values()].map(async (group) => {
    const settled = await fetchTogether(core, call, group)
    group.forEach((ask, i) => ends.set(ask, settled[i]!))
  })
  await Promise.all(runs)
  return asks.map((ask) => ends.get(ask)!)
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
  const { code } = Object(error) as { code?: unknown }
  return typeof code === 'string' && /^[0-9FHPX][0-9A-Z]{4}$/.test(code) && !/^(08|57P|58|40003|XX)/.test(code)
}
