/**
 * What the user declares about his schema, in canonical names.
 * @module
 */
import { canonicalTable } from './names.js'

export interface SqlOptions {
  /** Schema of names written without one. Default `public`. */
  defaultSchema?: string
  /**
   * What the text cannot show: a view, table or function name, and the tables it reads or changes too. A view names the tables behind it
   * (`{ 'active_users': ['users'] }`), a table those that a foreign key or a trigger changes with it (`{ users: ['orders'] }`). Followed
   * transitively. Default: none.
   */
  dependencies?: Readonly<Record<string, readonly string[]>>
  /**
   * User-defined functions: `stable` depends on its arguments and the tables that `dependencies` lists, `volatile` is never cached, `identity`
   * depends on the caller; or an object with the tables it reads and writes. Default: none, so a query that calls one is not cached.
   */
  functions?: Readonly<
    Record<
      string,
      'stable' | 'volatile' | 'identity' | { reads?: readonly string[]; writes?: readonly string[]; identity?: boolean }
    >
  >
}

export interface DeclaredFunction {
  volatile: boolean
  identity: boolean
  reads: readonly string[]
  writes: readonly string[]
}

export interface Settings {
  defaultSchema: string
  dependencies: ReadonlyMap<string, readonly string[]>
  functions: ReadonlyMap<string, DeclaredFunction>
}

const known = new WeakMap<SqlOptions, Settings>()

/** Reads the options once per object. */
export function settingsOf(options: SqlOptions): Settings {
  let settings = known.get(options)
  if (!settings) known.set(options, (settings = read(options)))
  return settings
}

function read({ defaultSchema = 'public', dependencies = {}, functions = {} }: SqlOptions): Settings {
  const names = (list: readonly string[] = []) => list.map((name) => canonicalTable(name, defaultSchema))
  return {
    defaultSchema,
    dependencies: new Map(
      Object.entries(dependencies).map(([name, tables]) => [canonicalTable(name, defaultSchema), names(tables)]),
    ),
    functions: new Map(
      Object.entries(functions).map(([name, declared]) => {
        const details = typeof declared === 'string' ? {} : declared
        return [
          canonicalTable(name, defaultSchema),
          {
            volatile: declared === 'volatile',
            identity: declared === 'identity' || details.identity === true,
            reads: names(details.reads),
            writes: names(details.writes),
          },
        ]
      }),
    ),
  }
}

/** The names and all that depends on them, sorted. */
export function withDependents(names: Iterable<string>, dependencies: Settings['dependencies']): string[] {
  const all = new Set(names)
  // A set hands out what is added while it is walked.
  for (const name of all) for (const dependent of dependencies.get(name) ?? []) all.add(dependent)
  return [...all].sort()
}
