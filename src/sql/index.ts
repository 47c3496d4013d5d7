/**
 * SQL text in, facts out. Fail closed: what is not understood may be anything, and is not cached.
 * @module
 */
import type { SqlFacts, SqlReason } from '../types.js'
import { NotUnderstood, Reader } from './reader.js'
import { readTogether, settingsOf, writtenTogether, type SqlOptions } from './settings.js'
import { statement } from './statement.js'
import { tokenize, type Token } from './tokens.js'

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
  const first = tokens.find(({ key }) => key !== '(' && key !== ';')?.key ?? ''
  const word = /^[a-z]/.test(first) ? first : ''
  if (tokens.every(({ key }) => key === ';' || key === '')) return { ...unknown('empty', ''), writes: [] }
  if (isSeveral(tokens)) return unknown('multiple-statements', word, word)
  const reader = new Reader(tokens, settingsOf(options))
  try {
    while (reader.take(';'));
    statement(reader)
    while (reader.take(';'));
    if (reader.key) reader.refuse()
  } catch (error) {
    if (error instanceof NotUnderstood) return unknown('not-understood', word, error.token)
    throw error
  }
  return facts(reader, word)
}

function isSeveral(tokens: readonly Token[]): boolean {
  const last = tokens.findLastIndex(({ key }) => key !== ';' && key !== '')
  const begun = tokens.findIndex(({ key }) => key !== ';')
  return tokens.findIndex(({ key }, index) => key === ';' && index > begun && index < last) >= 0
}

function facts(r: Reader, word: string): SqlFacts {
  const { tables, volatile, identity } = readTogether(r.tables, r.settings)
  if (volatile) r.volatile(volatile)
  const { unknownFunction } = r
  // The weakest reason comes last: what is cached in spite of it must have no other.
  if (unknownFunction) r.unstable('unknown-function', unknownFunction)
  const stable = r.kind === 'read' && r.reason === undefined
  const writes = r.kind === 'read' ? [] : writtenTogether(r.writes, r.settings)
  // RETURNING, and the number of rows, show of a written table what its reader may see.
  const identityToken = r.identityToken ?? identity ?? readTogether(writes ?? r.writes, r.settings).identity
  return {
    kind: r.kind,
    statement: word,
    stable,
    ...(stable ? {} : { reason: r.reason, token: r.decidedBy }),
    tables,
    writes: r.writesUnknown ? undefined : writes,
    volatileFunctions: [...r.volatileFunctions].sort(),
    identity: identityToken !== undefined,
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(r.effects ? { effects: r.effects } : {}),
    ...(unknownFunction === undefined ? {} : { unknownFunction }),
  }
}

function unknown(reason: SqlReason, statement: string, token?: string): SqlFacts {
  return {
    kind: 'unknown',
    statement,
    stable: false,
    reason,
    ...(token ? { token } : {}),
    tables: [],
    writes: undefined,
    volatileFunctions: [],
    identity: false,
  }
}
