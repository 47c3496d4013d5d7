/**
 * A Redis in memory for development without a `redis-server`: strings and bit fields, hashes, sets, sorted sets, lists, expiry and scans. What it
 * does not know it refuses with Redis's own text.
 * @module
 */
import { bitfields } from './bitfields.js'
import type { Command, CommandTable } from './command.js'
import { counters } from './counters.js'
import { expiry } from './expiry.js'
import { hashes } from './hashes.js'
import { keys } from './keys.js'
import { Keyspace } from './keyspace.js'
import { lists } from './lists.js'
import { refuse, wrongArity } from './reply.js'
import type { Reply } from './reply.js'
import { server } from './server.js'
import { sets } from './sets.js'
import { sortedSetRanges } from './sorted-set-ranges.js'
import { sortedSets } from './sorted-sets.js'
import { strings } from './strings.js'

export { RedisReplyError } from './reply.js'
export type { Reply } from './reply.js'

const tables: readonly CommandTable[] = [
  strings,
  bitfields,
  counters,
  keys,
  expiry,
  hashes,
  sets,
  sortedSets,
  sortedSetRanges,
  lists,
  server,
]
const commands = new Map<string, Command>(tables.flatMap((table) => Object.entries(table)))

export interface EmbeddedRedisOptions {
  /** Milliseconds since 1970. Default: `Date.now`. */
  now?: () => number
}

/** One database, number 0, that lives as long as the object. Expired keys are removed when they are met; there are no timers. */
export class EmbeddedRedis {
  readonly #keyspace: Keyspace

  constructor(options: EmbeddedRedisOptions = {}) {
    this.#keyspace = new Keyspace(options.now ?? (() => Date.now()))
  }

  /** Runs one command, all of it or nothing. Throws RedisReplyError with Redis's text for an error reply. */
  run(command: readonly string[]): Reply {
    return find(command).run(this.#keyspace, command.slice(1))
  }

  /** Says whether a transaction would queue the command: throws RedisReplyError for an unknown name or a wrong number of words. */
  check(command: readonly string[]): void {
    find(command)
  }
}

function find(command: readonly string[]): Command {
  const name = command[0]?.toLowerCase() ?? ''
  const found = commands.get(name)
  if (!found) return refuse(unknownCommand(command))
  const { arity } = found
  if (arity < 0 ? command.length < -arity : command.length !== arity) return wrongArity(name)
  return found
}

/** Redis shows 128 characters of the name, and as many of the words until they are full. */
function unknownCommand([name = '', ...args]: readonly string[]): string {
  let shown = ''
  for (const arg of args) {
    if (shown.length >= 128) break
    shown += `'${arg.slice(0, 128 - shown.length)}' `
  }
  return `ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${shown}`.replace(/[\r\n]/g, ' ')
}
