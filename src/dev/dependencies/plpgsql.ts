/**
 * The SQL inside a PL/pgSQL body: its statements and expressions, as texts that `readText` reads. What is put together at run time is not
 * among them, and is said to be unknown.
 * @module
 */
import { tokenize } from '../../sql/tokens.js'
import type { Token } from '../../sql/tokens.js'
import { noFacts, readExpression, readText } from './read-text.js'
import type { TextFacts } from './read-text.js'

export const DYNAMIC = 'SQL that is put together at run time (EXECUTE)'

const COMMANDS =
  /^(select|insert|update|delete|merge|with|values|table|truncate|copy|create|alter|drop|set|reset|refresh|lock|notify|listen|unlisten|analyze|grant|revoke|comment|vacuum|prepare|deallocate|import|cluster|reindex|security|explain|show|discard|do|\()$/
const NOTHING = /^(end|null|commit|rollback|get|fetch|move|close|savepoint|release)$/

/** What ends the head of a control structure. */
const THEN = /^then$/
const LOOP = /^loop$/
const OPENS: Readonly<Record<string, RegExp>> = {
  if: THEN,
  elsif: THEN,
  elseif: THEN,
  case: THEN,
  when: THEN,
  while: LOOP,
  for: LOOP,
  foreach: LOOP,
}

/** What a body does, as far as its text tells. */
export function readPlpgsql(body: string): TextFacts {
  const facts = noFacts()
  const text = body.replace(/^[ \t]*#[ \t]*\w+[ \t]+\w+/gm, '')
  const tokens = tokenize(text)
  if (tokens) new Body(text, facts).read(tokens.slice(0, -1))
  else facts.unknown.push('a body that is not understood')
  return facts
}

class Body {
  readonly #text: string
  readonly #facts: TextFacts
  readonly #cursors = new Set<string>()

  constructor(text: string, facts: TextFacts) {
    this.#text = text
    this.#facts = facts
  }

  read(tokens: readonly Token[]): void {
    for (const { declares, tokens: part } of segments(tokens)) {
      if (declares) this.#declaration(part)
      else this.#statement(part)
    }
  }

  #slice(tokens: readonly Token[]): string {
    return tokens.length === 0 ? '' : this.#text.slice(tokens[0]!.start, tokens.at(-1)!.end)
  }

  #expression(tokens: readonly Token[]): void {
    if (tokens.length > 0) readExpression(this.#slice(tokens), this.#facts)
  }

  /** `name type := expression`, or a cursor. */
  #declaration(tokens: readonly Token[]): void {
    const cursor = indexOf(tokens, 'cursor')
    if (cursor > 0 && cursor <= 3) {
      this.#cursors.add(tokens[0]!.text)
      const query = tokens.findIndex(({ key }, i) => i > cursor && (key === 'for' || key === 'is'))
      if (query > 0) this.#query(tokens.slice(query + 1))
      return
    }
    const value = indexOf(tokens, ':=', '=', 'default')
    if (value > 0) this.#expression(tokens.slice(value + 1))
  }

  #statement(tokens: readonly Token[]): void {
    const first = tokens[0]!.key
    const rest = tokens.slice(1)
    // A variable may have the name of a command.
    if (tokens[1]?.key === ':=') return this.#expression(tokens.slice(2))
    if (NOTHING.test(first)) return
    switch (first) {
      case 'if':
      case 'elsif':
      case 'elseif':
      case 'while':
      case 'assert':
        return this.#expression(rest)
      case 'case':
      case 'when':
        return splitAt(rest, 'when').forEach((part) => this.#expression(part))
      case 'exit':
      case 'continue':
        return this.#expression(after(tokens, 'when'))
      case 'for':
      case 'foreach':
        return this.#loop(after(tokens, 'in'))
      case 'return':
        if (rest[0]?.key === 'next') return this.#expression(rest.slice(1))
        return rest[0]?.key === 'query' && rest.length > 1 ? this.#query(rest.slice(1)) : this.#expression(rest)
      case 'raise':
        return this.#raise(rest)
      case 'perform':
      case 'call':
        return this.#expression(rest)
      case 'execute':
        return this.#query(tokens)
      case 'open':
        // A cursor that has its query is given arguments.
        if (rest[1]?.key === '(') return this.#expression(rest.slice(2, -1))
        return this.#query(after(tokens, 'for'))
    }
    const assigned = COMMANDS.test(first) ? -1 : indexOf(tokens, ':=', '=')
    if (assigned < 0) return this.#query(tokens)
    this.#expression(tokens.slice(assigned + 1))
    // A subscript of what is assigned to.
    if (assigned > 1) this.#expression(tokens.slice(0, assigned))
  }

  /** What stands behind IN of a loop: numbers, an array, a cursor or a query. */
  #loop(tokens: readonly Token[]): void {
    const source = /^(reverse|array)$/.test(tokens[0]?.key ?? '') ? tokens.slice(1) : tokens
    const first = source[0]
    if (first && this.#cursors.has(first.text)) return this.#expression(source.slice(2, -1))
    if (source.some(({ key }) => key === '..')) for (const part of splitAt(source, '..', 'by')) this.#expression(part)
    else if (/^(execute|select|with|values|table|insert|update|delete|merge|\()$/.test(first?.key ?? ''))
      this.#query(source)
    else this.#expression(source)
  }

  /** `[level] 'format', value USING option = value`. */
  #raise(tokens: readonly Token[]): void {
    const level = /^(debug|log|info|notice|warning|exception)$/.test(tokens[0]?.key ?? '') ? 1 : 0
    for (const part of splitAt(tokens.slice(level), 'using')) this.#expression(part)
  }

  /** A statement, without the variables that its result goes to. */
  #query(tokens: readonly Token[]): void {
    if (tokens[0]?.key === 'execute') return this.#dynamic(tokens.slice(1))
    const text = withoutInto(tokens)
      .map((part) => this.#slice(part))
      .join(' ')
    if (text !== '') readText(text, this.#facts)
  }

  /** A text that stands there as it is can be read; any other cannot. */
  #dynamic(tokens: readonly Token[]): void {
    const [text, next] = tokens
    if (text?.key !== "'" || !/^(into|using)?$/.test(next?.key ?? '')) return void this.#facts.unknown.push(DYNAMIC)
    readText(text.text, this.#facts)
    this.#expression(after(tokens, 'using'))
  }
}

/** The statements of a body, cut at `;` and at the words of its control structures. */
function* segments(tokens: readonly Token[]): Iterable<{ declares: boolean; tokens: Token[] }> {
  let declares = false
  let depth = 0
  /** CASE expressions that are open: their THEN, ELSE and END are their own. */
  let cases = 0
  let part: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    const { key } = token
    if (depth === 0 && part.length === 0) {
      if (key === ';' || key === 'else' || key === 'loop' || (key === 'exception' && !declares)) continue
      if (key === 'declare' || key === 'begin') {
        declares = key === 'declare'
        continue
      }
      if (key === '<<') {
        while (i < tokens.length && tokens[i]!.key !== '>>') i++
        continue
      }
    }
    // MERGE has a THEN of its own, and CASE expressions too.
    const opens = !declares && cases === 0 && (OPENS[part[0]?.key ?? '']?.test(key) ?? false)
    const ends = depth === 0 && (key === ';' || opens)
    if (!ends) {
      if (part.length > 0 && depth === 0) cases += key === 'case' ? 1 : key === 'end' && cases > 0 ? -1 : 0
      if (key === '(' || key === '[') depth++
      if (key === ')' || key === ']') depth--
      part.push(token)
      continue
    }
    yield { declares, tokens: part }
    part = []
    cases = 0
  }
  if (part.length > 0) yield { declares, tokens: part }
}

/** The first of these words outside all parentheses. */
function indexOf(tokens: readonly Token[], ...keys: string[]): number {
  let depth = 0
  return tokens.findIndex(({ key }) => {
    if (key === '(' || key === '[') depth++
    if (key === ')' || key === ']') depth--
    return depth === 0 && keys.includes(key)
  })
}

function after(tokens: readonly Token[], key: string): readonly Token[] {
  const at = indexOf(tokens, key)
  return at < 0 ? [] : tokens.slice(at + 1)
}

function splitAt(tokens: readonly Token[], ...keys: string[]): (readonly Token[])[] {
  const at = indexOf(tokens, ...keys)
  return at < 0 ? [tokens] : [tokens.slice(0, at), ...splitAt(tokens.slice(at + 1), ...keys)]
}

/** The parts of a statement around its `INTO [STRICT] variable, ...`; that of INSERT and MERGE is another. */
function withoutInto(tokens: readonly Token[]): (readonly Token[])[] {
  let depth = 0
  const at = tokens.findIndex(({ key }, i) => {
    if (key === '(') depth++
    if (key === ')') depth--
    return depth === 0 && key === 'into' && !/^(insert|merge)$/.test(tokens[i - 1]?.key ?? '')
  })
  if (at < 0) return [tokens]
  let end = at + 1
  if (tokens[end]?.key === 'strict') end++
  for (;;) {
    end++
    while (tokens[end]?.key === '.') end += 2
    if (tokens[end]?.key === '[') while (end < tokens.length && tokens[end++]!.key !== ']');
    if (tokens[end]?.key !== ',') break
    end++
  }
  return [tokens.slice(0, at), tokens.slice(end)]
}
