/**
 * What the cache would do with a query, why, and what to do about it.
 * @module
 */
import type { BypassReason, Call, Core } from './ask.js'
import type { Explanation } from './executor-types.js'
import type { QueryOptions } from './options.js'
import { plan, recordOf } from './plan.js'
import { settingsOf } from './sql/index.js'
import type { Settings } from './sql/settings.js'
import type { Database, SqlFacts } from './types.js'

/** Worked out from the text, the options and the settings alone: no I/O. @throws InvalidOptionError */
export function explain(
  core: Core,
  call: Call,
  sql: string,
  params: readonly unknown[],
  options: QueryOptions | undefined,
): Explanation {
  const record = recordOf(core, sql)
  const { facts } = record
  const asked = plan(core, call, record, params, options)
  const refused = 'bypass' in asked
  const { identity, volatile, tables } = core.cache.statements.dependencies(record, core.database, options ?? {})
  const reason = refused ? asked.bypass : asked.reason
  const token =
    reason === 'scope-required'
      ? (facts.identityToken ?? identity ?? facts.token)
      : (facts.token ?? (reason && volatile))
  const settings = settingsOf(core.cache.config.sql)
  const about: About = { token, facts, database: core.database, settings, cached: !refused }
  return {
    cacheable: !refused,
    reason,
    token,
    advice: reason && ADVICE[reason](about),
    statement: facts.statement,
    tables,
    volatileFunctions: facts.volatileFunctions,
    key: asked.display,
  }
}

/** What a sentence may speak of: names from the text and the settings, never a literal, a parameter or an option's value. */
interface About {
  token: string | undefined
  facts: SqlFacts
  database: Database
  settings: Settings
  /** It is cached all the same. */
  cached: boolean
}

const DECLARE =
  "declare it in `sql.functions` as 'stable', or with the tables that it reads and writes (`npx edge-query-cache dependencies` prints this)"
const WHOSE = 'give a `scope` that says whose rows these are'

const invalidates = ({ writes }: SqlFacts): string =>
  writes === undefined
    ? 'invalidates everything, because the text does not tell what it changes'
    : writes.length === 0
      ? 'invalidates nothing'
      : `invalidates ${writes.join(', ')}`

/** One sentence for each reason; a forgotten one is a compile error. */
export const ADVICE: { readonly [R in BypassReason]: (about: About) => string } = {
  'skip-cache': () =>
    '`skipCache` is set, or it runs inside a loader of `cached()`: leave `skipCache` out to have it cached.',
  disabled: () => 'The cache is switched off: set `queryCache.enabled` to true.',
  ttl: () => 'Its TTL is 0: give a `ttl` above 0, here or as `queryCache.defaultTTL`.',
  'scope-required': scopeRequired,
  'in-transaction': () =>
    'A transaction is open on this connection: ask after its end, or give the statements to `executor.transaction`.',
  'unsupported-parameter': () =>
    'A parameter cannot be part of a key (a function, a symbol, an object of a class), or is a text that the database may take for the present: give plain data, and times as dates.',
  'not-serialisable': () =>
    'What the loader returned cannot be stored so that it comes back the same: return plain data, without functions or objects of a class.',
  write: ({ token, facts }) =>
    `\`${token}\` writes: it runs once and ${invalidates(facts)}. Ask for rows with a SELECT to have them cached.`,
  ddl: ({ token, facts }) => `\`${token}\` changes the schema: it runs once and ${invalidates(facts)}.`,
  locking: ({ token }) =>
    `\`${token}\` locks rows, which an answer from a cache does not: leave it out to have it cached.`,
  'data-modifying-cte': ({ token, facts }) =>
    `\`${token}\` in the WITH list writes: it runs once and ${invalidates(facts)}. Give the write and the read to calls of their own to have the read cached.`,
  'select-into': ({ token, facts }) =>
    `\`${token}\` makes a table: it runs once and ${invalidates(facts)}. Leave it out to have the rows cached.`,
  'multiple-statements': () =>
    'Several statements in one text run once and invalidate everything: give each to a call of its own, to `queryBatch` or to `transaction`.',
  'volatile-function': volatileFunction,
  'unknown-function': ({ token, cached }) =>
    cached
      ? `It calls \`${token}\`, of which nothing is known, and is cached for its TTL although writes behind it are not seen (\`sql.onUnknown\`): ${DECLARE}.`
      : `It calls \`${token}\`, of which nothing is known: ${DECLARE}.`,
  tablesample: ({ token }) =>
    `\`${token}\` takes rows by chance: choose them by a condition or a LIMIT to have it cached.`,
  'session-statement': ({ token }) =>
    `\`${token}\` is about the session, the server or a plan, not about rows that could be cached: there is nothing to do.`,
  'not-understood': ({ token }) =>
    `The text is not understood${token === undefined ? '' : ` at \`${token}\``}, so that it may be a write: it runs once and invalidates everything. Write it in another way; if PostgreSQL takes it as it is, please report it.`,
  empty: () => 'The text holds no statement: check what was given.',
}

function scopeRequired({ token, facts, database, settings }: About): string {
  if (token !== undefined && token === facts.token)
    return `It calls \`${token}\`, of which nothing is known, so that it may depend on who asks as other things do that are declared: ${DECLARE}, or ${WHOSE}.`
  if (database.needsScope)
    return `The connection has an auth token or session state, which may decide what rows are seen: ${WHOSE}.`
  if (token !== undefined && settings.rowSecurity.has(token))
    return `The rows of \`${token}\` depend on who asks (\`sql.rowSecurity\`): ${WHOSE}.`
  return `\`${token}\` depends on who asks: ${WHOSE}.`
}

function volatileFunction({ token = '', facts, settings }: About): string {
  if (settings.volatile.has(token))
    return `The rows of \`${token}\` change without a write (\`sql.dependencies\`): ask the tables behind it, with the time and the like as parameters, to have it cached.`
  if (facts.tables.some((table) => table === token || table.endsWith(`.${token}`)))
    return `\`${token}\` tells of the server itself, which changes without a write: there is nothing to do.`
  return `\`${token}\` depends on the moment, on chance, or on the state of session or server: where it stands for a value, such as the time, give that as a parameter, rounded to what you need, to have it cached.`
}
