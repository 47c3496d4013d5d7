/**
 * Which tokens of a query are the transaction's clock, where a parameter could stand as well. What is no operand for certain (a table function,
 * a label, a function of another schema) is none of them: the facts of the text tell whether a clock is left.
 * @module
 */
import { isClock, isDistinctFrom, isName, isOperator, isReserved, oneOf } from './keywords.js'
import type { Near } from './keywords.js'
import { inside, isInCondition, isOperation, pass } from './places.js'
import type { Item, Level } from './places.js'
import type { Token } from './tokens.js'

export interface Clock {
  /** Offsets into the text, `end` exclusive. */
  start: number
  end: number
  /** What PostgreSQL calls a column that is made of it. */
  name: string
  /** What makes its type of a `timestamptz`, with its precision: `::date`. */
  cast: string
  /** No other clause has to repeat it to the letter. */
  filtering: boolean
  /** What a column may have its name from it with. */
  item: Item | undefined
}

/** The clocks of a query that is understood, in the order of the text. Linear in the number of tokens. */
export function clocks(tokens: readonly Token[]): Clock[] {
  let at = 0
  const near: Near = (offset) => tokens[at + offset]?.key ?? ''
  const found: Clock[] = []
  const around: Level[] = []
  let level: Level = { place: 'other', item: { place: 'other' } }
  for (; near(0); at++) {
    const { place, item, distinctOn } = level
    if (/^[([]$/.test(near(0))) {
      around.push(level)
      level = inside(level, near)
    } else if (/^[)\]]$/.test(near(0))) {
      level = around.pop() ?? level
      if (distinctOn) level.columnsAt = at + 1
    } else {
      const clock =
        place !== 'tables' && (level.columnsAt === at || isOperand(level, near))
          ? clockAt(near, (offset) => (tokens[at + offset] as Token).text)
          : undefined
      if (clock) {
        const { last, name, cast } = clock
        const named = !isInCondition(item) && !isPartOfMore(near, last)
        const { start } = tokens[at] as Token
        at += last
        const { end } = tokens[at] as Token
        found.push({ start, end, name, cast, filtering: place === 'filter', item: named ? item : undefined })
      } else pass(level, near)
    }
  }
  return found
}

const isTransactionTime = oneOf('now transaction_timestamp statement_timestamp')
/** From a time with a zone to the keyword's type. */
const CASTS: Readonly<Record<string, string>> = {
  localtimestamp: '::timestamp',
  current_date: '::date',
  current_time: '::timetz',
  localtime: '::time',
}

/** The clock that begins here, and how far its last token is. */
function clockAt(
  near: Near,
  text: (offset: number) => string,
): { last: number; name: string; cast: string } | undefined {
  const word = near(0)
  if (isClock(word)) {
    const cast = CASTS[word] ?? ''
    if (near(1) !== '(') return { last: 0, name: word, cast }
    return word !== 'current_date' && near(2) === '0' && /^\d+$/.test(text(2)) && near(3) === ')'
      ? { last: 3, name: word, cast: `${cast}(${text(2)})` }
      : undefined
  }
  const at = text(0) === 'pg_catalog' && isName(word) && near(1) === '.' ? 2 : 0
  return isName(near(at)) &&
    isTransactionTime(text(at)) &&
    near(at + 1) === '(' &&
    near(at + 2) === ')' &&
    // Of an aggregate or a window function.
    !/^(over|filter|within)$/.test(near(at + 3))
    ? { last: at + 2, name: text(at), cast: '' }
    : undefined
}

/** Behind such a word an operand must come. */
const needsOperand = oneOf(
  'select all distinct where on having and or not case when then else limit offset like ilike symmetric',
)

/** Does the grammar want an operand here, and nothing else? */
function isOperand({ fromInside }: Level, near: Near): boolean {
  const before = near(-1)
  const further = near(-2)
  if (/^([([,:]|:=)$/.test(before)) return true
  // Columns and labels may be called like keywords, and `t.*` is no product.
  if (further === '.' || further === 'as') return false
  if (isOperator(before) || needsOperand(before)) return true
  if (before === 'between') return endsOperand(further === 'not' ? near(-3) : further)
  if (before === 'by') return /^(group|order|partition)$/.test(further)
  return before === 'from' && (!!fromInside || isDistinctFrom(near, -1))
}

const endsOperand = (key: string): boolean => /^['0$)\]]$|^\d/.test(key) || (isName(key) && !needsOperand(key))

/** True where an operator or a label beside the clock keeps its name from a column. */
function isPartOfMore(near: Near, last: number): boolean {
  const next = near(last + 1)
  return (
    isOperation(near(-1)) ||
    isOperation(next) ||
    (isName(next) && !isReserved(next) && /^([,)]|from|)$/.test(near(last + 2)))
  )
}
