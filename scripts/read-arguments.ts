/** The command line of this checkout's programs: a misspelt option, a number that is none and `--help` end in a usage text. */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { ParseArgsOptionsConfig } from 'node:util'

/** With `number` the option is a whole number, 0 or more; with `folder` one that is there. */
export type Options = Record<string, ParseArgsOptionsConfig[string] & { number?: true; folder?: true }>
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values']

/** Ends the process with 0 after `--help`, and with 2 for words that make no sense: nothing has been started then. */
export function readArguments<const T extends Options>(usage: string, options: T): Values<T> {
  let given
  try {
    given = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } })
  } catch (error) {
    // parseArgs names options, and advises on positional arguments, which nothing here takes.
    refuse(usage, `${(error as Error).message.split('. ')[0]}.`)
  }
  const values = given.values as Record<string, unknown>
  if (values['help']) {
    console.log(usage)
    process.exit(0)
  }
  for (const [name, { number, folder }] of Object.entries(options))
    for (const value of [values[name] ?? []].flat().map(String)) {
      if (number && !/^\d+$/.test(value)) refuse(usage, `--${name} must be a whole number.`)
      if (folder && !existsSync(value)) refuse(usage, `--${name}: there is no such folder.`)
    }
  return values as Values<T>
}

/** For what an option may be besides its type. */
export function refuse(usage: string, why: string): never {
  console.error(`${why}\n\n${usage}`)
  process.exit(2)
}
