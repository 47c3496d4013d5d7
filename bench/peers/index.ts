/** Who plays, under which name. */
import { OWN } from '../lib/types.ts'
import type { Tier } from '../lib/tiers.ts'

export interface Participant {
  name: string
  /** Its file in this folder. */
  file: string
  /** Hands out copies with `structuredClone`, so that no caller can change another's rows. */
  safe?: boolean
  /** What goes through Redis goes through superjson. */
  typed?: boolean
  tiers: readonly Tier[]
  reference?: boolean
  note?: Partial<Record<Tier, string>>
}

/** The same promises for one query, with little code. With many rows it is no lower bound: it does not read them fast. */
export const BY_HAND = 'by hand'

const ALL = ['l1', 'l2', 'miss'] as const
const REMOTE = ['l2', 'miss'] as const
const SHARED = 'hands everybody the same objects'
const UNTYPED = 'dates come back from Redis as text'

export const PARTICIPANTS: readonly Participant[] = [
  { name: OWN, file: 'edge-query-cache', tiers: ALL },
  { name: 'bentocache', file: 'bentocache', tiers: ALL, note: { l1: SHARED, l2: UNTYPED } },
  { name: '@unkey/cache', file: 'unkey-cache', tiers: ALL, note: { l1: SHARED, l2: UNTYPED } },
  { name: 'cachified + lru-cache', file: 'cachified', tiers: ALL, note: { l1: SHARED, l2: UNTYPED } },
  { name: 'ocache', file: 'ocache', tiers: ALL, note: { l1: SHARED, l2: UNTYPED } },
  { name: 'drizzle upstashCache', file: 'drizzle', tiers: REMOTE },
  { name: 'bentocache + structuredClone', file: 'bentocache', safe: true, tiers: ['l1'] },
  { name: '@unkey/cache + structuredClone', file: 'unkey-cache', safe: true, tiers: ['l1'] },
  { name: 'cachified + lru-cache + structuredClone', file: 'cachified', safe: true, tiers: ['l1'] },
  { name: 'ocache + structuredClone', file: 'ocache', safe: true, tiers: ['l1'] },
  { name: 'bentocache + superjson', file: 'bentocache', typed: true, tiers: REMOTE },
  { name: 'cachified + lru-cache + superjson', file: 'cachified', typed: true, tiers: REMOTE },
  { name: 'ocache + superjson', file: 'ocache', typed: true, tiers: REMOTE },
  { name: BY_HAND, file: 'by-hand', tiers: REMOTE, reference: true },
  { name: 'Map', file: 'map', tiers: ['l1'], reference: true, note: { l1: SHARED } },
]

/** Why somebody has no cell in a tier's table. */
export const ABSENT: Record<Tier, Record<string, string>> = {
  l1: { 'drizzle upstashCache': 'it keeps nothing in memory, every hit is a trip to Redis' },
  l2: {},
  miss: {},
}
