/**
 * PostgreSQL's keywords, as far as the reader must know them.
 * @module
 */

/** Tells the words of a list. Its set is built at the first use: a module's start costs every isolate. */
export function oneOf(words: string): (word: string) => boolean {
  let set: ReadonlySet<string> | undefined
  return (word) => (set ??= new Set(words.split(' '))).has(word)
}

/** An identifier, quoted or not, or a keyword. */
export const isName = (key: string): boolean => /^["a-z_\u0080-\uffff]/.test(key)

export const isOperator = (key: string): boolean => /^[~!@#^&|`?+\-*/%<>=]/.test(key)

/** The key of a token before (-1) or after (1) the next; empty outside the text. */
export type Near = (offset: number) => string
/** `IS [NOT] DISTINCT FROM`, FROM being at `offset`. */
export const isDistinctFrom = (near: Near, offset = 0): boolean =>
  near(offset - 1) === 'distinct' && /^(is|not)$/.test(near(offset - 2))

/** Neither a column, an alias nor a function can have such a name without quotes. */
export const isReserved = oneOf(
  'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog current_date ' +
    'current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign from ' +
    'grant group having in initially intersect into lateral leading limit localtime localtimestamp not null offset on only or order placing ' +
    'primary references returning select session_user some symmetric table then to trailing true union unique user using variadic ' +
    'when where window with',
)

/** Words of joins and operators: functions may have such names, aliases may not. */
const isJoinOrOperator = oneOf(
  'authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like natural notnull outer ' +
    'overlaps right similar tablesample verbose',
)

/** Without quotes neither a table nor an alias has such a name. */
export const isNoAlias = (key: string): boolean => isReserved(key) || isJoinOrOperator(key)

/** Followed by `(`, these are syntax of their own, never a call of a function of that name. */
export const isSyntax = oneOf(
  'between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping int integer interval json json_array ' +
    'json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value least merge_action ' +
    'national nchar normalize nullif numeric overlay position precision real row smallint substring time timestamp treat trim values varchar ' +
    'xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable',
)

/** Where `FROM` between the parentheses is no clause. */
export const hasFromInside = oneOf('extract overlay position substring trim')

export const isSetOperation = oneOf('union intersect except')
export const startsSelect = oneOf('select values with table')
export const isModification = oneOf('insert update delete merge')

export const isClock = oneOf('current_date current_time current_timestamp localtime localtimestamp')
export const asksWho = oneOf('current_user session_user system_user user current_role current_schema current_catalog')
