import { word } from './command.js'
import type { Dictionary } from './dictionary.js'
import { glob } from './glob.js'
import type { Entry, Keyspace } from './keyspace.js'
import { parseIndex } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'

interface ScanOptions {
  count: number
  matches: (name: string) => boolean
  /** Lower case; only SCAN itself knows it. */
  type?: string
}

function parseOptions(words: readonly string[], allowsType: boolean): ScanOptions {
  const options: ScanOptions = { count: 10, matches: () => true }
  for (let i = 0; i < words.length; i += 2) {
    const name = word(words, i).toLowerCase()
    const value = words[i + 1]
    if (value === undefined) return refuse(text.syntax)
    if (name === 'match') options.matches = glob(value)
    else if (name === 'count') options.count = parseIndex(value)
    else if (name === 'type' && allowsType) options.type = value.toLowerCase()
    else return refuse(text.syntax)
    if (options.count < 1) return refuse(text.syntax)
  }
  return options
}

function parseCursor(cursor: string): number {
  return /^\d{0,20}$/.test(cursor) ? Number(cursor) : refuse('ERR invalid cursor')
}

/** SCAN: one page of the keys. */
export function scanKeys(keyspace: Keyspace, args: readonly string[]): Reply {
  const cursor = parseCursor(word(args, 0))
  const { count, matches, type } = parseOptions(args.slice(1), true)
  const page = keyspace.page(cursor, count)
  const isWanted = ([key, { kind }]: [string, Entry]) => (type === undefined || type === kind) && matches(key)
  return [String(page.cursor), page.entries.filter(isWanted).map(([key]) => key)]
}

/**
 * HSCAN, SSCAN and ZSCAN: one page of a collection. `open` gives it, undefined when the key is absent, in which case the options
 * are not looked at, as in Redis; `show` gives what is listed of a member.
 */
export function scanMembers<V>(
  args: readonly string[],
  open: (key: string) => Dictionary<V> | undefined,
  show: (name: string, value: V) => string[],
): Reply {
  const cursor = parseCursor(word(args, 1))
  const members = open(word(args, 0))
  if (!members) return ['0', []]
  const { count, matches } = parseOptions(args.slice(2), false)
  const page = members.page(cursor, count)
  return [String(page.cursor), page.entries.flatMap(([name, value]) => (matches(name) ? show(name, value) : []))]
}
