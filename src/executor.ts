/**
 * The public face: what a handler calls. The order of the steps is in `read.ts` and `write.ts`.
 * @module
 */
import { explain } from './explain.js'
import { noteSession } from './session.js'
import { Reads, readMemory } from './read.js'
import { shortcut } from './shortcut.js'
import { runBatch } from './batch.js'
import type { BatchQuery } from './batch.js'
import { isWrite, plan, planLoader, recordOf, takeParams } from './plan.js'
import { pinned } from './ask.js'
import type { Ask, Bypass, CacheInfo, Call, Core } from './ask.js'
import {
  checkRuntime,
  database as aDatabase,
  pattern as aPattern,
  readQueryOptions,
  readStatements,
  readTransactionOptions,
  readWriteOptions,
} from './configure.js'
import { InvalidationError } from './errors.js'
import type { BatchRows, ExecuteResult, Explanation, QueryResult, RowOf } from './executor-types.js'
import { QueryCache } from './l1.js'
import { fetchOne } from './origin.js'
import type { Named } from './names.js'
import type { CacheConfig, QueryOptions, WriteOptions } from './options.js'
import { write } from './write.js'
import type { WriteInfo } from './write.js'
import { readStatistics } from './push-statistics.js'
import type { StatsRange } from './push-statistics.js'
import type { Remembered } from './memory.js'
import type { Asked, StatementRecord } from './statement.js'
import { directResult } from './result.js'
import type { Result, Answer, Row } from './result.js'
import { cleanup } from './cleanup.js'
import type { CleanupOptions } from './cleanup.js'
import { invalidate } from './invalidate.js'
import { clock } from './runtime.js'
import type { Runtime } from './runtime.js'
import { account, afterwards, bypassInfo, hitInfo, infoOf, settle, settleHit } from './answer.js'
import { aFunction, check, isObject, list, text } from './rules.js'
import { createQueryCache } from './create.js'
import { summarise } from './stats.js'
import type { CacheStats } from './stats.js'
import type { Database, SqlFacts, Statement, TransactionOptions } from './types.js'
import { withSignal } from './signal.js'

/** Runs queries through the cache. Stateless: everything that lasts is in the cache object. */
export class CachedQueryExecutor {
  /** @internal */ readonly core: Core
  /** @internal */ call: Call
  #reads: Reads | undefined

  /**
   * @param cacheOrConfig A cache from `createQueryCache`, to be shared by executors of one isolate, or its configuration.
   * @param runtime What a request lends; see `bind`.
   * @throws InvalidOptionError
   */
  constructor(database: Database, cacheOrConfig: QueryCache | CacheConfig, runtime?: Runtime) {
    this.core = coreOf(database, cacheOrConfig)
    this.call = { runtime: runtime === undefined ? {} : checkRuntime(runtime) }
  }

  /**
   * A cheap copy for one request that shares the cache. `bind(c.executionCtx)` gives background work the request's `waitUntil`.
   * @throws InvalidOptionError
   */
  bind(runtime: Runtime): CachedQueryExecutor {
    return this.with({ ...this.call, runtime: checkRuntime(runtime) })
  }

  /** @internal */
  with(call: Call, database: Database = this.core.database): CachedQueryExecutor {
    const { core } = this
    const copy = new CachedQueryExecutor(database, database === core.database ? (core as never) : core.cache)
    copy.call = call
    return copy
  }

  /** Rows of a read, from the nearest tier that has them. A write runs once and invalidates. Rejects with the driver's own error. */
  query<R = Row>(sql: string, params: readonly unknown[] = [], options?: QueryOptions): Promise<R[]> {
    return this.#ask(sql, params, options, rowsOf) as Promise<R[]>
  }

  /** Like `query`, with column types and how the answer came about. */
  queryResult<R = Row>(sql: string, params: readonly unknown[] = [], options?: QueryOptions): Promise<QueryResult<R>> {
    return this.#ask(sql, params, options, resultOf) as Promise<QueryResult<R>>
  }

  /**
   * Several queries, which share the trip to Redis and, for stable reads, the trip to the database. Writes run in their place: reads
   * after one see it. Rejects with the first error; what the others brought is stored all the same.
   */
  async queryBatch<T extends readonly unknown[]>(queries: { readonly [K in keyof T]: BatchQuery }): Promise<
    BatchRows<T>
  > {
    const settled = await runBatch(this, queries)
    const rows = settled.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
    return rows as BatchRows<T>
  }

  /** Like `queryBatch`, with each query's own rows or error. */
  async queryBatchSettled<T extends readonly unknown[]>(queries: { readonly [K in keyof T]: BatchQuery }): Promise<{
    -readonly [K in keyof T]: PromiseSettledResult<RowOf<T[K]>[]>
  }> {
    return (await runBatch(this, queries)) as { -readonly [K in keyof T]: PromiseSettledResult<RowOf<T[K]>[]> }
  }

  /** A write: sent once, then what it changed is invalidated. Rejects with the driver's own error, never because of the cache. */
  async execute<R = Row>(
    sql: string,
    params: readonly unknown[] = [],
    options?: WriteOptions,
  ): Promise<ExecuteResult<R>> {
    const { results, cache } = await this.#write([{ sql, params }], readWriteOptions(options))
    const { rows, rowCount, command } = results[0] as Result<R>
    return { rows, rowCount, command, cache }
  }

  /** Statements in one database transaction and, after its commit, one invalidation. */
  async transaction(
    statements: readonly { sql: string; params?: readonly unknown[] | undefined }[],
    options?: WriteOptions & TransactionOptions,
  ): Promise<{ results: Result[]; cache: WriteInfo }> {
    const given = readTransactionOptions(options)
    return this.#write(readStatements(statements, 'statements'), given, (database, sent) =>
      database.transaction(sent, given),
    )
  }

  /**
   * Any async function's value. The loader's executor skips caches, so that nothing older hides in the value; name the tables it reads
   * in `tables`, or writes to them are seen at the TTL only.
   */
  async cached<T>(
    key: string,
    loader: (executor: CachedQueryExecutor) => Promise<T>,
    given?: QueryOptions,
  ): Promise<T> {
    check('key', key, text)
    check('loader', loader, aFunction)
    const options = readQueryOptions(given)
    const identity = this.call.identity ?? { read: false }
    const inner: Call = { ...this.call, skipCaches: true, log: undefined, identity }
    const run = (database: Database) => loader(this.with(inner, database))
    const asked = planLoader(this.core, this.call, key, options, { run, identity })
    if ('bypass' in asked) {
      const startedAt = clock(this.call.runtime)
      const value = await withSignal(() => run(pinned(this.core).database), options.signal)
      account(this.core, this.call, bypassInfo(asked), startedAt)
      return value
    }
    return this.#read(asked, (reader) => reader.value() as T)
  }

  /**
   * Invalidates everything, a key (`user:42`, with the keys under it) or the keys under a prefix (`user:*`).
   * @returns the number of results dropped from this isolate's memory; those in Redis die by version.
   * @throws InvalidationError when Redis did not acknowledge, InvalidOptionError for other patterns.
   */
  async invalidateCache(pattern = '*'): Promise<number> {
    check('pattern', pattern, aPattern)
    return this.#invalidate({ keys: [pattern] })
  }

  /** Invalidates by table, tag and key. @throws InvalidationError when Redis did not acknowledge. */
  async invalidate(named: Named): Promise<void> {
    await this.#invalidate(named)
  }

  /** Drops expired results from memory and sweeps Redis within a budget. @returns the number of entries removed. */
  async cleanupCache(options?: CleanupOptions): Promise<number> {
    return cleanup(this.core, this.call, options)
  }

  /** This isolate's figures since it started. */
  getCacheStats(): CacheStats {
    return summarise(this.core.cache.counters.total, this.core.cache.bytes)
  }

  /** All isolates' figures from Redis; for `type: 'local'` this isolate's. Rejects when Redis gave no answer. */
  async getGlobalStats(range?: StatsRange): Promise<CacheStats> {
    return summarise(await readStatistics(this.call, this.core.cache, range), this.core.cache.bytes)
  }

  /** What the cache would do with a query, why, and what to do about it. No I/O. */
  explain(sql: string, params: readonly unknown[] = [], options?: QueryOptions): Explanation {
    return explain(this.core, this.call, sql, params, options)
  }

  /** Resolves when no background work is under way any more. For tests and plain Node. */
  async flush(): Promise<void> {
    await this.core.cache.background.settle()
  }

  /**
   * `take`: what the caller wants of the answer. A hit waits for nothing, because an asynchronous function would take it twice the time, and what
   * it does not need is made elsewhere: V8 makes room for the closures of a function whether they are made or not.
   */
  #ask<T>(sql: string, params: readonly unknown[], options: QueryOptions | undefined, take: Take<T>): Promise<T> {
    try {
      const { core, call } = this
      const now = clock(call.runtime)
      const record = recordOf(core, sql)
      const near = shortcut(core, call, record, params, options, now)
      if (near) return Promise.resolve(takeHit(core, call, near, near, now, take))
      return this.#askFurther(record, sql, params, options, take)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** What the shortcut does not answer. */
  #askFurther<T>(
    record: StatementRecord,
    sql: string,
    params: readonly unknown[],
    options: QueryOptions | undefined,
    take: Take<T>,
  ): Promise<T> {
    const { core, call } = this
    const { facts } = record
    const direct = (result: Result, info: Bypass) =>
      take({ rows: () => result.rows, result: () => result } as Answer, () => bypassInfo(info))
    if (isWrite(core, facts))
      return this.#write([{ sql, params }], writeOptions(options)).then(({ results, cache }) =>
        direct(results[0]!, { ...cache, bypass: facts.reason ?? 'write', display: '' }),
      )
    const taken = takeParams(params)
    const asked = plan(core, call, record, taken, options)
    if (!('bypass' in asked)) return this.#read(asked, take)
    return this.direct(asked, facts, { sql, params: taken.params }).then((result) => direct(result, asked))
  }

  async #read<T>(asked: Ask, take: Take<T>): Promise<T> {
    const { core, call } = this
    const startedAt = clock(call.runtime)
    const hit = readMemory(core, call, asked, startedAt)
    if (hit) return takeHit(core, call, asked, hit, startedAt, take)
    // Where the moment decides as whom it is asked no two share a trip, and a loader runs in its own caller's asynchronous context.
    const alone = core.database.pinned !== undefined || asked.loader !== undefined
    const reads = alone ? new Reads(core, call, false) : (this.#reads ??= new Reads(core, call, false))
    const answered = await withSignal(() => reads.answer(asked), asked.options.signal)
    const reader = settle(core, call, asked, answered, startedAt)
    return take(reader, () => infoOf(asked, answered, clock(call.runtime)))
  }

  /** @internal Asks the database and no cache. */
  async direct(asked: Bypass, facts: SqlFacts, statement: Statement): Promise<Result> {
    const { call } = this
    const { options } = asked
    const core = pinned(this.core)
    const startedAt = clock(call.runtime)
    noteSession(core, statement.sql, facts)
    try {
      const result = await withSignal(() => fetchOne(core, call, statement, options?.timeoutMs), options?.signal)
      return directResult(result, core.database)
    } finally {
      account(core, call, bypassInfo(asked), startedAt)
    }
  }

  async #write(
    statements: readonly Statement[],
    options: WriteOptions,
    send: Parameters<typeof write>[4] = async (database, [one]) => [
      await database.run(one!, { timeoutMs: options.timeoutMs }),
    ],
  ): Promise<{ results: Result[]; cache: WriteInfo }> {
    const { core, call } = this
    const startedAt = clock(call.runtime)
    for (const { params } of statements) check('params', params, list)
    let names: Pick<WriteInfo, 'tables' | 'tags'> = { tables: [], tags: [] }
    try {
      const { results, cache } = await withSignal(() => write(core, call, statements, options, send), options.signal)
      names = cache
      return { results: results.map((result) => directResult(result, core.database)), cache }
    } finally {
      account(core, call, bypassInfo({ ...names, bypass: 'write', display: '' }), startedAt)
    }
  }

  async #invalidate(named: Named): Promise<number> {
    const { acknowledged, dropped } = await invalidate(this.core, this.call, named)
    afterwards(this.core, this.call, clock(this.call.runtime))
    if (!acknowledged) throw new InvalidationError('it refused, or gave no answer in time')
    return dropped
  }
}

/** What a caller wants of an answer. */
type Take<T> = (answer: Answer, cache: () => CacheInfo) => T

function takeHit<T>(core: Core, call: Call, asked: Asked | Ask, hit: Remembered, now: number, take: Take<T>): T {
  return take(settleHit(core, call, asked, hit, now), () => hitInfo(asked, hit, now))
}

const rowsOf: Take<Row[]> = (answer) => answer.rows()
const resultOf: Take<QueryResult> = (answer, cache) => ({ ...answer.result(), cache: cache() })

/** What lasts of an executor. `with` hands on what is complete already: a request's copy works nothing out. */
function coreOf(database: Database, given: QueryCache | CacheConfig | Core): Core {
  const isCache = given instanceof QueryCache
  if (!isCache && isObject(given) && 'statements' in given) return given as unknown as Core
  check('database', database, aDatabase)
  const cache = isCache ? given : createQueryCache(given as CacheConfig)
  return { database, cache, statements: cache.statements.of(database) }
}

/** Of a write that was given to a call for reads. @throws InvalidOptionError */
function writeOptions(options: QueryOptions | undefined): WriteOptions {
  const { tables, tags, timeoutMs, signal } = readQueryOptions(options)
  return { tables, tags, timeoutMs, signal }
}
