/** A RESP2-like reply: a status or bulk string, an integer, nil, or an array of these. */
export type Reply = string | number | null | Reply[]

/** An error reply. `message` is the text a Redis server would send, with its code in front. */
export class RedisReplyError extends Error {
  override name = 'RedisReplyError'
}

export const text = {
  wrongType: 'WRONGTYPE Operation against a key holding the wrong kind of value',
  notInteger: 'ERR value is not an integer or out of range',
  notFloat: 'ERR value is not a valid float',
  notPositive: 'ERR value is out of range, must be positive',
  syntax: 'ERR syntax error',
  overflow: 'ERR increment or decrement would overflow',
  noSuchKey: 'ERR no such key',
} as const

/** Ends the command with an error reply. */
export function refuse(message: string): never {
  throw new RedisReplyError(message)
}

export function wrongArity(command: string): never {
  return refuse(`ERR wrong number of arguments for '${command}' command`)
}
