import { word } from './command.js'
import type { Command, CommandTable } from './command.js'
import type { Keyspace } from './keyspace.js'
import { formatDouble, parseDouble, parseIndex, toRange } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'
import { compareBytes } from './sorted-set.js'
import type { Scored, SortedSet } from './sorted-set.js'

type By = 'index' | 'score' | 'lex'
/** The indexes of a range, its end excluded. */
type Locate = (set: SortedSet) => [number, number]

function locateByIndex(start: string, stop: string): Locate {
  const [from, to] = [parseIndex(start), parseIndex(stop)]
  return (set) => toRange(from, to, set.size)
}

/** `1.5` includes its score, `(1.5` does not; an empty number is 0, as in Redis. */
function parseScoreBound(bound: string): { score: number; excluded: boolean } {
  const excluded = bound.startsWith('(')
  const score = excluded ? bound.slice(1) : bound
  return { score: parseDouble(score || '0', 'ERR min or max is not a float'), excluded }
}

function locateByScore(min: string, max: string): Locate {
  const [low, high] = [parseScoreBound(min), parseScoreBound(max)]
  return (set) => [
    set.countWhile(({ score }) => (low.excluded ? score <= low.score : score < low.score)),
    set.countWhile(({ score }) => (high.excluded ? score < high.score : score <= high.score)),
  ]
}

/** Compares a member with a bound: `-`, `+`, `[text` or `(text`. */
function parseLexBound(bound: string): { compare: (item: Scored) => number; excluded: boolean } {
  if (bound === '-') return { compare: () => 1, excluded: false }
  if (bound === '+') return { compare: () => -1, excluded: false }
  if (!bound.startsWith('[') && !bound.startsWith('(')) return refuse('ERR min or max not valid string range item')
  return { compare: ({ member }) => compareBytes(member, bound.slice(1)), excluded: bound.startsWith('(') }
}

function locateByLex(min: string, max: string): Locate {
  const [low, high] = [parseLexBound(min), parseLexBound(max)]
  return (set) => [
    set.countWhile((item) => (low.excluded ? low.compare(item) <= 0 : low.compare(item) < 0)),
    set.countWhile((item) => (high.excluded ? high.compare(item) < 0 : high.compare(item) <= 0)),
  ]
}

const locators = { index: locateByIndex, score: locateByScore, lex: locateByLex }

interface RangeOptions {
  by: By
  reverse: boolean
  withScores: boolean
  limit?: { offset: number; count: number }
}

/** `isGeneral` is ZRANGE, which alone takes BYSCORE, BYLEX and REV. */
function parseOptions(words: readonly string[], by: By, reverse: boolean, isGeneral: boolean): RangeOptions {
  const options: RangeOptions = { by, reverse, withScores: false }
  for (let i = 0; i < words.length; i++) {
    const name = word(words, i).toLowerCase()
    if (name === 'withscores') options.withScores = true
    else if (name === 'limit' && i + 2 < words.length)
      options.limit = { offset: parseIndex(word(words, ++i)), count: parseIndex(word(words, ++i)) }
    else if (isGeneral && name === 'rev' && !options.reverse) options.reverse = true
    else if (isGeneral && name === 'byscore' && options.by === 'index') options.by = 'score'
    else if (isGeneral && name === 'bylex' && options.by === 'index') options.by = 'lex'
    else refuse(text.syntax)
  }
  // Redis takes a count of -1 for no limit at all.
  if (options.limit && options.limit.count !== -1 && options.by === 'index')
    refuse('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  if (options.withScores && options.by === 'lex')
    refuse('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  return options
}

function select(set: SortedSet, locate: Locate, { by, reverse, limit }: RangeOptions): Scored[] {
  const [from, to] = locate(set)
  const isFromEnd = reverse && by === 'index'
  const items = isFromEnd ? set.slice(set.size - to, set.size - from) : set.slice(from, Math.max(from, to))
  if (reverse) items.reverse()
  if (!limit || by === 'index') return items
  if (limit.offset < 0) return []
  return items.slice(limit.offset, limit.count < 0 ? undefined : limit.offset + limit.count)
}

function range(by: By, reverse: boolean, isGeneral = false): Command {
  return {
    arity: -4,
    run: (keyspace: Keyspace, args: readonly string[]): Reply => {
      const options = parseOptions(args.slice(3), by, reverse, isGeneral)
      const [first, second] = [word(args, 1), word(args, 2)]
      const isSwapped = options.reverse && options.by !== 'index'
      const locate = locators[options.by](isSwapped ? second : first, isSwapped ? first : second)
      const set = keyspace.read(word(args, 0), 'zset')
      if (!set) return []
      const items = select(set, locate, options)
      return items.flatMap(({ member, score }) => (options.withScores ? [member, formatDouble(score)] : [member]))
    },
  }
}

/** Applies `use` to the items in range; 0 when there is no set. */
function inRange(
  by: By,
  use: (keyspace: Keyspace, key: string, set: SortedSet, at: [number, number]) => number,
): Command {
  return {
    arity: 4,
    run: (keyspace, args) => {
      const locate = locators[by](word(args, 1), word(args, 2))
      const set = keyspace.read(word(args, 0), 'zset')
      return set ? use(keyspace, word(args, 0), set, locate(set)) : 0
    },
  }
}

function removeRange(keyspace: Keyspace, key: string, set: SortedSet, [from, to]: [number, number]): number {
  const items = set.slice(from, Math.max(from, to))
  for (const { member } of items) set.delete(member)
  keyspace.deleteIfEmpty(key)
  return items.length
}

export const sortedSetRanges: CommandTable = {
  zrange: range('index', false, true),
  zrevrange: range('index', true),
  zrangebyscore: range('score', false),
  zrevrangebyscore: range('score', true),
  zcount: inRange('score', (_keyspace, _key, _set, [from, to]) => Math.max(0, to - from)),
  zremrangebyscore: inRange('score', removeRange),
  zremrangebyrank: inRange('index', removeRange),
}
