import { word } from './command.js'
import type { CommandTable } from './command.js'
import { selectDatabase } from './keys.js'
import type { Entry, Keyspace } from './keyspace.js'
import { refuse, text, wrongArity } from './reply.js'
import type { Reply } from './reply.js'

/** What a Redis takes for a key beside its bytes, roughly. */
const bytesPerKey = 96

function flush(keyspace: Keyspace, args: readonly string[]): Reply {
  const mode = args[0]?.toLowerCase()
  if (args.length > 1 || (mode !== undefined && mode !== 'sync' && mode !== 'async')) return refuse(text.syntax)
  keyspace.clear()
  return 'OK'
}

function time(keyspace: Keyspace): Reply {
  const now = keyspace.now()
  return [String(Math.floor(now / 1000)), String(Math.floor((now % 1000) * 1000))]
}

function sizeOf(entry: Entry): number {
  if (entry.kind === 'string') return entry.value.length
  if (entry.kind === 'list') return entry.value.reduce((sum, value) => sum + value.length, 0)
  const members = entry.kind === 'zset' ? entry.value.scores.keys() : entry.value.entries().flat()
  return members.reduce((sum, value) => sum + (value === true ? 0 : value.length), 0)
}

function memory(keyspace: Keyspace): string[] {
  const used = keyspace.keys().reduce((sum, key) => {
    const entry = keyspace.find(key)
    return sum + bytesPerKey + key.length + (entry ? sizeOf(entry) : 0)
  }, 0)
  return [
    `used_memory:${used}`,
    `used_memory_human:${human(used)}`,
    'maxmemory:0',
    'maxmemory_human:0B',
    'maxmemory_policy:noeviction',
  ]
}

function human(bytes: number): string {
  const units = ['B', 'K', 'M', 'G'] as const
  const power = Math.min(3, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10))
  return power === 0 ? `${bytes}B` : `${(bytes / 1024 ** power).toFixed(2)}${units[power]}`
}

function keyspaceLines(keyspace: Keyspace): string[] {
  const keys = keyspace.keys()
  const expires = keys.filter((key) => keyspace.find(key)?.expireAt !== undefined).length
  return keys.length === 0 ? [] : [`db0:keys=${keys.length},expires=${expires},avg_ttl=0`]
}

const sections: Readonly<Record<string, (keyspace: Keyspace) => string[]>> = {
  Server: () => ['redis_version:7.0.15', 'redis_mode:standalone'],
  Memory: memory,
  Keyspace: keyspaceLines,
}

function info(keyspace: Keyspace, args: readonly string[]): Reply {
  const wanted = new Set(args.map((name) => name.toLowerCase()))
  const isAll = args.length === 0 || ['all', 'default', 'everything'].some((name) => wanted.has(name))
  return Object.entries(sections)
    .filter(([name]) => isAll || wanted.has(name.toLowerCase()))
    .map(([name, lines]) => [`# ${name}`, ...lines(keyspace), ''].join('\r\n'))
    .join('\r\n')
}

/** `MEMORY USAGE key [SAMPLES count]`, the only part of MEMORY there is. */
function memoryUsage(keyspace: Keyspace, [sub = '', key, ...options]: readonly string[]): Reply {
  if (sub.toLowerCase() !== 'usage') return refuse(`ERR unknown subcommand '${sub.slice(0, 128)}'. Try MEMORY HELP.`)
  if (key === undefined) return wrongArity('memory|usage')
  const [name, count, ...more] = options
  if (name !== undefined && (name.toLowerCase() !== 'samples' || count === undefined || more.length > 0))
    return refuse(text.syntax)
  if (count !== undefined && !/^\d{1,18}$/.test(count))
    return refuse(/^-\d+$/.test(count) ? text.syntax : text.notInteger)
  const entry = keyspace.find(key)
  return entry ? bytesPerKey + key.length + sizeOf(entry) : null
}

export const server: CommandTable = {
  ping: { arity: -1, run: (_keyspace, args) => (args.length > 1 ? wrongArity('ping') : (args[0] ?? 'PONG')) },
  echo: { arity: 2, run: (_keyspace, args) => word(args, 0) },
  select: {
    arity: 2,
    run: (_keyspace, args) => {
      selectDatabase(word(args, 0))
      return 'OK'
    },
  },
  dbsize: { arity: 1, run: (keyspace) => keyspace.keys().length },
  flushdb: { arity: -1, run: flush },
  flushall: { arity: -1, run: flush },
  time: { arity: 1, run: time },
  info: { arity: -1, run: info },
  memory: { arity: -2, run: memoryUsage },
}
