/**
 * A caller's own patience.
 * @module
 */

/** Settles like what `begin` gives, or rejects with the signal's reason. The work itself goes on: others may share it. */
export function withSignal<T>(begin: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return begin()
  return new Promise<T>((resolve, reject) => {
    signal.throwIfAborted()
    const abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    begin()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
