/**
 * A call -> a question: what the text says, whether the result may be shared and with whom, and under which key. No I/O.
 * @module
 */
import { clock } from './runtime.js'
import { encodeParams, encodeText, snapshot } from './key.js'
import { holdMoment } from './sql/functions.js'
import { tellsCallersApart } from './sql/settings.js'
import { bucketOf } from './now-bucket.js'
import { anyText, check, list } from './rules.js'
import { NO_OPTIONS } from './options.js'
import type { QueryOptions } from './options.js'
import { readQueryOptions } from './configure.js'
import { Ask, fingerprint } from './ask.js'
import type { Bypass, BypassReason, Call, Core, Loader } from './ask.js'
import type { Dependencies, StatementRecord } from './statement.js'
import type { SqlFacts } from './types.js'

/** What the text says; worked out once per text. */
export const recordOf = (core: Core, sql: string): StatementRecord =>
  core.cache.statements.record(core.statements, core.database, sql)

/** What changes something, or may: it runs once and invalidates. On a single connection COMMIT is what makes writes visible. */
export const isWrite = ({ database }: Core, facts: SqlFacts): boolean =>
  facts.kind === 'write' ||
  facts.kind === 'unknown' ||
  (facts.kind === 'session' && database.markSessionState !== undefined)

/** Parameters as they were at the call: its caller may change them while it waits. */
export interface Taken {
  readonly params: readonly unknown[]
  /** As keys have them; `undefined`: what the database makes of one of them is not known. */
  readonly written: string | undefined
}

/** @throws InvalidOptionError */
export function takeParams(given: readonly unknown[]): Taken {
  check('params', given, list)
  const params: unknown[] = []
  const written = encodeParams(given, params)
  if (written === undefined) return { params: snapshot(given), written }
  return { params, written: holdMoment(params) ? undefined : written }
}

/**
 * Plans a read.
 * @throws InvalidOptionError
 */
export function plan(
  core: Core,
  call: Call,
  record: StatementRecord,
  { params, written: encoded }: Taken,
  given: QueryOptions | undefined,
): Ask | Bypass {
  // The caller may change them while the query waits.
  const options = given === undefined || given === null ? NO_OPTIONS : readQueryOptions(given)
  const { cache, database } = core
  const asked = askedRecord(core, record, params, options)
  const { facts, key: sql } = asked
  const scope = scopeOf(core, call, options)
  const deps = cache.statements.dependencies(asked, database, options)
  noteIdentity(core, call, facts, deps.identity)
  const refused = refusal(core, call, facts, deps, options, scope)
  if (refused !== undefined || encoded === undefined)
    return bypass(refused ?? 'unsupported-parameter', record, deps, options)
  const reason = facts.stable ? undefined : facts.reason
  if (asked === record) return new Ask(core, deps, options, { sql, params, written: encoded, scope, reason })
  const { start, end } = bucketOf(clock(call.runtime), options.nowBucket as number)
  const written = encoded + encodeText(start)
  return new Ask(core, deps, options, { sql, params: [...params, start], written, scope, reason, until: end })
}

/** The statement that is asked when nothing speaks against caching it: with `nowBucket` one that is given the time. */
export const askedRecord = (
  core: Core,
  record: StatementRecord,
  params: readonly unknown[],
  { nowBucket }: QueryOptions = NO_OPTIONS,
): StatementRecord =>
  (nowBucket === undefined
    ? undefined
    : core.cache.statements.withoutClock(core.statements, core.database, record, params.length)) ?? record

/** Plans a `cached()` call: like a read whose text is its key. */
export function planLoader(core: Core, call: Call, key: string, options: QueryOptions, loader: Loader): Ask | Bypass {
  const scope = scopeOf(core, call, options)
  const record = loaderRecord(core)
  const named = { ...options, cacheKey: key }
  const deps = core.cache.statements.dependencies(record, core.database, named)
  noteIdentity(core, call, record.facts, deps.identity)
  const refused = refusal(core, call, record.facts, deps, options, scope)
  if (refused !== undefined) return { bypass: refused, display: key, tables: deps.tables, tags: deps.tags }
  return new Ask(core, deps, named, { sql: LOADER_TEXT, params: [], written: '', scope }, loader)
}

/** Whose rows these are. A value that is no text would be the same for everybody. @throws InvalidOptionError */
export function scopeOf(core: Core, call: Call, options: QueryOptions): string | undefined {
  const scope: unknown = options.scope ?? call.scope ?? core.database.scope ?? undefined
  if (scope !== undefined) check('scope', scope, anyText)
  return scope as string | undefined
}

/** Tells a `cached()` loader's own question that its value depends on who asks, or may where anything that is declared does. */
export function noteIdentity({ cache }: Core, call: Call, facts: SqlFacts, named?: string): void {
  if (!call.identity) return
  const opaque = facts.unknownFunction !== undefined || facts.writes === undefined
  if (facts.identity || named !== undefined || (opaque && tellsCallersApart(cache.config.sql)))
    call.identity.read = true
}

/** Stands for the statement of a loader; no SQL text can be equal to it. */
const LOADER_TEXT = '\0cached'

function loaderRecord(core: Core): StatementRecord {
  const found = core.statements.get(LOADER_TEXT)
  if (found) {
    found.visited = true
    return found
  }
  const like = recordOf(core, 'SELECT 1')
  // An id that no statement has: the loader's values and the rows of the statement with the same key are two things.
  const plain = { ...like.plain, key: `${like.plain.key}!`, shortcuts: undefined }
  const record = { ...like, key: LOADER_TEXT, plain }
  core.cache.statements.remember(core.statements, record)
  return record
}

/** Why the result of a read may not be shared; `undefined`: it may. */
export function refusal(
  core: Core,
  call: Call,
  facts: SqlFacts,
  deps: Dependencies,
  options: QueryOptions,
  scope: string | undefined,
): BypassReason | undefined {
  const { config } = core.cache
  if (options.skipCache || call.skipCaches) return 'skip-cache'
  if (!config.enabled) return 'disabled'
  if (core.database.inTransaction) return 'in-transaction'
  const ttlOnly = facts.reason === 'unknown-function' && config.sql.onUnknown === 'ttl-only'
  if (!facts.stable && !ttlOnly) return facts.reason ?? 'not-understood'
  if (deps.volatile !== undefined) return 'volatile-function'
  const someones = core.database.needsScope || facts.identity || deps.identity !== undefined
  // An unknown function may read whatever else depends on who asks. An empty scope says of nobody whose rows these are.
  if ((someones || (ttlOnly && tellsCallersApart(config.sql))) && !scope) return 'scope-required'
  return (options.ttl ?? config.defaultTtl) === 0 ? 'ttl' : undefined
}

function bypass(reason: BypassReason, record: StatementRecord, deps: Dependencies, options: QueryOptions): Bypass {
  const { tables, tags } = deps
  return { bypass: reason, display: options.cacheKey ?? fingerprint(record.key), tables, tags, options }
}
