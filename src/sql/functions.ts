/**
 * What a call of a function says about the result of the query.
 * @module
 */
import { PURE_FUNCTIONS } from './functions.generated.js'
import { SCHEMA_FUNCTION } from './catalog.js'
import { oneOf } from './keywords.js'

/** `pure`: arguments and settings decide. `schema`: the schema does too. `volatile`: the clock, randomness, session or server state does. */
export type Verdict = 'pure' | 'schema' | 'volatile' | 'identity' | 'unknown'

/** Not a regular expression, as the others are: to compile it took a new isolate 1 to 3 ms when a query called its first function. */
const isPure = oneOf(PURE_FUNCTIONS)
const IDENTITY =
  /^(current_(setting|user|database|schemas?)|session_user|system_user|getpgusername|pg_has_role|row_security_active|has_((any_)?column|database|foreign_data_wrapper|function|language|largeobject|parameter|schema|sequence|server|table|tablespace|type)_privilege)$/
const AUTH_IDENTITY = /^(uid|jwt|role|email|user_id|session|org_id)$/
/** Functions that do nothing to the session that asks. */
const QUIET =
  /^(now|random(_normal)?|setseed|(clock|statement|transaction)_timestamp|timeofday|age|(next|curr|last|set)val|version|uuidv[47]|uuid_generate_v\w+|pg_\w+|txid_\w+|mxid_age|lo_\w+|lo(read|write)|inet_(client|server)_\w+|array_(shuffle|sample)|\w*(obj|col)_description|gen_(random_\w+|salt)|current_query|notify|currtid2?)$/
/** What is not in the list of pure functions is not cached either way, unless `onUnknown` says so: that does not reach these. */
const VOLATILE =
  /^(random\w*|\w+_timestamp|\w*uuid\w*|set_config|dblink\w*|\w+_to_xml\w*|ts_(stat|rewrite|debug)|binary_upgrade_\w+|RI_\w+|(brin|gin)_(summarize|desummarize|clean)_\w+|\w*handler|\w*validat(e|or)|dsnowball_\w+|getdatabaseencoding|unique_key_recheck|\w+_trigger(_column)?|bernoulli|system)$/

/** The verdict on a built-in function. `name` as PostgreSQL knows it; `schema` when it was written. */
export function verdict(schema: string | undefined, name: string, argumentCount: number): Verdict {
  if (schema === 'auth' && AUTH_IDENTITY.test(name)) return 'identity'
  if (schema !== undefined && schema !== 'pg_catalog') return 'unknown'
  // `age(x)` counts from today, `age(x, y)` does not.
  if (isPure(name) || (name === 'age' && argumentCount > 1)) return 'pure'
  if (SCHEMA_FUNCTION.test(name)) return 'schema'
  return IDENTITY.test(name) ? 'identity' : QUIET.test(name) || VOLATILE.test(name) ? 'volatile' : 'unknown'
}

/** What a call may do besides giving a value. Some built-in functions run a text as SQL, or somebody else's name looks like one of theirs. */
export function effectsOf(verdict: Verdict, name: string): 'session' | 'any' | undefined {
  if (verdict === 'unknown') return 'any'
  return verdict === 'volatile' && !QUIET.test(name) ? (name === 'set_config' ? 'session' : 'any') : undefined
}

/** To the server `_` is between words of a time, as a blank is. */
const MOMENT = /(?:^|[^a-z])(?:now|today|tomorrow|yesterday)(?![a-z])/i
/** What may stand beside such a word in a time: figures, zones, `am`, `on`, `infinity`. Joined by `_`, as in `start_now`, it is no zone. */
const TIME_WORDS =
  /(?:now|today|tomorrow|yesterday|infinity|allballs|(?:mon|tue|wed|thu|fri|sat|sun)[nersu]*(?:day)?|(?<!_)[a-z]{1,4}t(?:dst)?(?![a-z_])|am|pm|ad|bc|on|zulu|z|utc|msk|[a-z_]+\/[a-z_/-]+)/gi

/**
 * True for a literal that the server reads as the present when it becomes a date or time: `now`, `today 12:00`, `[today,tomorrow)`.
 * @param timed the literal is known to become one, so that words beside it do not make it ordinary text
 * @param called `now()` counts too, which elsewhere is taken for text
 */
export function isMoment(literal: string, timed: boolean, called = false): boolean {
  // In a range or row `n\ow` and `n""ow` are that word; elsewhere `sat"now` is two.
  return [literal.replace(/["\\]/g, ''), literal].some(
    (text) =>
      MOMENT.test(text) &&
      (timed ||
        // No longer text is a time, and the last step is not linear.
        (literal.length < 256 &&
          (called || !literal.includes('()')) &&
          !/[a-z\u0080-\uffff]/i.test(text.replace(TIME_WORDS, '')))),
  )
}

/** Deeper values are taken for what they might hide. */
const DEEPEST = 16

/** `'now'` and `'yesterday'` are clocks where the database takes them for a time; the text does not tell where it does. */
export function holdMoment(values: readonly unknown[], depth = 0): boolean {
  return values.some((value) =>
    typeof value === 'string'
      ? isMoment(value, false, true) || hiddenInJson(value, depth)
      : typeof value === 'object' &&
        value &&
        !ArrayBuffer.isView(value) &&
        (depth > DEEPEST || holdMoment(Object.values(value), depth + 1)),
  )
}

/** What objects are sent as. Most texts that are none hold no such word, nor an escape that may hide it, or do not begin like one. */
export function hiddenInJson(text: string, depth = 0): boolean {
  try {
    return (
      (text.includes('\\') || isMoment(text, true)) &&
      /^\s*[[{"]/.test(text) &&
      holdMoment([JSON.parse(text)], depth + 1)
    )
  } catch {
    return false
  }
}
