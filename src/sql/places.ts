/**
 * Where in a query a token stands, as far as it matters for putting something else in its place: in which clause, and whether a column gets its
 * name from it.
 * @module
 */
import { hasFromInside, isName, isNoAlias } from './keywords.js'

/** The key of a token; empty outside the text. */
export type KeyAt = (at: number) => string

/** `columns`: what SELECT returns. `tables`: the items of FROM. `filter`: WHERE and ON, and the arguments of table functions. */
export type Place = 'columns' | 'tables' | 'filter' | 'other'

export const OPERATOR = /^[~!@#^&|`?+\-*/%<>=]+$/
/** Operators that are words, and one that begins with a word. */
export const WORD_OPERATOR = /^(and|or|not|is|in|like|ilike|between|similar|at|overlaps|isnull|notnull)$/
/** `IS [NOT] DISTINCT FROM`. */
export const isDistinctFrom = (key: KeyAt, at: number): boolean =>
  key(at) === 'from' && key(at - 1) === 'distinct' && /^(is|not)$/.test(key(at - 2))

/**
 * An item of a clause's list, or a part of it in parentheses. PostgreSQL names a column after what it is made of, through parentheses, casts and
 * the ELSE of a CASE (FigureColname in parse_target.c): `now()::date` is called `now`, `now() - a` is not.
 */
export class Item {
  readonly #around: Item | undefined
  readonly #place: Place
  /** An argument, a subscript, a condition of CASE: nothing outside is named after it. */
  readonly #buried: boolean
  #operator = false
  #labelled = false
  /** The last word of CASE that was met. */
  #branch = ''
  #names: boolean | undefined

  constructor(place: Place, around?: Item, buried = false) {
    this.#place = place
    this.#around = around
    this.#buried = buried
  }

  /** The next item of the same list. */
  next(place: Place): Item {
    return new Item(place, this.#around, this.#buried)
  }

  /** True between CASE and ELSE. */
  get inCondition(): boolean {
    return /^(case|when|then)$/.test(this.#branch)
  }

  /** Whether a column may be named after what stands in it. Asked when all items are complete: the answer is kept for those inside. */
  static names(inner: Item): boolean {
    const path: Item[] = []
    for (let item: Item | undefined = inner; item && item.#names === undefined; item = item.#around) path.push(item)
    for (const item of path.toReversed()) {
      const other = item.#buried || item.#labelled || (item.#operator && item.#branch === '')
      item.#names = !other && (item.#around ? item.#around.#names === true : item.#place === 'columns')
    }
    return inner.#names === true
  }

  pass(word: string): void {
    if (OPERATOR.test(word) || WORD_OPERATOR.test(word)) this.#operator = true
    else if (word === 'as' && !this.#around) this.#labelled = true
    else if (/^(case|when|then|else|end)$/.test(word)) this.#branch = word
  }
}

/** Parentheses, brackets, or the whole text. */
export class Level {
  place: Place
  item: Item
  /** Behind FROM: a comma or JOIN brings another table. */
  #from: boolean
  /** Of EXTRACT and its kin, where FROM is no clause. */
  readonly fromInside: boolean
  /** Of DISTINCT ON. */
  readonly distinctOn: boolean
  /** The token that begins the columns behind DISTINCT ON. */
  columnsAt = -1

  constructor(place: Place, item = new Item(place), fromInside = false, distinctOn = false) {
    this.place = place
    this.item = item
    this.#from = place === 'tables'
    this.fromInside = fromInside
    this.distinctOn = distinctOn
  }

  /** What is inside the parentheses or brackets that open at a token. */
  open(key: KeyAt, at: number): Level {
    const before = key(at - 1)
    // The name of a cast's column is that of what is cast.
    const call = isName(before) && !isNoAlias(before) && !/^(cast|treat)$/.test(before)
    const place = this.place === 'tables' && call ? 'filter' : this.place
    const buried = call || before === 'on' || key(at) === '[' || this.item.inCondition
    const inside = new Item(place, this.item, buried)
    return new Level(place, inside, call && hasFromInside(before), before === 'on' && key(at - 2) === 'distinct')
  }

  /** Goes past a token that opens and closes nothing. */
  pass(key: KeyAt, at: number): void {
    const word = key(at)
    const before = key(at - 1)
    if (word === ',') {
      if (this.#from) this.place = 'tables'
      this.item = this.item.next(this.place)
    } else if (before === '.' || before === 'as') return
    else if (word === 'select') this.#enter('columns')
    else if (word === 'from') this.#passFrom(key, at)
    else if (word === 'where') this.#enter('filter')
    else if (word === 'on' && this.#from) this.#enter('filter', true)
    else if (word === 'join' && this.#from) this.#enter('tables', true)
    else if (word === 'values' && key(at + 1) === '(') this.#enter('other')
    else if (ENDS_TABLES.test(word) && before !== 'within') this.#enter('other')
    else this.item.pass(word)
  }

  #passFrom(key: KeyAt, at: number): void {
    if (isDistinctFrom(key, at)) this.item.pass('is')
    else if (!this.fromInside) this.#enter('tables', true)
  }

  #enter(place: Place, from = false): void {
    this.place = place
    this.#from = from
    this.item = new Item(place)
  }
}

/** GROUP behind WITHIN is no clause. */
const ENDS_TABLES = /^(group|having|window|order|limit|offset|fetch|union|intersect|except)$/
