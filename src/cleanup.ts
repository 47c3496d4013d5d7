/**
 * Sweeps: expired results from isolate memory; from Redis the entries that their names tell to be of another format or generation, and those
 * whose headers tell that an invalidation has ended them. Version keys are never touched.
 * @module
 */
import type { Pipeline } from '@upstash/redis'
import type { Call, Core } from './ask.js'
import { DecodeError, readHeader } from './codec/encode.js'
import type { Header } from './codec/encode.js'
import { isRedisCache } from './l2.js'
import type { RedisQueryCache } from './l2.js'
import { keySafe } from './key.js'
import { RedisError } from './redis.js'
import { number, readOptions, whole } from './rules.js'
import type { Rules } from './rules.js'
import { clock } from './runtime.js'

export interface CleanupOptions {
  /** Redis commands that one run may use. Default 1,000. */
  maxCommands?: number
  /** Milliseconds that one run may take. Default 20,000. */
  maxMs?: number
}

export const CLEANUP: Rules<CleanupOptions> = {
  maxCommands: whole,
  maxMs: number('milliseconds above 0', (value) => value > 0),
}

/** Keys that one UNLINK removes at most; a SCAN looks at twice as many. */
const PAGE = 500
/** Characters of an entry that its header seldom exceeds. */
const HEADER = 1_024

/** Returns the entries removed, from memory and from Redis. Resumes where the last run stopped. Rejects when Redis gave no answer. */
export async function cleanup(core: Core, call: Call, options: CleanupOptions | undefined): Promise<number> {
  const { maxCommands = 1_000, maxMs = 20_000 } = readOptions(options, CLEANUP)
  const now = clock(call.runtime)
  const { cache } = core
  const fromMemory = cache.dropWhere(
    (entry) =>
      (now > entry.provisionalUntil && !entry.versions) ||
      now >= Math.max(entry.freshUntil, entry.staleUntil, entry.errorUntil),
  )
  return isRedisCache(cache) ? fromMemory + (await sweep(cache, call, maxCommands, now + maxMs)) : fromMemory
}

/** One run, within its budget. */
class Run {
  readonly #cache: RedisQueryCache
  readonly #over: () => boolean
  /** Commands that are left. */
  left: number

  constructor(cache: RedisQueryCache, commands: number, over: () => boolean) {
    this.#cache = cache
    this.left = commands
    this.#over = over
  }

  get goesOn(): boolean {
    // A page, what is found on it, and where the run stopped.
    return this.left > 2 && !this.#over()
  }

  /** One trip. */
  async send(build: (pipeline: Pipeline) => void): Promise<unknown[]> {
    const replies = await this.#cache.link.pipeline('cleanup', (pipeline) => {
      build(pipeline)
      this.left -= pipeline.length()
    })
    return replies.map(({ result }) => result)
  }

  /** The entries' keys of one page, and where the next one begins; '0' is the end. */
  async page(cursor: string, count: number): Promise<[next: string, keys: string[]]> {
    const match = `${globSafe(this.#cache.config.redisKeyPrefix)}:e:*`
    const [page] = await this.send((pipeline) => pipeline.scan(cursor, { match, count }))
    if (!Array.isArray(page)) throw new RedisError('refused')
    return [String(page[0]), page[1] as string[]]
  }

  /** Returns how many there were. */
  async remove(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0
    const [removed] = await this.send((pipeline) => pipeline.unlink(...keys))
    return Number(removed) || 0
  }
}

/** By name first: one command tells of a thousand keys. When that has been round without finding any, by content. */
async function sweep(cache: RedisQueryCache, call: Call, maxCommands: number, deadline: number): Promise<number> {
  const run = new Run(cache, maxCommands, () => clock(call.runtime) >= deadline)
  const prefix = `${cache.config.redisKeyPrefix}:c:`
  const [saved] = await run.send((pipeline) => pipeline.mget(`${prefix}cursor`, `${prefix}headers`))
  const [names, headers] = Array.isArray(saved) ? (saved as unknown[]) : []
  const byName = await sweepNames(cache, run, /^(\d+)(\+?)$/.exec(String(names)))
  const byContent = byName.clean ? await sweepContents(cache, run, /^\d+$/.exec(String(headers))?.[0]) : undefined
  await run.send((pipeline) =>
    byContent
      ? pipeline.mset({ [`${prefix}cursor`]: '0', [`${prefix}headers`]: byContent.cursor })
      : pipeline.set(`${prefix}cursor`, byName.saved),
  )
  return byName.removed + (byContent?.removed ?? 0)
}

/** `clean`: it has been round, in this run and those before it, and nothing was there to remove. */
async function sweepNames(
  cache: RedisQueryCache,
  run: Run,
  before: RegExpExecArray | null,
): Promise<{ saved: string; removed: number; clean: boolean }> {
  let cursor = before?.[1] ?? '0'
  let dead: string[] = []
  let removed = 0
  let whole = true
  const removeSome = async () => {
    removed += await run.remove(dead.slice(0, PAGE))
    dead = dead.slice(PAGE)
  }
  do {
    const [next, keys] = await run.page(cursor, 2 * PAGE)
    const old = keys.filter((key) => isForeign(cache, key))
    const room = (run.left - 1) * PAGE - dead.length
    // What the budget leaves no command for is found again by the next run.
    whole = old.length <= room
    dead.push(...old.slice(0, Math.max(0, room)))
    if (whole) cursor = next
    while (dead.length >= PAGE) await removeSome()
  } while (whole && cursor !== '0' && run.goesOn)
  await removeSome()
  const found = removed > 0 || Boolean(before?.[2])
  const round = whole && cursor === '0'
  return { saved: cursor + (found && !round ? '+' : ''), removed, clean: round && !found }
}

/** Reads the headers of entries and removes those whose names have other versions by now: without an expiry they would stay for ever. */
async function sweepContents(
  cache: RedisQueryCache,
  run: Run,
  from = '0',
): Promise<{ cursor: string; removed: number }> {
  let cursor = from
  const dead: string[] = []
  const read: { key: string; header: Header }[] = []
  let keys: string[]
  // Beside the headers and their pages: the versions, where the run stopped, and what is removed.
  const spare = 2 + Math.ceil(run.left / PAGE)
  do {
    const most = Math.floor((run.left - spare - 1) * 0.8)
    if (most < 1) break
    const [next, page] = await run.page(cursor, Math.min(PAGE, most))
    keys = page.filter((key) => key.startsWith(cache.entryPrefix))
    // A page may hold more than was asked for. The next run begins with it, unless it is the first of this one.
    const room = run.left - spare
    if (keys.length > room && read.length + dead.length > 0) break
    keys.length = Math.min(keys.length, room)
    cursor = next
    for (const [i, text] of (await headersOf(run, keys)).entries()) {
      const header = headerOf(text)
      if (header) read.push({ key: keys[i]!, header })
      else if (header === undefined) dead.push(keys[i]!)
    }
  } while (cursor !== '0' && run.goesOn)
  const known = await versionsOf(
    cache,
    run,
    read.map(({ header }) => header),
  )
  for (const { key, header } of read)
    if (header.names.some((name, i) => known.get(versionKey(cache, header, name)) !== header.versions[i]))
      dead.push(key)
  let removed = 0
  for (let from = 0; from < dead.length; from += PAGE) removed += await run.remove(dead.slice(from, from + PAGE))
  return { cursor, removed }
}

/** One command each. */
async function headersOf(run: Run, keys: readonly string[]): Promise<unknown[]> {
  if (keys.length === 0) return []
  return run.send((pipeline) => {
    for (const key of keys) pipeline.getrange(key, 0, HEADER - 1)
  })
}

/** `undefined`: no entry that anybody could read. `null`: gone by now, or a header too long to be told here. */
function headerOf(text: unknown): Header | null | undefined {
  if (typeof text !== 'string' || text === '') return null
  try {
    return readHeader(text)
  } catch (error) {
    return error instanceof DecodeError && error.incomplete && text.length === HEADER ? null : undefined
  }
}

const versionKey = (cache: RedisQueryCache, { database }: Header, name: string): string =>
  cache.versionKey({ key: `${database}:${name}` })

async function versionsOf(
  cache: RedisQueryCache,
  run: Run,
  headers: readonly Header[],
): Promise<ReadonlyMap<string, unknown>> {
  const keys = [...new Set(headers.flatMap((header) => header.names.map((name) => versionKey(cache, header, name))))]
  if (keys.length === 0) return new Map()
  const [values] = await run.send((pipeline) => pipeline.mget(...keys))
  if (!Array.isArray(values)) throw new RedisError('refused')
  return new Map(keys.map((key, i) => [key, values[i] as unknown]))
}

/** Of this cache's own prefix, but of an older format or another generation. Other prefixes are somebody else's. */
function isForeign(cache: RedisQueryCache, key: string): boolean {
  const { redisKeyPrefix, keyPrefix, epoch } = cache.config
  const own = `${redisKeyPrefix}:e:${keySafe(keyPrefix)}:`
  if (!key.startsWith(own) || key.startsWith(cache.entryPrefix)) return false
  const [format, generation] = key.slice(own.length).split(':')
  const [ownFormat] = cache.entryPrefix.slice(own.length).split(':')
  // A newer format belongs to a deployment that is being rolled out.
  if (format !== ownFormat) return Number(format) < Number(ownFormat)
  // Who names no generation of his own cannot tell which one is old.
  return epoch !== '' && generation !== keySafe(epoch)
}

const globSafe = (text: string): string => text.replace(/[*?[\]\\^-]/g, '\\$&')
