/**
 * From the catalogs to the map: what stands behind each table, view and function.
 * @module
 */
import type { FunctionDeclaration, RelationDeclaration } from '../../options.js'
import type { Catalogs } from './catalogs.js'
import { relationEntries } from './relations.js'
import { Routines } from './routines.js'
import type { Effects } from './routines.js'

export interface MapOptions {
  defaultSchema: string
  /** Only what is in these schemas; all when there are none. */
  schemas: readonly string[]
}

/** One line of the map, and where it comes from. */
export interface Line<T> {
  name: string
  value: T
  /** Sorted. */
  comments: string[]
  /** What could not be found out, and what to write instead. */
  unknown: string[]
}

export interface DependencyMap {
  defaultSchema: string
  dependencies: Line<RelationDeclaration>[]
  functions: Line<FunctionDeclaration>[]
  rowSecurity: Line<undefined>[]
  /** What no line can say. */
  notes: string[]
}

/** The same map for the same catalogs, whatever order they came in. Pure. */
export function dependencyMap(catalogs: Catalogs, { defaultSchema, schemas }: MapOptions): DependencyMap {
  const routines = new Routines(catalogs, defaultSchema)
  const short = (name: string): string => {
    const [schema, rest] = cut(name)
    return schema === defaultSchema ? rest : name
  }
  const chosen = (name: string) => schemas.length === 0 || schemas.includes(cut(name)[0])
  const list = (names: Iterable<string>) => [...names].sort(byText).map(short)
  const { entries, rowSecurity, notes } = relationEntries(catalogs, routines)
  const lines = <T>(all: Line<T>[]) =>
    all.filter(({ name }) => chosen(name)).map((line) => ({ ...line, name: short(line.name) }))
  return {
    defaultSchema,
    dependencies: lines(
      sorted(entries).map(([name, { effects, comments, unknown }]) => ({
        name,
        value: relationValue(effects, list),
        comments: [...comments].sort(byText),
        unknown: [...unknown].sort(byText),
      })),
    ),
    functions: lines(functionLines(routines, list)),
    rowSecurity: lines(
      sorted(rowSecurity).map(([name, why]) => ({
        name,
        value: undefined,
        comments: [...why].sort(byText),
        unknown: [],
      })),
    ),
    notes: [...notes].sort(byText),
  }
}

function relationValue(effects: Effects, list: (names: Iterable<string>) => string[]): RelationDeclaration {
  const writes = effects.everything ? ['*'] : list(effects.writes)
  if (effects.volatile.size > 0) return writes.length === 0 ? 'volatile' : { volatile: true, writes }
  const reads = list(effects.reads)
  if (reads.length > 0 && reads.join() === writes.join()) return reads
  return { ...(reads.length > 0 && { reads }), ...(writes.length > 0 && { writes }) }
}

function functionLines(routines: Routines, list: (names: Iterable<string>) => string[]): Line<FunctionDeclaration>[] {
  return routines.callable
    .map(([name, overloads]): Line<FunctionDeclaration> => {
      const effects = routines.effects(overloads)
      const own = overloads.filter(({ extension }) => extension === null)
      const sources = new Set(
        overloads.map(({ kind, extension }) => (extension === null ? KINDS[kind] : `extension ${extension}`)),
      )
      const words = own.length === 0 ? [] : [...effects.volatile, ...effects.identity, ...effects.session]
      const uses = [...new Set(words)].filter((word) => !effects.unknown.has(word)).sort(byText)
      const comment = [...[...sources].sort(byText), ...(uses.length > 0 ? [`uses ${uses.join(', ')}`] : [])].join(', ')
      return {
        name,
        value: functionValue(effects, list),
        // That a function is one goes without saying.
        comments: comment === KINDS.f ? [] : [comment],
        unknown: [...effects.unknown].sort(byText).map((what) => `${what}; ${INSTEAD(effects.everything)}`),
      }
    })
    .sort((a, b) => byText(extensionsOf(a), extensionsOf(b)) || byText(a.name, b.name))
}

/** The user's own come first, then one extension after the other. */
const extensionsOf = ({ comments }: Line<unknown>): string =>
  comments.find((text) => text.startsWith('extension ')) ?? ''

const KINDS = { f: 'function', p: 'procedure', a: 'aggregate', w: 'window function' }

const INSTEAD = (everything: boolean): string =>
  everything
    ? 'until you say more it may change anything: write { reads: [tables], writes: [tables] } instead, or { reads: [tables] } if it only reads, with volatile: true if it changes the session'
    : 'until you say more it is not cached: write { reads: [tables] } instead'

function functionValue(effects: Effects, list: (names: Iterable<string>) => string[]): FunctionDeclaration {
  const reads = list(effects.reads)
  const writes = effects.everything ? ['*'] : list(effects.writes)
  const session = effects.session.size > 0
  // Whoever makes it tables of the `*` is told of the session.
  if (writes.length > 0)
    return { ...(reads.length > 0 && { reads }), writes, ...(session && !effects.everything && { volatile: true }) }
  if (effects.volatile.size > 0 || session) return 'volatile'
  if (effects.identity.size > 0) return reads.length > 0 ? { reads, identity: true } : 'identity'
  return reads.length > 0 ? { reads } : 'stable'
}

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => byText(a, b))

/** The same order everywhere, whatever the language of the machine. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Schema and rest of a canonical name; both as they are written. */
function cut(name: string): [schema: string, rest: string] {
  const [, schema, rest] = /^("(?:[^"]|"")*"|[^.]*)\.(.*)$/s.exec(name) as unknown as [string, string, string]
  return [schema.startsWith('"') ? schema.slice(1, -1).replaceAll('""', '"') : schema, rest]
}
