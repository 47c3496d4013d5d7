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

/**
 * What comes next, by group: a comment to the end of its line, or the end of the text; the beginning of another comment; that of a string or quoted
 * name; a word; a number or parameter; the beginning of a dollar-quoted string; punctuation or a run of operators. Without the flag `i`: where it has to
 * fold the letters beyond ASCII, V8 takes four times as long to compile it.
 */
const NEXT =
  /[ \t\n\r\f\v]*(?:(--[^\n\r]*|$)|(\/\*)|((?:[EBXNebxn]|[Uu]&)?'|(?:[Uu]&)?")|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(0[XOBxob][\dA-Fa-f_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[Ee][+-]?\d[\d_]*)?|\$\d+)|(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|(::|:=|\.\.|[,()[\].;:]|[~!@#^&|`?+\-*/%<>=]+))/y
/** What may follow a string or name of the form `U&`, and its escape character. */
const UESCAPE = /\s+uescape\s*'([^\da-f+'"\s])'/iy
/** What to look at on the way to the end: of a comment, of a quoted name, of strings with and without escapes. */
const COMMENT = /\/\*|\*\//g
const NAME = /""|"/g
const PLAIN = /''|'/g
const ESCAPES = /\\[^]|''|'/g

/** The tokens, the last one being the empty end; undefined when something is unterminated or no token at all. */
export function tokenize(sql: string): Token[] | undefined {
  const tokens: Token[] = []
  let at = 0
  /** How the string just cut began: a plain quoted one continues it, and is cut by its rules. */
  let begun = ''

  /** A token from its start to the place. */
  const push = (key: string, text: string, start: number) => {
    begun = ''
    tokens.push({ key, text, start, end: at })
  }
  /** Goes behind the first match that ends what has begun; false when there is none. */
  const goBehind = (border: RegExp, ends: (match: string) => boolean): boolean => {
    border.lastIndex = at
    for (let found = border.exec(sql); found; found = border.exec(sql))
      if (ends(found[0])) {
        at = border.lastIndex
        return true
      }
    return false
  }

  for (;;) {
    NEXT.lastIndex = at
    const found = NEXT.exec(sql)
    if (!found) return undefined
    at = NEXT.lastIndex
    const [, passed, comment, quote, word, number, tag, operators] = found
    if (operators) {
      at -= operators.length
      for (const operator of cutOperators(operators)) push(operator, '', (at += operator.length) - operator.length)
    } else if (word) {
      const key = fold(word)
      if (key === 'uescape') return undefined
      push(key, key, at - word.length)
    } else if (number) {
      push(number[0] === '$' ? '$' : '0', number, at - number.length)
      // `1from` is two tokens to some servers and an error to others.
      if (/[A-Za-z_\u0080-\uffff]/.test(sql.charAt(at))) return undefined
    } else if (quote) {
      const start = at - quote.length
      const mark = quote.at(-1) as string
      // Nothing continues a dollar-quoted string.
      if (quote === "'" && begun === '$') return undefined
      const continued = quote === "'" && begun
      const kind = continued || (quote[0] as string)
      const from = at
      if (!goBehind(mark === '"' ? NAME : /e/i.test(kind) ? ESCAPES : PLAIN, (match) => match === mark))
        return undefined
      const raw = sql.slice(from, at - 1)
      UESCAPE.lastIndex = at
      const chosen = /u/i.test(kind) && UESCAPE.exec(sql)
      const content = unescape(raw, kind, mark, chosen ? chosen[1] : undefined)
      if (chosen) at = UESCAPE.lastIndex
      if (mark === '"') push('"', clip(content), start)
      else if (/[bx]/i.test(kind)) push('0', '', start)
      else {
        if (continued) {
          // The character chosen at the end is that of the whole.
          if (chosen) return undefined
          const last = tokens.at(-1) as Token
          last.text += content
          last.end = at
        } else push("'", content, start)
        begun = kind
      }
    } else if (tag) {
      const close = sql.indexOf(tag, at)
      if (close < 0) return undefined
      const start = at - tag.length
      const content = sql.slice(at, close)
      at = close + tag.length
      push("'", content, start)
      begun = '$'
    } else if (comment) {
      let depth = 1
      if (!goBehind(COMMENT, (match) => (depth += match === '/*' ? 1 : -1) === 0)) return undefined
    } else if (!passed) {
      push('', '', at)
      return tokens
    }
  }
}

const character = (code: string, radix: number): string => String.fromCodePoint(parseInt(code, radix) % 0x110000)

/** The content that PostgreSQL sees, if it takes it. */
function unescape(raw: string, kind: string, mark: string, escape = '\\'): string {
  const content = raw.replaceAll(mark + mark, mark)
  if (kind === mark) return content
  if (/e/i.test(kind))
    return content.replace(
      /\\(?:([0-7]{1,3})|(x[\da-fA-F]{1,2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})|([^]))/g,
      (_, octal?: string, hex?: string, plain = '') =>
        octal ? character(octal, 8) : hex ? character(hex.slice(1), 16) : 'bfnrt'.includes(plain) ? ' ' : plain,
    )
  if (/u/i.test(kind))
    return content.replace(
      /([^])(?:\1|\+([\da-fA-F]{6})|([\da-fA-F]{4}))/g,
      (all, mark: string, long?: string, short?: string) =>
        mark !== escape ? all : (long ?? short) ? character((long ?? short) as string, 16) : mark,
    )
  return content
}

/** A run of operator characters ends where a comment starts in it; trailing signs stand alone unless it has a character that SQL's own operators have not. */
function cutOperators(run: string): string[] {
  if (run.length === 1) return [run]
  const comment = run.search(/--|\/\*/)
  const operator = comment > 0 ? run.slice(0, comment) : run
  if (/[~!@#^&|`?%]/.test(operator)) return [operator]
  let end = operator.length
  while (end > 1 && (operator[end - 1] === '+' || operator[end - 1] === '-')) end--
  return [operator.slice(0, end), ...operator.slice(end).split('')]
}
