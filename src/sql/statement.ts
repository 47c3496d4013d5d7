/**
 * The kind of a statement, by its first word.
 * @module
 */
import { SCHEMA_NAME } from './catalog.js'
import { parentheses, skipParentheses } from './expression.js'
import { DML, QUERY_STARTS } from './keywords.js'
import { queries, query, relation } from './query.js'
import type { Reader } from './reader.js'

const SESSION =
  /^(set|reset|show|listen|unlisten|notify|begin|start|commit|end|rollback|abort|savepoint|release|discard|deallocate|fetch|move|close|checkpoint|load|lock)$/
/** Change what the server says of its schema; some move rows. */
const UPKEEP = /^(vacuum|analy[sz]e|cluster|reindex|comment|security)$/
/** DDL, and commands that run code which the text does not show. */
const OPAQUE = /^(create|alter|drop|grant|revoke|import|reassign|do|call|execute)$/

/** Reads one statement to its end. */
export function statement(r: Reader): void {
  const word = r.key
  if (QUERY_STARTS.has(word) || DML.has(word) || word === '(') query(r)
  else if (word === 'explain') explain(r)
  else if (word === 'prepare') prepare(r)
  else if (word === 'declare') declare(r)
  else if (word === 'truncate') truncate(r)
  else if (word === 'copy') copy(r)
  else if (word === 'refresh') refresh(r)
  else if (word === 'call') call(r)
  else if (/^(create|alter|drop)$/.test(word)) definition(r)
  // What a transaction has written that any session may have prepared.
  else if (word === 'commit' && r.near(1) === 'prepared') opaque(r, 'write')
  else if (SESSION.test(word)) session(r)
  else if (UPKEEP.test(word)) upkeep(r)
  else if (OPAQUE.test(word)) opaque(r, /^(do|execute)$/.test(word) ? 'write' : 'ddl')
  else r.refuse()
}

function skipAll(r: Reader): void {
  while (r.key && r.key !== ';') r.next()
}

function session(r: Reader): void {
  if (r.kind === 'read') r.kind = 'session'
  r.unstable('session-statement', r.key)
  skipAll(r)
}

function opaque(r: Reader, reason: 'write' | 'ddl'): void {
  r.writesUnknown = true
  r.write(reason, r.key)
  skipAll(r)
}

/** The plan depends on more than the tables; with ANALYZE the statement runs. */
function explain(r: Reader): void {
  r.descend()
  r.next()
  let runs = false
  const options = r.key === '(' && /^[a-z]/.test(r.near(1)) && !QUERY_STARTS.has(r.near(1))
  while (options ? !r.take(')') : /^(analy[sz]e|verbose)$/.test(r.key)) {
    if (!r.key) r.refuse()
    if (/^analy[sz]e$/.test(r.next().key)) runs = true
  }
  statement(r)
  r.unstable('session-statement', 'explain')
  if (runs) return
  r.kind = 'read'
  r.reason = 'session-statement'
  r.decidedBy = 'explain'
  r.writes.clear()
  r.writesUnknown = false
  r.unknownFunction = undefined
  r.effects = undefined
}

/** Runs nothing yet; what it names is what EXECUTE will touch. */
function prepare(r: Reader): void {
  if (r.near(1) === 'transaction') return session(r)
  r.descend()
  r.next()
  r.name()
  if (r.key === '(') skipParentheses(r)
  r.expect('as')
  statement(r)
  r.unstable('session-statement', 'prepare')
  if (r.kind === 'read') r.kind = 'session'
}

/** Runs the query piece by piece, with FETCH. */
function declare(r: Reader): void {
  r.next()
  r.name()
  while (r.key !== 'for') r.next()
  r.next()
  query(r)
  r.unstable('session-statement', 'declare')
  if (r.kind === 'read') r.kind = 'session'
}

function upkeep(r: Reader): void {
  const word = r.key
  r.write('ddl', word)
  // Rows move, and with them their `ctid`.
  if (word === 'cluster') r.writesUnknown = true
  while (r.key && r.key !== ';') if (r.next().key === 'full' && word === 'vacuum') r.writesUnknown = true
}

function truncate(r: Reader): void {
  r.next()
  r.take('table')
  do r.write('write', 'truncate', relation(r))
  while (r.take(','))
  cascade(r)
}

/** CASCADE empties whatever refers to the table, whether or not rows of it would be deleted with it. */
function cascade(r: Reader): void {
  while (r.key && r.key !== ';') if (r.next().key === 'cascade') r.writesUnknown = true
}

function copy(r: Reader): void {
  const { key } = r.next()
  if (r.key === '(') {
    r.open()
    query(r)
    r.close()
  } else {
    const parts = relation(r)
    if (r.key === '(') parentheses(r, queries, 'arguments')
    if (r.key === 'from') r.write('write', key, parts)
    else r.read(parts)
  }
  r.unstable('session-statement', key)
  skipAll(r)
}

function refresh(r: Reader): void {
  const { key } = r.next()
  r.expect('materialized')
  r.expect('view')
  r.take('concurrently')
  r.write('write', key, r.qualified())
  // Whether it holds rows is written in the schema.
  r.writes.add(SCHEMA_NAME)
  skipAll(r)
}

function call(r: Reader): void {
  const { key } = r.next()
  const parts = r.qualified()
  r.write('write', key)
  const before = r.writes.size
  r.call(parts, 1 + parentheses(r, queries, 'arguments'))
  if (r.writes.size === before) r.writesUnknown = true
}

/** The relation that is created, altered or dropped, when it is simple to know: not what a rename or a cascade reaches. */
function definition(r: Reader): void {
  const { key } = r.next()
  r.write('ddl', key)
  r.writesUnknown = true
  while (/^(or|replace|global|local|temporary|temp|unlogged|materialized|recursive|foreign)$/.test(r.key))
    if (r.next().key.startsWith('temp')) r.mayDo('session')
  if (!r.take('table') && !r.take('view')) return skipAll(r)
  if (r.take('if')) {
    r.take('not')
    r.expect('exists')
  }
  r.writesUnknown = false
  r.write('ddl', key, relation(r))
  if (key === 'drop') while (r.take(',')) r.write('ddl', key, relation(r))
  if (key === 'create') return columnsAndQuery(r)
  while (r.key && r.key !== ';')
    if (/^(rename|attach|detach|schema|inherit|cascade)$/.test(r.next().key)) r.writesUnknown = true
}

/** `CREATE TABLE t (...) AS SELECT ...`: reads tables. Column definitions and options before it do not matter. */
function columnsAndQuery(r: Reader): void {
  let depth = 0
  while (r.key && r.key !== ';') {
    const key = r.next().key
    if (key === '(') depth++
    if (key === ')') depth--
    // The parent has other rows from then on.
    if (depth === 0 && key === 'partition' && r.key === 'of') r.writesUnknown = true
    if (depth === 0 && key === 'as' && (QUERY_STARTS.has(r.key) || r.key === '(')) {
      query(r)
      return skipAll(r)
    }
  }
}
