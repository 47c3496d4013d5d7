/**
 * A write: sent once, never repeated, then invalidated. The whole of it is handed to `waitUntil` before it is sent, because on Workers
 * a client's disconnect would end it between the commit and the invalidation.
 * @module
 */
import type { Call, Core } from './ask.js'
import { pinned } from './ask.js'
import { noteIdentity, recordOf } from './plan.js'
import { commits, endSession, noteSession } from './session.js'
import { invalidateNames } from './invalidate.js'
import { isRedisCache } from './l2.js'
import { snapshot } from './key.js'
import { ROOT, invalidatedNames } from './names.js'
import { didNotHappen } from './origin.js'
import { clock } from './runtime.js'
import type { Database, DatabaseResult, SqlFacts, Statement } from './types.js'
import type { WriteOptions } from './options.js'
import type { Known } from './versions.js'

export interface WriteInfo {
  /** Tables that were invalidated, as `schema.table`. */
  tables: readonly string[]
  tags: readonly string[]
  /** True when Redis has acknowledged: no read that starts from now on and asks Redis gets older rows. */
  invalidated: boolean
  /** With `invalidate: 'fenced'`: whether the fence stood before the write was sent. */
  fenced?: boolean
}

export interface Written {
  results: DatabaseResult[]
  cache: WriteInfo
}

/** Sends all of them, once. */
type Send = (database: Database, statements: readonly Statement[]) => Promise<DatabaseResult[]>

interface WriteNames {
  tables: readonly string[]
  tags: readonly string[]
  shortNames: string[]
}

/** What the statements change, as far as their texts and the options tell. What is not understood changes everything. */
export function writeNames(core: Core, statements: readonly Statement[], options: WriteOptions): WriteNames {
  const { onUnknown } = core.cache.config.sql
  const tables = new Set<string>()
  let everything = false
  for (const { sql } of statements) {
    const { facts } = recordOf(core, sql)
    if (facts.writes === undefined || commits(core, facts)) everything = true
    for (const table of facts.writes ?? []) tables.add(table)
    // With `ttl-only` it is accepted that what an unknown function writes is not seen, except where it is all that the statement does.
    if (facts.effects === 'any' && (facts.kind === 'read' || onUnknown !== 'ttl-only')) everything = true
  }
  const tags = Object.freeze([...new Set(options.tags)].sort())
  const named = invalidatedNames({ tables: [...tables, ...(options.tables ?? [])], tags }, core.cache.config.sql)
  const shortNames = everything ? [ROOT] : named
  const written = named.filter((name) => name.startsWith('t:')).map((name) => name.slice(2))
  // Listeners are told of the same ones as the caller.
  return { tables: Object.freeze(written), tags, shortNames }
}

/** Runs `send` once and invalidates. Rejects only with the driver's own error. */
export function write(
  asked: Core,
  call: Call,
  given: readonly Statement[],
  options: WriteOptions,
  send: Send,
): Promise<Written> {
  const core = pinned(asked)
  for (const { sql } of given) noteIdentity(core, call, recordOf(core, sql).facts)
  const statements = given.map(({ sql, params }) => ({ sql, params: snapshot(params) }))
  const named = writeNames(core, statements, options)
  const names = core.cache.statements.known(core.database, named.shortNames)
  call.own?.begin(names)
  // Nothing is sent before `waitUntil` has the whole.
  const whole = Promise.resolve().then(() => sendAndInvalidate(core, call, statements, named, names, send))
  core.cache.background.run(call.runtime, whole)
  return whole
}

async function sendAndInvalidate(
  core: Core,
  call: Call,
  statements: readonly Statement[],
  { tables, tags }: WriteNames,
  names: readonly Known[],
  send: Send,
): Promise<Written> {
  const { cache } = core
  const wantsFence = cache.config.fenced && isRedisCache(cache) && names.length > 0
  const fence = wantsFence ? await cache.fence(call.runtime, names) : undefined
  const startedAt = clock(call.runtime)
  cache.counters.add('dbQueries', statements.length)
  for (const { sql } of statements) noteSession(core, sql, recordOf(core, sql).facts)
  try {
    const results = await send(core.database, statements)
    endSession(core, statements, 'done')
    cache.counters.add('dbTimeMs', Math.max(0, clock(call.runtime) - startedAt))
    const invalidated = await invalidateNames(core, call, names, fence)
    cache.events.emit({ type: 'write', outcome: 'committed', invalidated, tables })
    return { results, cache: { tables, tags, invalidated, ...(wantsFence ? { fenced: fence !== undefined } : {}) } }
  } catch (error) {
    cache.counters.add('errors', 1)
    // An SQLSTATE says that the statement is over; only of plain writes does it also say that nothing was written.
    const over = didNotHappen(error)
    endSession(core, statements, over ? 'failed' : 'unknown')
    const failed = over && statements.every(({ sql }) => isPlainWrite(recordOf(core, sql).facts))
    if (failed && !fence) call.own?.undo(names)
    const invalidated = failed && !fence ? true : await invalidateNames(core, call, names, fence, !over)
    cache.events.emit({ type: 'write', outcome: failed ? 'failed' : 'unknown', invalidated, tables })
    throw error
  }
}

/** A procedure, a block or several statements in one text may have committed a part before they failed. */
const isPlainWrite = (facts: SqlFacts): boolean =>
  facts.writes !== undefined && facts.kind !== 'session' && facts.statement !== 'call'
