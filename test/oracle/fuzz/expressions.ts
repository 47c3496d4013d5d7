/** Expressions, with queries in all places where they may stand. */
import { aggregate, call, construct } from './calls.ts'
import type { Dice } from './dice.ts'
import { alias, column, number, parameter, string, type, typedLiteral } from './words.ts'

const OPERATORS =
  '+ - * / % ^ < > = <> != <= >= || -> ->> #> #>> @> <@ ? ?| ?& && @@ ~ ~* !~ !~* ~~ !~~* <-> << >> | & # -|- *<> @-@'.split(
    ' ',
  )

const columnReference = (d: Dice): string =>
  d.pick([
    () => column(d),
    () => column(d),
    () => `${alias(d)}.${column(d)}`,
    () => `app.${alias(d)} . ${column(d)}`,
    () => `( ${alias(d)}.${column(d)} ).${column(d)}`,
    () => `${column(d)}[1]`,
    () => `${column(d)}[ 1 : ${number(d)} ]`,
    () => `(${alias(d)}).*`,
  ])()

/** @param q A query for a place between parentheses. */
export function expression(d: Dice, q: () => string): string {
  const e = () => expression(d, q)
  return d.grow(
    [
      () => columnReference(d),
      () => columnReference(d),
      () => number(d),
      () => string(d),
      () => parameter(d),
      () => typedLiteral(d),
      () => d.pick(['null', 'true', 'false', 'default_value']),
    ],
    [
      () => `${e()} ${d.keep(d.pick(OPERATORS))} ${e()}`,
      () => `${e()} ${d.keep(d.pick(OPERATORS))} ${e()}`,
      () => `${e()} operator( pg_catalog.+ ) ${e()}`,
      () => `( ${e()} )`,
      () => `${d.keep(d.pick(['- ', '+ ', '@ ', '|/ ', '~ ', '!! ']))}${e()}`,
      () => `not ( ${e()} )`,
      () => `( ${e()} and ${e()} or ${e()} )`,
      () => `( ${e()} ) :: ${type(d)}`,
      () => `( ${e()} ) collate ${d.keep('"C"')}`,
      () => `( ${e()} ) at time zone ${string(d)}`,
      () => `( ${e()} ) at local`,
      () => `case ${d.maybe(2, e)} when ${e()} then ${e()} else ${e()} end`,
      () =>
        `( ${e()} ) ${d.maybe(2, () => 'not')} between ${d.pick(['', 'symmetric', 'asymmetric'])} ( ${e()} ) and ( ${e()} )`,
      () =>
        `( ${e()} ) is ${d.maybe(2, () => 'not')} ${d.pick(['null', 'true', 'unknown', 'document', 'normalized', 'nfkc normalized', 'json object with unique keys'])}`,
      () => `( ${e()} ) is ${d.maybe(2, () => 'not')} distinct from ( ${e()} )`,
      () => `( ${e()} ) ${d.pick(['isnull', 'notnull'])}`,
      () =>
        `( ${e()} ) ${d.maybe(2, () => 'not')} ${d.pick(['like', 'ilike', 'similar to'])} ( ${e()} ) ${d.maybe(2, () => `escape ${string(d)}`)}`,
      () => `( ${e()} , ${e()} ) overlaps ( ${e()} , ${e()} )`,
      () => `row( ${d.list(3, e)} ) = ( ${e()} , ${e()} )`,
      () => `array[ ${d.list(3, e)} ]`,
      () => `( array( ${q()} ) )[ 1 ]`,
      () => `( ${e()} ) ${d.maybe(2, () => 'not')} in ( ${d.pick([() => d.list(4, e), q])()} )`,
      () => `( ${e()} ) = ${d.pick(['any', 'all', 'some'])} ( ${d.pick([e, q])()} )`,
      () => `${d.maybe(2, () => 'not')} exists ( ${q()} )`,
      () => `( ${q()} )`,
      () => `( ${q()} ) + ${e()}`,
      () => call(d, e),
      () => call(d, e),
      () => call(d, e),
      () => aggregate(d, e),
      () => construct(d, e),
      () => construct(d, e),
    ],
  )
}
