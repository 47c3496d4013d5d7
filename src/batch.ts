/**
 * Several queries in one call. Stable reads between two writes travel together; everything else runs on its own, in its place.
 * @module
 */
import { settle } from './answer.js'
import { isWrite, plan, recordOf, writtenParams } from './plan.js'
import { pinned } from './ask.js'
import type { Ask, Core } from './ask.js'
import type { CachedQueryExecutor } from './executor.js'
import { snapshot } from './key.js'
import type { QueryOptions } from './options.js'
import { Reads } from './read.js'
import type { Row } from './result.js'
import { clock } from './runtime.js'
import { withSignal } from './signal.js'
import type { StatementRecord } from './statement.js'

export interface BatchQuery {
  sql: string
  params?: readonly unknown[]
  options?: QueryOptions
}

/** A query as it was at the call: its caller may change it while those before it are under way. */
interface Held {
  readonly record: StatementRecord
  readonly params: readonly unknown[]
  /** The call's own parameters as keys have them: of copies it may be another text. */
  readonly written: string | null
  readonly options: QueryOptions | undefined
}

type End = PromiseSettledResult<Row[]>

/** Runs a batch. Never rejects: each query has its own end. */
export async function runBatch(asked: CachedQueryExecutor, queries: readonly BatchQuery[]): Promise<End[]> {
  const core = pinned(asked.core)
  const executor = core === asked.core ? asked : asked.with(asked.call, core.database)
  const ends: End[] = new Array<End>(queries.length)
  const held = queries.map((query, i) => {
    try {
      return hold(core, query)
    } catch (reason) {
      ends[i] = { status: 'rejected', reason }
      return undefined
    }
  })
  let group = new Map<number, Held>()
  for (const [i, query] of held.entries()) {
    if (!query) continue
    const { facts, key: sql } = query.record
    if (!isWrite(core, facts) && facts.kind !== 'session') {
      group.set(i, query)
      continue
    }
    await readGroup(executor, group, ends)
    group = new Map()
    ends[i] = await settled(executor.query(sql, query.params, query.options))
  }
  await readGroup(executor, group, ends)
  return ends
}

function hold(core: Core, { sql, params = [], options }: BatchQuery): Held {
  const copies = options && Object.entries(options).map(([name, value]) => [name, copied(value)] as const)
  return {
    record: recordOf(core, sql),
    params: snapshot(params),
    written: writtenParams(params),
    options: copies && Object.fromEntries(copies),
  }
}

const copied = (value: unknown): unknown => (Array.isArray(value) ? [...(value as unknown[])] : value)

/** Reads that no write separates. */
async function readGroup(
  executor: CachedQueryExecutor,
  group: ReadonlyMap<number, Held>,
  ends: PromiseSettledResult<Row[]>[],
): Promise<void> {
  const { core, call } = executor
  const together: { i: number; ask: Ask }[] = []
  const alone: Promise<void>[] = []
  for (const [i, { record, params, written, options }] of group) {
    try {
      const asked = plan(core, call, record, params, options, written)
      if (!('bypass' in asked)) {
        together.push({ i, ask: asked })
        continue
      }
      const rows = executor.direct(asked, record.facts, { sql: record.key, params }, options).then(({ rows }) => rows)
      alone.push(settled(rows).then((end) => void (ends[i] = end)))
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

async function settled<T>(run: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [end] = await Promise.allSettled([run])
  return end
}
