/**
 * What things cost, as published; read on 2026-11-25.
 *
 * Upstash Redis, pay as you go (https://upstash.com/docs/redis/overall/billing): $0.20 per 100,000 commands, bandwidth free up to 200 GB
 * a month, then $0.03 per GB. Neon, Launch plan (https://neon.com/docs/introduction/plans, updated 2026-11-12): $0.106 per CU-hour of
 * compute, public network transfer 100 GB a month included, then $0.10 per GB. Counted is what one more million requests costs someone
 * who is past what is included.
 */
import type { Read } from './statements.ts'

export const USD = {
  redisCommand: 0.2 / 100_000,
  redisByte: 0.03 / 1e9,
  neonByte: 0.1 / 1e9,
  neonCuHour: 0.106,
} as const

/** Neon bills the size of a compute and the time it runs, not queries: an estimate of the time that each kind keeps one CU busy. */
export const MS_OF_READ: Readonly<Record<Read, number>> = {
  product: 0.5,
  reviews: 1,
  category: 2,
  orders: 2,
  bestSellers: 40,
  totals: 10,
  latest: 2,
}
export const MS_OF_A_WRITE = 2

export function dollars(use: { commands: number; redisBytes: number; neonBytes: number; busyMs: number }): number {
  return (
    use.commands * USD.redisCommand +
    use.redisBytes * USD.redisByte +
    use.neonBytes * USD.neonByte +
    (use.busyMs / 3_600_000) * USD.neonCuHour
  )
}
