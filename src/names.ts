/**
 * Names: what an entry depends on and what an invalidation names. A table has a name of its own; tags and custom keys hash into a
 * fixed number of buckets, so that version keys stay few and need no expiry.
 * @module
 */
import { weakHash } from './key.js'
import { canonicalTable, settingsOf, writtenTogether } from './sql/index.js'
import type { SqlOptions } from './sql/index.js'

/** Every entry depends on it: one new version of the root empties the cache. */
export const ROOT = '*'
const KEY_BUCKETS = 1024
const TAG_BUCKETS = 4096

export interface Named {
  /** Canonical `schema.table`. */
  tables?: readonly string[] | undefined
  tags?: readonly string[] | undefined
  /** Custom keys or prefixes: `user:42`, `user:42:*`, `*`. */
  keys?: readonly string[] | undefined
}

const tableName = (table: string): string => `t:${table}`
const tagName = (tag: string): string => `g:${weakHash(tag) % TAG_BUCKETS}`
// The same text as a prefix and as a key are two things; a leading sign keeps their hashes apart.
const prefixName = (prefix: string): string => `k:${weakHash(`<${prefix}`) % KEY_BUCKETS}`
const selfName = (key: string): string => `k:${weakHash(`=${key}`) % KEY_BUCKETS}`

/** The names an entry depends on, sorted and without repeats. A custom key depends on each of its `:`-prefixes and on itself. */
export function dependencyNames(
  tables: readonly string[],
  tags: readonly string[],
  cacheKey: string | undefined,
): string[] {
  const names = new Set([ROOT])
  for (const table of tables) names.add(tableName(table))
  for (const tag of tags) names.add(tagName(tag))
  if (cacheKey !== undefined) {
    names.add(selfName(cacheKey))
    for (let end = cacheKey.indexOf(':'); end >= 0; end = cacheKey.indexOf(':', end + 1))
      names.add(prefixName(cacheKey.slice(0, end)))
  }
  return [...names].sort()
}

/**
 * The names that an invalidation gives new versions: what is named, and what changes with it. `keys: ['*']` is everything.
 */
export function invalidatedNames(named: Named, sql: SqlOptions): string[] {
  const names = new Set<string>()
  const tables = (named.tables ?? []).map((table) => canonicalTable(table, sql.defaultSchema))
  const changed = writtenTogether(tables, settingsOf(sql))
  if (!changed) return [ROOT]
  for (const table of changed) names.add(tableName(table))
  for (const tag of named.tags ?? []) names.add(tagName(tag))
  for (const key of named.keys ?? []) {
    const prefix = key.endsWith(':*')
    if (key === '*') names.add(ROOT)
    else if (!prefix) names.add(selfName(key))
    names.add(prefixName(prefix ? key.slice(0, -2) : key))
  }
  return names.has(ROOT) ? [ROOT] : [...names].sort()
}
