/**
 * The kind of a statement, by its first word.
 * @module
 */
import { parentheses, passAdjectives, query, relation } from './query.js'
import { isModification, oneOf, startsSelect } from './keywords.js'
import {
  call,
  close,
  descend,
  expect,
  found,
  is,
  key,
  name,
  near,
  next,
  nextText,
  open,
  qualified,
  read,
  refuse,
  take,
  unstable,
  write,
} from './reader.js'
import { skipParentheses } from './expression.js'
import { SCHEMA_NAME } from './catalog.js'

const isSession = oneOf(
  'set reset show listen unlisten notify begin start commit end rollback abort savepoint release discard deallocate fetch move close checkpoint ' +
    'load lock',
)
/** Change what the server says of its schema; some move rows. */
const isUpkeep = oneOf('vacuum analyze analyse cluster reindex comment security')
/** DDL, and commands that run code which the text does not show. */
const isOpaque = oneOf('grant revoke import reassign do execute')

/** Reads one statement to its end. */
export function statement(): void {
  const word = key
  if (startsSelect(word) || isModification(word) || word === '(') return query()
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : kindOf(word)
  if (!command) refuse()
  next()
  command(word)
}

type Command = (word: string) => void

const COMMANDS: Readonly<Record<string, Command>> = {
  explain,
  prepare,
  declare,
  truncate,
  copy,
  refresh,
  call: procedure,
  create: definition,
  alter: definition,
  drop: definition,
}

function kindOf(word: string): Command | undefined {
  if (isSession(word)) return session
  if (isUpkeep(word)) return upkeep
  return isOpaque(word) ? opaque : undefined
}

const isOver = (): boolean => !key || is(';')

/** Passes all that is left. `tells`: the words that say that more changes than the text names. */
function skipAll(tells?: (word: string) => boolean): void {
  while (!isOver()) {
    const word = next()
    if (tells?.(word)) found.writesUnknown = true
  }
}

function ofSession(word: string): void {
  unstable('session-statement', word)
  if (found.kind === 'read') found.kind = 'session'
}

function session(word: string): void {
  // What a transaction has written that any session may have prepared.
  if (word === 'commit' && is('prepared')) return opaque(word)
  ofSession(word)
  skipAll()
}

function opaque(word: string): void {
  found.writesUnknown = true
  write(/^(do|execute|commit)$/.test(word) ? 'write' : 'ddl', word)
  skipAll()
}

const isExplainWord = oneOf('analyze analyse verbose')
/** The plan depends on more than the tables; with ANALYZE the statement runs. */
function explain(): void {
  descend()
  let runs = false
  const options = is('(') && /^[a-z]/.test(near(1)) && !startsSelect(near(1))
  while (options ? !take(')') : isExplainWord(key)) if (/^analy[sz]e$/.test(nextText())) runs = true
  statement()
  unstable('session-statement', 'explain')
  if (!runs)
    Object.assign(found, {
      kind: 'read',
      reason: 'session-statement',
      token: 'explain',
      writes: new Set(),
      writesUnknown: false,
      unknownFunction: undefined,
      effects: undefined,
      session: false,
    })
}

/** Runs nothing yet; what it names is what EXECUTE will touch. */
function prepare(word: string): void {
  if (is('transaction')) return session(word)
  descend()
  name()
  if (is('(')) skipParentheses()
  expect('as')
  statement()
  ofSession(word)
}

/** Runs the query piece by piece, with FETCH. */
function declare(word: string): void {
  name()
  while (!take('for')) next()
  query()
  ofSession(word)
}

function upkeep(word: string): void {
  write('ddl', word)
  // Rows move, and with them their `ctid`.
  if (word === 'cluster') found.writesUnknown = true
  skipAll((option) => option === 'full' && word === 'vacuum')
}

/** CASCADE empties whatever refers to the table, whether or not rows of it would be deleted with it. */
function truncate(word: string): void {
  take('table')
  do write('write', word, relation())
  while (take(','))
  skipAll((option) => option === 'cascade')
}

function copy(word: string): void {
  if (is('(')) {
    open()
    query()
    close()
  } else {
    const table = relation()
    if (is('(')) parentheses()
    if (is('from')) write('write', word, table)
    else read(table)
  }
  unstable('session-statement', word)
  skipAll()
}

function refresh(word: string): void {
  expect('materialized')
  expect('view')
  take('concurrently')
  write('write', word, qualified())
  // Whether it holds rows is written in the schema.
  found.writes.add(SCHEMA_NAME)
  skipAll()
}

function procedure(word: string): void {
  const parts = qualified()
  write('write', word)
  const before = found.writes.size
  call(parts, 1 + parentheses())
  if (found.writes.size === before) found.writesUnknown = true
}

const isAdjective = oneOf('or replace global local temporary temp unlogged materialized recursive foreign')
const reachesFurther = oneOf('rename attach detach schema inherit cascade')

/** The relation that is created, altered or dropped, when it is simple to know: not what a rename or a cascade reaches. */
function definition(word: string): void {
  write('ddl', word)
  passAdjectives(() => isAdjective(key))
  if (!take('table') && !take('view')) {
    found.writesUnknown = true
    return skipAll()
  }
  if (take('if')) {
    take('not')
    expect('exists')
  }
  write('ddl', word, relation())
  if (word === 'drop') while (take(',')) write('ddl', word, relation())
  if (word === 'create') columnsAndQuery()
  skipAll(word === 'create' ? undefined : reachesFurther)
}

/** `CREATE TABLE t (...) AS SELECT ...`: reads tables. Column definitions and options before it do not matter. */
function columnsAndQuery(): void {
  let depth = 0
  while (!isOver()) {
    const word = next()
    if (word === '(') depth++
    if (word === ')') depth--
    // The parent has other rows from then on; and a prepared statement may write in its WITH list.
    if (depth === 0 && ((word === 'partition' && is('of')) || (word === 'as' && is('execute'))))
      found.writesUnknown = true
    if (depth === 0 && word === 'as' && (startsSelect(key) || is('('))) return query()
  }
}
