/** Results of different shapes, as their drivers hand them over: every value its own, so that nothing is counted that V8 keeps once for all. */

type Cell = string | null

/** A result of wire text, for query number `i`. */
export interface RowShape {
  kind: 'rows'
  name: string
  fields: readonly (readonly [name: string, oid: number])[]
  rows(i: number): Cell[][]
}

/** A value of `cached()`. */
export interface ValueShape {
  kind: 'value'
  name: string
  value(i: number): unknown
}

export type Shape = RowShape | ValueShape

const BOOL = 16
const BYTEA = 17
const INT8 = 20
const INT4 = 23
const TEXT = 25
const FLOAT8 = 701
const INT4_ARRAY = 1007
const TIMESTAMPTZ = 1184
const NUMERIC = 1700
const UUID = 2950
const JSONB = 3802

const times = <T>(length: number, make: (at: number) => T): T[] => Array.from({ length }, (_, at) => make(at))
/** Digits that look random and are another number for each `i`. */
const digits = (i: number, length: number): string =>
  String(Math.imul(i + 1, 0x9e3779b1) >>> 0)
    .repeat(3)
    .slice(0, length)
const time = (i: number): string => `2026-0${1 + (i % 9)}-1${i % 10} 0${i % 10}:1${i % 6}:2${i % 10}.${digits(i, 3)}+00`
const uuid = (i: number): string => {
  const hex = (digits(i, 10) + digits(i + 7, 10) + digits(i + 13, 12)).padEnd(32, 'a')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
const LATIN = 'The quick brown fox jumps over the lazy dog while the café is closed. '
const CYRILLIC = 'Съешь же ещё этих мягких французских булок да выпей чаю. '
const JAPANESE = 'いろはにほへとちりぬるを我が世誰ぞ常ならむ 🙂 '
const text = (i: number, from: string, length: number): string =>
  `${i} ${from.repeat(Math.ceil(length / from.length))}`.slice(0, length)

export const SHAPES: readonly Shape[] = [
  {
    kind: 'rows',
    name: '1 row, 4 columns',
    fields: [
      ['id', INT4],
      ['email', TEXT],
      ['active', BOOL],
      ['created_at', TIMESTAMPTZ],
    ],
    rows: (i) => [[digits(i, 9), `user.${digits(i, 8)}@example.com`, i % 2 ? 't' : 'f', time(i)]],
  },
  {
    kind: 'rows',
    name: '20 rows, 8 typed columns',
    fields: [
      ['id', INT4],
      ['account_id', INT8],
      ['title', TEXT],
      ['price', NUMERIC],
      ['score', FLOAT8],
      ['active', BOOL],
      ['created_at', TIMESTAMPTZ],
      ['token', UUID],
    ],
    rows: (i) =>
      times(20, (row) => {
        const n = i * 20 + row
        return [
          digits(n, 9),
          digits(n, 16),
          text(n, LATIN, 20 + (n % 30)),
          `${digits(n, 9)}.25`,
          row % 7 === 0 ? null : `${digits(n, 3)}.5`,
          n % 2 ? 't' : 'f',
          time(n),
          uuid(n),
        ]
      }),
  },
  {
    kind: 'rows',
    name: '5 rows of long texts',
    fields: [
      ['id', INT4],
      ['title', TEXT],
      ['body', TEXT],
      ['summary', TEXT],
    ],
    rows: (i) =>
      times(5, (row) => {
        const n = i * 5 + row
        const from = [LATIN, CYRILLIC, JAPANESE][n % 3]!
        return [digits(n, 9), text(n, from, 40), text(n, from, 1500), text(n, LATIN, 300)]
      }),
  },
  {
    kind: 'rows',
    name: '50 rows of numbers',
    fields: [
      ['a', INT4],
      ['b', FLOAT8],
      ['c', NUMERIC],
      ['d', INT8],
      ['e', FLOAT8],
      ['f', INT4],
    ],
    rows: (i) =>
      times(50, (row) => {
        const n = i * 50 + row
        return [
          digits(n, 9),
          `${digits(n, 7)}.5`,
          `${digits(n, 10)}.01`,
          digits(n, 15),
          row % 9 === 0 ? null : `${digits(n, 9)}.75`,
          digits(n + 3, 8),
        ]
      }),
  },
  {
    kind: 'rows',
    name: '10 rows with JSON, arrays and bytes',
    fields: [
      ['id', INT4],
      ['profile', JSONB],
      ['numbers', INT4_ARRAY],
      ['picture', BYTEA],
    ],
    rows: (i) =>
      times(10, (row) => {
        const n = i * 10 + row
        const profile = {
          name: text(n, LATIN, 24),
          age: n % 90,
          tags: [`t${digits(n, 9)}`, `u${digits(n, 9)}`],
          at: { lat: n / 7, lon: n / 11 },
        }
        return [
          digits(n, 9),
          JSON.stringify(profile),
          `{${times(6, (k) => (n * 6 + k) % 10_000).join()}}`,
          `\\x${digits(n, 9)}ab`.padEnd(66, '0'),
        ]
      }),
  },
  {
    kind: 'value',
    name: 'cached(): JSON',
    value: (i) => ({
      id: i,
      title: text(i, LATIN, 60),
      lines: times(10, (k) => ({ sku: `sku-${digits(i * 10 + k, 9)}`, price: k + 0.5, count: k })),
    }),
  },
  {
    kind: 'value',
    name: 'cached(): superjson',
    value: (i) => ({
      id: i,
      at: new Date(1.8e12 + i),
      title: text(i, CYRILLIC, 60),
      lines: new Map(times(10, (k) => [`sku-${digits(i * 10 + k, 9)}`, BigInt(i) * 10n + BigInt(k)])),
    }),
  },
]
