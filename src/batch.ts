/**
 * Several queries in one call. Stable reads between two writes travel together; everything else runs on its own, in its place.
 * @module
 */
import { settle } from './answer.js'
import { isWrite, plan, recordOf, takeParams } from './plan.js'
import type { Taken } from './plan.js'
import { readQueryOptions, readStatements } from './configure.js'
import type { Told } from './configure.js'
import { pinned } from './ask.js'
import type { Core } from './ask.js'
import type { CachedQueryExecutor } from './executor.js'
import { snapshot } from './key.js'
import type { QueryOptions } from './options.js'
import { Reads } from './read.js'
import type { Row } from './result.js'
import { withSignal } from './signal.js'
import { clock } from './runtime.js'
import type { StatementRecord } from './statement.js'

export interface BatchQuery {
  sql: string
  params?: readonly unknown[] | undefined
  options?: QueryOptions | undefined
}

/** A query as it was at the call: its caller may change it while those before it are under way. */
interface Held {
  readonly record: StatementRecord
  readonly taken: Taken
  readonly options: QueryOptions | undefined
}

type End = PromiseSettledResult<Row[]>

/** Runs a batch. Each query has its own end. @throws InvalidOptionError, before any of them is sent */
export async function runBatch(asked: CachedQueryExecutor, given: readonly BatchQuery[]): Promise<End[]> {
  const queries = readStatements(given, 'queries')
  const core = pinned(asked.core)
  const executor = asked.with(asked.call, core.database)
  const ends: End[] = new Array<End>(queries.length)
  let group = new Map<number, Held>()
  for (const [i, query] of queries.map((one) => hold(core, one)).entries()) {
    const { facts, key: sql } = query.record
    if (!isWrite(core, facts) && facts.kind !== 'session') {
      group.set(i, query)
      continue
    }
    await readGroup(executor, group, ends)
    group = new Map()
    ;[ends[i]] = await Promise.allSettled([executor.query(sql, query.taken.params, query.options)])
  }
  await readGroup(executor, group, ends)
  return ends
}

function hold(core: Core, { sql, params, options }: Told<BatchQuery>): Held {
  const copies = Object.entries(readQueryOptions(options)).map(([name, value]) => [
    name,
    Array.isArray(value) ? snapshot(value) : (value as unknown),
  ])
  return {
    record: recordOf(core, sql),
    taken: takeParams(params),
    options: options && (Object.fromEntries(copies) as QueryOptions),
  }
}

/** Reads that no write separates. */
async function readGroup(executor: CachedQueryExecutor, group: ReadonlyMap<number, Held>, ends: End[]): Promise<void> {
  const { core, call } = executor
  const startedAt = clock(call.runtime)
  const reads = new Reads(core, call, true)
  const ways = [...group.values()].map(async ({ record, taken, options }) => {
    const ask = plan(core, call, record, taken, options)
    if ('bypass' in ask) {
      const { rows } = await executor.direct(ask, record.facts, { sql: record.key, params: taken.params })
      return () => rows
    }
    const answered = await withSignal(() => reads.answer(ask), ask.options.signal)
    return () => settle(core, call, ask, answered, startedAt).rows()
  })
  const answers = await Promise.allSettled(ways)
  // Told of in the order of the batch.
  for (const i of group.keys()) {
    const answer = answers.shift()!
    try {
      if (answer.status === 'rejected') throw answer.reason
      ends[i] = { status: 'fulfilled', value: answer.value() }
    } catch (reason) {
      ends[i] = { status: 'rejected', reason }
    }
  }
}
