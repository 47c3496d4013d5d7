import { word } from './command.js'
import type { CommandTable } from './command.js'
import type { Entry, Keyspace } from './keyspace.js'
import { glob } from './glob.js'
import { parseInt64 } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'
import { scanKeys } from './scan.js'

function countKeys(test: (keyspace: Keyspace, key: string) => boolean) {
  return (keyspace: Keyspace, args: readonly string[]): Reply => args.filter((key) => test(keyspace, key)).length
}

/** Moves a key; false when `onlyNew` and the target exists. */
function rename(keyspace: Keyspace, from: string, to: string, onlyNew: boolean): boolean {
  const entry = keyspace.find(from)
  if (!entry) return refuse(text.noSuchKey)
  if (onlyNew && keyspace.find(to)) return false
  if (from === to) return true
  keyspace.delete(from)
  keyspace.put(to, entry)
  return true
}

function parseCopyOptions(words: readonly string[]): { replace: boolean } {
  let replace = false
  for (let i = 0; i < words.length; i++) {
    const name = word(words, i).toLowerCase()
    if (name === 'replace') replace = true
    else if (name === 'db' && i + 1 < words.length) selectDatabase(word(words, ++i))
    else refuse(text.syntax)
  }
  return { replace }
}

function copy(keyspace: Keyspace, args: readonly string[]): Reply {
  const [from, to] = [word(args, 0), word(args, 1)]
  const { replace } = parseCopyOptions(args.slice(2))
  if (from === to) return refuse('ERR source and destination objects are the same')
  const entry = keyspace.find(from)
  if (!entry || (!replace && keyspace.find(to))) return 0
  keyspace.put(to, duplicate(entry))
  return 1
}

function duplicate(entry: Entry): Entry {
  if (entry.kind === 'string') return { ...entry }
  const value = Array.isArray(entry.value) ? [...entry.value] : entry.value.copy()
  return { ...entry, value } as Entry
}

/** There is one database, number 0. */
export function selectDatabase(index: string): void {
  if (parseInt64(index) !== 0n) refuse('ERR DB index is out of range')
}

const remove = { arity: -2, run: countKeys((keyspace, key) => keyspace.delete(key)) }
const exists = { arity: -2, run: countKeys((keyspace, key) => keyspace.find(key) !== undefined) }

export const keys: CommandTable = {
  del: remove,
  unlink: remove,
  exists,
  touch: exists,
  type: { arity: 2, run: (keyspace, args) => keyspace.find(word(args, 0))?.kind ?? 'none' },
  keys: { arity: 2, run: (keyspace, args) => keyspace.keys().filter(glob(word(args, 0))) },
  scan: { arity: -2, run: scanKeys },
  randomkey: { arity: 1, run: (keyspace) => keyspace.randomKey() ?? null },
  rename: {
    arity: 3,
    run: (keyspace, args) => {
      rename(keyspace, word(args, 0), word(args, 1), false)
      return 'OK'
    },
  },
  renamenx: { arity: 3, run: (keyspace, args) => Number(rename(keyspace, word(args, 0), word(args, 1), true)) },
  copy: { arity: -3, run: copy },
}
