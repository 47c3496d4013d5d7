/**
 * The shortest way to a hit: a statement with one number, one text or no parameter, and no options, finds its entry by that parameter. It passes
 * the checks of every other read and makes nothing on its way: no key, no question. What is not plainly fresh takes the long way.
 * @module
 */
import type { Call, Core } from './ask.js'
import { freshness } from './entry.js'
import { touch, vouched } from './memory.js'
import type { Remembered } from './memory.js'
import { NO_OPTIONS } from './options.js'
import type { QueryOptions } from './options.js'
import { hasShortcut } from './key.js'
import { refusal } from './plan.js'
import { isHotAndNearItsEnd } from './refresh.js'
import type { StatementRecord } from './statement.js'

/** The entry that answers a call without options, when it is one that no other read would look at twice. */
export function shortcut(
  core: Core,
  call: Call,
  record: StatementRecord,
  params: readonly unknown[],
  options: QueryOptions | undefined,
  now: number,
): Remembered | undefined {
  for (const _ in options) return undefined
  if (!hasShortcut(params)) return undefined
  const { plain, facts } = record
  const entry = plain.shortcuts?.get(params[0] as string | number | undefined)
  if (!entry || call.identity || call.scope !== undefined || core.database.scope !== undefined) return undefined
  if (refusal(core, call, facts, plain, NO_OPTIONS, undefined) !== undefined) return undefined
  if (vouched(core, entry, now) !== 'valid' || freshness(entry, NO_OPTIONS, now) !== 'fresh') return undefined
  if (isHotAndNearItsEnd(core, entry, now) || (call.own && !call.own.allows(entry.names, entry.versions)))
    return undefined
  touch(core, call, entry, now)
  return { ok: true, outcome: 'l1', entry }
}
