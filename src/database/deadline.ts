/**
 * A limit on how long one database call is waited for.
 * @module
 */
import { QueryCacheError } from '../errors.js'
import { withTimeout } from '../runtime.js'

/**
 * The database did not answer in time. A write may still have happened, or happen yet.
 * `code` is `DATABASE_TIMEOUT`.
 */
export class DatabaseTimeoutError extends QueryCacheError {
  override readonly name = 'DatabaseTimeoutError'

  constructor(timeoutMs: number) {
    super(
      'DATABASE_TIMEOUT',
      `The database did not answer within ${timeoutMs} ms. Raise \`timeoutMs\`; a suspended Neon compute takes a while to start.`,
    )
  }
}

/**
 * Starts a call in the same synchronous step and waits for it at most `timeoutMs` (`undefined`: without limit). The signal is this
 * call's own, and aborts when the time is over. Rejects with `DatabaseTimeoutError` or with what the call rejects with.
 */
export function withDeadline<T>(
  timeoutMs: number | undefined,
  start: (signal?: AbortSignal) => Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return start()
  const controller = new AbortController()
  return withTimeout(start(controller.signal), timeoutMs, () => {
    controller.abort()
    return new DatabaseTimeoutError(timeoutMs)
  })
}
