/** What takes part in the trace. */
import type { Clock } from './clock.ts'
import type { Query, Write } from './requests.ts'

export type Row = Readonly<Record<string, unknown>>

/** One isolate's instance, with its own memory. */
export interface Isolate {
  /** The queries of one request, all at once. */
  read: (queries: readonly Query[]) => Promise<(readonly Row[])[]>
  write: (write: Write) => Promise<void>
}

export interface World {
  clock: Clock
  /** Takes what a platform's `waitUntil` would: it is awaited before the next request. */
  waitUntil: (promise: Promise<unknown>) => void
}

export interface Participant {
  name: string
  /** How it is set up, in a sentence. */
  setUp: string
  isolate: (world: World) => Isolate
}

/** Seconds that a result is fresh, the same for every cache that leaves it to its user. */
export const TTL = 300
