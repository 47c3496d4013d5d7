/**
 * Rules for options, and reading what was given by them. An error names the option, what was given by its kind, and what is allowed.
 * @module
 */
import { InvalidOptionError } from './errors.js'

/** Whether a value is one that an option may have, what that is in words, and how to say what was given instead. */
export type Rule = readonly [test: (value: unknown) => boolean, allowed: string, given?: (value: unknown) => string]

/** A forgotten option is a compile error: each interface's rules are mapped from its keys. */
export type Rules<T> = { readonly [K in keyof Required<T>]: Rule }
/** Options of which some are groups of options. */
export type Groups<T> = { readonly [K in keyof Required<T>]: Rule | Rules<NonNullable<T[K]>> }

/** What was given, without giving it away: in the place of a list, a number may be somebody's parameter. */
export const described = (value: unknown): string =>
  value === undefined || value === null
    ? 'not set'
    : value === ''
      ? 'empty'
      : Array.isArray(value)
        ? 'an array'
        : value instanceof Promise
          ? 'a promise'
          : `of type ${typeof value}`

/** Of an option that is a number or a boolean one that it cannot have, as it is. */
const shown = (value: unknown): string => (/^[nb]/.test(typeof value) ? String(value) : described(value))

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const anything: Rule = [() => true, '']
export const bool: Rule = [(value) => typeof value === 'boolean', 'true or false', shown]
export const aFunction: Rule = [(value) => typeof value === 'function', 'a function']
export const ofAnotherForm = (value: unknown): string =>
  typeof value === 'string' && value !== '' ? 'a text of another form' : described(value)
export const matching = (pattern: RegExp, allowed: string, given: Rule[2] = ofAnotherForm): Rule => [
  (value) => typeof value === 'string' && pattern.test(value),
  allowed,
  given,
]
export const text = matching(/[^]/, 'a text that is not empty')
export const anyText = matching(/^/, 'a text')
export const listOf = ([test, allowed, given = described]: Rule): Rule => [
  // `every` does not see holes.
  (value) => Array.isArray(value) && Array.from(value).every(test),
  `an array, each ${allowed}`,
  (value) =>
    Array.isArray(value)
      ? `an array with an element that is ${given(value.find((one) => !test(one)))}`
      : described(value),
]
export const texts = listOf(text)
export const list: Rule = [Array.isArray, 'an array']
/** One that is promised has no options yet. */
export const object: Rule = [(value) => isObject(value) && !(value instanceof Promise), 'an object']
export const number = (allowed: string, test: (value: number) => boolean): Rule => [
  (value) => typeof value === 'number' && test(value),
  allowed,
  shown,
]
export const whole = number('a whole number above 0', (value) => value > 0 && Number.isInteger(value))
export const positive = (unit: string): Rule =>
  number(`${unit}, a finite number above 0`, (value) => value > 0 && value < Infinity)
/** Of a choice of words the one that was given can be repeated to the reader. */
export const oneOf = (...words: string[]): Rule => [
  (value) => words.includes(value as string),
  words.map((word) => `'${word}'`).join(', '),
  (value) =>
    typeof value === 'string' ? `'${value.slice(0, 40)}'` : value === undefined ? 'missing' : described(value),
]
/** Or a function that gives it. */
export const orFunction = ([test, allowed, given]: Rule): Rule => [
  (value) => typeof value === 'function' || test(value),
  `${allowed}, or a function`,
  given,
]

/** Names a table, where not anything is meant. */
export const tables = listOf(matching(/^(?!\*$)[^]/, "a table; '*' in `writes` alone"))

/** A map from names to what one of `plain` allows, or to objects with such flags. The error names the entry. */
export function declared(path: string, flags: string[], ...plain: Rule[]): Rule {
  const parts: Record<string, Rule> = { reads: tables, writes: texts }
  for (const flag of flags) parts[flag] = bool
  const one: Rule = [
    isObject,
    [...plain.map(([, allowed]) => allowed), `an object of ${Object.keys(parts).join(', ')}`].join(', or '),
  ]
  return [
    (value) =>
      isObject(value) &&
      Object.entries(value).every(([name, part]) => {
        if (part === undefined || plain.some(([test]) => test(part))) return true
        const of = `${path}.${name}`
        check(of, part, one)
        return readOptions(part as object, parts, of, `${of}.`)
      }),
    'an object',
  ]
}

/** Throws an `InvalidOptionError` for a value that an option cannot have. */
export function check(option: string, value: unknown, rule: Rule): void {
  if (!rule[0](value)) throw new InvalidOptionError(option, (rule[2] ?? described)(value), `Allowed: ${rule[1]}.`)
}

/**
 * What was given, by the names of its rules: an option is what reading it gives, be it a property, a getter or inherited, and each is read
 * once. Explicit undefined is not set.
 * @param of What the whole is called.
 * @throws InvalidOptionError for the first option that is unknown, since a misspelt one would do nothing, or has a value it cannot have.
 */
export function readOptions<T extends object>(
  given: T | null | undefined,
  rules: Rules<T> | Groups<T>,
  of = 'options',
  path = '',
): Partial<T> {
  const options: Record<string, unknown> = {}
  if (given === undefined || given === null) return options as Partial<T>
  check(of, given, object)
  const from = given as Record<string, unknown>
  for (const name in rules) {
    const value = from[name]
    if (value === undefined) continue
    const rule: Rule | Rules<object> = rules[name]
    options[name] = isRule(rule) ? value : readOptions(value, rule, name, `${name}.`)
    if (isRule(rule)) check(path + name, value, rule)
  }
  for (const name in from)
    if (options[name] === undefined && from[name] !== undefined)
      throw new InvalidOptionError(path + name, 'not an option', `Known here: ${Object.keys(rules).join(', ')}.`)
  return options as Partial<T>
}

const isRule = (rule: Rule | Rules<object>): rule is Rule => Array.isArray(rule)
