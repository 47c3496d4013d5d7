/** Queries: every clause of SELECT, every kind of item after FROM. */
import { window } from './calls.ts'
import type { Dice } from './dice.ts'
import { expression } from './expressions.ts'
import { alias, column, cteName, number, plain, relation, string, type } from './words.ts'

/** @param modification A data-modifying statement for a `WITH` list. */
export function query(d: Dice, modification?: () => string): string {
  const q = () => query(d)
  return d.grow(
    [() => select(d), () => select(d), () => `table ${d.maybe(4, () => 'only')} ${relation(d)}`, () => values(d)],
    [
      () => select(d),
      () => select(d),
      () => select(d),
      () => `${withList(d, modification)} ${select(d)}`,
      () => `${withList(d, modification)} ( ${q()} )`,
      () => `( ${q()} )`,
      () => `( ${core(d)} ) ${tail(d)}`,
      () => `${operand(d)} ${setOperator(d)} ${operand(d)} ${tail(d)}`,
      () => `( ( ${q()} ) ${setOperator(d)} ${operand(d)} ) ${tail(d)}`,
      () => `${operand(d)} ${setOperator(d)} ( ${withList(d)} ${select(d)} )`,
    ],
  )
}

const e = (d: Dice): string => expression(d, () => query(d))
const setOperator = (d: Dice): string => d.pick(['union', 'union all', 'intersect', 'except all', 'union distinct'])
const operand = (d: Dice): string =>
  d.pick([() => `( ${query(d)} )`, () => core(d), () => values(d), () => `table ${relation(d)}`])()
const values = (d: Dice): string => `values ${d.list(2, () => `( ${d.list(2, () => e(d))} )`)}`
const select = (d: Dice): string => `${core(d)} ${tail(d)}`

export function withList(d: Dice, modification?: () => string): string {
  const body = () => (modification && d.once(4) ? modification() : query(d))
  const one = () =>
    `${cteName(d)} ${d.maybe(3, () => `( ${d.list(2, () => column(d))} )`)} as ${d.pick(['', 'materialized', 'not materialized'])} ( ${body()} ) ${searchOrCycle(d)}`
  return `with ${d.maybe(2, () => 'recursive')} ${d.list(3, one)}`
}

const searchOrCycle = (d: Dice): string =>
  d.maybe(12, () =>
    d.pick([
      'search depth first by a , b set ord',
      'search breadth first by a set ord',
      'cycle a set is_cycle using path',
      "cycle a , b set c to 'Y' default 'N' using p",
    ]),
  )

function core(d: Dice): string {
  const target = () =>
    d.pick([
      () => '*',
      () => `${alias(d)}.*`,
      () => e(d),
      () => `${e(d)} as ${alias(d)}`,
      () => `( ${e(d)} ) ${alias(d)}`,
    ])()
  const distinct = d.pick(['', '', '', 'all', 'distinct', `distinct on ( ${d.list(2, () => e(d))} )`])
  const targets = distinct === '' && d.once(20) ? '' : d.list(3, target)
  return [
    'select',
    distinct,
    targets,
    d.once(8) ? '' : `from ${d.list(2, () => fromItem(d))}`,
    d.maybe(2, () => `where ${e(d)}`),
    d.maybe(4, () => `group by ${d.pick(['', '', 'distinct', 'all'])} ${d.list(2, () => grouping(d))}`),
    d.maybe(6, () => `having ${e(d)}`),
    d.maybe(8, () => `window w1 as ${window(d, () => e(d))} , w2 as ( w1 )`),
  ].join(' ')
}

const grouping = (d: Dice): string =>
  d.pick([
    () => e(d),
    () => e(d),
    () => '()',
    () => `rollup( ${column(d)} , ( ${column(d)} , ${column(d)} ) )`,
    () => `cube( ${e(d)} )`,
    () => `grouping sets ( ${column(d)} , () , rollup( ${column(d)} ) , ( ${column(d)} , ${column(d)} ) )`,
  ])()

function tail(d: Dice): string {
  if (d.once(20)) return `order by ${e(d)} fetch first 2 rows with ties`
  return [
    d.maybe(
      3,
      () =>
        `order by ${d.list(2, () => `${e(d)} ${d.pick(['', 'asc', 'desc nulls last', 'using <', 'nulls first'])}`)}`,
    ),
    d.maybe(4, () =>
      d.pick([
        `limit ${number(d)}`,
        'limit all',
        'limit $1 offset $2',
        'offset 10 rows',
        'fetch first row only',
        'offset 5 fetch next 3 rows only',
        `fetch first ( ${e(d)} ) rows only`,
      ]),
    ),
    d.maybe(50, () =>
      d.pick(['for update', 'for no key update of x nowait', 'for share skip locked', 'for key share of x , y']),
    ),
  ].join(' ')
}

const columns = (d: Dice): string => d.maybe(4, () => `( ${d.list(2, () => column(d))} )`)
const as = (d: Dice): string => `${d.maybe(2, () => 'as')} ${alias(d)} ${columns(d)}`

export function fromItem(d: Dice): string {
  return d.grow(
    [() => table(d), () => table(d), () => table(d)],
    [
      () => table(d),
      () => `${d.maybe(3, () => 'lateral')} ( ${query(d)} ) ${as(d)}`,
      () => `( ${values(d)} ) ${as(d)}`,
      () => join(d),
      () => join(d),
      () => `( ${join(d)} ) ${d.maybe(3, () => as(d))}`,
      () => functionItem(d),
      () =>
        `json_table( ${e(d)} , ${plain(d)} passing ${e(d)} as p columns ( n for ordinality , v int path ${plain(d)} default ${e(d)} on empty , nested path ${plain(d)} columns ( w text ) ) ) ${as(d)}`,
      () =>
        `xmltable( xmlnamespaces( ${string(d)} as ns ) , ${string(d)} passing ( ${e(d)} ) columns n for ordinality , v int path ${string(d)} default ( ${e(d)} ) not null ) ${as(d)}`,
    ],
  )
}

const table = (d: Dice): string =>
  `${d.pick([() => relation(d), () => relation(d), () => relation(d), () => `${relation(d)} *`, () => `only ${relation(d)}`, () => `only ( ${relation(d)} )`])()} ${d.maybe(2, () => as(d))} ${d.maybe(60, () => 'tablesample bernoulli ( 10 ) repeatable ( 1 )')}`

function join(d: Dice): string {
  const kind = d.pick(['join', 'inner join', 'left join', 'left outer join', 'right join', 'full outer join'])
  return d.pick([
    () => `${fromItem(d)} ${kind} ${fromItem(d)} on ${e(d)}`,
    () => `${fromItem(d)} ${kind} ${fromItem(d)} using ( ${d.list(2, () => column(d))} ) ${d.maybe(4, () => 'as ju')}`,
    () => `${fromItem(d)} natural ${kind} ${fromItem(d)}`,
    () => `${fromItem(d)} cross join ${fromItem(d)}`,
    () => `${table(d)} ${kind} ${table(d)} join ${table(d)} on ${e(d)} on ${e(d)}`,
  ])()
}

const functionItem = (d: Dice): string =>
  d.pick([
    () => `generate_series( ${e(d)} , ${e(d)} ) ${d.maybe(2, () => 'with ordinality')} ${as(d)}`,
    () => `lateral unnest( ${e(d)} ) ${as(d)}`,
    () => `json_to_recordset( ${e(d)} ) as r( a int , b ${type(d)} collate ${d.keep('"C"')} )`,
    () =>
      `rows from ( unnest( ${e(d)} ) , json_to_recordset( ${e(d)} ) as ( a int , b text ) ) with ordinality ${as(d)}`,
    () => `jsonb_each( ${e(d)} )`,
  ])()
