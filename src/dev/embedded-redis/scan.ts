import { word } from './command.js'
import { glob } from './glob.js'
import { parseIndex } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'

export interface ScanOptions {
  cursor: number
  count: number
  matches: (name: string) => boolean
  /** Lower case; only SCAN itself knows it. */
  type?: string
}

/** Reads `cursor [MATCH pattern] [COUNT count] [TYPE type]`. */
export function parseScan(words: readonly string[], allowsType = false): ScanOptions {
  if (!/^\d{1,20}$/.test(word(words, 0))) refuse('ERR invalid cursor')
  const options: ScanOptions = { cursor: Number(word(words, 0)), count: 10, matches: () => true }
  for (let i = 1; i < words.length; i += 2) {
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

interface Pages<V> {
  page(cursor: number, count: number): { cursor: number; entries: [string, V][] }
}

/** One page, as SCAN and its kin answer it. `show` gives what is listed of an entry. */
export function scanPage<V>(
  pages: Pages<V> | undefined,
  options: ScanOptions,
  show: (name: string, value: V) => string[],
): Reply {
  if (!pages) return ['0', []]
  const { cursor, entries } = pages.page(options.cursor, options.count)
  const listed = entries.filter(([name]) => options.matches(name)).flatMap(([name, value]) => show(name, value))
  return [String(cursor), listed]
}
