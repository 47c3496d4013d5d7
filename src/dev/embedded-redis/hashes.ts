import { pairs, word } from './command.js'
import type { CommandTable } from './command.js'
import type { Keyspace } from './keyspace.js'
import { addLongDoubles, parseLongDouble } from './long-double.js'
import { fitsInt64, parseInt64 } from './numbers.js'
import { refuse, text, wrongArity } from './reply.js'
import type { Reply } from './reply.js'
import { scanMembers } from './scan.js'

function write(keyspace: Keyspace, command: string, args: readonly string[]): number {
  if (args.length % 2 === 0) wrongArity(command)
  const hash = keyspace.open(word(args, 0), 'hash')
  return pairs(args.slice(1)).filter(([field, value]) => hash.set(field, value)).length
}

function hsetnx(keyspace: Keyspace, args: readonly string[]): Reply {
  const hash = keyspace.open(word(args, 0), 'hash')
  if (hash.has(word(args, 1))) return 0
  hash.set(word(args, 1), word(args, 2))
  return 1
}

function hdel(keyspace: Keyspace, args: readonly string[]): Reply {
  const hash = keyspace.read(word(args, 0), 'hash')
  const removed = args.slice(1).filter((field) => hash?.delete(field)).length
  keyspace.deleteIfEmpty(word(args, 0))
  return removed
}

function hincrby(keyspace: Keyspace, args: readonly string[]): Reply {
  const [key, field] = [word(args, 0), word(args, 1)]
  const amount = parseInt64(word(args, 2))
  const before = keyspace.read(key, 'hash')?.get(field) ?? '0'
  const sum = parseInt64(before, 'ERR hash value is not an integer') + amount
  if (!fitsInt64(sum)) return refuse(text.overflow)
  keyspace.open(key, 'hash').set(field, String(sum))
  return Number(sum)
}

function hincrbyfloat(keyspace: Keyspace, args: readonly string[]): Reply {
  const [key, field] = [word(args, 0), word(args, 1)]
  const increment = parseLongDouble(word(args, 2))
  if (increment === 'infinite') return refuse('ERR value is NaN or Infinity')
  const before = keyspace.read(key, 'hash')?.get(field) ?? '0'
  const sum = addLongDoubles(parseLongDouble(before, 'ERR hash value is not a float'), increment)
  keyspace.open(key, 'hash').set(field, sum)
  return sum
}

export const hashes: CommandTable = {
  hset: { arity: -4, run: (keyspace, args) => write(keyspace, 'hset', args) },
  hmset: {
    arity: -4,
    run: (keyspace, args) => {
      write(keyspace, 'hmset', args)
      return 'OK'
    },
  },
  hsetnx: { arity: 4, run: hsetnx },
  hget: { arity: 3, run: (keyspace, args) => keyspace.read(word(args, 0), 'hash')?.get(word(args, 1)) ?? null },
  hmget: {
    arity: -3,
    run: (keyspace, args) => {
      const hash = keyspace.read(word(args, 0), 'hash')
      return args.slice(1).map((field) => hash?.get(field) ?? null)
    },
  },
  hgetall: { arity: 2, run: (keyspace, args) => keyspace.read(word(args, 0), 'hash')?.entries().flat() ?? [] },
  hdel: { arity: -3, run: hdel },
  hexists: {
    arity: 3,
    run: (keyspace, args) => Number(keyspace.read(word(args, 0), 'hash')?.has(word(args, 1)) ?? false),
  },
  hlen: { arity: 2, run: (keyspace, args) => keyspace.read(word(args, 0), 'hash')?.size ?? 0 },
  hkeys: { arity: 2, run: (keyspace, args) => keyspace.read(word(args, 0), 'hash')?.keys() ?? [] },
  hvals: {
    arity: 2,
    run: (keyspace, args) =>
      keyspace
        .read(word(args, 0), 'hash')
        ?.entries()
        .map(([, value]) => value) ?? [],
  },
  hstrlen: {
    arity: 3,
    run: (keyspace, args) => Buffer.byteLength(keyspace.read(word(args, 0), 'hash')?.get(word(args, 1)) ?? ''),
  },
  hincrby: { arity: 4, run: hincrby },
  hincrbyfloat: { arity: 4, run: hincrbyfloat },
  hscan: {
    arity: -3,
    run: (keyspace, args) =>
      scanMembers(
        args,
        (key) => keyspace.read(key, 'hash'),
        (field, value) => [field, value],
      ),
  },
}
