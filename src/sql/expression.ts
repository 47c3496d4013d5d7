/**
 * Expressions: what they call, and the queries inside them. Their grammar is the server's business; a text that it refuses has no result to cache.
 * @module
 */
import { hiddenInJson, isMoment } from './functions.js'
import { isConstruct, isOperand, namesOperator } from './construct.js'
import type { Place } from './construct.js'
import {
  call,
  callOfOne,
  close,
  declares,
  identity,
  is,
  key,
  lastPart,
  markOperator,
  name,
  near,
  nearName,
  next,
  nextText,
  open,
  qualified,
  readSchema,
  refuse,
  take,
  takeBoth,
  unstable,
  volatile,
} from './reader.js'
import {
  asksWho,
  hasFromInside,
  isClock,
  isDistinctFrom,
  isName,
  isNoAlias,
  isReserved,
  oneOf,
  startsSelect,
} from './keywords.js'

/** `( ... )`: a query, or an expression. Returns the number of commas directly inside. */
type Parentheses = (place?: Place) => number
let parentheses: Parentheses

/** Called by query.ts, so that the two files import one way. */
export function readParenthesesWith(read: Parentheses): void {
  parentheses = read
}

/** Reads on until a token that only the caller can place, which it leaves there. Returns the number of commas passed. */
export function expression(place: Place): number {
  for (let commas = 0; ;) {
    switch (key) {
      case '':
      case ')':
      case ']':
      case ';':
        return commas
      case '(':
        parentheses()
        continue
      case '[':
        open('[')
        expression('arguments')
        close(']')
        continue
      case "'":
        literal(place)
        continue
      case '::':
        next()
        type()
        continue
      case '.':
        // Behind `)` or `]`: a field, whatever it is called, or a function of what stands before.
        next()
        if (isName(key)) callOfOne(nextText())
        continue
      case ',':
        if (place === 'join') return commas
        commas++
    }
    if (!isName(key)) next()
    else if (isEnd(place)) return commas
    else place = word(place)
  }
}

const endsExpression = oneOf('into select table tablesample union intersect except')
/** What ends an `ON` condition besides the next join. */
const endsCondition = oneOf('where group having window order limit offset fetch for returning on using')

/** Is the word here one that only the caller can place? */
function isEnd(place: Place): boolean {
  if (endsExpression(key)) return true
  if (is('join')) return near(1) !== '(' || isOperand(near(-1))
  if (is('from')) return place !== 'from-inside' && !isDistinctFrom(near)
  if (place === 'join') return isJoin() || (endsCondition(key) && near(-1) !== 'collation')
  return (place === 'query' || place === 'group') && (is('returning') || (is('on') && near(1) === 'conflict'))
}

const locks = oneOf('update no share key')
const endsGroup = oneOf('having window order limit')

/** Reads what begins with a word. Returns the place behind it. */
function word(place: Place): Place {
  if (is('as')) as(place)
  else if (is('fetch')) {
    // FETCH FIRST (n) ROWS: the word calls nothing.
    next()
    next()
  } else {
    if (is('for')) {
      if (place !== 'from-inside' && locks(near(1))) unstable('locking', 'for ' + near(1))
      // COLLATION FOR (x) asks the catalogs.
      if (near(-1) === 'collation') readSchema()
    }
    if (place === 'query' && is('group')) place = 'group'
    if (place === 'group' && endsGroup(key)) place = 'query'
    reference(place)
  }
  return place
}

/** True before a query's first word; a table or column may be called `values`. */
export const startsQuery = (): boolean => startsSelect(key) && (!is('values') || near(1) === '(')

const mayHoldQuery = oneOf(' ; select table from')
/** `( ... )` around column lists, definitions and type modifiers. */
export function skipParentheses(): void {
  let depth = 0
  do {
    if (mayHoldQuery(key)) refuse()
    if (is('(')) depth++
    if (is(')')) depth--
    next()
  } while (depth > 0)
}

export const isJoinWord = oneOf('natural cross inner left right full outer')
/** True at the first word of `NATURAL LEFT OUTER JOIN` and the like, but not at the functions `left()` and `right()`. */
export const isJoin = (): boolean => is('join') || (isJoinWord(key) && (near(1) === 'join' || isJoinWord(near(1))))

/** A column, a call, or a keyword of its own meaning. */
export function reference(place: Place = 'arguments'): void {
  const word = key
  if (near(1) !== '.') {
    if (isClock(word)) volatile(word)
    if (asksWho(word)) identity(word)
  }
  if (word === 'operator' && namesOperator()) {
    next()
    skipParentheses()
    return markOperator()
  }
  if (near(1) === '(' && !declares(word) && isConstruct(place)) {
    next()
    parentheses(inside(word, place))
    // TREAT calls the function that has the type's name.
    if (word === 'treat') call(['pg_catalog', /^\w/.test(near(-2)) ? near(-2) : word], 1)
    return afterCall()
  }
  const parts = qualified()
  if (is('(') && (parts.length > 1 || !isReserved(word))) callOf(parts)
}

function inside(word: string, place: Place): Place {
  if (hasFromInside(word)) return 'from-inside'
  if (/^(cast|treat|xmlserialize)$/.test(word)) return 'cast'
  if (/^(xml|json)/.test(word) || place === 'document') return 'document'
  if (/^(coalesce|greatest|least|nullif)$/.test(word)) return 'among'
  return word === 'sets' ? 'group' : 'arguments'
}

/** The parentheses of a call, and what the function says about the result. */
function callOf(parts: readonly string[]): void {
  call(parts, parentheses() + 1)
  afterCall()
}

/** `WITHIN GROUP (...) FILTER (...) OVER (...)`: of an aggregate, which only its end tells from functions of such names. */
function afterCall(): void {
  if (near(2) === '(' && takeBoth('within', 'group')) parentheses()
  for (const word of ['filter', 'over']) if (near(1) === '(' && take(word)) parentheses()
}

/** `AS label`, `AS type` in a cast, `AS (...)` of a window or of column definitions. */
function as(place: Place): void {
  next()
  if (place === 'cast') type()
  else if (!is('(')) name()
  else if (place === 'query') parentheses()
  else skipParentheses()
}

const goesOn = oneOf('char character day hour minute month precision second to varying year')
/** A type's name with its modifiers. */
function type(): void {
  if (CATALOG_TYPE.test(qualified().at(-1) as string)) readSchema()
  while (goesOn(key)) next()
  if (is('(')) parentheses()
}

/** These look their text up in the catalogs. */
const CATALOG_TYPE = /^reg(class|proc|procedure|oper|operator|type|role|namespace|collation)$/
const TIMED = /date|time|zone|range|interval|^\)$/
/** A row, or an array of rows. */
const ROW = /^[\s{"]*\(/
/** Text is seldom ordered against a literal, times are. */
const ORDERING = /^([<>]=?|[-+]|between|and)$/

function literal(place: Place): void {
  const before = near(-1)
  const type = nearName(-1)
  const text = nextText()
  if (CATALOG_TYPE.test(type)) readSchema()
  /** How many parentheses close here that hold nothing but the literal. */
  let closed = 0
  while (near(closed) === ')' && near(-2 - closed) === '(') closed++
  const cast = near(closed) === '::' || (near(closed) === 'as' && (place === 'cast' || closed > 0))
  // `date('now')` is a cast too.
  const target = nearName(cast ? lastPart(closed + 1) : before === '(' ? -3 : -2)
  const compared = !cast && (ORDERING.test(before) || ORDERING.test(key))
  // A value of CASE or COALESCE takes the type of the others.
  const among = /^(then|else)$/.test(before) || (place === 'among' && /^[(,]$/.test(before))
  // Of a row the types are not known.
  const timed = TIMED.test(target) || compared || ((cast || (isName(before) && !isNoAlias(before))) && ROW.test(text))
  if (hiddenInJson(text) || (!/^jsonb?$/.test(target) && isMoment(text, timed, among)))
    volatile((/today|tomorrow|yesterday/i.exec(text)?.[0] ?? 'now').toLowerCase())
}
