/** What things cost, as published. */
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

/** `neonBytes`: sent by the database; what it receives is free. */
export function dollars(use: { commands: number; redisBytes: number; neonBytes: number; busyMs: number }): number {
  return (
    use.commands * USD.redisCommand +
    use.redisBytes * USD.redisByte +
    use.neonBytes * USD.neonByte +
    (use.busyMs / 3_600_000) * USD.neonCuHour
  )
}

/** Read on 2026-11-25. */
export const PRICES =
  'Dollars are what a million more cost beyond what is free, as published on 2026-11-25. Upstash Redis, pay as you go: $0.20 per 100,000 ' +
  'commands, $0.03 per GB (https://upstash.com/docs/redis/overall/billing). Neon, Launch: $0.106 per CU-hour, $0.10 per GB that leaves it ' +
  '(https://neon.com/docs/introduction/plans, https://neon.com/docs/introduction/network-transfer); it bills the time that a compute runs, not queries: ' +
  'each query is taken to keep one CU busy for 0.5 to 40 ms by its kind, an estimate of ours.'
