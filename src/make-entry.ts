/**
 * A database answer -> an entry of isolate memory.
 * @module
 */
import type { Ask, Call, Core } from './ask.js'
import { own } from './key.js'
import { packResult, packValue } from './codec/payload.js'
import type { Payload, RowsPayload } from './codec/payload.js'
import type { L1Entry } from './l1.js'
import { isRedisCache } from './l2.js'
import type { Led } from './read.js'
import { resultReader } from './result.js'
import { chance } from './runtime.js'
import { entryBytes } from './weight.js'
import type { DatabaseResult } from './types.js'
import { lifetime } from './entry.js'
import type { Lifetime } from './entry.js'

/** The answer in the form that is kept; `undefined` when it cannot be serialised without losing something. */
export function packed(core: Core, ask: Ask, value: unknown): Payload | undefined {
  try {
    return ask.loader ? packValue(value) : packResult(value as DatabaseResult)
  } catch {
    core.cache.events.emit({ type: 'not-stored', reason: 'not-serialisable' })
    return undefined
  }
}

/** Nobody vouches for an entry without versions for longer than this; without Redis there is nobody else who writes. */
function provisionalUntil(core: Core, readAt: number): number {
  return isRedisCache(core.cache) ? readAt + core.cache.config.maxStalenessMs : Infinity
}

/** An entry for a result that was just read. */
export function makeEntry(
  core: Core,
  call: Call,
  led: Led,
  payload: Payload,
  value: unknown,
  readAt: number,
  order: number,
  versions: readonly string[] | undefined,
): L1Entry {
  const { defaultTtl, ttlJitter } = core.cache.config
  const jitter = ttlJitter * chance(call.runtime)
  const life = lifetime(readAt, led.ask.options, defaultTtl, isEmpty(led.ask, value), jitter, led.ask.until)
  return entryFrom(core, led, payload, life, versions, order)
}

/** An entry with the lifetime that it has already. `order`: this isolate's, when what it holds was asked for. */
export function entryFrom(
  core: Core,
  { ask, flight }: Led,
  payload: Payload,
  life: Lifetime,
  versions: readonly string[] | undefined,
  order = flight.order,
): L1Entry {
  const { key, display, deps, shortKey } = ask
  const shape = payload.kind === 'rows' ? core.cache.shapes.of(payload.fields) : undefined
  let size = entryBytes([key, display], deps.names.length, payload)
  if (shape) {
    ;(payload as RowsPayload).fields = shape.fields
    size += shape.uncounted
    shape.uncounted = 0
  }
  return {
    key,
    display: own(display),
    tables: deps.tables,
    names: deps.names,
    shortcuts: deps.shortcuts,
    // The end of the key, so that its characters are kept once.
    shortKey: typeof shortKey === 'string' ? key.slice(deps.key.length + 1) : shortKey,
    // A reply's texts are its own: equal ones become the one that is known.
    versions: versions?.map((version, i) => (version === deps.names[i]!.version ? deps.names[i]!.version : version)),
    order,
    provisionalUntil: provisionalUntil(core, life.readAt),
    reader: resultReader(payload, core.database, shape),
    size,
    hits: 0,
    visited: false,
    newer: undefined,
    older: undefined,
    readAt: life.readAt,
    freshUntil: life.freshUntil,
    staleUntil: life.staleUntil,
    errorUntil: life.errorUntil,
  }
}

/** An empty answer says "not there", which a write makes wrong more often than it changes a row. */
function isEmpty(ask: Ask, value: unknown): boolean {
  if (!ask.loader) return (value as DatabaseResult).rows.length === 0
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
