/**
 * SQL text in, facts out. Fail closed: what is not understood may be anything, and is not cached.
 * @module
 */
import type { SqlFacts, SqlReason } from '../types.js'
import { statement } from './statement.js'
import { NotUnderstood, readAll, unstable, volatile, type Found } from './reader.js'
import { tokenize } from './tokens.js'
import { readTogether, settingsOf, writtenTogether, type Settings, type SqlOptions } from './settings.js'

export { canonicalTable } from './names.js'
export { readTogether, settingsOf, writtenTogether } from './settings.js'
export type { SqlOptions } from './settings.js'

const DEFAULTS: SqlOptions = {}

/**
 * What the text of a statement says: kind, tables read and written, and whether its result may be cached. Pure, linear in the text's length,
 * never throws for any text. Reads strings as a server does with `standard_conforming_strings` on, the default since PostgreSQL 9.1.
 */
export function readSql(text: string, options: SqlOptions = DEFAULTS): SqlFacts {
  const tokens = tokenize(text)
  if (!tokens) return unknown('not-understood', '')
  let begun = false
  let ended = false
  let several = false
  let first: string | undefined
  for (const { key } of tokens) {
    if (key === ';') ended = begun
    else if (key) {
      several ||= ended
      begun = true
      if (key !== '(') first ??= key
    }
  }
  const word = first && /^[a-z]/.test(first) ? first : ''
  if (!begun) return { ...unknown('empty', ''), writes: [] }
  if (several) return unknown('multiple-statements', word, word)
  const settings = settingsOf(options)
  try {
    return facts(readAll(tokens, settings, statement), settings, word)
  } catch (error) {
    if (error instanceof NotUnderstood) return unknown('not-understood', word, error.token)
    throw error
  }
}

function facts(found: Found, settings: Settings, word: string): SqlFacts {
  const { kind, unknownFunction } = found
  const { tables, volatile: changing, identity } = readTogether(found.tables, settings)
  if (changing) volatile(changing)
  // The weakest reason comes last: what is cached in spite of it must have no other.
  if (unknownFunction) unstable('unknown-function', unknownFunction)
  const { reason, token } = found
  const stable = kind === 'read' && !reason
  const writes = kind === 'read' ? [] : writtenTogether(found.writes, settings)
  // RETURNING, and the number of rows, show of a written table what its reader may see.
  const identityToken = found.identityToken ?? identity ?? readTogether(writes ?? found.writes, settings).identity
  const effects = found.effects ?? (found.session ? 'session' : undefined)
  return {
    kind,
    statement: word,
    stable,
    reason: stable ? undefined : reason,
    token: stable ? undefined : token,
    tables,
    writes: found.writesUnknown ? undefined : writes,
    volatileFunctions: [...found.volatileFunctions].sort(),
    identity: identityToken !== undefined,
    identityToken,
    effects,
    unknownFunction,
  }
}

function unknown(reason: SqlReason, statement: string, token?: string): SqlFacts {
  return {
    kind: 'unknown',
    statement,
    stable: false,
    reason,
    token: token || undefined,
    tables: [],
    writes: undefined,
    volatileFunctions: [],
    identity: false,
  }
}
