/**
 * Reads the command line.
 * @module
 */
import { parseArgs } from 'node:util'

export interface Arguments {
  /** workerd processes on one stack, each an isolate with a memory of its own. */
  isolates: number
  /** Port of the first isolate; the next free one when it is taken. */
  port: number
  /** Folder of the database, the second start's time saver. */
  dataDir: string
  /** Everything that wrangler has to say. */
  verbose: boolean
  help: boolean
}

const MAX_ISOLATES = 8

export const USAGE = `npm start -- [options]

  --isolates <1-${MAX_ISOLATES}>   workerd processes on the same database and Redis (default 1)
  --port <number>    port of the first one; the next free port if it is taken (default 8787)
  --data-dir <path>  where the data is kept between starts (default .data)
  --verbose          show every line that wrangler prints
  --help             this text

LOCAL_STACK_DATABASE_URL and LOCAL_STACK_REDIS_URL name a PostgreSQL and a Redis of your own to use instead.`

/** An error whose message is all that a person at the terminal needs. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError'
}

/** @throws LaunchError that says which options exist. */
export function readArguments(args: string[], defaultDataDir: string): Arguments {
  const { values } = parse(args)
  return {
    isolates: wholeNumber('--isolates', values.isolates ?? '1', 1, MAX_ISOLATES),
    port: wholeNumber('--port', values.port ?? '8787', 1, 65_535),
    dataDir: values['data-dir'] ?? defaultDataDir,
    verbose: values.verbose ?? false,
    help: values.help ?? false,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      strict: true,
      options: {
        isolates: { type: 'string' },
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new LaunchError(
      `${error instanceof Error ? firstSentence(error.message) : 'The options cannot be read.'}\n\n${USAGE}`,
    )
  }
}

const firstSentence = (message: string) => `${message.split('. ')[0]}.`

function wholeNumber(option: string, value: string, min: number, max: number): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && number >= min && number <= max) return number
  throw new LaunchError(`${option} must be a whole number from ${min} to ${max}.\n\n${USAGE}`)
}
