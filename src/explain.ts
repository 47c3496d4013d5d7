/**
 * What the cache would do with a query, why, and what to do about it.
 * @module
 */
import { settingsOf } from './sql/index.js'
import type { BypassReason, Call, Core } from './ask.js'
import type { Explanation } from './executor-types.js'
import { NO_OPTIONS } from './options.js'
import type { QueryOptions } from './options.js'
import { askedRecord, plan, recordOf, takeParams } from './plan.js'
import type { Settings } from './sql/settings.js'
import type { Database, SqlFacts } from './types.js'

/** Worked out from the text, the options and the settings alone: no I/O. @throws InvalidOptionError */
export function explain(
  core: Core,
  call: Call,
  sql: string,
  params: readonly unknown[],
  asking: QueryOptions | undefined,
): Explanation {
  const given = recordOf(core, sql)
  const asked = plan(core, call, given, takeParams(params), asking)
  const { options = NO_OPTIONS } = asked
  const record = askedRecord(core, given, params, options)
  const { facts } = record
  const refused = 'bypass' in asked
  const { identity, volatile, tables } = core.cache.statements.dependencies(record, core.database, options)
  const reason = refused ? asked.bypass : asked.reason
  const token =
    reason === 'scope-required'
      ? (facts.identityToken ?? identity ?? facts.token)
      : (facts.token ?? (reason && volatile))
  const settings = settingsOf(core.cache.config.sql)
  const about: About = {
    token,
    facts,
    database: core.database,
    settings,
    cached: !refused,
    bucket: options.nowBucket !== undefined,
  }
  return {
    cacheable: !refused,
    reason,
    token,
    advice: reason && adviceOn(reason, about),
    statement: facts.statement,
    tables,
    volatileFunctions: [...facts.volatileFunctions],
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
  /** `nowBucket` is set. */
  bucket: boolean
}

/** What `nowBucket` gives the time to. */
const CLOCK = /^(pg_catalog\.)?(now|(transaction|statement)_timestamp|current_(date|time\w*)|localtime\w*)$/

const DECLARE =
  "declare it in `sql.functions` as 'stable' or by its tables (`npx edge-query-cache dependencies` prints this)"
const WHOSE = 'give a `scope` that says whose rows these are.'
const ROUNDED = 'give the time as a parameter, rounded.'
const NOTHING = 'nothing to do.'

const runsOnce = ({ writes }: SqlFacts): string =>
  `it runs once and invalidates ${writes?.join(', ') ?? 'everything'}${writes?.length === 0 ? 'nothing' : ''}.`

/** One sentence for each reason; a forgotten one is a compile error. */
export const ADVICE: { readonly [R in BypassReason]: string | ((about: About) => string) } = {
  'skip-cache': '`skipCache` is set, or a loader of `cached()` asks: leave `skipCache` out.',
  disabled: 'The cache is off: set `queryCache.enabled` to true.',
  ttl: 'Its TTL is 0: set `ttl` or `queryCache.defaultTTL` above 0.',
  'scope-required': scopeRequired,
  'in-transaction': 'A transaction is open: ask after its end, or use `executor.transaction`.',
  'unsupported-parameter':
    'A parameter cannot be part of a key, or may mean the present: give plain data, and times as dates.',
  'not-serialisable': 'The value would not come back the same: return plain data.',
  write: '{token} writes: {runs} Ask for rows with a SELECT.',
  ddl: '{token} changes the schema: {runs}',
  locking: '{token} locks rows, which a cache does not: leave it out.',
  'data-modifying-cte': '{token} in the WITH list writes: {runs} Ask for rows in a call of their own.',
  'select-into': '{token} makes a table: {runs} Leave it out.',
  'multiple-statements': 'Several statements: {runs} Use `queryBatch` or `transaction`.',
  'volatile-function': volatileFunction,
  'unknown-function': ({ cached }) =>
    `Nothing is known of {token}${cached ? ', and it is cached for its TTL only (`sql.onUnknown`)' : ''}: ${DECLARE}.`,
  tablesample: '{token} takes rows by chance: use a condition or a LIMIT.',
  'session-statement': `{token} is not about rows: ${NOTHING}`,
  'not-understood': ({ token }) =>
    `The text is not understood${token === undefined ? '' : ' at {token}'}, so that it may write: {runs} Write it in another way, or report it.`,
  empty: 'The text holds no statement: give one.',
}

/** The advice, with what `{token}` and `{runs}` stand for in it. */
function adviceOn(reason: BypassReason, about: About): string {
  const advice = ADVICE[reason]
  const text = typeof advice === 'string' ? advice : advice(about)
  return text.replace(/\{(token|runs)\}/g, (_, name) =>
    name === 'token' ? `\`${about.token}\`` : runsOnce(about.facts),
  )
}

function scopeRequired({ token, facts, database, settings }: About): string {
  if (token !== undefined && token === facts.token)
    return `Nothing is known of {token}, which may depend on who asks: ${DECLARE}, or ${WHOSE}`
  if (database.needsScope) return `An auth token or session state decides what is seen: ${WHOSE}`
  const secured = token !== undefined && settings.rowSecurity.has(token)
  return `{token} depends on who asks${secured ? ' (`sql.rowSecurity`)' : ''}: ${WHOSE}`
}

function volatileFunction({ token = '', facts, settings, bucket }: About): string {
  if (settings.volatile.has(token))
    return `{token} changes without a write (\`sql.dependencies\`): ask the tables behind it.`
  if (facts.tables.some((table) => table === token || table.endsWith(`.${token}`)))
    return `{token} tells of the server itself: ${NOTHING}`
  if (!CLOCK.test(token)) return `{token} depends on the moment, on chance or on state: give its value as a parameter.`
  return bucket
    ? `{token} stands where \`nowBucket\` cannot give it the time: ${ROUNDED}`
    : `{token} reads the clock: set \`nowBucket\`, or ${ROUNDED}`
}
