/**
 * Expressions: what they call, and the queries inside them. Their grammar is the server's business; a text that it refuses has no result to cache.
 * @module
 */
import { isConstruct, isOperand, isXmlKind, namesOperator } from './construct.js'
import type { Place } from './construct.js'
import { isMoment } from './functions.js'
import {
  AFTER_FROM,
  CLOCK_WORDS,
  FROM_INSIDE,
  IDENTITY_WORDS,
  LONG_TYPES,
  QUERY_STARTS,
  RESERVED,
  SET_OPERATIONS,
  TYPE_WORDS,
} from './keywords.js'
import type { Reader } from './reader.js'

/** Reads the queries that expressions hold. Set by query.ts, so that the two files import one way. */
export interface Queries {
  query(r: Reader): void
  setOperations(r: Reader): void
}

/** Reads on until a token that only the caller can place, which it leaves there. Returns the number of commas passed. */
export function expression(r: Reader, q: Queries, place: Place): number {
  let commas = 0
  for (;;) {
    const key = r.key
    switch (key) {
      case '':
      case ')':
      case ']':
      case ';':
      case 'into':
      case 'select':
      case 'table':
      case 'tablesample':
        return commas
      case 'join':
        if (r.near(1) !== '(' || isOperand(r.near(-1))) return commas
        reference(r, q, place)
        continue
      case 'returning':
        if (place === 'query' || place === 'group' || place === 'join') return commas
        break
      case '(':
        parentheses(r, q, 'arguments')
        continue
      case '[':
        r.open('[')
        expression(r, q, 'arguments')
        r.close(']')
        continue
      case ',':
        if (place === 'join') return commas
        commas++
        break
      case "'":
        literal(r, place)
        continue
      case '::':
        r.next()
        type(r, q)
        continue
      case '.':
        // Behind `)` or `]`: a field, whatever it is called.
        r.next()
        if (r.isName) r.next()
        continue
      case 'from':
        if (place !== 'from-inside' && !(r.near(-1) === 'distinct' && /^(is|not)$/.test(r.near(-2)))) return commas
        break
      case 'as':
        as(r, q, place)
        continue
      case 'for':
        if (place === 'join' && r.near(-1) !== 'collation') return commas
        if (place !== 'from-inside' && /^(update|no|share|key)$/.test(r.near(1)))
          r.unstable('locking', 'for ' + r.near(1))
        // COLLATION FOR (x) asks the catalogs.
        if (r.near(-1) === 'collation') r.readSchema()
        break
      case 'group':
        if (place === 'join') return commas
        if (place === 'query') place = 'group'
        break
      case 'having':
      case 'window':
      case 'order':
      case 'limit':
        if (place === 'group') place = 'query'
        if (place === 'join') return commas
        break
      case 'fetch':
        if (place === 'join') return commas
        // FETCH FIRST (n) ROWS: the word calls nothing.
        r.next()
        break
      default:
        if (SET_OPERATIONS.has(key)) return commas
        if (key === 'on' && r.near(1) === 'conflict' && (place === 'query' || place === 'group')) return commas
        if (place === 'join' && (isJoin(r) || AFTER_FROM.has(key))) return commas
        if (r.isName) {
          reference(r, q, place)
          continue
        }
    }
    r.next()
  }
}

/** `( ... )`: a query, or an expression whose first operand may be one. Returns the number of commas directly inside. */
export function parentheses(r: Reader, q: Queries, place: Place): number {
  r.open()
  let commas = 0
  if (startsQuery(r)) q.query(r)
  else {
    commas = expression(r, q, place)
    // `((SELECT ...) UNION ...)`: it was a query after all.
    if (SET_OPERATIONS.has(r.key) && r.near(-1) === ')') q.setOperations(r)
  }
  r.close()
  return commas
}

/** True before a query's first word; a table or column may be called `values`. */
export function startsQuery(r: Reader): boolean {
  return QUERY_STARTS.has(r.key) && (r.key !== 'values' || r.near(1) === '(')
}

/** `( ... )` around column lists, definitions and type modifiers. */
export function skipParentheses(r: Reader): void {
  let depth = 0
  do {
    const key = r.key
    if (/^(|;|select|table|from)$/.test(key)) r.refuse()
    if (key === '(') depth++
    if (key === ')') depth--
    r.next()
  } while (depth > 0)
}

/** True at the first word of `NATURAL LEFT OUTER JOIN` and the like, but not at the functions `left()` and `right()`. */
export function isJoin(r: Reader): boolean {
  return (
    r.key === 'join' ||
    (/^(natural|cross|inner|left|right|full)$/.test(r.key) && /^(join|outer|inner|left|right|full)$/.test(r.near(1)))
  )
}

/** A column, a call, or a keyword of its own meaning. */
function reference(r: Reader, q: Queries, place: Place): void {
  const word = r.key
  if (r.near(1) !== '.') {
    if (CLOCK_WORDS.has(word)) r.volatile(word)
    else if (IDENTITY_WORDS.has(word)) r.identity = true
  }
  if (word === 'operator' && namesOperator(r)) {
    r.next()
    skipParentheses(r)
    return r.markOperator()
  }
  if (r.near(1) === '(' && !r.declares(word) && (isConstruct(r, place) || isXmlKind(r))) {
    r.next()
    const inner = FROM_INSIDE.has(word)
      ? 'from-inside'
      : /^(cast|treat|xmlserialize)$/.test(word)
        ? 'cast'
        : documentOr(word, place)
    parentheses(r, q, inner)
    // TREAT calls the function that has the type's name.
    if (word === 'treat') r.call(['pg_catalog', /^\w/.test(r.near(-2)) ? r.near(-2) : word], 1)
    return afterCall(r, q)
  }
  const parts = r.qualified()
  if (r.key === '(' && !(parts.length === 1 && RESERVED.has(word))) callOf(r, q, parts)
}

/** The parentheses of a call, and what the function says about the result. */
export function callOf(r: Reader, q: Queries, parts: readonly string[]): void {
  r.call(parts, parentheses(r, q, 'arguments') + 1)
  afterCall(r, q)
}

/** `WITHIN GROUP (...) FILTER (...) OVER (...)`: of an aggregate, which only its end tells from functions of such names. */
function afterCall(r: Reader, q: Queries): void {
  if (r.key === 'within' && r.near(1) === 'group') r.next()
  for (const word of ['group', 'filter', 'over']) {
    if (r.key !== word || r.near(1) !== '(' || (word === 'group' && r.near(-1) !== 'within')) continue
    r.next()
    parentheses(r, q, 'arguments')
  }
}

function documentOr(word: string, place: Place): Place {
  if (/^(xml|json)/.test(word) || place === 'document') return 'document'
  if (/^(coalesce|greatest|least|nullif)$/.test(word)) return 'among'
  return word === 'sets' ? 'group' : 'arguments'
}

/** `AS label`, `AS type` in a cast, `AS (...)` of a window or of column definitions. */
function as(r: Reader, q: Queries, place: Place): void {
  r.next()
  if (place === 'cast') type(r, q)
  else if (r.key !== '(') r.name()
  else if (place === 'query') parentheses(r, q, 'arguments')
  else skipParentheses(r)
}

/** A type's name with its modifiers. */
function type(r: Reader, q: Queries): void {
  const parts = r.qualified()
  const name = parts.at(-1) as string
  if (CATALOG_TYPE.test(name)) r.readSchema()
  if (LONG_TYPES.has(name)) while (TYPE_WORDS.has(r.key)) r.next()
  if (r.key === '(') parentheses(r, q, 'arguments')
}

/** These look their text up in the catalogs. */
const CATALOG_TYPE = /^reg(class|proc|procedure|oper|operator|type|role|namespace|collation)$/
const TIMED = /date|time|zone|range|interval|^\)$/
/** Text is seldom ordered against a literal, times are. */
const ORDERING = /^([<>]=?|[-+]|between|and)$/

function literal(r: Reader, place: Place): void {
  const before = r.near(-1)
  const type = r.nearName(-1)
  const { text } = r.next()
  if (CATALOG_TYPE.test(type)) r.readSchema()
  const closed = closedAround(r)
  const cast = r.near(closed) === '::' || (r.near(closed) === 'as' && (place === 'cast' || closed > 0))
  // `date('now')` is a cast too.
  const target = cast ? castTarget(r, closed) : before === '(' ? r.nearName(-3) : type
  if (/^jsonb?$/.test(target)) return
  const compared = !cast && (ORDERING.test(before) || ORDERING.test(r.key))
  // A value of CASE or COALESCE takes the type of the others.
  const among = /^(then|else)$/.test(before) || (place === 'among' && /^[(,]$/.test(before))
  if (!isMoment(text, TIMED.test(target) || compared, among)) return
  r.volatile((/now|today|tomorrow|yesterday/i.exec(text) as RegExpExecArray)[0].toLowerCase())
}

/** How many parentheses close here that hold nothing but the literal just read. */
function closedAround(r: Reader): number {
  let closed = 0
  while (r.near(closed) === ')' && r.near(-2 - closed) === '(') closed++
  return closed
}

/** The last word of the type that a cast `ahead` names. */
function castTarget(r: Reader, ahead: number): string {
  ahead++
  while (r.near(ahead + 1) === '.') ahead += 2
  return r.nearName(ahead)
}
