import type { Keyspace } from './keyspace.js'
import { parseInt64 } from './numbers.js'
import { refuse } from './reply.js'

/** How a deadline is written: in which unit, and whether from now or from 1970. */
export interface DeadlineForm {
  unit: 1 | 1000
  absolute: boolean
}

/** The options of SET and GETEX. */
export const deadlineOptions: Readonly<Record<string, DeadlineForm>> = {
  ex: { unit: 1000, absolute: false },
  px: { unit: 1, absolute: false },
  exat: { unit: 1000, absolute: true },
  pxat: { unit: 1, absolute: true },
}

const max = 2n ** 63n - 1n

/** Reads a deadline for EXPIRE and its kin, which may lie in the past. Milliseconds since 1970. */
export function parseDeadline(keyspace: Keyspace, command: string, value: string, form: DeadlineForm): number {
  const invalid = `ERR invalid expire time in '${command}' command`
  const amount = parseInt64(value) * BigInt(form.unit)
  const base = form.absolute ? 0n : BigInt(keyspace.now())
  if (amount > max || amount < -max - 1n || amount > max - base) return refuse(invalid)
  return Number(amount + base)
}

/** Reads a deadline for SET and its kin, which refuse zero and negative numbers. */
export function parsePositiveDeadline(keyspace: Keyspace, command: string, value: string, form: DeadlineForm): number {
  if (parseInt64(value) <= 0n) return refuse(`ERR invalid expire time in '${command}' command`)
  return parseDeadline(keyspace, command, value, form)
}
