import { word } from './command.js'
import type { CommandTable } from './command.js'
import type { Keyspace } from './keyspace.js'
import { addLongDoubles, parseLongDouble } from './long-double.js'
import { fitsInt64, parseInt64 } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'

function add(keyspace: Keyspace, key: string, amount: bigint): Reply {
  const sum = parseInt64(keyspace.read(key, 'string') ?? '0') + amount
  if (!fitsInt64(sum)) return refuse(text.overflow)
  keyspace.putString(key, String(sum))
  return Number(sum)
}

function decrby(keyspace: Keyspace, args: readonly string[]): Reply {
  const amount = -parseInt64(word(args, 1))
  return fitsInt64(amount) ? add(keyspace, word(args, 0), amount) : refuse('ERR decrement would overflow')
}

function incrbyfloat(keyspace: Keyspace, args: readonly string[]): Reply {
  const before = parseLongDouble(keyspace.read(word(args, 0), 'string') ?? '0')
  const sum = addLongDoubles(before, parseLongDouble(word(args, 1)))
  keyspace.putString(word(args, 0), sum)
  return sum
}

export const counters: CommandTable = {
  incr: { arity: 2, run: (keyspace, args) => add(keyspace, word(args, 0), 1n) },
  decr: { arity: 2, run: (keyspace, args) => add(keyspace, word(args, 0), -1n) },
  incrby: { arity: 3, run: (keyspace, args) => add(keyspace, word(args, 0), parseInt64(word(args, 1))) },
  decrby: { arity: 3, run: decrby },
  incrbyfloat: { arity: 3, run: incrbyfloat },
}
