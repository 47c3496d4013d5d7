/**
 * Whether a word with parentheses behind it is syntax of its own, or the call of a function that has the word for its name.
 * @module
 */
import { CLOCK_WORDS, CONSTRUCTS, IDENTITY_WORDS, RESERVED } from './keywords.js'
import type { Reader } from './reader.js'

/**
 * Where an expression stands, as far as words mean something else there. `query`: the clauses of a statement; `group`: its GROUP BY;
 * `merge`: the actions of MERGE; `join`: an ON condition; `arguments`: any parentheses; `among`: those of COALESCE, GREATEST, LEAST and NULLIF,
 * whose values share a type; `from-inside`: those of EXTRACT, OVERLAY, POSITION, SUBSTRING and TRIM; `cast`: of CAST; `document`: of XML and
 * JSON syntax.
 */
export type Place = 'query' | 'group' | 'merge' | 'join' | 'among' | 'arguments' | 'from-inside' | 'cast' | 'document'

/**
 * Is the word here, which `(` follows, syntax of its own? Words that functions may have for a name are so only behind an operand, or behind the very
 * words that they belong to.
 */
export function isConstruct(r: Reader, place: Place): boolean {
  const word = r.key
  const before = r.near(-1)
  const further = r.near(-2)
  if (CONSTRUCTS.has(word)) return true
  if (RESERVED.has(word)) return word !== 'user'
  const operand = !r.afterOperator && isOperand(before)
  switch (word) {
    case 'rollup':
    case 'cube':
      return place === 'group' && /^(by|[,(]|all|distinct)$/.test(before)
    case 'sets':
      return place === 'group' && before === 'grouping'
    case 'by':
      return /^(group|order|partition)$/.test(before)
    case 'second':
      return before === 'to' ? /^(day|hour|minute)$/.test(further) : before === "'" && further === 'interval'
    case 'zone':
      return before === 'time' && further === 'at'
    case 'set':
      return before === 'update'
    case 'conflict':
      return before === 'on' && place === 'query'
    case 'insert':
      return place === 'merge' && before === 'then'
    case 'ref':
      return before === 'by' && further === 'passing'
    case 'value':
      return place === 'document' && (operand || (before === 'by' && further === 'passing'))
    case 'passing':
    case 'columns':
      return place === 'document' && operand
    case 'rows':
    case 'range':
    case 'groups':
      return operand || /^(asc|desc)$/.test(before)
    case 'escape':
      return operand
    case 'like':
    case 'ilike':
      return before === 'not' ? isOperand(further) : operand
    default:
      return false
  }
}

/** `OPERATOR(schema.+)`: not the call of a function of that name, which a lone `*` could be too. */
export function namesOperator(r: Reader): boolean {
  if (r.near(1) !== '(') return false
  let ahead = 2
  while (r.near(ahead + 1) === '.') ahead += 2
  const lone = ahead === 2 && r.near(2) === '*'
  return /^[~!@#^&|`?+\-*/%<>=]/.test(r.near(ahead)) && r.near(ahead + 1) === ')' && (!lone || isOperand(r.near(-1)))
}

/** The word that says what XMLPARSE and XMLSERIALIZE are about. */
export const isXmlKind = (r: Reader): boolean =>
  /^(document|content)$/.test(r.key) && r.near(-1) === '(' && /^xml(parse|serialize)$/.test(r.near(-2))

/** Words behind which an operand comes, though a column could have their name. */
const BEFORE_OPERAND =
  /^(by|like|ilike|between|zone|escape|value|passing|similar|is|rows|range|groups|first|next|content|document|columns|path|ref|to|in|overlaps|natural|join|inner|left|right|full|cross|outer)$/

/** The last token of an operand: an operator that is spelled as a word may follow. */
export const isOperand = (key: string): boolean =>
  /^(["'0$)\]]|null|true|false|end)$/.test(key) ||
  CLOCK_WORDS.has(key) ||
  IDENTITY_WORDS.has(key) ||
  (/^[\w\u0080-\uffff]/.test(key) && !RESERVED.has(key) && !BEFORE_OPERAND.test(key))
