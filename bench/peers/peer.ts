/** What everybody does in the benchmark of the tiers: rows of one query by its parameter, from the nearest tier that has them. */
import { neon } from '@neondatabase/serverless'
import { CONNECTION } from '../lib/endpoints.ts'
import { SQL } from '../lib/workload.ts'
import type { TypedRow } from '../lib/workload.ts'

/** One isolate's cache: its own memory, the shared Redis. */
export interface Isolate {
  query(id: number): Promise<readonly TypedRow[]>
}

export interface Peer {
  /**
   * A new isolate. Work that may end after the answer is given to `waitUntil`. `typed`: what goes through Redis keeps its types, by
   * superjson, where it is for us to say how it is stored.
   */
  start(waitUntil: (work: Promise<unknown>) => void, typed: boolean): Isolate
}

/** Seconds that a result lives, longer than any run. */
export const TTL = 3600

/** The key that a user makes who caches queries by hand. */
export const keyOf = (id: number): string => JSON.stringify([SQL, [id]])

let sql: ReturnType<typeof neon> | undefined

/** The origin: Neon's own driver, rows as it parses them. */
export async function load(id: number): Promise<TypedRow[]> {
  sql ??= neon(CONNECTION)
  return (await sql.query(SQL, [id])) as TypedRow[]
}
