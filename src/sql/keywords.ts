/**
 * PostgreSQL's keywords, as far as the reader must know them.
 * @module
 */

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** Neither a column, an alias nor a function can have such a name without quotes. */
export const RESERVED = set(
  'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog current_date ' +
    'current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign from ' +
    'grant group having in initially intersect into lateral leading limit localtime localtimestamp not null offset on only or order placing ' +
    'primary references returning select session_user some symmetric table then to trailing true union unique user using variadic ' +
    'when where window with',
)

/** Words of joins and operators: functions may have such names, aliases may not. */
export const NOT_ALIAS = set(
  'authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like natural notnull outer ' +
    'overlaps right similar tablesample verbose',
)

/** Followed by `(`, these are syntax of their own, never a call of a function of that name. */
export const CONSTRUCTS = set(
  'between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping int integer interval json json_array ' +
    'json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value least merge_action ' +
    'national nchar normalize nullif numeric overlay position precision real row smallint substring time timestamp treat trim values varchar ' +
    'xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable',
)

/** Where `FROM` between the parentheses is no clause. */
export const FROM_INSIDE = set('extract overlay position substring trim')

/** Types whose names go on after the first word, and the words that can follow. */
export const LONG_TYPES = set('bit char character double interval national nchar')
export const TYPE_WORDS = set('char character day hour minute month precision second to varying year')

/** What ends an `ON` condition besides the next join. */
export const AFTER_FROM = set('where group having window order limit offset fetch for returning on using')

export const SET_OPERATIONS = set('union intersect except')
export const QUERY_STARTS = set('select values with table')
export const DML = set('insert update delete merge')

export const CLOCK_WORDS = set('current_date current_time current_timestamp localtime localtimestamp')
export const IDENTITY_WORDS = set(
  'current_user session_user system_user user current_role current_schema current_catalog',
)
