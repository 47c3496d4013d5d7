import { word } from './command.js'
import type { CommandTable } from './command.js'
import type { Dictionary } from './dictionary.js'
import type { Keyspace } from './keyspace.js'
import { parseCount, parseIndex } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'
import { scanMembers } from './scan.js'

type Members = Dictionary<true>

/** An answer with more members than this would not fit in memory. */
const maxRepeated = 10_000_000

function srem(keyspace: Keyspace, args: readonly string[]): Reply {
  const set = keyspace.read(word(args, 0), 'set')
  const removed = args.slice(1).filter((member) => set?.delete(member)).length
  keyspace.deleteIfEmpty(word(args, 0))
  return removed
}

/** Every key is read before anything is computed, so that a wrong type anywhere is an error. */
function combine(keep: (sets: readonly (Members | undefined)[]) => string[]) {
  return (keyspace: Keyspace, args: readonly string[]): Reply => keep(args.map((key) => keyspace.read(key, 'set')))
}

const union = combine((sets) => [...new Set(sets.flatMap((set) => set?.keys() ?? []))])
const intersection = combine(([first, ...others]) =>
  (first?.keys() ?? []).filter((member) => others.every((set) => set?.has(member))),
)
const difference = combine(([first, ...others]) =>
  (first?.keys() ?? []).filter((member) => !others.some((set) => set?.has(member))),
)

/** Some different members by chance. */
function sample(set: Members, count: number): string[] {
  const members = set.keys()
  const wanted = Math.min(count, members.length)
  for (let i = 0; i < wanted; i++) {
    const other = i + Math.floor(Math.random() * (members.length - i))
    const [a, b] = [word(members, i), word(members, other)]
    members[i] = b
    members[other] = a
  }
  return members.slice(0, wanted)
}

function spop(keyspace: Keyspace, args: readonly string[]): Reply {
  if (args.length > 2) return refuse(text.syntax)
  const count = args[1] === undefined ? undefined : parseCount(args[1])
  const set = keyspace.read(word(args, 0), 'set')
  if (!set) return count === undefined ? null : []
  const popped = count === undefined ? [set.randomKey() ?? ''] : sample(set, count)
  for (const member of popped) set.delete(member)
  keyspace.deleteIfEmpty(word(args, 0))
  return count === undefined ? word(popped, 0) : popped
}

function srandmember(keyspace: Keyspace, args: readonly string[]): Reply {
  if (args.length > 2) return refuse(text.syntax)
  const count = args[1] === undefined ? undefined : parseIndex(args[1])
  if (count !== undefined && count < -maxRepeated) return refuse('ERR value is out of range')
  const set = keyspace.read(word(args, 0), 'set')
  if (count === undefined) return set?.randomKey() ?? null
  if (!set) return []
  // A negative count asks for that many, with repetitions.
  return count >= 0 ? sample(set, count) : Array.from({ length: -count }, () => set.randomKey() ?? '')
}

export const sets: CommandTable = {
  sadd: {
    arity: -3,
    run: (keyspace, args) => {
      const set = keyspace.open(word(args, 0), 'set')
      return args.slice(1).filter((member) => set.set(member, true)).length
    },
  },
  srem: { arity: -3, run: srem },
  smembers: { arity: 2, run: (keyspace, args) => keyspace.read(word(args, 0), 'set')?.keys() ?? [] },
  sismember: {
    arity: 3,
    run: (keyspace, args) => Number(keyspace.read(word(args, 0), 'set')?.has(word(args, 1)) ?? false),
  },
  smismember: {
    arity: -3,
    run: (keyspace, args) => {
      const set = keyspace.read(word(args, 0), 'set')
      return args.slice(1).map((member) => Number(set?.has(member) ?? false))
    },
  },
  scard: { arity: 2, run: (keyspace, args) => keyspace.read(word(args, 0), 'set')?.size ?? 0 },
  sunion: { arity: -2, run: union },
  sinter: { arity: -2, run: intersection },
  sdiff: { arity: -2, run: difference },
  spop: { arity: -2, run: spop },
  srandmember: { arity: -2, run: srandmember },
  sscan: {
    arity: -3,
    run: (keyspace, args) =>
      scanMembers(
        args,
        (key) => keyspace.read(key, 'set'),
        (member) => [member],
      ),
  },
}
