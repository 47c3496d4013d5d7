import { refuse, text } from './reply.js'

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

export function fitsInt64(value: bigint): boolean {
  return value >= int64.min && value <= int64.max
}

/** Reads a 64-bit integer as strictly as Redis does: no plus sign, space or leading zero. Throws `message`. */
export function parseInt64(value: string, message: string = text.notInteger): bigint {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(value)) return refuse(message)
  const parsed = BigInt(value)
  return fitsInt64(parsed) ? parsed : refuse(message)
}

/** An integer for counting and indexing; beyond 2^53 its value is approximate. Throws `message`. */
export function parseIndex(value: string, message?: string): number {
  return Number(parseInt64(value, message))
}

/** A count that may not be negative. */
export function parseCount(value: string): number {
  const count = parseIndex(value, text.notPositive)
  return count < 0 ? refuse(text.notPositive) : count
}

/** Reads a double as C's `strtod` does, the whole text and no NaN. Throws `message`. */
export function parseDouble(value: string, message: string = text.notFloat): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(value)
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity
  const hexadecimal = /^([+-]?)(0x[0-9a-f]+)$/i.exec(value)
  if (hexadecimal) return (hexadecimal[1] === '-' ? -1 : 1) * Number(hexadecimal[2])
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return refuse(message)
  const parsed = Number(value)
  const isLost = !Number.isFinite(parsed) || (parsed === 0 && /[1-9]/.test(value.replace(/e.*/i, '')))
  return isLost ? refuse(message) : parsed
}

/** A score as Redis 7.0 prints it in RESP2: C's `%.17g`. */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0'
  const [mantissa = '', power = '0'] = value.toExponential(16).split('e')
  const exponent = Number(power)
  const plain = (digits: string) => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits)
  if (exponent >= -4 && exponent < 17) return plain(value.toFixed(Math.max(0, 16 - exponent)))
  const sign = exponent < 0 ? '-' : '+'
  return `${plain(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** Turns Redis's inclusive indexes, negative ones from the end, into a range for `slice`. */
export function toRange(start: number, stop: number, length: number): [number, number] {
  const from = Math.max(0, start < 0 ? start + length : start)
  const to = Math.min(length - 1, stop < 0 ? stop + length : stop)
  return from > to ? [0, 0] : [from, to + 1]
}
