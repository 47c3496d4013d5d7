import { word } from './command.js'
import type { CommandTable } from './command.js'
import type { Keyspace } from './keyspace.js'
import { formatDouble, parseCount, parseDouble } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'
import { scanMembers } from './scan.js'
import type { SortedSet } from './sorted-set.js'

type Flag = 'nx' | 'xx' | 'gt' | 'lt' | 'ch' | 'incr'
const flagNames: readonly string[] = ['nx', 'xx', 'gt', 'lt', 'ch', 'incr']

interface Addition {
  flags: Set<Flag>
  items: { member: string; score: number }[]
}

function parseAddition(args: readonly string[]): Addition {
  const flags = new Set<Flag>()
  let i = 1
  for (; flagNames.includes(word(args, i).toLowerCase()); i++) flags.add(word(args, i).toLowerCase() as Flag)
  const rest = args.slice(i)
  if (rest.length === 0 || rest.length % 2 === 1) refuse(text.syntax)
  if (flags.has('nx') && flags.has('xx')) refuse('ERR XX and NX options at the same time are not compatible')
  if ((flags.has('gt') && (flags.has('nx') || flags.has('lt'))) || (flags.has('lt') && flags.has('nx')))
    refuse('ERR GT, LT, and/or NX options at the same time are not compatible')
  if (flags.has('incr') && rest.length > 2) refuse('ERR INCR option supports a single increment-element pair')
  const items: Addition['items'] = []
  for (let at = 0; at < rest.length; at += 2)
    items.push({ score: parseDouble(word(rest, at)), member: word(rest, at + 1) })
  return { flags, items }
}

/** The score the member gets; undefined when a flag forbids it. */
function nextScore(flags: Set<Flag>, before: number | undefined, given: number): number | undefined {
  if (before === undefined) return flags.has('xx') ? undefined : given
  if (flags.has('nx')) return undefined
  const score = flags.has('incr') ? before + given : given
  if (Number.isNaN(score)) return refuse('ERR resulting score is not a number (NaN)')
  if (flags.has('gt') && score <= before) return undefined
  return flags.has('lt') && score >= before ? undefined : score
}

function add(keyspace: Keyspace, key: string, { flags, items }: Addition): Reply {
  const known = keyspace.read(key, 'zset')
  if (!known && flags.has('xx')) return flags.has('incr') ? null : 0
  const set = known ?? keyspace.open(key, 'zset')
  let [added, changed] = [0, 0]
  let last: number | undefined
  for (const { member, score } of items) {
    const before = set.score(member)
    last = nextScore(flags, before, score)
    if (last === undefined || last === before) continue
    set.set(member, last)
    if (before === undefined) added++
    else changed++
  }
  if (flags.has('incr')) return last === undefined ? null : formatDouble(last)
  return flags.has('ch') ? added + changed : added
}

function zincrby(keyspace: Keyspace, args: readonly string[]): Reply {
  const items = [{ score: parseDouble(word(args, 1)), member: word(args, 2) }]
  return add(keyspace, word(args, 0), { flags: new Set(['incr']), items })
}

function scoreOf(set: SortedSet | undefined, member: string): Reply {
  const score = set?.score(member)
  return score === undefined ? null : formatDouble(score)
}

function zrem(keyspace: Keyspace, args: readonly string[]): Reply {
  const set = keyspace.read(word(args, 0), 'zset')
  const removed = args.slice(1).filter((member) => set?.delete(member)).length
  keyspace.deleteIfEmpty(word(args, 0))
  return removed
}

function pop(from: 'min' | 'max') {
  return (keyspace: Keyspace, args: readonly string[]): Reply => {
    if (args.length > 2) return refuse(text.syntax)
    const count = args[1] === undefined ? 1 : parseCount(args[1])
    const set = keyspace.read(word(args, 0), 'zset')
    if (!set) return []
    const popped =
      from === 'min' ? set.slice(0, count) : set.slice(Math.max(0, set.size - count), set.size).toReversed()
    for (const { member } of popped) set.delete(member)
    keyspace.deleteIfEmpty(word(args, 0))
    return popped.flatMap(({ member, score }) => [member, formatDouble(score)])
  }
}

function rank(reverse: boolean) {
  return (keyspace: Keyspace, args: readonly string[]): Reply => {
    const set = keyspace.read(word(args, 0), 'zset')
    const found = set?.rank(word(args, 1))
    if (!set || found === undefined) return null
    return reverse ? set.size - 1 - found : found
  }
}

export const sortedSets: CommandTable = {
  zadd: { arity: -4, run: (keyspace, args) => add(keyspace, word(args, 0), parseAddition(args)) },
  zincrby: { arity: 4, run: zincrby },
  zrem: { arity: -3, run: zrem },
  zscore: { arity: 3, run: (keyspace, args) => scoreOf(keyspace.read(word(args, 0), 'zset'), word(args, 1)) },
  zmscore: {
    arity: -3,
    run: (keyspace, args) => {
      const set = keyspace.read(word(args, 0), 'zset')
      return args.slice(1).map((member) => scoreOf(set, member))
    },
  },
  zcard: { arity: 2, run: (keyspace, args) => keyspace.read(word(args, 0), 'zset')?.size ?? 0 },
  zrank: { arity: 3, run: rank(false) },
  zrevrank: { arity: 3, run: rank(true) },
  zpopmin: { arity: -2, run: pop('min') },
  zpopmax: { arity: -2, run: pop('max') },
  zscan: {
    arity: -3,
    run: (keyspace, args) =>
      scanMembers(
        args,
        (key) => keyspace.read(key, 'zset')?.scores,
        (member, score) => [member, formatDouble(score)],
      ),
  },
}
