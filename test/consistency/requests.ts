/** What one request, or one write of a request, leaves for the judge. */
import type { QueryOptions } from '../../src/index.js'
import type { Database } from '../../src/types.js'
import type { Commit } from './model-postgres.ts'
import type { Context } from './virtual-time.ts'
import type { Client } from './clients.ts'
import type { Isolate } from './isolate.ts'

/**
 * What is aimed at with a request. `slow`: its write is, and its isolate may die when it has committed. `orphan`: its request does die
 * then. `dead-check`: its request dies while it checks versions in the background.
 */
export type Aim =
  | 'slow'
  | 'orphan'
  | 'slow-check'
  | 'dead-check'
  | 'ambiguous'
  | 'refused'
  | 'read-fails'
  | 'late-reply'
  | 'lost-invalidation'

/** One request to one isolate, or one write or invalidation of a request. */
export interface Op extends Context {
  readonly id: number
  readonly what: string
  readonly isolate: Isolate
  /** The request of which this is a part. */
  readonly request?: Op
  /** As which role it asks. */
  readonly database: Database
  readonly startOrder: number
  readonly startAt: number
  endOrder?: number
  endAt?: number
  readonly asks: Ask[]
  /** Outcomes in the order of their events. */
  readonly outcomes: string[]
  readonly commits: Commit[]
  /** When Redis executed the last lookup of an entry whose reply this request got. */
  askedL2?: number
  /** What that lookup brought for the case that the database fails. */
  vouched?: Vouched
  fenceAcknowledged?: number
  fencedBeforeSend?: boolean
  databaseAnswered?: boolean
  /** The database said that the write did not happen. */
  refused?: boolean
  sent?: number
  readonly aim?: Aim
  /** Milliseconds until its write commits, where that is aimed at too. */
  readonly takesMs?: number
  /** Its invalidation has been lost once, on purpose. */
  owes?: boolean
  /** Whose request it is, where the client is one with cookies. */
  readonly client?: Client
  /** When its client had the response, with its cookies. */
  answered?: { order: number; at: number }
  /** Until when the longest of those cookies lasts. */
  cookieUntil?: number
  /** Its client has gone: what was handed to `waitUntil` goes on. */
  disconnected?: boolean
  /** It has been answered, and its platform keeps alive only what was handed to `waitUntil`. */
  over?: boolean
  /** One of many that ask the same while nothing changes. */
  readonly hot?: boolean
  /** Promises handed to `waitUntil` that are not settled. */
  held: number
  readonly writeEvents: { outcome: string; invalidated: boolean }[]
}

/** An entry in Redis that its versions vouched for when it was looked at: its times. */
export interface Vouched {
  errorUntil: number
}

export interface Ask {
  /** Everything that F8 tells apart. */
  readonly identity: string
  readonly sql: string | undefined
  readonly params: unknown[]
  /** What it depends on. */
  readonly tables: readonly string[]
  readonly tags: readonly string[]
  readonly key: string | undefined
  readonly options: QueryOptions
}
