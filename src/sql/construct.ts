/**
 * Whether a word with parentheses behind it is syntax of its own, or the call of a function that has the word for its name.
 * @module
 */
import { asksWho, isClock, isName, isOperator, isReserved, isSyntax, oneOf } from './keywords.js'
import { afterOperator, key, lastPart, near } from './reader.js'

/**
 * Where an expression stands, as far as words mean something else there. `query`: the clauses of a statement; `group`: its GROUP BY;
 * `merge`: the actions of MERGE; `join`: an ON condition; `arguments`: any parentheses; `among`: those of COALESCE, GREATEST, LEAST and NULLIF,
 * whose values share a type; `from-inside`: those of EXTRACT, OVERLAY, POSITION, SUBSTRING and TRIM; `cast`: of CAST; `document`: of XML and
 * JSON syntax.
 */
export type Place = 'query' | 'group' | 'merge' | 'join' | 'among' | 'arguments' | 'from-inside' | 'cast' | 'document'

/** Words that functions may have for a name, each with the words before it, nearest first, and the place that make it syntax. */
const IN_CONTEXT =
  /^(((rollup|cube) (by|[,(]|all|distinct) .* group|sets grouping .* group|conflict on .* query|insert then .* merge|value by passing document)$|by (group|order|partition) |second (to (day|hour|minute)|' interval) |zone time at |set update |ref by passing |(document|content) \( xml(parse|serialize) |(rows|range|groups) (asc|desc) )/
/** Likewise; these are syntax behind an operand. */
const BEHIND_OPERAND = /^((value|passing|columns) .* document$|(rows|range|groups|escape|i?like) )/

/** Is the word here, which `(` follows, syntax of its own? */
export function isConstruct(place: Place): boolean {
  if (isSyntax(key)) return true
  if (isReserved(key)) return key !== 'user'
  const before = near(-1)
  const further = near(-2)
  const context = `${key} ${before} ${further} ${place}`
  return (
    IN_CONTEXT.test(context) ||
    (BEHIND_OPERAND.test(context) &&
      (/^i?like not /.test(context) ? isOperand(further) : !afterOperator() && isOperand(before)))
  )
}

/** `OPERATOR(schema.+)`: not the call of a function of that name, which a lone `*` could be too. */
export function namesOperator(): boolean {
  const last = lastPart(2)
  const lone = last === 2 && near(2) === '*'
  return near(1) === '(' && isOperator(near(last)) && near(last + 1) === ')' && (!lone || isOperand(near(-1)))
}

/** Words behind which an operand comes, though a column could have their name. */
const needsOperand = oneOf(
  'by like ilike between zone escape value passing similar is rows range groups first next content document columns path ref to in overlaps ' +
    'natural join inner left right full cross outer',
)

/** The last token of an operand: an operator that is spelled as a word may follow. */
export const isOperand = (key: string): boolean =>
  /^(["'0$)\]]|null|true|false|end)$/.test(key) ||
  isClock(key) ||
  asksWho(key) ||
  (isName(key) && !isReserved(key) && !needsOperand(key))
