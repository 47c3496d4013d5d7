/**
 * What drivers make of a `timestamptz`, without their regular expressions: a third of the time for the form that Postgres writes in UTC.
 * @module
 */

type Parser = (text: string) => unknown

const TIMESTAMPTZ = 1184
/** Told apart by these, a parser of the user's own is left alone. */
const SAMPLES = ['1971-01-02 03:04:05+00', '2024-02-29 23:59:58.678+00', '2037-12-31 13:05:09.123456+00']
const usual = new WeakMap<Parser, boolean>()

/** The driver's parser, or a faster one that answers as it does. */
export function quickParser(oid: number, parse: Parser): Parser {
  if (oid !== TIMESTAMPTZ) return parse
  if (!usual.has(parse)) usual.set(parse, isUsual(parse))
  if (!usual.get(parse)) return parse
  return (text) => {
    const time = timeOf(text)
    return time === undefined ? parse(text) : new Date(time)
  }
}

function isUsual(parse: Parser): boolean {
  try {
    return parse('infinity') === Infinity && SAMPLES.every((text) => isDateOf(parse(text), timeOf(text)!))
  } catch {
    return false
  }
}

const isDateOf = (value: unknown, time: number): boolean =>
  Object.getPrototypeOf(value) === Date.prototype &&
  (value as Date).getTime() === time &&
  Reflect.ownKeys(value as Date).length === 0

/** Of `2026-01-31 12:00:00+00`, with or without a fraction. Years far from now, which may stand for "never", are the driver's. */
function timeOf(text: string): number | undefined {
  const end = text.length - 3
  const year = pair(text, 0) * 100 + pair(text, 2)
  if (end < 19 || end > 26 || !text.endsWith('+00') || text.charCodeAt(10) !== 32 || !(year > 1970 && year < 2038))
    return undefined
  const digit = (at: number) => (at < end ? text.charCodeAt(at) - 48 : 0)
  const milliseconds = digit(20) * 100 + digit(21) * 10 + digit(22)
  const month = pair(text, 5) - 1
  return Date.UTC(year, month, pair(text, 8), pair(text, 11), pair(text, 14), pair(text, 17), milliseconds)
}

/** The number of two digits. */
const pair = (text: string, at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
