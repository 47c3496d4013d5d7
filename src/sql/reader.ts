/**
 * The place in the tokens, and what has been found so far. One text is read at a time, from its first token to its last without a pause, so
 * that both are this module's own, and what reads the grammar looks like the grammar.
 * @module
 */
import type { SqlFacts, SqlReason } from '../types.js'
import { SCHEMA_NAME, catalogOf } from './catalog.js'
import { isName } from './keywords.js'
import { clearScope, isTable } from './scope.js'
import { canonical } from './names.js'
import { effectsOf, verdict } from './functions.js'
import type { Settings } from './settings.js'
import type { Token } from './tokens.js'

/** Thrown inside the reader only: what it cannot place is not cached. */
export class NotUnderstood {
  readonly token: string | undefined
  constructor(token: string | undefined) {
    this.token = token
  }
}

export interface Found {
  kind: SqlFacts['kind']
  reason?: SqlReason
  /** What decided `reason`. */
  token?: string
  tables: Set<string>
  writes: Set<string>
  /** True when something changes that the text does not tell. */
  writesUnknown: boolean
  volatileFunctions: Set<string>
  /** The first function of which nothing is known. */
  unknownFunction?: string
  /** The word or function that asks who asks. */
  identityToken?: string
  /** The names of all calls, in their parts. */
  calls: (readonly string[])[]
  /** What the calls may do. */
  effects?: SqlFacts['effects']
  /** True when the session changes by something else. */
  session: boolean
}

/** Deeper nesting than people and generators write; it keeps the call stack safe. */
const MAX_DEPTH = 300

/** The key of the token that comes next; empty at the end. */
export let key: string
export let found: Found
let settings: Settings
let tokens: readonly Token[]
let at: number
let depth: number
let operatorEnd: number

/** Reads all of a text; throws `NotUnderstood` when something is left. */
export function readAll(text: readonly Token[], declared: Settings, statement: () => void): Found {
  tokens = text
  settings = declared
  at = depth = 0
  operatorEnd = -1
  key = near(0)
  found = {
    kind: 'read',
    tables: new Set(),
    writes: new Set(),
    writesUnknown: false,
    volatileFunctions: new Set(),
    calls: [],
    session: false,
  }
  clearScope()
  try {
    while (take(';'));
    statement()
    while (take(';'));
    if (key) refuse()
    return found
  } finally {
    // A long text must not stay in memory.
    tokens = []
  }
}

export const is = (word: string): boolean => key === word
/** The key of a token before (-1) or after (1) the next; empty outside the text. */
export const near = (offset: number): string => tokens[at + offset]?.key ?? ''
/** The same, for a quoted identifier what it says. */
export const nearName = (offset: number): string => (near(offset) === '"' ? textOf(offset) : near(offset))
const textOf = (offset: number): string => (tokens[at + offset] as Token).text

/** Passes a token, and returns its key. */
export function next(): string {
  const passed = key
  // No loop may wait at the end for what never comes.
  if (!passed) refuse()
  at++
  key = near(0)
  return passed
}

/** Passes a token, and returns its text. */
export function nextText(): string {
  next()
  return textOf(-1)
}

export const take = (word: string): boolean => is(word) && !!next()

export function expect(word: string): void {
  if (!take(word)) refuse()
}

/** Passes two tokens where the second is known too. */
export const takeBoth = (word: string, second: string): boolean => near(1) === second && take(word) && !!next()

/** A quoted or unquoted identifier; a keyword too where the grammar allows one. */
export function name(): string {
  if (!isName(key)) refuse()
  return nextText()
}

/** `a.b.c`; stops before `.*`. */
export function qualified(): string[] {
  const parts = [name()]
  while (near(1) !== '*' && take('.')) parts.push(name())
  return parts
}

/** How far ahead the last part is of a name whose first part is so far ahead. */
export function lastPart(offset: number): number {
  while (near(offset + 1) === '.') offset += 2
  return offset
}

export function open(bracket = '('): void {
  expect(bracket)
  descend()
}

/** Into parentheses, or a statement inside another. */
export function descend(): void {
  if (++depth > MAX_DEPTH) refuse()
}

export function close(bracket = ')'): void {
  expect(bracket)
  depth--
}

export function refuse(): never {
  throw new NotUnderstood(/^["'0$]?$/.test(key) ? undefined : key)
}

/** What has just been read is an operator, though it ends as an operand may. */
export function markOperator(): void {
  operatorEnd = at
}

export const afterOperator = (): boolean => operatorEnd === at

const idOf = (parts: readonly string[]): string => canonical(parts, settings.defaultSchema)

/** The user has declared a function of this name, which an older server does not take for syntax. */
export const declares = (word: string): boolean => settings.functions.size > 0 && settings.functions.has(idOf([word]))

export function unstable(reason: SqlReason, token: string): void {
  found.reason ??= reason
  found.token ??= token
}

export function volatile(token: string): void {
  found.volatileFunctions.add(token)
  unstable('volatile-function', token)
}

/** The result depends on who asks. */
export function identity(token: string): void {
  found.identityToken ??= token
}

/** A table, view or CTE is read. */
export function read(parts: readonly string[]): void {
  if (parts.length > 1 || isTable(parts[0] as string)) readTable(parts)
}

export function readTable(parts: readonly string[]): void {
  const name = parts.at(-1) as string
  const catalog = catalogOf(parts.at(-2), name)
  if (catalog === 'server') volatile(parts.join('.'))
  else if (catalog) readSchema()
  if (catalog === 'rights') identity(parts.join('.'))
  // The server looks there first, if the search path does not say otherwise.
  if (catalog && parts.length === 1) found.tables.add(canonical(['pg_catalog', name]))
  found.tables.add(idOf(parts))
}

/** The result depends on what only DDL changes. */
export function readSchema(): void {
  found.tables.add(SCHEMA_NAME)
}

export function write(reason: SqlReason, token: string, parts: readonly string[] = []): void {
  found.kind = 'write'
  unstable(reason, token)
  if (reason === 'ddl' || reason === 'select-into') found.writes.add(SCHEMA_NAME)
  if (parts.length > 0) found.writes.add(idOf(parts))
  // A rule turns the UPDATE of pg_settings into `set_config`.
  if (parts.at(-1) === 'pg_settings' || parts.at(-2)?.startsWith('pg_temp')) found.session = true
}

const addAll = (names: Set<string>, more: readonly string[] = []) => {
  for (const name of more) names.add(name)
}

/** `(x).name`: the call `name(x)`, if that may be one. A field is told from it where the function takes no argument. */
export function callOfOne(name: string): void {
  if (declares(name) || (verdict(undefined, name, 1) !== 'unknown' && !/^(now|random|version)$/.test(name)))
    call([name], 1)
}

export function call(parts: readonly string[], argumentCount: number): void {
  const id = idOf(parts)
  const token = parts.join('.')
  const name = parts.at(-1) as string
  const declared = settings.functions.get(id)
  const built = verdict(parts.at(-2), name, argumentCount)
  found.calls.push(parts)
  if (built === 'identity' || declared?.identity) identity(token)
  // An owner has all rights, and row security is switched on: DDL.
  if (built === 'identity' && /^(has|row)_/.test(name)) readSchema()
  const effects = declared?.volatile ? 'session' : declared && built === 'unknown' ? undefined : effectsOf(built, name)
  if (found.effects !== 'any') found.effects = effects ?? found.effects
  if (declared?.writes.length) write('write', token)
  if (built === 'volatile' || declared?.volatile) volatile(token)
  else if (built === 'schema') readSchema()
  else if (built === 'unknown' && !declared) found.unknownFunction ??= token
  addAll(found.tables, settings.reads.get(id))
  addAll(found.tables, declared?.reads)
  addAll(found.writes, declared?.writes)
}
