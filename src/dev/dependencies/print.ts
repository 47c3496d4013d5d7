/**
 * The map as a TypeScript module to paste or to write to a file, and as JSON.
 * @module
 */
import type { SqlSettings } from '../../options.js'
import type { DependencyMap, Line } from './map.js'

const HEADER = [
  '// What the text of a query does not show, as PostgreSQL has it. Printed by `npx edge-query-cache dependencies`; print it again after',
  '// each change of the schema. What is marked UNKNOWN is safe as it stands, and better when it says what the comment asks for.',
]

/** A module that exports `sql`, for `createQueryCache({ ..., sql })`. */
export function asTypeScript(map: DependencyMap): string {
  const { notes, dependencies, functions, rowSecurity } = map
  return [
    ...HEADER,
    ...notes.map((note) => `// NOTE: ${plain(note)}`),
    "import type { SqlSettings } from 'edge-query-cache'",
    '',
    'export const sql: SqlSettings = {',
    `  defaultSchema: ${quote(map.defaultSchema)},`,
    ...block('dependencies: {', dependencies, '}', ({ name, value }) => `${key(name)}: ${literal(value)}`),
    ...block('functions: {', functions, '}', ({ name, value }) => `${key(name)}: ${literal(value)}`),
    ...block('rowSecurity: [', rowSecurity, ']', ({ name }) => quote(name)),
    '}',
    '',
  ].join('\n')
}

/** `{ sql, unknown, notes }`: the settings, and what could not be found out. */
export function asJson(map: DependencyMap): string {
  const unknown = [...map.dependencies, ...map.functions].flatMap(({ name, unknown: said }) =>
    said.map((what) => ({ name, what })),
  )
  return `${JSON.stringify({ sql: asSettings(map), unknown, notes: map.notes }, null, 2)}\n`
}

/** What the module exports. */
export function asSettings({ defaultSchema, dependencies, functions, rowSecurity }: DependencyMap): SqlSettings {
  const object = <T>(lines: readonly Line<T>[]) => Object.fromEntries(lines.map(({ name, value }) => [name, value]))
  return {
    defaultSchema,
    dependencies: object(dependencies),
    functions: object(functions),
    rowSecurity: rowSecurity.map(({ name }) => name),
  }
}

function block<T>(open: string, lines: readonly Line<T>[], close: string, show: (line: Line<T>) => string): string[] {
  if (lines.length === 0) return [`  ${open}${close},`]
  const shown = lines.flatMap((line, i) => [
    // Hundreds of functions of one extension need it said once.
    ...(line.comments.join() === lines[i - 1]?.comments.join() ? [] : line.comments).map(
      (text) => `    // ${plain(text)}`,
    ),
    ...line.unknown.map((what) => `    // UNKNOWN: ${plain(what)}`),
    `    ${show(line)},`,
  ])
  return [`  ${open}`, ...shown, `  ${close},`]
}

/** Names come from the database: nothing in one ends the comment that it stands in. */
const plain = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')

const quote = (text: string): string =>
  `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replace(/[\u2028\u2029]/g, (separator) => `\\u${separator.charCodeAt(0).toString(16)}`)}'`

/** Any other way to write `__proto__` would set the prototype. */
const key = (name: string): string =>
  name === '__proto__' ? "['__proto__']" : /^[a-z_]\w*$/i.test(name) ? name : quote(name)

function literal(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const parts = Object.entries(value).map(([name, part]) => `${name}: ${literal(part)}`)
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}
