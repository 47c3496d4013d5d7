import type { Keyspace } from './keyspace.js'
import type { Reply } from './reply.js'

export interface Command {
  /** Number of words with the command's name; a negative number is a minimum. */
  arity: number
  /** `args` are the words after the name; their number satisfies `arity`. Throws RedisReplyError. */
  run(keyspace: Keyspace, args: readonly string[]): Reply
}

/** Commands by lower-case name. */
export type CommandTable = Readonly<Record<string, Command>>

/** The word at `index`, which the arity promised. */
export function word(args: readonly string[], index: number): string {
  return args[index] ?? ''
}

/** Pairs of words: `a 1 b 2` -> `[['a', '1'], ['b', '2']]`. */
export function pairs(args: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let i = 0; i + 1 < args.length; i += 2) found.push([word(args, i), word(args, i + 1)])
  return found
}
