/**
 * A single connection has a session: settings that decide which rows are seen, and transactions whose rows nobody else may see yet.
 * Pools and Neon over HTTP have none that lasts, and nothing here concerns them.
 * @module
 */
import type { Core } from './ask.js'
import type { SqlFacts } from './types.js'

const BEGINS = new Set(['begin', 'start'])
const ENDS = new Set(['commit', 'end', 'rollback', 'abort', 'prepare'])
const STAYS_OPEN = /^\s*rollback\s+(work\s+|transaction\s+)?to\b|\band\s+chain\b/i

/** Called before a statement is sent: anything but a plain read or write may change what the session's reads see. */
export function noteSession({ database }: Core, sql: string, facts: SqlFacts): void {
  if (!database.markSessionState) return
  const plain = !facts.effects && (facts.kind === 'read' || (facts.kind === 'write' && facts.writes !== undefined))
  if (plain) return
  database.markSessionState()
  if (facts.kind === 'session' && BEGINS.has(facts.statement)) database.inTransaction = true
  // Of several statements in one text the last one counts; none that closes means that it may be open.
  if (facts.kind === 'unknown' && /\b(begin|start\s+transaction)\b/i.test(sql))
    database.inTransaction = !/\b(commit|end|rollback|abort)\b[^;]*;?\s*$/i.test(sql)
}

/** Called when a statement has ended, well or not. */
export function endSession({ database }: Core, sql: string, facts: SqlFacts): void {
  if (!database.markSessionState || facts.kind !== 'session') return
  if (ENDS.has(facts.statement) && !STAYS_OPEN.test(sql)) database.inTransaction = false
}

/** True for a statement that makes visible what a single connection's transaction has written, whatever that was. */
export function commits({ database }: Core, facts: SqlFacts): boolean {
  return (
    database.markSessionState !== undefined &&
    facts.kind === 'session' &&
    /^(commit|end|prepare)$/.test(facts.statement)
  )
}
