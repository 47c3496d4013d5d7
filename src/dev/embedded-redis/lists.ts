import { word } from './command.js'
import type { CommandTable } from './command.js'
import type { Keyspace } from './keyspace.js'
import { parseCount, parseIndex, toRange } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'

type End = 'left' | 'right'

function push(end: End, onlyKnown: boolean) {
  return (keyspace: Keyspace, args: readonly string[]): Reply => {
    const key = word(args, 0)
    if (onlyKnown && !keyspace.read(key, 'list')) return 0
    const list = keyspace.open(key, 'list')
    for (const value of args.slice(1)) {
      if (end === 'left') list.unshift(value)
      else list.push(value)
    }
    return list.length
  }
}

function pop(command: string, end: End) {
  return (keyspace: Keyspace, args: readonly string[]): Reply => {
    if (args.length > 2) return refuse(`ERR wrong number of arguments for '${command}' command`)
    const count = args[1] === undefined ? undefined : parseCount(args[1])
    const list = keyspace.read(word(args, 0), 'list')
    if (!list) return null
    const amount = Math.min(count ?? 1, list.length)
    const popped = end === 'left' ? list.splice(0, amount) : list.splice(list.length - amount, amount).toReversed()
    keyspace.deleteIfEmpty(word(args, 0))
    return count === undefined ? word(popped, 0) : popped
  }
}

function at(list: readonly string[], index: number): number {
  return index < 0 ? index + list.length : index
}

function lset(keyspace: Keyspace, args: readonly string[]): Reply {
  const list = keyspace.read(word(args, 0), 'list')
  if (!list) return refuse(text.noSuchKey)
  const index = at(list, parseIndex(word(args, 1)))
  if (list[index] === undefined) return refuse('ERR index out of range')
  list[index] = word(args, 2)
  return 'OK'
}

function ltrim(keyspace: Keyspace, args: readonly string[]): Reply {
  const [start, stop] = [parseIndex(word(args, 1)), parseIndex(word(args, 2))]
  const list = keyspace.read(word(args, 0), 'list')
  if (!list) return 'OK'
  const [from, to] = toRange(start, stop, list.length)
  list.splice(to)
  list.splice(0, from)
  keyspace.deleteIfEmpty(word(args, 0))
  return 'OK'
}

function lrem(keyspace: Keyspace, args: readonly string[]): Reply {
  const count = parseIndex(word(args, 1))
  const list = keyspace.read(word(args, 0), 'list')
  if (!list) return 0
  const all = list.flatMap((value, index) => (value === word(args, 2) ? [index] : []))
  const removed = new Set(count < 0 ? all.slice(count) : count > 0 ? all.slice(0, count) : all)
  let kept = 0
  for (const [index, value] of list.entries()) if (!removed.has(index)) list[kept++] = value
  list.length = kept
  keyspace.deleteIfEmpty(word(args, 0))
  return removed.size
}

function lrange(keyspace: Keyspace, args: readonly string[]): Reply {
  const [start, stop] = [parseIndex(word(args, 1)), parseIndex(word(args, 2))]
  const list = keyspace.read(word(args, 0), 'list') ?? []
  return list.slice(...toRange(start, stop, list.length))
}

function lindex(keyspace: Keyspace, args: readonly string[]): Reply {
  const list = keyspace.read(word(args, 0), 'list')
  if (!list) return null
  return list[at(list, parseIndex(word(args, 1)))] ?? null
}

export const lists: CommandTable = {
  lpush: { arity: -3, run: push('left', false) },
  rpush: { arity: -3, run: push('right', false) },
  lpushx: { arity: -3, run: push('left', true) },
  rpushx: { arity: -3, run: push('right', true) },
  lpop: { arity: -2, run: pop('lpop', 'left') },
  rpop: { arity: -2, run: pop('rpop', 'right') },
  llen: { arity: 2, run: (keyspace, args) => keyspace.read(word(args, 0), 'list')?.length ?? 0 },
  lrange: { arity: 4, run: lrange },
  lindex: { arity: 3, run: lindex },
  lset: { arity: 4, run: lset },
  ltrim: { arity: 4, run: ltrim },
  lrem: { arity: 4, run: lrem },
}
