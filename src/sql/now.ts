/**
 * Which tokens of a query are the transaction's clock, where a parameter could stand as well. What is no operand for certain (a table function,
 * a label, a function of another schema) is none of them: the facts of the text tell whether a clock is left.
 * @module
 */
import { isName, isReserved } from './keywords.js'
import { Item, Level, OPERATOR, WORD_OPERATOR, isDistinctFrom } from './places.js'
import type { KeyAt } from './places.js'
import type { Token } from './tokens.js'

export interface Clock {
  /** Offsets into the text, `end` exclusive. */
  start: number
  end: number
  /** What PostgreSQL calls a column that is made of it. */
  name: string
  /** What makes its type of a text, with its precision: `::timestamptz::date`. */
  cast: string
  /** No other clause has to repeat it to the letter. */
  filtering: boolean
  /** A column may have its name from it. */
  naming: boolean
}

/** The clocks of a query, in the order of the text. Linear in the number of tokens. */
export function clocks(tokens: readonly Token[]): Clock[] {
  const key: KeyAt = (at) => tokens[at]?.key ?? ''
  const found: { clock: Omit<Clock, 'naming'>; item: Item; mayName: boolean }[] = []
  const around: Level[] = []
  let level = new Level('other')
  for (let at = 0; key(at); at++) {
    const word = key(at)
    if (word === '(' || word === '[') {
      around.push(level)
      level = level.open(key, at)
    } else if (word === ')' || word === ']') {
      const { distinctOn } = level
      level = around.pop() ?? level
      if (distinctOn) level.columnsAt = at + 1
    } else {
      const clock = level.place !== 'tables' && isOperand(level, key, at) ? clockAt(tokens, key, at) : undefined
      if (!clock) {
        level.pass(key, at)
        continue
      }
      const { last, name, cast } = clock
      const { start } = tokens[at] as Token
      const { end } = tokens[last] as Token
      const mayName = !level.item.inCondition && !isPartOfMore(key, at, last)
      found.push({ clock: { start, end, name, cast, filtering: level.place === 'filter' }, item: level.item, mayName })
      at = last
    }
  }
  // Only the end of an item tells what else it is made of.
  return found.map(({ clock, item, mayName }) => ({ ...clock, naming: mayName && Item.names(item) }))
}

const FUNCTIONS = new Set(['now', 'transaction_timestamp', 'statement_timestamp'])
/** From a text to the keyword's type. */
const CASTS: Readonly<Record<string, string>> = {
  current_timestamp: '::timestamptz',
  localtimestamp: '::timestamptz::timestamp',
  current_date: '::timestamptz::date',
  current_time: '::timestamptz::timetz',
  localtime: '::timestamptz::time',
}

/** A clock that begins at a token, and the last token of it. */
function clockAt(
  tokens: readonly Token[],
  key: KeyAt,
  at: number,
): { last: number; name: string; cast: string } | undefined {
  const word = key(at)
  if (Object.hasOwn(CASTS, word)) {
    const cast = CASTS[word] as string
    const precision = tokens[at + 2]?.text as string
    if (key(at + 1) !== '(') return { last: at, name: word, cast }
    if (word === 'current_date' || key(at + 2) !== '0' || !/^\d+$/.test(precision) || key(at + 3) !== ')')
      return undefined
    return { last: at + 3, name: word, cast: `${cast}(${precision})` }
  }
  const name = tokens[at]?.text === 'pg_catalog' && isName(key(at)) && key(at + 1) === '.' ? at + 2 : at
  const { text } = tokens[name] as Token
  if (!isName(key(name)) || !FUNCTIONS.has(text) || key(name + 1) !== '(' || key(name + 2) !== ')') return undefined
  // Of an aggregate or a window function.
  if (/^(over|filter|within)$/.test(key(name + 3))) return undefined
  return { last: name + 2, name: text, cast: '::timestamptz' }
}

/** Behind such a word an operand must come. */
const BEFORE_OPERAND =
  /^(select|all|distinct|where|on|having|and|or|not|case|when|then|else|limit|offset|like|ilike|symmetric)$/

/** Does the grammar want an operand at this token, and nothing else? */
function isOperand(level: Level, key: KeyAt, at: number): boolean {
  const before = key(at - 1)
  const further = key(at - 2)
  if (/^([([,:]|:=)$/.test(before) || level.columnsAt === at) return true
  // Columns and labels may be called like keywords, and `t.*` is no product.
  if (further === '.' || further === 'as') return false
  if (OPERATOR.test(before) || BEFORE_OPERAND.test(before)) return true
  if (before === 'between') return endsOperand(further === 'not' ? key(at - 3) : further)
  if (before === 'by') return /^(group|order|partition)$/.test(further)
  return before === 'from' && (level.fromInside || isDistinctFrom(key, at - 1))
}

const endsOperand = (key: string): boolean => /^["'0$)\]]$|^[\w\u0080-\uffff]/.test(key) && !BEFORE_OPERAND.test(key)

/** True where an operator or a label beside the clock keeps its name from a column. */
function isPartOfMore(key: KeyAt, at: number, last: number): boolean {
  const next = key(last + 1)
  if ([key(at - 1), next].some((beside) => OPERATOR.test(beside) || WORD_OPERATOR.test(beside))) return true
  return isName(next) && !isReserved(next) && /^([,)]|from|)$/.test(key(last + 2))
}
