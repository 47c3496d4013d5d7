/** What the Worker and the run that drives it must agree on. */

/** The default, written down because the limits are worked out from it. */
export const TIMEOUT_MS = 250
/** Isolate memory holds a part of the items only, so that Redis is asked for the others all the time. */
export const LOCAL_MB = 0.05
export const ITEMS = 40
/** Read with a TTL of a second, and written to. */
export const NOTES = 20
