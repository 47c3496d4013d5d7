/**
 * Several queries in one call. Stable reads between two writes travel together; everything else runs on its own, in its place.
 * @module
 */
import { settle } from './answer.js'
import { isWrite, plan, recordOf } from './plan.js'
import { pinned } from './ask.js'
import type { Ask } from './ask.js'
import { readStatements } from './configure.js'
import type { CachedQueryExecutor } from './executor.js'
import type { QueryOptions } from './options.js'
import { Reads } from './read.js'
import type { Row } from './result.js'
import { clock } from './runtime.js'
import { withSignal } from './signal.js'

export interface BatchQuery {
  sql: string
  params?: readonly unknown[]
  options?: QueryOptions
}

/** Runs a batch. Each query has its own end. @throws InvalidOptionError, before any of them is sent */
export async function runBatch(
  asked: CachedQueryExecutor,
  given: readonly BatchQuery[],
): Promise<PromiseSettledResult<Row[]>[]> {
  const queries = readStatements(given, 'queries')
  const core = pinned(asked.core)
  const executor = core === asked.core ? asked : asked.with(asked.call, core.database)
  const ends: PromiseSettledResult<Row[]>[] = new Array<PromiseSettledResult<Row[]>>(queries.length)
  let group: number[] = []
  for (const [i, query] of queries.entries()) {
    const { facts } = recordOf(executor.core, query.sql)
    if (!isWrite(executor.core, facts) && facts.kind !== 'session') {
      group.push(i)
      continue
    }
    await readGroup(executor, queries, group, ends)
    group = []
    ends[i] = await settled(() => executor.query(query.sql, query.params, query.options))
  }
  await readGroup(executor, queries, group, ends)
  return ends
}

/** Reads that no write separates. */
async function readGroup(
  executor: CachedQueryExecutor,
  queries: readonly BatchQuery[],
  group: readonly number[],
  ends: PromiseSettledResult<Row[]>[],
): Promise<void> {
  const { core, call } = executor
  const together: { i: number; ask: Ask }[] = []
  const alone: Promise<void>[] = []
  for (const i of group) {
    const { sql, params = [], options } = queries[i]!
    try {
      const asked = plan(core, call, recordOf(core, sql), params, options)
      if (!('bypass' in asked)) together.push({ i, ask: asked })
      else alone.push(settled(() => executor.query(sql, params, options)).then((end) => void (ends[i] = end)))
    } catch (reason) {
      ends[i] = { status: 'rejected', reason }
    }
  }
  const startedAt = clock(call.runtime)
  const reads = new Reads(core, call, true)
  const answers = Promise.allSettled(together.map(({ ask }) => withSignal(reads.answer(ask), ask.options.signal)))
  await Promise.all(alone)
  for (const [at, answer] of (await answers).entries()) {
    const { i, ask } = together[at]!
    try {
      if (answer.status === 'rejected') throw answer.reason
      ends[i] = { status: 'fulfilled', value: settle(core, call, ask, answer.value, startedAt).rows() }
    } catch (reason) {
      ends[i] = { status: 'rejected', reason }
    }
  }
}

async function settled<T>(run: () => Promise<T>): Promise<PromiseSettledResult<T>> {
  const [end] = await Promise.allSettled([Promise.resolve().then(run)])
  return end
}
