/** Calls of functions, by what they do to a result. */
import { PURE_FUNCTIONS } from '../../../src/sql/functions.generated.ts'
import type { Dice } from './dice.ts'
import { column, string, type } from './words.ts'

const PURE = PURE_FUNCTIONS.split(' ').filter(
  (name) => !/^(bit|char|time|timestamp|interval|numeric|varchar|extract|xmlconcat)$/.test(name),
)
const VOLATILE =
  'now clock_timestamp statement_timestamp transaction_timestamp timeofday random random_normal gen_random_uuid uuidv7 nextval currval lastval setval pg_sleep pg_backend_pid txid_current pg_current_xact_id pg_advisory_lock pg_try_advisory_xact_lock pg_read_file lo_import set_config query_to_xml pg_notify version inet_client_addr pg_relation_size pg_stat_get_activity'.split(
    ' ',
  )
const UNKNOWN = ['my_fn', 'été', 'to_regex', 'app.score', '"Odd Fn"', 'st_within', 'over', 'value', 'public.lower']
const IDENTITY = [
  "current_setting('app.user')",
  'auth.uid()',
  "pg_has_role('x', 'USAGE')",
  "has_table_privilege('t', 'SELECT')",
]
const CLOCK = [
  'current_date',
  'current_time',
  'current_timestamp',
  'current_timestamp(3)',
  'localtime',
  'localtimestamp(0)',
]
const WHO = ['current_user', 'session_user', 'user', 'current_role', 'current_catalog', 'current_schema', 'system_user']

type Expression = () => string

const args = (d: Dice, e: Expression): string => d.maybe(2, () => d.list(3, e))

/** Mostly harmless; one in some dozens is not. */
export function call(d: Dice, e: Expression): string {
  const roll = d.below(60)
  if (roll === 0) return `${d.pick(VOLATILE)} (${args(d, e)})`
  if (roll === 1) return `pg_catalog.${d.pick(VOLATILE)}(${args(d, e)})`
  if (roll === 2) return d.keep(d.pick(CLOCK))
  if (roll === 3) return d.keep(d.pick(WHO))
  if (roll === 4) return d.keep(d.pick(IDENTITY))
  if (roll === 5) return `${d.keep(d.pick(UNKNOWN))}(${args(d, e)})`
  if (roll < 12) return `${d.pick(PURE)} (variadic ${e()})`
  if (roll < 18) return `${d.pick(PURE)}( ${e()} , x => ${e()} , y := ${e()} )`
  return `${d.pick(['', '', '', 'pg_catalog.'])}${d.pick(PURE)}(${args(d, e)})`
}

const frame = (d: Dice): string =>
  d.pick([
    '',
    'rows unbounded preceding',
    'range between 1 preceding and current row',
    'groups between unbounded preceding and 2 following exclude ties',
  ])

export const window = (d: Dice, e: Expression): string =>
  `( ${d.maybe(4, () => 'w1')} ${d.maybe(2, () => `partition by ${d.list(2, e)}`)} ${d.maybe(2, () => `order by ${e()} desc nulls last`)} ${frame(d)} )`

export function aggregate(d: Dice, e: Expression): string {
  const name = d.pick(['count', 'sum', 'array_agg', 'string_agg', 'json_agg', 'max', 'bool_and'])
  return d.pick([
    () => 'count(*)',
    () => `${name}( distinct ${e()} )`,
    () => `${name}( all ${e()} order by ${e()} using > )`,
    () => `${name}( ${e()} ) filter ( where ${e()} )`,
    () => `percentile_cont( 0.5 ) within group ( order by ${e()} )`,
    () => `${name}( ${e()} ) over ${window(d, e)}`,
    () => `${name}( ${e()} ) filter ( where ${e()} ) over w1`,
    () => `row_number() over ( order by ${e()} )`,
    () => `grouping( ${column(d)} )`,
  ])()
}

/** Calls with a syntax of their own. */
export function construct(d: Dice, e: Expression): string {
  return d.pick([
    () => `coalesce( ${d.list(3, e)} )`,
    () => `nullif( ${e()} , ${e()} )`,
    () => `greatest( ${d.list(3, e)} )`,
    () => `extract( ${d.pick(['year', 'epoch', string(d)])} from ${e()} )`,
    () => `substring( ${e()} from ${e()} for ${e()} )`,
    () => `substring( ${column(d)} similar ${string(d)} escape ${string(d)} )`,
    () => `overlay( ${e()} placing ${e()} from 2 for 3 )`,
    () => `position( ${column(d)} in ${column(d)} )`,
    () => `trim( ${d.pick(['', 'both', 'leading', 'trailing'])} ${string(d)} from ${e()} )`,
    () => `normalize( ${e()} , nfc )`,
    () => `cast( ${e()} as ${type(d)} )`,
    () => `treat( ${column(d)} as ${type(d)} )`,
    () => `xmlelement( name foo , xmlattributes( ${e()} as bar ) , ${e()} )`,
    () => `xmlforest( ${e()} as a , ${column(d)} )`,
    () => `xmlconcat( ${e()} , ${e()} )`,
    () => `xmlserialize( content ${e()} as text )`,
    () => `xmlparse( document ${e()} preserve whitespace )`,
    () => `xmlexists( ${string(d)} passing by ref ( ${e()} ) )`,
    () =>
      `json_object( ${string(d)} : ${e()} , key ${string(d)} value ${e()} absent on null with unique keys returning jsonb )`,
    () => `json_array( ${d.list(3, e)} null on null returning text )`,
    () => `json_array( select a from ${d.pick(['t', 'app.u'])} )`,
    () => `json_arrayagg( ${e()} order by ${e()} )`,
    () => `json_objectagg( ${string(d)} value ${e()} )`,
    () =>
      `json_value( ${e()} , ${string(d)} passing ${e()} as x returning int default ${e()} on empty error on error )`,
    () => `json_query( ${e()} , ${string(d)} with conditional wrapper keep quotes )`,
    () => `json_exists( ${e()} , ${string(d)} )`,
    () => `json_scalar( ${e()} )`,
    () => `json_serialize( ${e()} returning text )`,
    () => `json( ${e()} )`,
    () => `collation for ( ${e()} )`,
  ])()
}
