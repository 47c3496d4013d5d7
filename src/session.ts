/**
 * A single connection has a session: settings that decide which rows are seen, and transactions whose rows nobody else may see yet.
 * Pools and Neon over HTTP have none that lasts, and nothing here concerns them.
 * @module
 */
import type { Core } from './ask.js'
import { recordOf } from './plan.js'
import { tokenize } from './sql/tokens.js'
import type { SqlFacts, Statement } from './types.js'

/** Called before a statement is sent: anything but a plain read or write may change what the session's reads see. */
export function noteSession({ database }: Core, sql: string, facts: SqlFacts): void {
  if (!database.markSessionState) return
  const plain = !facts.effects && (facts.kind === 'read' || (facts.kind === 'write' && facts.writes !== undefined))
  if (plain) return
  database.markSessionState()
  if (stepsOf(sql, facts).includes('opens')) database.inTransaction = true
}

/**
 * Called when statements have ended. `outcome`: `failed` when the database has said so of them, `unknown` when nobody has.
 * In doubt the transaction is open: then nothing is cached.
 */
export function endSession(core: Core, statements: readonly Statement[], outcome: 'done' | 'failed' | 'unknown'): void {
  const { database } = core
  if (!database.markSessionState) return
  const steps = statements.flatMap(({ sql }) => stepsOf(sql, recordOf(core, sql).facts))
  const last = steps.findLast((step) => step !== 'neither')
  // A COMMIT that fails ends its transaction. Of several statements it is not known which ones have run.
  const ended =
    last === 'ends' && (outcome === 'done' || (outcome === 'failed' && statements.length === 1 && steps.length === 1))
  if (ended) database.inTransaction = false
  // A COMMIT that was sent before this BEGIN may have ended after it was noted.
  else if (steps.includes('opens')) database.inTransaction = true
}

/** True for a statement that makes visible what a single connection's transaction has written, whatever that was. */
export function commits({ database }: Core, facts: SqlFacts): boolean {
  return (
    database.markSessionState !== undefined &&
    facts.kind === 'session' &&
    /^(commit|end|prepare)$/.test(facts.statement)
  )
}

type Step = 'opens' | 'ends' | 'neither'

/** One understood read or write begins and ends nothing, however long it is. */
const stepsOf = (sql: string, { kind }: SqlFacts): Step[] =>
  kind === 'session' || kind === 'unknown' ? transactionSteps(sql) : []

const OPENS = /^(begin|start)\b/
const ENDS = /^((commit|end|rollback|abort)( work| transaction)?( and no chain)?|prepare transaction ')$/
/** More tokens than a statement that ends a transaction has. */
const LONGEST_END = 6

/** What each statement of a text does to the session's transaction. ROLLBACK TO, AND CHAIN and COMMIT PREPARED leave one open. */
function transactionSteps(sql: string): Step[] {
  const tokens = tokenize(sql)
  // Where the statements of a text begin is not known, it may open a transaction and is not believed to end one.
  if (!tokens) return /\b(begin|start)\b/i.test(sql) ? ['opens'] : []
  const steps: Step[] = []
  let start = 0
  /** In the body of a function, whose END is no COMMIT. */
  let body = false
  for (const [i, { key }] of tokens.entries()) {
    if (key === 'atomic' && tokens[i - 1]?.key === 'begin') body = tokens[i + 1]?.key !== 'end'
    if (key !== ';' && key !== '') continue
    const statement = tokens.slice(start, Math.min(i, start + LONGEST_END)).map((token) => token.key)
    if (statement.length > 0) {
      const step = stepOf(statement.join(' '))
      steps.push(body && step === 'ends' ? 'neither' : step)
      if (step === 'ends') body = false
    }
    start = i + 1
  }
  return steps
}

const stepOf = (statement: string): Step =>
  OPENS.test(statement) ? 'opens' : ENDS.test(statement) ? 'ends' : 'neither'
