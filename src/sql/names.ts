/**
 * One string for one table, however it was written.
 * @module
 */

const PLAIN = /^[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*$/

/** Folds an unquoted identifier as a UTF-8 server does: ASCII letters to lower case, all others stay. */
export function fold(identifier: string): string {
  return clip(/[A-Z]/.test(identifier) ? identifier.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : identifier)
}

/** Bytes that PostgreSQL keeps of an identifier. */
const KEPT = 63

/** Cuts an identifier to what PostgreSQL keeps of it, at a character's border. */
export function clip(identifier: string): string {
  // No character has more than three bytes for each unit of a string.
  if (identifier.length * 3 <= KEPT) return identifier
  return identifier.slice(0, new TextEncoder().encodeInto(identifier, new Uint8Array(KEPT)).read)
}

/** `schema.name` of folded parts; a part that needs quotes keeps them. A database's name in front is dropped: it can only be the current one. */
export function canonical(parts: readonly string[], defaultSchema = 'public'): string {
  const [schema, name] = parts.length > 1 ? parts.slice(-2) : [defaultSchema, parts[0]]
  return `${quoted(schema)}.${quoted(name as string)}`
}

function quoted(part: string): string {
  return PLAIN.test(part) ? part : `"${part.replaceAll('"', '""')}"`
}

/**
 * The form in which `SqlFacts` names tables, for a name that a user writes: `users`, `"Users"`, `app.users`, `"my.schema"."t"`.
 * Quoted parts are exact, the others are folded. Never throws; a canonical name stays as it is.
 * @param defaultSchema schema of a name written without one, not quoted, exact. Default `public`.
 */
export function canonicalTable(name: string, defaultSchema?: string): string {
  const parts = ['']
  for (const [piece] of name.matchAll(/"(?:[^"]|"")*"|\.|[^."]+|"/g)) {
    if (piece === '.') parts.push('')
    else if (piece.length > 1 && piece[0] === '"')
      parts[parts.length - 1] += clip(piece.slice(1, -1).replaceAll('""', '"'))
    else parts[parts.length - 1] += fold(piece.trim())
  }
  return canonical(parts, defaultSchema)
}
