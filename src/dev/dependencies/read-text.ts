/**
 * What one SQL text of the catalogs reads, writes and calls, by the same reader that reads queries.
 * @module
 */
import { effectsOf, verdict } from '../../sql/functions.js'
import { NotUnderstood, readAll } from '../../sql/reader.js'
import type { Found } from '../../sql/reader.js'
import { settingsOf } from '../../sql/settings.js'
import { statement } from '../../sql/statement.js'
import { tokenize } from '../../sql/tokens.js'
import type { Token } from '../../sql/tokens.js'

/** A name as it was written: without a schema it is found by a search path. */
export type Name = readonly string[]

export interface TextFacts {
  reads: Name[]
  writes: Name[]
  calls: Name[]
  /** Why the result is not the same each time, or depends on who asks. */
  volatile: string[]
  identity: string[]
  /** What may change the session, besides what is called. */
  session: string[]
  /** What was not understood, or changes what the text does not tell. */
  unknown: string[]
}

export const noFacts = (): TextFacts => ({
  reads: [],
  writes: [],
  calls: [],
  volatile: [],
  identity: [],
  session: [],
  unknown: [],
})

/** Stands for the schema of a name that has none; no schema can have this name. */
const NONE = '\0'
const SETTINGS = settingsOf({ defaultSchema: NONE })

/** Session statements that leave it as it is. */
const HARMLESS = /^(show|lock|notify|checkpoint)$/

/** Adds to `facts` what a text says, of one statement or several. */
export function readText(text: string, facts: TextFacts): void {
  const tokens = tokenize(text)
  if (!tokens) return void facts.unknown.push('text that is not understood')
  for (const part of statements(tokens)) readStatement(part, facts)
}

/** An expression, as `DEFAULT`, a policy or PL/pgSQL has it. */
export const readExpression = (text: string, facts: TextFacts): void => readText(`SELECT ${text}`, facts)

function statements(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]]
  for (const token of tokens) {
    if (token.key === ';') parts.push([])
    else if (token.key !== '') parts.at(-1)!.push(token)
  }
  return parts.filter((part) => part.length > 0)
}

function readStatement(tokens: Token[], facts: TextFacts): void {
  const end = tokens.at(-1)!.end
  // A procedure's body is read like a function's.
  if (tokens[0]!.key === 'call') tokens[0] = { ...tokens[0]!, key: 'select', text: 'select' }
  let found: Found
  try {
    found = readAll([...tokens, { key: '', text: '', start: end, end }], SETTINGS, statement)
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error
    return void facts.unknown.push(
      error.token ? `text that is not understood at ${error.token}` : 'text that is not understood',
    )
  }
  facts.reads.push(...[...found.tables].map(split))
  facts.writes.push(...[...found.writes].map(split))
  facts.calls.push(...found.calls.filter(mattersToAll))
  facts.volatile.push(...found.volatileFunctions)
  if (found.reason === 'tablesample' || found.reason === 'locking') facts.volatile.push(found.token!)
  if (found.kind === 'session') facts.volatile.push(tokens[0]!.key)
  if (found.kind === 'session' && !HARMLESS.test(tokens[0]!.key)) facts.session.push(tokens[0]!.key)
  if (found.session) facts.session.push('a temporary table or pg_settings')
  if (found.identityToken !== undefined) facts.identity.push(found.identityToken)
  if (found.writesUnknown) facts.unknown.push(`a command that may change anything (${tokens[0]!.key})`)
}

/** Of the server's own functions only those that do something are followed. */
function mattersToAll(parts: Name): boolean {
  const name = parts.at(-1) as string
  return parts.length === 1 || effectsOf(verdict(parts.at(-2), name, 1), name) !== undefined
}

/** A canonical name in its parts. */
function split(canonical: string): Name {
  const parts = [...canonical.matchAll(/"((?:[^"]|"")*)"|[^".]+/g)].map(
    ([part, quoted]) => quoted?.replaceAll('""', '"') ?? part,
  )
  return parts[0] === NONE ? parts.slice(1) : parts
}
