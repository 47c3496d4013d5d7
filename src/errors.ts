/**
 * Every error of this package. A message says what happened and what to do; it never carries a value, a row or a secret.
 * @module
 */

const CODES = [
  'INVALID_OPTION',
  'MISSING_BINDING',
  'INVALIDATION_FAILED',
  'REDIS_FAILED',
  'DATABASE_TIMEOUT',
  'LOCAL_STACK',
] as const

export type QueryCacheErrorCode = (typeof CODES)[number]

/** What an invalidation means that Redis has not acknowledged. */
export const UNACKNOWLEDGED =
  'Redis has not acknowledged an invalidation: it is repeated, and others may serve older rows until then'

/** What to do where Redis fails. */
export const CHECK_REDIS = "Check `redis.url`, `redis.token`, `redis.timeoutMs` and the database's limits."

/** Base of all errors that this package makes. `code` is stable; messages are not. */
export class QueryCacheError extends Error {
  override readonly name: string = 'QueryCacheError'
  readonly code: QueryCacheErrorCode

  constructor(code: QueryCacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** An option has a value it cannot have. Thrown at construction, or by the call that was given the option. */
export class InvalidOptionError extends QueryCacheError {
  override readonly name = 'InvalidOptionError'

  constructor(option: string, given: string, allowed: string) {
    super('INVALID_OPTION', `\`${option}\` is ${given}. ${allowed}`)
  }
}

/** A Worker or function runs without a variable that it needs. Thrown by the first request. */
export class MissingBindingError extends QueryCacheError {
  override readonly name = 'MissingBindingError'

  constructor(message: string) {
    super('MISSING_BINDING', message)
  }
}

/**
 * Redis did not acknowledge an invalidation. This isolate distrusts the names from now on and repeats the invalidation in the
 * background; other isolates may serve older rows until it succeeds or the entries' TTL ends.
 */
export class InvalidationError extends QueryCacheError {
  override readonly name = 'InvalidationError'

  constructor(cause: string) {
    super('INVALIDATION_FAILED', `${UNACKNOWLEDGED} (${cause}). ${CHECK_REDIS}`)
  }
}

/** True for errors of this package, also when they come from a second copy of it. */
export function isQueryCacheError(error: unknown): error is QueryCacheError {
  return error instanceof Error && (CODES as readonly unknown[]).includes((error as { code?: unknown }).code)
}

/** True for an `InvalidationError`, also from a second copy of the package. */
export function isInvalidationError(error: unknown): error is InvalidationError {
  return isQueryCacheError(error) && error.code === 'INVALIDATION_FAILED'
}
