/**
 * Queries and the statements that may stand in a `WITH` list: their clauses and the tables in them.
 * @module
 */
import type { Place } from './construct.js'
import {
  expression,
  isJoin,
  isJoinWord,
  readParenthesesWith,
  reference,
  skipParentheses,
  startsQuery,
} from './expression.js'
import { closeRecursive, define, enter, leave, openRecursive } from './scope.js'
import {
  close,
  expect,
  found,
  is,
  key,
  lastPart,
  name,
  near,
  next,
  open,
  qualified,
  read,
  readTable,
  refuse,
  take,
  takeBoth,
  unstable,
  write,
} from './reader.js'
import { asksWho, isClock, isModification, isName, isNoAlias, isSetOperation, oneOf, startsSelect } from './keywords.js'

/** A query or a data-modifying statement, with its `WITH` list. Stops before a token that cannot belong to it. */
export function query(): void {
  const mark = enter()
  if (take('with')) withList()
  if (isModification(key)) modification()
  else {
    operand()
    setOperations()
  }
  leave(mark)
}

/** What may follow the first operand: its ordering, its limit, and further operands. */
function setOperations(): void {
  for (;;) {
    expression('query')
    if (!isSetOperation(key)) return
    next()
    if (!take('all')) take('distinct')
    operand()
  }
}

function operand(): void {
  if (take('select')) select()
  else if (take('table')) read(relation())
  else if (is('(')) parentheses()
  else expect('values')
}

/** `( ... )`: a query, or what the place holds, which may turn out to be the first operand of one. */
export function parentheses(place: Place | 'tables' = 'arguments'): number {
  open()
  let commas = 0
  if (startsQuery()) {
    query()
    // `JSON_ARRAY(SELECT ... RETURNING jsonb)`
    if (take('returning')) expression(place as Place)
  } else {
    commas = place === 'tables' ? fromList() : expression(place)
    // `((SELECT ...) UNION ...)`
    if (near(-1) === ')') setOperations()
  }
  close()
  return commas
}

readParenthesesWith(parentheses)

/** Passes words about a new table. A temporary one is the session's. */
export function passAdjectives(isAdjective: () => boolean): void {
  while (isAdjective()) if (next().startsWith('temp')) found.session = true
}

const tellsOfTarget = oneOf('temporary temp unlogged local global table')

function select(): void {
  if (take('distinct') && take('on')) parentheses()
  expression('query')
  if (take('into')) {
    passAdjectives(() => tellsOfTarget(key) && isName(near(1)) && near(1) !== 'from')
    write('select-into', 'into', qualified())
    expression('query')
  }
  if (take('from')) fromList()
}

function withList(): void {
  const mark = enter()
  const recursive = take('recursive')
  if (recursive) openRecursive()
  do {
    const cte = name()
    if (recursive) define(cte)
    if (is('(')) skipParentheses()
    expect('as')
    take('not')
    take('materialized')
    open()
    if (isModification(key)) write('data-modifying-cte', key)
    query()
    close()
    // `SEARCH DEPTH FIRST BY a, b SET c` and `CYCLE a SET b TO 1 DEFAULT 0 USING c`
    if (take('search')) columnsUpTo('set')
    if (take('cycle')) columnsUpTo('using')
    if (!recursive) define(cte)
  } while (take(','))
  if (recursive) for (const table of closeRecursive(mark)) readTable([table])
}

function columnsUpTo(last: string): void {
  while (!take(last)) if (/^[()]$/.test(next())) refuse()
  name()
}

/** `[ONLY] name [*]`, with parentheses after ONLY if need be. */
export function relation(): string[] {
  const parenthesised = take('only') && take('(')
  if (isNoAlias(key)) refuse()
  const parts = qualified()
  if (parenthesised) expect(')')
  else take('*')
  return parts
}

/** The items after FROM or USING, up to the clause behind them. `single`: a comma ends it. */
function fromList(single = false): number {
  /** Joins whose condition has not come yet: without one, ON belongs to ON CONFLICT. */
  let open = 0
  fromItem()
  for (;;) {
    if (isJoin()) {
      open += joinWords()
      fromItem()
    } else if (open && take('on')) {
      open--
      if (is('join')) refuse()
      expression('join')
    } else if (open && take('using')) {
      open--
      skipParentheses()
      if (take('as')) name()
    } else if (!single && take(',')) fromItem()
    else return 0
  }
}

/** Passes the words of a join. Returns how many conditions follow. */
function joinWords(): number {
  let conditions = 1
  while (!take('join')) {
    if (!isJoinWord(key)) refuse()
    if (/^(natural|cross)$/.test(next())) conditions = 0
  }
  return conditions
}

function fromItem(): void {
  take('lateral')
  if (is('(')) parentheses('tables')
  else if (takeBoth('rows', 'from')) parentheses()
  else if (isCall()) reference()
  else read(relation())
  takeBoth('with', 'ordinality')
  alias()
  if (is('tablesample')) {
    unstable('tablesample', next())
    // The sampling method is no function of the query.
    qualified()
    parentheses()
    if (take('repeatable')) parentheses()
  }
}

/** Is a call here, or a keyword that is one? */
function isCall(): boolean {
  const last = lastPart(0)
  return (last === 0 && (isClock(key) || asksWho(key))) || (near(last + 1) === '(' && !is('only'))
}

/** `[AS] name [(columns)]` or `AS (definitions)`. `except`: a word that is no name here. */
function alias(except = ''): void {
  if (take('as')) {
    if (!is('(')) name()
  } else if (isName(key) && !isNoAlias(key) && !is(except)) next()
  else return
  if (is('(')) skipParentheses()
}

/** INSERT, UPDATE, DELETE or MERGE behind its `WITH` list. */
function modification(): void {
  const word = next()
  if (word === 'delete') expect('from')
  else if (word !== 'update') expect('into')
  write('write', word, relation())
  if (word === 'insert') insert()
  else {
    alias(word === 'update' ? 'set' : '')
    if (word === 'update') {
      expect('set')
      expression('query')
      if (take('from')) fromList()
    } else if (word === 'merge') {
      expect('using')
      fromList(true)
    } else if (take('using')) fromList()
    expression(word === 'merge' ? 'merge' : 'query')
  }
  // ON CONFLICT and RETURNING. A WITH list in front of the SELECT of an INSERT is that SELECT's alone.
  while (take('on') || take('returning')) expression('query')
}

function insert(): void {
  if (take('as')) name()
  if (is('(') && near(1) !== '(' && !startsSelect(near(1))) skipParentheses()
  if (take('overriding')) {
    name()
    expect('value')
  }
  if (is('(') || startsSelect(key)) query()
  else expression('query')
}
