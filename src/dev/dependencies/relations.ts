/**
 * What stands behind tables and views: queries of views, cascades, triggers, rules, partitions, policies.
 * @module
 */
import { tokenize } from '../../sql/tokens.js'
import type { Catalogs, Relation, Use } from './catalogs.js'
import { noFacts, readExpression, readText } from './read-text.js'
import { addEffects, nameOf, noEffects } from './routines.js'
import type { Effects, Routines } from './routines.js'

export interface Entry {
  effects: Effects
  comments: Set<string>
  unknown: Set<string>
}

export interface RelationEntries {
  entries: Map<string, Entry>
  /** With the reasons. */
  rowSecurity: Map<string, Set<string>>
  notes: Set<string>
}

export function relationEntries(catalogs: Catalogs, routines: Routines): RelationEntries {
  const all = new Entries(catalogs, routines)
  for (const relation of catalogs.relations) all.relation(relation)
  all.families()
  all.foreignKeys()
  all.triggers()
  all.defaults()
  all.rules()
  all.policies()
  all.columnsThatAreCalls()
  all.operators()
  return all
}

const ACTIONS: Readonly<Record<string, string>> = { c: 'CASCADE', n: 'SET NULL', d: 'SET DEFAULT' }
const NAME_TABLES = "it may change anything: write the tables that it changes instead of '*'"

class Entries implements RelationEntries {
  readonly entries = new Map<string, Entry>()
  readonly rowSecurity = new Map<string, Set<string>>()
  readonly notes = new Set<string>()
  readonly #catalogs: Catalogs
  readonly #routines: Routines
  readonly #byOid: Map<string, Relation>
  readonly #operators: Map<string, string>

  constructor(catalogs: Catalogs, routines: Routines) {
    this.#catalogs = catalogs
    this.#routines = routines
    this.#byOid = new Map(catalogs.relations.map((relation) => [relation.oid, relation]))
    this.#operators = new Map(catalogs.operators.map(({ oid, routine }) => [oid, routine]))
  }

  relation(relation: Relation): void {
    const name = nameOf(relation)
    if (relation.rowSecurity) this.#secured(name, 'row-level security')
    if (relation.kind === 'S') this.#volatile(name, 'sequence: nextval() changes it without a write')
    if (relation.kind === 'f')
      this.#volatile(
        name,
        `foreign table of ${relation.server}: others change it. Without this line it is cached for its TTL`,
      )
    if (relation.kind === 'v') this.#view(name, relation)
  }

  #view(name: string, { oid, definition, updatable }: Relation): void {
    const facts = noFacts()
    readText(definition ?? '', facts)
    const effects = this.#routines.ofText(facts)
    const tables = this.#used(oid, this.#catalogs.viewUses, effects)
    const unknown = this.#readOnly(name, effects, `view ${name}`)
    effects.writes = new Set(updatable ? tables : [])
    this.#add(name, effects, 'view', unknown)
  }

  policies(): void {
    for (const { name, relation, condition } of this.#catalogs.policies) {
      const table = this.#byOid.get(relation)
      if (!table || condition === null) continue
      const facts = noFacts()
      readExpression(condition, facts)
      const effects = this.#routines.ofText(facts)
      this.#used(relation, this.#catalogs.policyUses, effects)
      effects.reads.delete(nameOf(table))
      const unknown = this.#readOnly(nameOf(table), effects, `policy ${name}`)
      this.#add(nameOf(table), effects, `policy ${name}`, unknown)
    }
  }

  /**
   * For what is evaluated by reading a table or view: unstable makes it volatile, and who asks needs a scope. Returns what was not found out.
   */
  #readOnly(name: string, effects: Effects, what: string): string[] {
    for (const word of effects.identity) this.#secured(name, `${what} uses ${word}`)
    const unknown = [...effects.unknown].map(
      (text) => `${what}: ${text}; not cached until you write { reads: [tables] }`,
    )
    if (effects.everything || effects.writes.size > 0) {
      effects.volatile.add('a function that writes')
      this.notes.add(
        `${what} calls a function that may write. Reading it invalidates nothing: call \`invalidate\` with what it changes.`,
      )
    }
    this.#session(effects, what)
    effects.everything = false
    effects.writes = new Set()
    return unknown
  }

  /** Adds what is used by oid: the tables, and what routines and operators do. Returns the tables. */
  #used(user: string, uses: readonly Use[], effects: Effects): string[] {
    const tables: string[] = []
    for (const use of uses) {
      if (use.user !== user) continue
      const relation = use.kind === 'pg_class' ? this.#byOid.get(use.used) : undefined
      const oid =
        use.kind === 'pg_proc' ? use.used : use.kind === 'pg_operator' ? this.#operators.get(use.used) : undefined
      const routine = oid === undefined ? undefined : this.#routines.byOid(oid)
      if (relation) tables.push(nameOf(relation))
      if (routine) addEffects(effects, this.#routines.effects([routine]))
    }
    for (const table of tables) effects.reads.add(table)
    return tables
  }

  /**
   * A child is written with its parent and read with it: a write to the parent may change rows of any child, and a reader of one child
   * depends on the parent too. Two names, however many partitions there are. A child of several parents is named by all that are above it: a write
   * to one of them may change rows that another one has too.
   */
  families(): void {
    const met = new Set<string>()
    for (const { user, used } of this.#catalogs.parents) {
      const [child, parent] = [this.#byOid.get(user), this.#byOid.get(used)]
      if (!child || !parent) continue
      if (met.has(user))
        this.#written(child, { ...noEffects(), writes: new Set([nameOf(child)]) }, 'a child of several parents')
      met.add(user)
      const both = new Set([nameOf(parent)])
      const what = parent.kind === 'p' ? 'partition' : 'child'
      this.#add(nameOf(child), { ...noEffects(), reads: both, writes: both }, `${what} of ${nameOf(parent)}`)
    }
  }

  foreignKeys(): void {
    for (const { name, parent, child, onDelete, onUpdate } of this.#catalogs.foreignKeys) {
      const [from, to] = [this.#byOid.get(parent), this.#byOid.get(child)]
      if (!from || !to) continue
      const actions = [
        ...(onDelete in ACTIONS ? [`ON DELETE ${ACTIONS[onDelete]}`] : []),
        ...(onUpdate in ACTIONS ? [`ON UPDATE ${ACTIONS[onUpdate]}`] : []),
      ]
      this.#written(
        from,
        { ...noEffects(), writes: new Set([nameOf(to)]) },
        `foreign key ${name} of ${nameOf(to)}, ${actions.join(', ')}`,
      )
    }
  }

  triggers(): void {
    for (const { name, relation, routine } of this.#catalogs.triggers) {
      const table = this.#byOid.get(relation)
      const called = this.#routines.byOid(routine)
      // The server's own trigger functions change nothing but the row at hand.
      if (!table || !called) continue
      this.#written(table, this.#routines.effects([called]), `trigger ${name}, function ${nameOf(called)}`)
    }
  }

  /** Such as one that counts up in a table of its own. */
  defaults(): void {
    for (const { name, relation, routine } of this.#catalogs.defaults) {
      const table = this.#byOid.get(relation)
      const called = this.#routines.byOid(routine)
      if (!table || !called) continue
      this.#written(table, this.#routines.effects([called]), `default of ${name}, function ${nameOf(called)}`)
    }
  }

  rules(): void {
    for (const { name, relation, definition } of this.#catalogs.rules) {
      const table = this.#byOid.get(relation)
      if (!table) continue
      const facts = noFacts()
      readText(actionOf(definition), facts)
      const effects = this.#routines.ofText(facts)
      effects.everything ||= facts.unknown.length > 0
      this.#changed(table, effects, `rule ${name}`)
    }
  }

  /** `t.f` calls `f(t)` where `t` has no such column; no text shows it. */
  columnsThatAreCalls(): void {
    for (const routine of this.#catalogs.routines) {
      const { rowOf } = routine
      const relation = rowOf === null ? undefined : this.#byOid.get(rowOf)
      if ((!relation && rowOf !== 'any') || routine.hidden || routine.extension !== null) continue
      const effects = this.#routines.effects([routine])
      const what = `function ${nameOf(routine)}, which can be called as t.${routine.name}`
      // What somebody may see is not left to a note.
      if (relation && effects.identity.size > 0) this.#secured(nameOf(relation), what)
      const stable = isStable(relation ? { ...effects, identity: new Set() } : effects)
      const unseen = !stable ? 'is not stable' : !relation && effects.reads.size > 0 ? 'reads tables' : ''
      if (unseen)
        this.notes.add(
          `${what} for a row t of ${relation ? nameOf(relation) : 'any table'}, ${unseen}, and no text shows that call: use parentheses.`,
        )
      if (!relation) continue
      const reads = new Set([...effects.reads].filter((table) => table !== nameOf(relation)))
      this.#add(nameOf(relation), { ...noEffects(), reads }, what)
    }
  }

  operators(): void {
    for (const { name, routine } of this.#catalogs.operators) {
      const called = this.#routines.byOid(routine)
      if (!called || called.extension !== null) continue
      const effects = this.#routines.effects([called])
      if (!isStable(effects) || effects.reads.size > 0)
        this.notes.add(`${name} calls ${nameOf(called)}, which no text shows: call the function by its name.`)
    }
  }

  /** What a write to the table does, and a write to any table above it, whose rows may be in it. */
  #written(table: Relation, effects: Effects, comment: string): void {
    const above = new Set([table.oid])
    for (const oid of above) for (const { user, used } of this.#catalogs.parents) if (user === oid) above.add(used)
    for (const oid of above) {
      const relation = this.#byOid.get(oid)
      if (relation) this.#changed(relation, effects, relation === table ? comment : `${comment}, on ${nameOf(table)}`)
    }
  }

  /** No line can say it of a table or view, except that a write of everything may also do that. */
  #session({ session, everything, unknown }: Effects, what: string): void {
    const known = [...session].filter((word) => !unknown.has(word)).sort()
    if (known.length > 0 && !everything)
      this.notes.add(
        `${what} may change the session (${known.join(', ')}): give \`fromPool\` a \`scope\` for a single connection (a \`pg\` Client, PGlite).`,
      )
  }

  #changed(table: Relation, effects: Effects, comment: string): void {
    const { writes, everything, unknown } = effects
    this.#session(effects, comment)
    const others = new Set([...writes].filter((name) => name !== nameOf(table)))
    const said = everything ? [...unknown].map((text) => `${comment}: ${text}; ${NAME_TABLES}`) : []
    this.#add(nameOf(table), { ...noEffects(), writes: others, everything }, comment, said)
  }

  #volatile(name: string, why: string): void {
    this.#add(name, { ...noEffects(), volatile: new Set([why]) }, '')
  }

  #secured(name: string, why: string): void {
    this.rowSecurity.set(name, (this.rowSecurity.get(name) ?? new Set()).add(why))
  }

  /** An entry that says nothing is none. */
  #add(name: string, effects: Effects, comment: string, unknown: readonly string[] = []): void {
    const { reads, writes, volatile, everything } = effects
    if (reads.size + writes.size + volatile.size === 0 && !everything) return
    let entry = this.entries.get(name)
    if (!entry) this.entries.set(name, (entry = { effects: noEffects(), comments: new Set(), unknown: new Set() }))
    addEffects(entry.effects, effects)
    const words = [...volatile]
      .filter((word) => !unknown.some((text) => text.includes(word)))
      .sort()
      .join(', ')
    entry.comments.add(comment === '' ? words : words === '' ? comment : `${comment}, uses ${words}`)
    for (const text of unknown) entry.unknown.add(text)
  }
}

const isStable = ({ volatile, identity, writes, everything }: Effects): boolean =>
  volatile.size + identity.size + writes.size === 0 && !everything

/** What `CREATE RULE ... DO [ALSO | INSTEAD] (a; b)` does, as statements. */
function actionOf(definition: string): string {
  const tokens = tokenize(definition) ?? []
  const from = tokens.findIndex(({ key }, i) => key === 'do' && /^(also|instead|[^"'])/.test(tokens[i + 1]?.key ?? ''))
  let first = from + 1
  while (/^(also|instead)$/.test(tokens[first]?.key ?? '')) first++
  const action = definition.slice(tokens[first]?.start ?? 0).replace(/;\s*$/, '')
  if (tokens[first]?.key === 'nothing') return ''
  // In parentheses there may be several; a query in parentheses is read as one.
  return tokens[first]?.key === '(' ? action.slice(1).replace(/\)\s*$/, '') : action
}
