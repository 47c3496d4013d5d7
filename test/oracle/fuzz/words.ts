/** Names, literals and types. */
import type { Dice } from './dice.ts'

const PLAIN =
  'users orders items t u v a b logs audit_events café naïve_名前 data$1 _x name value key type date time values first'.split(
    ' ',
  )
const QUOTED = [
  '"Users"',
  '"order items"',
  '"select"',
  '"a.b"',
  '"we""ird"',
  '"now()"',
  '"--"',
  '"from x"',
  'U&"d\\0061ta"',
  'u&"\\+000041b"',
]
const COLUMNS =
  'a b c id name value now random today row_count "Col" "current_date" data key path columns passing over filter ordinality year day'.split(
    ' ',
  )
const LONG = `t${'long_'.repeat(15)}`

export const column = (d: Dice): string => word(d, d.pick(COLUMNS))
export const alias = (d: Dice): string => word(d, d.pick(['x', 'y', 'z', '"Al"', 'q1', 'now', 'sub_q']))
export const cteName = (d: Dice): string => word(d, d.pick(['users', 'cte', 'w', 'orders', '"Users"', 'tree', 'café']))

function word(d: Dice, text: string): string {
  return text.includes('"') ? d.keep(text) : text
}

/** A relation's name as it may be written. */
export function relation(d: Dice): string {
  const name = d.once(60) ? LONG : word(d, d.once(5) ? d.pick(QUOTED) : d.pick(PLAIN))
  const schema = d.pick(['', '', '', '', 'public.', 'app.', '"App".', 'shop.app.', 'PUBLIC . '])
  return schema.includes('"') ? d.keep(schema) + name : schema + name
}

export function number(d: Dice): string {
  return d.keep(
    d.pick([
      '0',
      '1',
      '42',
      '1.5',
      '.5',
      '1e10',
      '1.5e-3',
      '0x1F',
      '0o17',
      '0b101',
      '1_000_000',
      '12345678901234567890',
    ]),
  )
}

const CONTENT = ['', 'x', "it''s", 'SELECT * FROM hidden', '--', '/*', '$$', 'now()', ';', '"', 'a b', 'é']

export function string(d: Dice): string {
  const content = d.pick(CONTENT)
  return d.keep(
    d.pick([
      () => `'${content}'`,
      () => `'${content}'`,
      () => `E'${content}\\'\\\\\\n\\x41\\u0042'`,
      () => `e'\\'${content}'`,
      () => `U&'${content}\\0041'`,
      () => `U&'!0041' UESCAPE '!'`,
      () => `$$${content.replaceAll('$$', '')}$$`,
      () => `$tag$ ${content} $x$ $tag$`,
      () => `'a'\n  '${content}'`,
      () => `B'101'`,
      () => `X'1F'`,
      () => `N'${content}'`,
    ])(),
  )
}

export const plain = (d: Dice): string => d.keep(d.pick(["'$.a'", "'from hidden'", "E'\\x41'", '$$x$$']))

export const parameter = (d: Dice): string => `$${1 + d.below(9)}`

export function type(d: Dice): string {
  const base = d.pick([
    'int',
    'text',
    'numeric(10,2)',
    'varchar(20)',
    'double precision',
    'timestamp(3) with time zone',
    'timestamptz',
    'date',
    'time without time zone',
    'interval day to second(3)',
    'bit varying(3)',
    'character varying',
    'national character varying(5)',
    'jsonb',
    'uuid',
    'app.mood',
    'pg_catalog.int4',
    'bytea',
    'tsquery',
    'float(24)',
    'dec(4)',
    'point',
  ])
  return base + d.pick(['', '', '', '[]', '[3][]', ' array'])
}

/** A literal of a type, now and then one that means the present. */
export function typedLiteral(d: Dice): string {
  const text = d.once(6)
    ? d.keep(d.pick(["'now'", "'today'", "' Tomorrow '", "'yesterday 08:00'", "E'n\\x6fw'", '$$now$$']))
    : d.keep("'2024-02-29'")
  return d.pick([
    () => `date ${text}`,
    () => `timestamp ${text}`,
    () => `timestamp with time zone ${text}`,
    () => `timestamptz(3) ${text}`,
    () => `cast( ${text} as date )`,
    () => `${text} :: timestamp`,
    () => `pg_catalog.date ${text}`,
    () => `interval ${d.keep("'1'")} day`,
    () => `interval(3) ${d.keep("'1 day'")}`,
    () => `numeric ${d.keep("'1.5'")}`,
    () => `daterange ${d.keep("'[2024-01-01,2024-02-01)'")}`,
  ])()
}
