/**
 * SQL text into tokens, as PostgreSQL's scanner cuts them. Linear in the text's length.
 * @module
 */
import { clip, fold } from './names.js'

export interface Token {
  /**
   * What the reader compares: a folded keyword or unquoted identifier, an operator, or one character for the rest:
   * `"` quoted identifier, `'` string, `0` number, `$` parameter. Empty at the end of the text.
   */
  key: string
  /** The identifier as PostgreSQL knows it, or the string's content. */
  text: string
  /** Offsets into the text, `end` exclusive. */
  start: number
  end: number
}

const SPACE = /[ \t\n\r\f\v]+|--[^\n\r]*/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const NUMBER =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y
const PARAMETER = /\$\d+/y
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const QUOTE = /(?:[eEbBxXnN]|[uU]&)?'|(?:[uU]&)?"/y
const OPERATOR = /[~!@#^&|`?+\-*/%<>=]+/y
/** What may follow a string or name of the form `U&`, and its escape character. */
const UESCAPE = /\s+uescape\s*'([^\da-f+'"\s])'/iy
const PUNCTUATION = /::|:=|\.\.|[,()[\].;:]/y

/** The tokens, the last one being the empty end; undefined when something is unterminated or no token at all. */
export function tokenize(sql: string): Token[] | undefined {
  const tokens: Token[] = []
  let at = 0
  /** How the string just cut began: a plain quoted one continues it, and is cut by its rules. */
  let begun = ''

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(sql)?.[0]
  }
  const push = (key: string, text: string, end: number) => {
    begun = ''
    tokens.push({ key, text, start: at, end })
    at = end
  }

  while (at < sql.length) {
    const space = match(SPACE)
    if (space) {
      at += space.length
      continue
    }
    if (sql.startsWith('/*', at)) {
      at = commentEnd(sql, at)
      if (at < 0) return undefined
      continue
    }
    const prefix = match(QUOTE)
    if (prefix) {
      // Nothing continues a dollar-quoted string.
      if (prefix === "'" && begun === '$') return undefined
      const continues = prefix === "'" && begun !== ''
      const kind = continues ? begun : (prefix[0] as string)
      const escapes = /e/i.test(kind)
      const open = at + prefix.length
      const close = escapes ? escapedEnd(sql, open) : quoteEnd(sql, open, prefix.at(-1) as string)
      if (close < 0) return undefined
      UESCAPE.lastIndex = close + 1
      const chosen = /u/i.test(kind) ? UESCAPE.exec(sql) : null
      const content = unescape(sql.slice(open, close), kind, prefix.at(-1) as string, chosen?.[1])
      if (content === undefined) return undefined
      const end = chosen ? UESCAPE.lastIndex : close + 1
      if (prefix.endsWith('"')) push('"', clip(content), end)
      else if (/[bx]/i.test(kind)) push('0', '', close + 1)
      else {
        if (continues) {
          // The character chosen at the end is that of the whole.
          if (chosen) return undefined
          const last = tokens.at(-1) as Token
          last.text += content
          at = last.end = close + 1
        } else push("'", content, end)
        begun = kind
      }
      continue
    }
    const word = match(WORD)
    if (word) {
      const key = fold(word)
      if (key === 'uescape') return undefined
      push(key, key, at + word.length)
      continue
    }
    const number = match(NUMBER) ?? match(PARAMETER)
    if (number) {
      push(number[0] === '$' ? '$' : '0', number, at + number.length)
      // `1from` is two tokens to some servers and an error to others.
      if (match(WORD)) return undefined
      continue
    }
    const tag = match(DOLLAR_TAG)
    if (tag) {
      const close = sql.indexOf(tag, at + tag.length)
      if (close < 0) return undefined
      push("'", sql.slice(at + tag.length, close), close + tag.length)
      begun = '$'
      continue
    }
    const punctuation = match(PUNCTUATION)
    const operators = punctuation ? [punctuation] : cutOperators(match(OPERATOR))
    if (!operators) return undefined
    for (const operator of operators) push(operator, '', at + operator.length)
  }
  push('', '', at)
  return tokens
}

/** Just behind a comment that starts at `at`, nested ones included; -1 when it never ends. */
function commentEnd(sql: string, at: number): number {
  const border = /\/\*|\*\//g
  border.lastIndex = at
  let depth = 0
  for (let found = border.exec(sql); found; found = border.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return border.lastIndex
  }
  return -1
}

/** Where the closing quote is; a doubled one is content. */
function quoteEnd(sql: string, from: number, quote: string): number {
  let at = sql.indexOf(quote, from)
  while (at >= 0 && sql[at + 1] === quote) at = sql.indexOf(quote, at + 2)
  return at
}

function escapedEnd(sql: string, from: number): number {
  const border = /\\[^]|'|\\$/g
  border.lastIndex = from
  for (let found = border.exec(sql); found; found = border.exec(sql)) {
    if (found[0] === '\\') return -1
    if (found[0] !== "'") continue
    if (sql[found.index + 1] !== "'") return found.index
    border.lastIndex = found.index + 2
  }
  return -1
}

/** The content that PostgreSQL sees; undefined when an escape stands for no character. */
function unescape(raw: string, kind: string, quote: string, escape = '\\'): string | undefined {
  if (kind === quote && !raw.includes(quote)) return raw
  let invalid = false
  const character = (hex: string, radix: number) => {
    const code = parseInt(hex, radix)
    if (!(code <= 0x10ffff)) invalid = true
    return invalid ? '' : String.fromCodePoint(code)
  }
  let content = raw.replaceAll(quote + quote, quote)
  if (/e/i.test(kind)) {
    content = content.replace(
      /\\(?:([0-7]{1,3})|(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))|([^]))/g,
      (_, octal?: string, byte?: string, short?: string, long?: string, plain?: string) =>
        octal
          ? character(octal, 8)
          : (byte ?? short ?? long)
            ? character((byte ?? short ?? long) as string, 16)
            : 'bfnrt'.includes(plain as string)
              ? ' '
              : (plain as string),
    )
  } else if (/u/i.test(kind)) {
    const mark = escape.replace(/[^\w]/g, '\\$&')
    const sequence = new RegExp(`${mark}(?:${mark}|\\+([\\da-fA-F]{6})|([\\da-fA-F]{4})|)`, 'g')
    content = content.replace(sequence, (all, long?: string, short?: string) => {
      if (all === escape) invalid = true
      return all === escape + escape ? escape : character((long ?? short) as string, 16)
    })
  }
  return invalid ? undefined : content
}

/** A run of operator characters ends where a comment starts in it; trailing signs stand alone unless it has a character that SQL's own operators have not. */
function cutOperators(run: string | undefined): string[] | undefined {
  if (run === undefined || run.length === 1) return run ? [run] : undefined
  const comment = run.search(/--|\/\*/)
  const operator = comment > 0 ? run.slice(0, comment) : run
  if (/[~!@#^&|`?%]/.test(operator)) return [operator]
  let end = operator.length
  while (end > 1 && (operator[end - 1] === '+' || operator[end - 1] === '-')) end--
  return [operator.slice(0, end), ...operator.slice(end).split('')]
}
