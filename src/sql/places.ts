/**
 * Where in a query a token stands, as far as it matters for putting something else in its place: in which clause, and whether a column gets its
 * name from it.
 * @module
 */
import { hasFromInside, isDistinctFrom, isName, isNoAlias, isOperator, oneOf } from './keywords.js'
import type { Near } from './keywords.js'

/** `columns`: what SELECT returns. `tables`: the items of FROM. `filter`: WHERE and ON, and the arguments of table functions. */
type Place = 'columns' | 'tables' | 'filter' | 'other'

/**
 * An item of a clause's list, or a part of it in parentheses. PostgreSQL names a column after what it is made of, through parentheses, casts and
 * the ELSE of a CASE (FigureColname in parse_target.c): `now()::date` is called `now`, `now() - a` is not.
 */
export interface Item {
  readonly place: Place
  readonly around?: Item | undefined
  /** An argument, a subscript, a condition of CASE: nothing outside is named after it. */
  readonly buried?: boolean | undefined
  operator?: boolean
  labelled?: boolean
  /** The last word of CASE that was met. */
  branch?: string
  /** What `givesName` has found. */
  names?: boolean
}

/** Parentheses, brackets, or the whole text. */
export interface Level {
  place: Place
  item: Item
  /** Behind FROM: a comma or JOIN brings another table. */
  from?: boolean
  /** Of EXTRACT and its kin, where FROM is no clause. */
  fromInside?: boolean
  /** Of DISTINCT ON. */
  distinctOn?: boolean
  /** The token that begins the columns behind DISTINCT ON. */
  columnsAt?: number
}

const isWordOperator = oneOf('and or not is in like ilike between similar at overlaps isnull notnull')
/** Operators that are words too, and one that begins with a word. */
export const isOperation = (key: string): boolean => isOperator(key) || isWordOperator(key)

/** True between CASE and ELSE. */
export const isInCondition = ({ branch = '' }: Item): boolean => /^(case|when|then)$/.test(branch)

/** Whether a column may be named after what stands in an item. Asked when all items are complete; the answer is kept for those inside. */
export function givesName(item: Item): boolean {
  const { around, place, buried, labelled, operator, branch } = item
  return (item.names ??=
    !buried && !labelled && (!operator || !!branch) && (around ? givesName(around) : place === 'columns'))
}

/** What is inside the parentheses or brackets that open here. */
export function inside({ place, item }: Level, near: Near): Level {
  const before = near(-1)
  // The name of a cast's column is that of what is cast.
  const call = isName(before) && !isNoAlias(before) && !/^(cast|treat)$/.test(before)
  const buried = call || before === 'on' || near(0) === '[' || isInCondition(item)
  if (call && place === 'tables') place = 'filter'
  return {
    place,
    item: { place, around: item, buried },
    from: place === 'tables',
    fromInside: call && hasFromInside(before),
    distinctOn: before === 'on' && near(-2) === 'distinct',
  }
}

/** Goes past a token that opens and closes nothing. */
export function pass(level: Level, near: Near): void {
  const { item } = level
  const word = near(0)
  if (word === ',') {
    if (level.from) level.place = 'tables'
    level.item = { place: level.place, around: item.around, buried: item.buried }
  } else if (!/^(\.|as)$/.test(near(-1))) {
    const place = clauseAt(level, near)
    if (place) {
      level.from = /^(from|on|join)$/.test(word)
      level.place = place
      level.item = { place }
    } else if (isOperation(word) || (word === 'from' && !level.fromInside)) item.operator = true
    else if (word === 'as') item.labelled ||= !item.around
    else if (/^(case|when|then|else|end)$/.test(word)) item.branch = word
  }
}

const endsTables = oneOf('group having window order limit offset fetch union intersect except')

/** The clause that a word begins. GROUP behind WITHIN begins none. */
function clauseAt({ from, fromInside }: Level, near: Near): Place | undefined {
  const word = near(0)
  if (word === 'select') return 'columns'
  if (word === 'from' ? !fromInside && !isDistinctFrom(near) : word === 'join' && from) return 'tables'
  if (word === 'where' || (word === 'on' && from)) return 'filter'
  const other = word === 'values' ? near(1) === '(' : endsTables(word) && near(-1) !== 'within'
  return other ? 'other' : undefined
}
