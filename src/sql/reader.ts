/**
 * The place in the tokens, and what has been found so far.
 * @module
 */
import type { SqlFacts, SqlReason } from '../types.js'
import { SCHEMA_NAME, catalogOf } from './catalog.js'
import { effectsOf, verdict } from './functions.js'
import { canonical } from './names.js'
import type { Settings } from './settings.js'
import { Scope } from './scope.js'
import type { Token } from './tokens.js'

/** Thrown inside the reader only: what it cannot place is not cached. */
export class NotUnderstood {
  readonly token: string | undefined
  constructor(token: string | undefined) {
    this.token = token
  }
}

/** Deeper nesting than people and generators write; it keeps the call stack safe. */
const MAX_DEPTH = 300

export class Reader {
  readonly tokens: readonly Token[]
  readonly settings: Settings
  readonly scope = new Scope()
  kind: SqlFacts['kind'] = 'read'
  readonly tables = new Set<string>()
  readonly writes = new Set<string>()
  /** True when something changes that the text does not tell. */
  writesUnknown = false
  readonly volatileFunctions = new Set<string>()
  /** The first function of which nothing is known. */
  unknownFunction: string | undefined
  /** The word or function that asks who asks. */
  identityToken: string | undefined
  effects: SqlFacts['effects']
  reason: SqlReason | undefined
  /** What decided `reason`. */
  decidedBy: string | undefined
  #at = 0
  #operatorEnd = -1
  #depth = 0

  constructor(tokens: readonly Token[], settings: Settings) {
    this.tokens = tokens
    this.settings = settings
  }

  get token(): Token {
    return this.tokens[this.#at] as Token
  }
  get key(): string {
    return this.token.key
  }
  /** The key of a token before (-1) or after (1) this one; empty outside the text. */
  near(offset: number): string {
    return this.tokens[this.#at + offset]?.key ?? ''
  }
  /** The same, for a quoted identifier what it says. */
  nearName(offset: number): string {
    const token = this.tokens[this.#at + offset]
    return token?.key === '"' ? token.text : (token?.key ?? '')
  }
  /** The user has declared a function of this name, which an older server does not take for syntax. */
  declares(word: string): boolean {
    return (
      this.settings.functions.size > 0 && this.settings.functions.has(canonical([word], this.settings.defaultSchema))
    )
  }
  /** What has just been read is an operator, though it ends as an operand may. */
  markOperator(): void {
    this.#operatorEnd = this.#at
  }
  get afterOperator(): boolean {
    return this.#operatorEnd === this.#at
  }
  next(): Token {
    const token = this.token
    // No loop may wait at the end for what never comes.
    if (!token.key) this.refuse()
    this.#at++
    return token
  }
  take(key: string): boolean {
    if (this.key !== key) return false
    this.#at++
    return true
  }
  expect(key: string): void {
    if (!this.take(key)) this.refuse()
  }
  /** An unquoted or quoted identifier; a keyword too where the grammar allows one. */
  get isName(): boolean {
    return this.key === '"' || /^[^\W\d]|^[\u0080-\uffff]/.test(this.key)
  }
  name(): string {
    if (!this.isName) this.refuse()
    return this.next().text
  }
  /** `a.b.c`; stops before `.*`. */
  qualified(): string[] {
    const parts = [this.name()]
    while (this.key === '.' && this.near(1) !== '*') {
      this.next()
      parts.push(this.name())
    }
    return parts
  }
  get identity(): boolean {
    return this.identityToken !== undefined
  }
  set identity(asks: boolean) {
    if (asks) this.identityToken ??= this.key
  }
  open(bracket = '('): void {
    this.expect(bracket)
    this.descend()
  }
  /** Into parentheses, or a statement inside another. */
  descend(): void {
    if (++this.#depth > MAX_DEPTH) this.refuse()
  }
  close(bracket = ')'): void {
    this.expect(bracket)
    this.#depth--
  }
  refuse(): never {
    const key = this.key
    throw new NotUnderstood(/^["'0$]?$/.test(key) ? undefined : key)
  }

  unstable(reason: SqlReason, token: string): void {
    this.reason ??= reason
    this.decidedBy ??= token
  }
  volatile(token: string): void {
    this.volatileFunctions.add(token)
    this.unstable('volatile-function', token)
  }
  /** A table, view or CTE is read. */
  read(parts: readonly string[]): void {
    const found = parts.length > 1 ? 'table' : this.scope.resolve(parts[0] as string)
    if (found === 'table') this.readTable(parts)
  }
  readTable(parts: readonly string[]): void {
    const name = parts.at(-1) as string
    const catalog = catalogOf(parts.at(-2), name)
    if (catalog === 'server') this.volatile(parts.join('.'))
    else if (catalog) this.readSchema()
    if (catalog === 'rights') this.identityToken ??= parts.join('.')
    // The server looks there first, if the search path does not say otherwise.
    if (catalog && parts.length === 1) this.tables.add(canonical(['pg_catalog', name]))
    this.tables.add(canonical(parts, this.settings.defaultSchema))
  }
  /** The result depends on what only DDL changes. */
  readSchema(): void {
    this.tables.add(SCHEMA_NAME)
  }
  write(reason: SqlReason, token: string, parts?: readonly string[]): void {
    this.kind = 'write'
    this.unstable(reason, token)
    if (reason === 'ddl' || reason === 'select-into') this.writes.add(SCHEMA_NAME)
    if (parts) this.writes.add(canonical(parts, this.settings.defaultSchema))
    // A rule turns the UPDATE into `set_config`.
    if (parts?.at(-1) === 'pg_settings') this.mayDo('session')
    if (parts?.at(-2)?.startsWith('pg_temp')) this.mayDo('session')
  }
  mayDo(effects: SqlFacts['effects']): void {
    if (this.effects !== 'any') this.effects = effects ?? this.effects
  }
  call(parts: readonly string[], argumentCount: number): void {
    const id = canonical(parts, this.settings.defaultSchema)
    const name = parts.join('.')
    const declared = this.settings.functions.get(id)
    const built = verdict(parts.at(-2), parts.at(-1) as string, argumentCount)
    for (const table of this.settings.reads.get(id) ?? []) this.tables.add(table)
    if (built === 'identity' || declared?.identity) this.identityToken ??= name
    if (declared?.volatile) this.mayDo('session')
    else if (!declared || built !== 'unknown') this.mayDo(effectsOf(built, parts.at(-1) as string))
    if (declared?.writes.length) this.write('write', name)
    if (built === 'volatile' || declared?.volatile) this.volatile(name)
    else if (built === 'schema') this.readSchema()
    else if (built === 'unknown' && !declared) this.unknownFunction ??= name
    for (const table of declared?.reads ?? []) this.tables.add(table)
    for (const table of declared?.writes ?? []) this.writes.add(table)
  }
}
