/**
 * What each function and procedure does, together with those that it calls.
 * @module
 */
import { canonical } from '../../sql/names.js'
import { SCHEMA_NAME } from '../../sql/catalog.js'
import { effectsOf, verdict } from '../../sql/functions.js'
import type { Catalogs, Relation, Routine } from './catalogs.js'
import { readPlpgsql } from './plpgsql.js'
import { noFacts, readExpression, readText } from './read-text.js'
import type { Name, TextFacts } from './read-text.js'

/** What something does, in canonical names. Each text says why. */
export interface Effects {
  reads: Set<string>
  writes: Set<string>
  volatile: Set<string>
  identity: Set<string>
  /** May change the session: what a single connection sees from then on. */
  session: Set<string>
  /** Not found out: it may read anything, and where it is declared volatile, change anything. */
  unknown: Set<string>
  /** Of the unknown: may change anything. */
  everything: boolean
}

export const noEffects = (): Effects => ({
  reads: new Set(),
  writes: new Set(),
  volatile: new Set(),
  identity: new Set(),
  session: new Set(),
  unknown: new Set(),
  everything: false,
})

export function addEffects(to: Effects, from: Effects): void {
  for (const kind of ['reads', 'writes', 'volatile', 'identity', 'session', 'unknown'] as const)
    for (const name of from[kind]) to[kind].add(name)
  to.everything ||= from.everything
}

export const nameOf = ({ schema, name }: { schema: string; name: string }): string => canonical([schema, name])

/** Trigger functions in C that change nothing but the row at hand, or a sequence. */
const HARMLESS =
  /^(moddatetime|autoinc|insert_username|lo_manage|tsvector_update_trigger(_column)?|suppress_redundant_updates_trigger)$/
/** Labelled stable or immutable, and yet they run SQL that they are given as text. */
const RUNS_TEXT = /^(crosstab\w*|connectby|xpath_table|query_to_\w+|cursor_to_\w+|dblink\w*)$/

/** Finds things of a database by the names that its texts have for them. */
export class Routines {
  readonly #catalogs: Catalogs
  readonly #defaultSchema: string
  readonly #byName = new Map<string, Routine[]>()
  readonly #byOid = new Map<string, Routine>()
  readonly #relations = new Map<string, Relation>()
  readonly #own = new Map<Routine, { effects: Effects; calls: Routine[] }>()

  constructor(catalogs: Catalogs, defaultSchema: string) {
    this.#catalogs = catalogs
    this.#defaultSchema = defaultSchema
    for (const routine of catalogs.routines) {
      this.#byOid.set(routine.oid, routine)
      this.#byName.set(nameOf(routine), [...(this.#byName.get(nameOf(routine)) ?? []), routine])
    }
    for (const relation of catalogs.relations) this.#relations.set(nameOf(relation), relation)
  }

  /** Those that a query can call, by name: overloads cannot be told apart by a text. */
  get callable(): [string, Routine[]][] {
    return [...this.#byName]
      .map(([name, routines]): [string, Routine[]] => [name, routines.filter(({ hidden }) => !hidden)])
      .filter(([, routines]) => routines.length > 0)
  }

  byOid(oid: string): Routine | undefined {
    return this.#byOid.get(oid)
  }

  /** With everything that is called. */
  effects(routines: readonly Routine[]): Effects {
    const all = noEffects()
    const reached = new Set(routines)
    for (const routine of reached) {
      const { effects, calls } = this.#ownEffects(routine)
      addEffects(all, effects)
      for (const called of calls) reached.add(called)
    }
    return all
  }

  /** What a text of the catalogs does, in which every name of a user's has its schema. */
  ofText(facts: TextFacts): Effects {
    const { effects, calls } = this.#resolve(facts, [])
    addEffects(effects, this.effects(calls))
    for (const what of facts.unknown) effects.volatile.add(what)
    return effects
  }

  #ownEffects(routine: Routine): { effects: Effects; calls: Routine[] } {
    let own = this.#own.get(routine)
    if (!own) this.#own.set(routine, (own = this.#read(routine)))
    return own
  }

  #read(routine: Routine): { effects: Effects; calls: Routine[] } {
    const { language, extension, kind, volatility, name } = routine
    const path = routine.searchPath === null ? [this.#defaultSchema] : schemas(routine.searchPath)
    if ((kind === 'a' || kind === 'w') && extension === null) {
      const calls = routine.parts.flatMap((oid) => this.#byOid.get(oid) ?? [])
      return { effects: noEffects(), calls }
    }
    if (extension !== null || !/^(sql|plpgsql)$/.test(language)) {
      const effects = noEffects()
      // `auth.uid()` and its like, whoever provides them.
      if (verdict(routine.schema, name, 2) === 'identity') effects.identity.add(name)
      if (extension === null) this.#opaque(routine, `its body, in ${language}`, effects)
      else if (volatility === 'v' || RUNS_TEXT.test(name)) {
        effects.volatile.add(`${name} of extension ${extension}`)
        if (effectsOf(verdict(undefined, name, 2), name)) effects.session.add(`${name} of extension ${extension}`)
      }
      if (routine.hidden && extension !== null && !HARMLESS.test(name))
        this.#opaque(routine, `its body, in extension ${extension}`, effects)
      return { effects, calls: [] }
    }
    const facts = bodyOf(routine)
    if (routine.defaults !== null) readExpression(routine.defaults, facts)
    const resolved = this.#resolve(facts, path)
    for (const what of facts.unknown) this.#opaque(routine, what, resolved.effects)
    return resolved
  }

  /** What PostgreSQL lets such a function do: only a volatile one can write, and an immutable one is said to read nothing. */
  #opaque({ volatility }: Routine, what: string, effects: Effects): void {
    if (volatility === 'i') return
    effects.unknown.add(what)
    effects.volatile.add(what)
    effects.session.add(what)
    if (volatility === 'v') effects.everything = true
  }

  #resolve(facts: TextFacts, path: readonly string[]): { effects: Effects; calls: Routine[] } {
    const effects = noEffects()
    const calls: Routine[] = []
    for (const kind of ['reads', 'writes'] as const)
      for (const name of facts[kind]) {
        const relation = this.#relation(name, path)
        if (relation !== undefined) effects[kind].add(relation)
      }
    for (const word of facts.volatile) effects.volatile.add(word)
    for (const word of facts.identity) effects.identity.add(word)
    for (const word of facts.session) effects.session.add(word)
    for (const what of facts.unknown) effects.unknown.add(what)
    for (const name of facts.calls) {
      const found = this.#routines(name, path)
      calls.push(...found)
      if (found.length > 0) continue
      const last = name.at(-1) as string
      const built = verdict(name.at(-2), last, 2)
      const what = built === 'unknown' ? `${name.join('.')}, which was not found` : name.join('.')
      if (built === 'unknown') effects.volatile.add(what)
      if (effectsOf(built, last)) effects.session.add(what)
    }
    return { effects, calls }
  }

  /** A relation's canonical name; undefined for one that does not exist now, such as a temporary table. Of the server's own one stands for all. */
  #relation(name: Name, path: readonly string[]): string | undefined {
    if (name.length > 1 && canonical(name) === SCHEMA_NAME) return SCHEMA_NAME
    return found(
      name,
      path,
      (id) => this.#relations.has(id),
      () => this.#catalogs.relations,
    )
  }

  #routines(name: Name, path: readonly string[]): Routine[] {
    const id = found(
      name,
      path,
      (known) => this.#byName.has(known),
      () => this.#catalogs.routines,
    )
    return id === undefined ? [] : this.#byName.get(id)!
  }
}

/** By the search path; else in the only schema that has the name, because the path at run time is not known. */
function found(
  name: Name,
  path: readonly string[],
  exists: (id: string) => boolean,
  all: () => readonly { schema: string; name: string }[],
): string | undefined {
  const last = name.at(-1) as string
  if (name.length > 1) return [canonical(name)].find(exists)
  const inPath = path.map((schema) => canonical([schema, last])).find(exists)
  if (inPath !== undefined || path.length === 0) return inPath
  const ids = new Set(
    all()
      .filter((thing) => thing.name === last)
      .map(nameOf),
  )
  return ids.size === 1 ? [...ids][0] : undefined
}

function bodyOf({ language, sqlBody, source }: Routine): TextFacts {
  if (language === 'plpgsql') return readPlpgsql(source)
  const facts = noFacts()
  if (sqlBody === null) readText(source, facts)
  else if (/^\s*RETURN\b/i.test(sqlBody)) readExpression(sqlBody.replace(/^\s*RETURN\b/i, ''), facts)
  else readText(sqlBody.replace(/^\s*BEGIN\s+ATOMIC\b/i, '').replace(/\bEND\s*;?\s*$/i, ''), facts)
  return facts
}

/** `search_path` as `SET` keeps it. `"$user"` is not known before somebody calls. */
function schemas(searchPath: string): string[] {
  return [...searchPath.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)]
    .map(([part, quoted]) => quoted?.replaceAll('""', '"') ?? part)
    .filter((schema) => schema !== '' && schema !== '$user')
}
