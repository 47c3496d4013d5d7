/**
 * The database: single queries, several stable reads in one trip, and what counts as an outcome that is not known.
 * @module
 */
import type { Core, Call } from './ask.js'
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

/** Runs stable reads in one trip; when that fails each is asked on its own, so that one bad query spoils no other. */
export async function fetchMany(
  core: Core,
  call: Call,
  statements: readonly Statement[],
  timeouts: readonly (number | undefined)[],
): Promise<PromiseSettledResult<DatabaseResult>[]> {
  if (statements.length > 1) {
    try {
      const timeoutMs = timeouts.includes(undefined) ? undefined : Math.max(...(timeouts as number[]))
      const results = await timed(core, call, statements.length, () =>
        core.database.transaction(statements, { readOnly: true, timeoutMs }),
      )
      return results.map((value) => ({ status: 'fulfilled', value }))
    } catch {
      // Asked again below, one by one: only the failed one shall fail.
    }
  }
  return Promise.allSettled(statements.map((statement, i) => fetchOne(core, call, statement, timeouts[i])))
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
