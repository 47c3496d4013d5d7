/**
 * What the user declares about his schema, in canonical names and by direction.
 * @module
 */
import type { FunctionDeclaration, SqlSettings } from '../options.js'
import { canonicalTable } from './names.js'

/** What `readSql` needs of the settings. */
export type SqlOptions = Omit<SqlSettings, 'onUnknown'>

/** In `writes`: anything may change. */
export const EVERYTHING = '*'

export interface DeclaredFunction {
  volatile: boolean
  identity: boolean
  reads: readonly string[]
  writes: readonly string[]
}

type Edges = ReadonlyMap<string, readonly string[]>

export interface Settings {
  defaultSchema: string
  /** What is read with a name, where the name is read. */
  reads: Edges
  /** What changes with a name, where the name is written. */
  writes: Edges
  /** Relations whose rows change without a write. */
  volatile: ReadonlySet<string>
  /** Relations whose rows depend on who asks. */
  rowSecurity: ReadonlySet<string>
  functions: ReadonlyMap<string, DeclaredFunction>
}

const known = new WeakMap<SqlOptions, Settings>()

/** Reads the options once per object. */
export function settingsOf(options: SqlOptions): Settings {
  let settings = known.get(options)
  if (!settings) known.set(options, (settings = read(options)))
  return settings
}

function read({ defaultSchema = 'public', dependencies = {}, functions = {}, rowSecurity = [] }: SqlOptions): Settings {
  const canonical = (name: string) => (name === EVERYTHING ? name : canonicalTable(name, defaultSchema))
  const partsOf = <T>(declarations: Readonly<Record<string, T | undefined>>) =>
    Object.entries(declarations).flatMap(([name, given]) =>
      given === undefined ? [] : [{ name: canonical(name), given, ...partsOfOne(given) }],
    )
  const settings = {
    defaultSchema,
    reads: new Map<string, readonly string[]>(),
    writes: new Map<string, readonly string[]>(),
    volatile: new Set<string>(),
    rowSecurity: new Set(rowSecurity.map(canonical)),
    functions: new Map<string, DeclaredFunction>(),
  }
  const changed = new Map<string, readonly string[]>()
  // Two spellings of one name add up.
  const add = (edges: Map<string, readonly string[]>, name: string, tables: readonly string[] = []) => {
    if (tables.length > 0) edges.set(name, [...(edges.get(name) ?? []), ...tables.map(canonical)])
  }
  for (const { name, given, reads, writes, volatile } of partsOf(dependencies)) {
    add(settings.reads, name, reads)
    add(settings.writes, name, writes)
    if (volatile) settings.volatile.add(name)
    // An array does not make every query that calls a function of the name a write.
    if (!Array.isArray(given)) add(changed, name, writes)
  }
  for (const { name, reads = [], writes = [], volatile, identity } of partsOf(functions)) {
    const before = settings.functions.get(name)
    settings.functions.set(name, {
      volatile: volatile === true || before?.volatile === true,
      identity: identity === true || before?.identity === true,
      reads: [...(before?.reads ?? []), ...reads.map(canonical)],
      writes: [...(before?.writes ?? changed.get(name) ?? []), ...writes.map(canonical)],
    })
  }
  return settings
}

/** What any form of a declaration says. */
function partsOfOne(given: unknown): Exclude<FunctionDeclaration, string> {
  if (typeof given === 'string') return { [given]: true }
  return Array.isArray(given) ? { reads: given, writes: given } : (given as object)
}

/** The names and all that their edges lead to, sorted. */
export function follow(names: Iterable<string>, edges: Edges): string[] {
  const all = new Set(names)
  // A set hands out what is added while it is walked.
  for (const name of all) for (const next of edges.get(name) ?? []) all.add(next)
  return [...all].sort()
}

/** What reading these names means: everything that is read with them, and what it says about the result. */
export function readTogether(
  names: Iterable<string>,
  { reads, volatile, rowSecurity }: Settings,
): { tables: string[]; volatile: string | undefined; identity: string | undefined } {
  const tables = follow(names, reads)
  return {
    tables,
    volatile: tables.find((table) => volatile.has(table)),
    identity: tables.find((table) => rowSecurity.has(table)),
  }
}

/** Everything that changes when these names are written; undefined when it may be anything. */
export function writtenTogether(names: Iterable<string>, { writes }: Settings): string[] | undefined {
  const tables = follow(names, writes)
  return tables.includes(EVERYTHING) ? undefined : tables
}

/** Whether anything that is declared depends on who asks. */
export function tellsCallersApart(options: SqlOptions): boolean {
  const { rowSecurity, functions } = settingsOf(options)
  return rowSecurity.size > 0 || [...functions.values()].some(({ identity }) => identity)
}
