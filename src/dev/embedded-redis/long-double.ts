import { refuse, text } from './reply.js'

/** A number of x86's 80-bit `long double`: `mantissa` times 2 to the power of `exponent`, or an infinity of either sign. */
export type LongDouble = { mantissa: bigint; exponent: number } | 'infinite'
type Finite = Exclude<LongDouble, string>

const precision = 64
const maxExponent = 16_384
const maxDecimals = 4_933
const noNumber = 'ERR increment would produce NaN or Infinity'

/**
 * Adds as `INCRBYFLOAT` does: with the precision of a `long double`, printed with 17 decimals and no trailing zeros, so that 0.1
 * and 0.2 make 0.3. Throws Redis's text for an infinite sum.
 */
export function addLongDoubles(a: LongDouble, b: LongDouble): string {
  if (a === 'infinite' || b === 'infinite') return refuse(noNumber)
  const exponent = Math.min(a.exponent, b.exponent)
  const sum = round({ mantissa: aligned(a, exponent) + aligned(b, exponent), exponent })
  return bits(sum.mantissa) + sum.exponent > maxExponent ? refuse(noNumber) : format(sum)
}

/** Reads a decimal number or an infinity. Throws `message`. */
export function parseLongDouble(value: string, message: string = text.notFloat): LongDouble {
  if (/^[+-]?inf(inity)?$/i.test(value)) return 'infinite'
  const match = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:e([+-]?\d{1,9}))?$/i.exec(value)
  if (!match || value.length >= 5_120) return refuse(message)
  const [, sign, whole = '', fraction = '', power = '0'] = match
  const digits = BigInt(`${whole}${fraction}`)
  const scale = Number(power) - fraction.length
  if (digits === 0n) return { mantissa: 0n, exponent: 0 }
  if (Math.abs(scale + String(digits).length) > maxDecimals) return refuse(message)
  const { mantissa, exponent } = round(fromDecimal(digits, scale))
  return { mantissa: sign === '-' ? -mantissa : mantissa, exponent }
}

function fromDecimal(digits: bigint, scale: number): Finite {
  if (scale >= 0) return { mantissa: digits * 10n ** BigInt(scale), exponent: 0 }
  const divisor = 10n ** BigInt(-scale)
  const shift = Math.max(0, precision + 2 + bits(divisor) - bits(digits))
  const shifted = digits << BigInt(shift)
  // A last bit stands for whatever the division leaves, so that rounding sees more than a half.
  const rest = shifted % divisor === 0n ? 0n : 1n
  return { mantissa: ((shifted / divisor) << 1n) | rest, exponent: -shift - 1 }
}

function round({ mantissa, exponent }: Finite): Finite {
  const excess = bits(mantissa) - precision
  if (excess <= 0) return { mantissa, exponent }
  const magnitude = halfToEven(mantissa < 0n ? -mantissa : mantissa, 1n << BigInt(excess))
  return { mantissa: mantissa < 0n ? -magnitude : magnitude, exponent: exponent + excess }
}

/** The quotient of two positive numbers. */
function halfToEven(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  const twice = (value % divisor) * 2n
  const up = twice > divisor || (twice === divisor && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}

function format({ mantissa, exponent }: Finite): string {
  const magnitude = (mantissa < 0n ? -mantissa : mantissa) * 10n ** 17n
  const scaled = exponent >= 0 ? magnitude << BigInt(exponent) : halfToEven(magnitude, 1n << BigInt(-exponent))
  const digits = String(scaled).padStart(18, '0')
  const plain = `${digits.slice(0, -17)}.${digits.slice(-17)}`.replace(/\.?0+$/, '')
  return mantissa < 0n && plain !== '0' ? `-${plain}` : plain
}

function aligned(value: Finite, exponent: number): bigint {
  return value.mantissa << BigInt(value.exponent - exponent)
}

function bits(value: bigint): number {
  return value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length
}
