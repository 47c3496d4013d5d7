/**
 * A file of SQL to statements, as psql cuts it. Its own reading of quotes and comments: the oracle shares nothing with what it judges.
 * @module
 */

/** Where a quoted or commented piece that starts at `at` ends; undefined when none starts there. */
function pieceEnd(text: string, at: number): number | undefined {
  const rest = text.slice(at, at + 80)
  if (rest.startsWith('--')) return lineEnd(text, at)
  if (rest.startsWith('/*')) return commentEnd(text, at)
  const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(rest)
  if (tag && !/[\w$\u0080-\uffff]/.test(text[at - 1] ?? ' ')) return found(text, tag[0], at + tag[0].length)
  if (rest[0] === '"') return found(text, '"', at + 1)
  if (rest[0] !== "'") return undefined
  if (!/(?:^|[^\w$\u0080-\uffff])[eE]$/.test(text.slice(Math.max(0, at - 2), at))) return found(text, "'", at + 1)
  let end = at + 1
  while (end < text.length && text[end] !== "'") end += text[end] === '\\' ? 2 : 1
  return end + 1
}

const found = (text: string, what: string, from: number): number => {
  const at = text.indexOf(what, from)
  return at < 0 ? text.length : at + what.length
}

const lineEnd = (text: string, at: number): number => found(text, '\n', at)

function commentEnd(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text.startsWith('/*', i)) {
      depth++
      i++
    } else if (text.startsWith('*/', i)) {
      i++
      if (--depth === 0) return i + 1
    }
  }
  return text.length
}

/** The statements between the semicolons; psql's own commands and the data of COPY are left out. */
export function split(text: string): string[] {
  const statements: string[] = []
  let from = 0
  let depth = 0
  const cut = (at: number) => {
    const statement = text.slice(from, at).trim()
    if (statement) statements.push(statement)
    depth = 0
    return statement
  }
  for (let at = 0; at < text.length;) {
    const end = pieceEnd(text, at)
    const character = text[at] as string
    if (end !== undefined) at = end
    else if (character === '\\' && depth === 0) {
      // `\gset` and its kin end the statement before them.
      cut(at)
      at = from = lineEnd(text, at)
    } else if (character === ';' && depth <= 0) {
      const statement = cut(at++)
      if (/^\s*copy\s[^;]*\bfrom\s+stdin/i.test(statement)) at = found(text, '\n\\.', at)
      from = at
    } else {
      if (character === '(') depth++
      if (character === ')') depth--
      at++
    }
  }
  cut(text.length)
  return statements
}
