/**
 * Queries and the statements that may stand in a `WITH` list: their clauses and the tables in them.
 * @module
 */
import { callOf, expression, isJoin, parentheses, skipParentheses, startsQuery, type Queries } from './expression.js'
import {
  CLOCK_WORDS,
  CONSTRUCTS,
  DML,
  IDENTITY_WORDS,
  NOT_ALIAS,
  QUERY_STARTS,
  RESERVED,
  SET_OPERATIONS,
} from './keywords.js'
import type { Reader } from './reader.js'

export const queries: Queries = { query, setOperations }

/** A query or a data-modifying statement, with its `WITH` list. Stops before a token that cannot belong to it. */
export function query(r: Reader): void {
  const mark = r.scope.enter()
  if (r.take('with')) withList(r)
  if (DML.has(r.key)) modification(r)
  else {
    operand(r)
    setOperations(r)
  }
  r.scope.leave(mark)
}

/** What may follow the first operand: its ordering, its limit, and further operands. */
function setOperations(r: Reader): void {
  for (;;) {
    expression(r, queries, 'query')
    if (!SET_OPERATIONS.has(r.key)) return
    r.next()
    if (r.key === 'all' || r.key === 'distinct') r.next()
    operand(r)
  }
}

function operand(r: Reader): void {
  if (r.take('select')) return select(r)
  if (r.take('table')) return r.read(relation(r))
  if (r.key === '(') return void parentheses(r, queries, 'arguments')
  r.expect('values')
}

function select(r: Reader): void {
  if (r.take('distinct') && r.take('on')) parentheses(r, queries, 'arguments')
  expression(r, queries, 'query')
  if (r.key === 'into') {
    r.next()
    while (
      /^(temporary|temp|unlogged|local|global|table)$/.test(r.key) &&
      /^[\w\u0080-\uffff]|^"$/.test(r.near(1)) &&
      r.near(1) !== 'from'
    )
      if (r.next().key.startsWith('temp')) r.mayDo('session')
    r.write('select-into', 'into', r.qualified())
    expression(r, queries, 'query')
  }
  if (r.take('from')) fromList(r)
}

function withList(r: Reader): void {
  const recursive = r.take('recursive')
  const names: string[] = []
  if (recursive) r.scope.openRecursive()
  do {
    const name = r.name()
    if (recursive) define(r, name, names)
    if (r.key === '(') skipParentheses(r)
    r.expect('as')
    r.take('not')
    r.take('materialized')
    r.open()
    if (DML.has(r.key)) r.write('data-modifying-cte', r.key)
    if (DML.has(r.key) || startsQuery(r)) query(r)
    else {
      // `((SELECT ...) UNION ...)`
      operand(r)
      setOperations(r)
    }
    r.close()
    searchOrCycle(r)
    if (!recursive) define(r, name, names)
  } while (r.take(','))
  if (recursive) for (const name of r.scope.closeRecursive(names)) r.readTable([name])
}

function define(r: Reader, name: string, names: string[]): void {
  names.push(name)
  r.scope.define(name)
}

/** `SEARCH DEPTH FIRST BY a, b SET c` and `CYCLE a SET b TO 1 DEFAULT 0 USING c`: column names only. */
function searchOrCycle(r: Reader): void {
  for (const [first, last] of [
    ['search', 'set'],
    ['cycle', 'using'],
  ] as const) {
    if (!r.take(first)) continue
    while (r.key !== last) if (!r.next().key || r.key === '(' || r.key === ')') r.refuse()
    r.next()
    r.name()
  }
}

/** `[ONLY] name [*]`, with parentheses after ONLY if need be. */
export function relation(r: Reader): string[] {
  const parenthesised = r.take('only') && r.take('(')
  if (RESERVED.has(r.key) || NOT_ALIAS.has(r.key)) r.refuse()
  const parts = r.qualified()
  if (parenthesised) r.expect(')')
  else r.take('*')
  return parts
}

/** The items after FROM or USING, up to the clause behind them. `single`: a comma ends it. */
export function fromList(r: Reader, single = false): void {
  /** Joins whose condition has not come yet: without one, ON belongs to ON CONFLICT. */
  let open = 0
  fromItem(r)
  for (;;) {
    if (!single && r.take(',')) fromItem(r)
    else if (isJoin(r)) {
      let condition = 1
      while (!r.take('join')) {
        if (!/^(natural|cross|inner|left|right|full|outer)$/.test(r.key)) r.refuse()
        if (/^(natural|cross)$/.test(r.next().key)) condition = 0
      }
      open += condition
      fromItem(r)
    } else if (open && r.take('on')) {
      open--
      if (r.key === 'join') r.refuse()
      expression(r, queries, 'join')
    } else if (open && r.take('using')) {
      open--
      skipParentheses(r)
      if (r.take('as')) r.name()
    } else return
  }
}

function fromItem(r: Reader): void {
  r.take('lateral')
  if (r.key === '(') tableParentheses(r)
  else if (r.key === 'rows' && r.near(1) === 'from') {
    r.next()
    r.next()
    parentheses(r, queries, 'arguments')
    ordinality(r)
  } else if (r.key !== 'only' && isFunction(r)) ordinality(r)
  else r.read(relation(r))
  alias(r)
  if (r.key === 'tablesample') {
    r.unstable('tablesample', r.next().key)
    callArguments(r)
    if (r.take('repeatable')) parentheses(r, queries, 'arguments')
  }
}

/** The sampling method is no function of the query. */
function callArguments(r: Reader): void {
  r.qualified()
  parentheses(r, queries, 'arguments')
}

/** Reads a call, or a keyword that is one, if it stands here. */
function isFunction(r: Reader): boolean {
  const word = r.key
  if (CLOCK_WORDS.has(word)) r.volatile(word)
  else if (IDENTITY_WORDS.has(word) && r.near(1) !== '.') r.identity = true
  else if (r.near(1) === '(' && CONSTRUCTS.has(word) && !r.declares(word)) {
    const place = /^(xml|json)/.test(word)
      ? 'document'
      : word === 'cast'
        ? 'cast'
        : /^(extract|overlay|position|substring|trim)$/.test(word)
          ? 'from-inside'
          : 'arguments'
    r.next()
    parentheses(r, queries, place)
    return true
  } else {
    let ahead = 1
    while (r.near(ahead) === '.') ahead += 2
    if (r.near(ahead) !== '(' || RESERVED.has(word)) return false
    callOf(r, queries, r.qualified())
    return true
  }
  r.next()
  if (r.key === '(') parentheses(r, queries, 'arguments')
  return true
}

function ordinality(r: Reader): void {
  if (r.key === 'with' && r.near(1) === 'ordinality') {
    r.next()
    r.next()
  }
}

/** `( ... )` among the tables: a query, or joined tables, which may turn out to be the first operand of one. */
function tableParentheses(r: Reader): void {
  r.open()
  if (startsQuery(r)) query(r)
  else {
    fromList(r)
    if (r.near(-1) === ')') setOperations(r)
  }
  r.close()
}

/** `[AS] name [(columns)]` or `AS (definitions)`. */
export function alias(r: Reader, except = ''): void {
  if (r.take('as')) {
    if (r.key !== '(') r.name()
  } else if (r.isName && r.key !== except && (r.key === '"' || !(RESERVED.has(r.key) || NOT_ALIAS.has(r.key)))) r.next()
  else return
  if (r.key === '(') skipParentheses(r)
}

/** INSERT, UPDATE, DELETE or MERGE behind its `WITH` list. */
function modification(r: Reader): void {
  const word = r.next().key
  if (word === 'insert' || word === 'merge') r.expect('into')
  if (word === 'delete') r.expect('from')
  r.write('write', word, relation(r))
  if (word === 'insert') return insert(r)
  alias(r, word === 'update' ? 'set' : '')
  if (word === 'merge') {
    r.expect('using')
    fromList(r, true)
  } else if (word === 'delete') {
    if (r.take('using')) fromList(r)
  } else {
    r.expect('set')
    expression(r, queries, 'query')
    if (r.take('from')) fromList(r)
  }
  expression(r, queries, word === 'merge' ? 'merge' : 'query')
  afterwards(r)
}

/** ON CONFLICT and RETURNING. */
function afterwards(r: Reader): void {
  while (r.key === 'on' || r.key === 'returning') {
    r.next()
    expression(r, queries, 'query')
  }
}

function insert(r: Reader): void {
  if (r.take('as')) r.name()
  if (r.key === '(' && !/^(select|values|with|table|\()$/.test(r.near(1))) skipParentheses(r)
  if (r.take('overriding')) {
    r.name()
    r.expect('value')
  }
  if (r.key === '(' || QUERY_STARTS.has(r.key)) {
    const mark = r.scope.enter()
    if (r.take('with')) withList(r)
    operand(r)
    setOperations(r)
    r.scope.leave(mark)
  } else expression(r, queries, 'query')
  // The WITH list in front of a SELECT is that SELECT's alone.
  afterwards(r)
}
