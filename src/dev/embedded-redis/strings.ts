import { pairs, word } from './command.js'
import type { CommandTable } from './command.js'
import { deadlineOptions, parsePositiveDeadline } from './deadline.js'
import type { Keyspace } from './keyspace.js'
import { parseIndex, toRange } from './numbers.js'
import { refuse, text, wrongArity } from './reply.js'
import type { Reply } from './reply.js'

const maxBytes = 512 * 1024 * 1024
const tooLong = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)'

interface SetOptions {
  condition?: 'nx' | 'xx'
  keepTtl?: boolean
  get?: boolean
  expireAt?: number
}

function parseSetOptions(keyspace: Keyspace, words: readonly string[]): SetOptions {
  const options: SetOptions = {}
  let deadline: { value: string; name: string } | undefined
  for (let i = 0; i < words.length; i++) {
    const name = word(words, i).toLowerCase()
    if ((name === 'nx' || name === 'xx') && (options.condition ?? name) === name) options.condition = name
    else if (name === 'get') options.get = true
    else if (name === 'keepttl' && !deadline) options.keepTtl = true
    else if (deadlineOptions[name] && (deadline?.name ?? name) === name && !options.keepTtl && i + 1 < words.length)
      deadline = { name, value: word(words, ++i) }
    else refuse(text.syntax)
  }
  const form = deadline && deadlineOptions[deadline.name]
  if (deadline && form) options.expireAt = parsePositiveDeadline(keyspace, 'set', deadline.value, form)
  return options
}

function set(keyspace: Keyspace, args: readonly string[]): Reply {
  const key = word(args, 0)
  const { condition, keepTtl, get, expireAt } = parseSetOptions(keyspace, args.slice(2))
  const before = get ? (keyspace.read(key, 'string') ?? null) : null
  const known = keyspace.find(key)
  if (condition && (condition === 'xx') !== Boolean(known)) return before
  const until = keepTtl ? known?.expireAt : expireAt
  keyspace.put(key, { kind: 'string', value: word(args, 1), ...(until === undefined ? {} : { expireAt: until }) })
  return get ? before : 'OK'
}

function setWithDeadline(command: string, form: 'ex' | 'px') {
  return (keyspace: Keyspace, args: readonly string[]): Reply => {
    const [key, deadline, value] = [word(args, 0), word(args, 1), word(args, 2)]
    const expireAt = parsePositiveDeadline(keyspace, command, deadline, deadlineOptions[form] ?? refuse(text.syntax))
    keyspace.put(key, { kind: 'string', value, expireAt })
    return 'OK'
  }
}

function getex(keyspace: Keyspace, args: readonly string[]): Reply {
  const [key, name, value] = [word(args, 0), args[1]?.toLowerCase(), args[2]]
  const form = name === undefined ? undefined : deadlineOptions[name]
  const isValid = form ? args.length === 3 : args.length === (name === 'persist' ? 2 : 1)
  if (!isValid) return refuse(text.syntax)
  const found = keyspace.read(key, 'string')
  if (found === undefined) return null
  const expireAt = form && parsePositiveDeadline(keyspace, 'getex', value ?? '', form)
  if (name === undefined) return found
  const { bytes } = keyspace.find(key)!
  keyspace.put(key, { kind: 'string', value: found, bytes, ...(expireAt === undefined ? {} : { expireAt }) })
  return found
}

/** Writes all pairs, when `isAllowed` says so of the keys. */
function setAll(keyspace: Keyspace, command: string, args: readonly string[], onlyNew: boolean): boolean {
  if (args.length % 2 === 1) wrongArity(command)
  const values = pairs(args)
  if (onlyNew && values.some(([key]) => keyspace.find(key))) return false
  for (const [key, value] of values) keyspace.put(key, { kind: 'string', value })
  return true
}

function append(keyspace: Keyspace, args: readonly string[]): Reply {
  const before = keyspace.readBytes(word(args, 0)) ?? Buffer.alloc(0)
  const added = Buffer.from(word(args, 1))
  if (before.length + added.length > maxBytes) return refuse(tooLong)
  keyspace.putBytes(word(args, 0), Buffer.concat([before, added]))
  return before.length + added.length
}

function getRange(keyspace: Keyspace, args: readonly string[]): Reply {
  const [start, stop] = [parseIndex(word(args, 1)), parseIndex(word(args, 2))]
  const bytes = keyspace.readBytes(word(args, 0)) ?? Buffer.alloc(0)
  if (start < 0 && stop < 0 && start > stop) return ''
  // Unlike a list's, a string's negative end never lies before its first byte.
  const end = stop < 0 ? Math.max(0, stop + bytes.length) : stop
  return bytes.subarray(...toRange(start, end, bytes.length)).toString()
}

function setRange(keyspace: Keyspace, args: readonly string[]): Reply {
  const offset = parseIndex(word(args, 1))
  if (offset < 0) return refuse('ERR offset is out of range')
  const before = keyspace.readBytes(word(args, 0)) ?? Buffer.alloc(0)
  const patch = Buffer.from(word(args, 2))
  if (patch.length === 0) return before.length
  if (offset + patch.length > maxBytes) return refuse(tooLong)
  const after = Buffer.alloc(Math.max(before.length, offset + patch.length))
  before.copy(after)
  patch.copy(after, offset)
  keyspace.putBytes(word(args, 0), after)
  return after.length
}

/** Reads a string, then does something to its key. */
function getThen(then: (keyspace: Keyspace, args: readonly string[]) => void) {
  return (keyspace: Keyspace, args: readonly string[]): Reply => {
    const value = keyspace.read(word(args, 0), 'string') ?? null
    then(keyspace, args)
    return value
  }
}

export const strings: CommandTable = {
  get: { arity: 2, run: getThen(() => {}) },
  set: { arity: -3, run: set },
  setnx: { arity: 3, run: (keyspace, args) => Number(setAll(keyspace, 'setnx', args, true)) },
  setex: { arity: 4, run: setWithDeadline('setex', 'ex') },
  psetex: { arity: 4, run: setWithDeadline('psetex', 'px') },
  getset: {
    arity: 3,
    run: getThen((keyspace, args) => keyspace.put(word(args, 0), { kind: 'string', value: word(args, 1) })),
  },
  getdel: { arity: 2, run: getThen((keyspace, args) => keyspace.delete(word(args, 0))) },
  getex: { arity: -2, run: getex },
  mget: {
    arity: -2,
    run: (keyspace, args) =>
      args.map((key) => {
        const entry = keyspace.find(key)
        return entry?.kind === 'string' ? entry.value : null
      }),
  },
  mset: {
    arity: -3,
    run: (keyspace, args) => {
      setAll(keyspace, 'mset', args, false)
      return 'OK'
    },
  },
  msetnx: { arity: -3, run: (keyspace, args) => Number(setAll(keyspace, 'msetnx', args, true)) },
  append: { arity: 3, run: append },
  strlen: {
    arity: 2,
    run: (keyspace, args) => keyspace.readBytes(word(args, 0))?.length ?? 0,
  },
  getrange: { arity: 4, run: getRange },
  substr: { arity: 4, run: getRange },
  setrange: { arity: 4, run: setRange },
}
