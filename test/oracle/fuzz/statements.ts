/** Statements of every kind, by a seed. */
import { Dice } from './dice.ts'
import { expression } from './expressions.ts'
import { fromItem, query, withList } from './queries.ts'
import { alias, column, cteName, plain, relation, type } from './words.ts'

const e = (d: Dice): string => expression(d, () => query(d))
const returning = (d: Dice): string =>
  d.maybe(3, () => d.pick(['returning *', `returning ${e(d)} as x`, `returning with ( old as o , new as n ) o.*`]))
const where = (d: Dice): string => d.maybe(2, () => `where ${e(d)}`)
const setList = (d: Dice): string =>
  d.list(2, () =>
    d.pick([
      () => `${column(d)} = ${d.pick([() => e(d), () => 'default'])()}`,
      () => `${column(d)}[1] = ${e(d)}`,
      () => `( ${column(d)} , b ) = ( ${e(d)} , default )`,
      () => `( ${column(d)} , b ) = row( ${e(d)} , ${e(d)} )`,
      () => `( ${column(d)} , b ) = ( ${query(d)} )`,
    ])(),
  )

function insert(d: Dice): string {
  const source = d.pick([
    () => 'default values',
    () => query(d),
    () => `values ( ${e(d)} , default )`,
    () => `( ${query(d)} )`,
  ])()
  const conflict = d.maybe(3, () =>
    d.pick([
      () => 'on conflict do nothing',
      () =>
        `on conflict ( ${column(d)} , ( lower( ${column(d)} ) ) ) where ${e(d)} do update set ${setList(d)} ${where(d)}`,
      () => `on conflict on constraint pk do update set ${setList(d)}`,
    ])(),
  )
  const columns =
    source === 'default values'
      ? ''
      : `${d.maybe(2, () => `( ${d.list(3, () => column(d))} )`)} ${d.maybe(8, () => 'overriding user value')}`
  return `insert into ${relation(d)} ${d.maybe(4, () => `as ${alias(d)}`)} ${columns} ${source} ${conflict} ${returning(d)}`
}

const update = (d: Dice): string =>
  `update ${d.maybe(4, () => 'only')} ${relation(d)} ${d.maybe(2, () => `as ${alias(d)}`)} set ${setList(d)} ${d.maybe(2, () => `from ${d.list(2, () => fromItem(d))}`)} ${d.pick([() => where(d), () => 'where current of cur'])()} ${returning(d)}`

const remove = (d: Dice): string =>
  `delete from ${d.maybe(4, () => 'only')} ${relation(d)} ${d.maybe(2, () => alias(d))} ${d.maybe(2, () => `using ${d.list(2, () => fromItem(d))}`)} ${where(d)} ${returning(d)}`

function merge(d: Dice): string {
  const when = () =>
    d.pick([
      () => `when matched and ${e(d)} then update set ${setList(d)}`,
      () => 'when matched then delete',
      () => `when not matched by target then insert ( ${column(d)} ) values ( ${e(d)} )`,
      () => `when not matched by source and ${e(d)} then do nothing`,
      () => 'when not matched then insert default values',
    ])()
  return `merge into ${relation(d)} ${d.maybe(2, () => alias(d))} using ${fromItem(d)} on ${e(d)} ${d.list(3, when, ' ')} ${d.maybe(3, () => 'returning merge_action() , *')}`
}

export const modification = (d: Dice): string => d.pick([insert, update, remove, merge])(d)

const withModification = (d: Dice): string =>
  d.pick([() => query(d, () => modification(d)), () => `${withList(d, () => modification(d))} ${modification(d)}`])()

function utility(d: Dice): string {
  return d.pick([
    () =>
      `truncate ${d.maybe(2, () => 'table')} ${d.list(3, () => `${d.maybe(4, () => 'only')} ${relation(d)}`)} ${d.pick(['', 'restart identity', 'cascade'])}`,
    () =>
      `copy ${relation(d)} ${d.maybe(2, () => `( a , b )`)} ${d.pick(['from stdin', 'to stdout with ( format csv )', 'to stdout'])}`,
    () => `copy ( ${query(d)} ) to stdout ( format csv )`,
    () =>
      `explain ${d.pick(['', 'analyze', 'verbose', '( analyze , buffers )', '( costs off )', '( analyze false )'])} ${d.pick([query, modification])(d)}`,
    () => `prepare p ${d.maybe(2, () => `( int , ${type(d)} )`)} as ${d.pick([query, modification])(d)}`,
    () => `execute p ( ${e(d)} )`,
    () => `call app.work( ${e(d)} )`,
    () => `do ${plain(d)}`,
    () => `declare c cursor for ${query(d)}`,
    () => `create table x as ${query(d)}`,
    () => `create or replace view x as ${query(d)}`,
    () => `refresh materialized view ${d.maybe(2, () => 'concurrently')} ${relation(d)}`,
    () => `create rule r as on insert to ${relation(d)} do also ${insert(d)}`,
    () => `select ${e(d)} into ${d.pick(['', 'temp', 'unlogged table'])} ${cteName(d)} from ${fromItem(d)}`,
    () =>
      d.keep(
        d.pick([
          'set search_path = app',
          'listen c',
          'begin isolation level serializable',
          'commit',
          'lock table t in share mode',
          'vacuum t',
          'discard all',
          'set local role joe',
          'show all',
        ]),
      ),
  ])()
}

/** The statement of a seed: in three of four cases a query. */
export function statement(seed: number): string {
  const d = new Dice(seed)
  d.budget = 2 + d.below(40)
  const sketch = d.pick([query, query, query, query, query, query, withModification, modification, utility])(d)
  return d.finish(sketch)
}
