/**
 * Sweeps: expired results from isolate memory; from Redis the entries that their names tell to be of another format or generation, and those
 * whose headers tell that an invalidation has ended them. Version keys are never touched.
 * @module
 */
import type { Pipeline } from '@upstash/redis'
import type { Call, Core } from './ask.js'
import { DecodeError, readHeader } from './codec/encode.js'
import type { EntryHeader } from './codec/encode.js'
import { isRedisCache } from './l2.js'
import type { RedisQueryCache } from './l2.js'
import { keySafe } from './key.js'
import { RedisError } from './redis.js'
import { number, readOptions } from './rules.js'
import type { Rules } from './rules.js'
import { clock } from './runtime.js'

export interface CleanupOptions {
  /** Redis commands that one run may use, 4 or more; from 6 on they suffice for what names do not tell too. Default 1,000. */
  maxCommands?: number | undefined
  /** Milliseconds that one run may take. Default 20,000. */
  maxMs?: number | undefined
}

/** Where the last run stopped, a page, a removal, and where this run stopped. To examine an entry by content takes two more. */
const LEAST_COMMANDS = 4
export const CLEANUP: Rules<CleanupOptions> = {
  maxCommands: number(
    `a whole number of at least ${LEAST_COMMANDS}`,
    (value) => value >= LEAST_COMMANDS && Number.isInteger(value),
  ),
  maxMs: number('milliseconds above 0', (value) => value > 0),
}

/** Keys that one command names at most; a SCAN of names looks at twice as many. */
const PAGE = 500
/** What the clean-up by name leaves behind when it has been round and found nothing, and no command was left for the contents. */
const CLEAN = '0='
/** Characters of an entry that its header seldom exceeds: room for 22 names with their versions. */
const HEADER = 1_024
/** Of the commands for a page the part that reads headers: the versions of 22 names each are a 25th of it at most, in commands of 500 keys. */
const HEADERS_PART = 0.9

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

  /** Entries of the next page, beside which the page, their versions, the removal and the end of the run take a command each. */
  get pageOfContents(): number {
    return Math.min(PAGE, Math.ceil((this.left - 4) * HEADERS_PART))
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
    const [next, keys] = Array.isArray(page) ? (page as unknown[]) : []
    if (!Array.isArray(keys)) throw new RedisError('refused')
    return [String(next), keys.map(String)]
  }

  /** Returns how many there were. */
  async remove(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0
    const [removed] = await this.send((pipeline) => pipeline.unlink(...keys))
    return Number(removed) || 0
  }
}

/** By name first: one command tells of a thousand keys. When that has been round without finding any, by content: now, or in the next run. */
async function sweep(cache: RedisQueryCache, call: Call, maxCommands: number, deadline: number): Promise<number> {
  const run = new Run(cache, maxCommands, () => clock(call.runtime) >= deadline)
  const prefix = cache.keysOf('c')
  const [saved] = await run.send((pipeline) => pipeline.mget(`${prefix}cursor`, `${prefix}headers`))
  const [names, headers] = Array.isArray(saved) ? (saved as unknown[]) : []
  const byName =
    names === CLEAN && run.pageOfContents > 0
      ? { saved: CLEAN, removed: 0 }
      : await sweepNames(cache, run, placeOf(names))
  const contents = byName.saved === CLEAN && run.pageOfContents > 0
  const byContent = contents ? await sweepContents(cache, run, placeOf(headers)) : undefined
  await run.send((pipeline) =>
    byContent
      ? pipeline.mset({ [`${prefix}cursor`]: '0', [`${prefix}headers`]: byContent.saved })
      : pipeline.set(`${prefix}cursor`, byName.saved),
  )
  return byName.removed + (byContent?.removed ?? 0)
}

/** The cursor that a run has left, and behind a `+` whether it has found any, or how many of the page are done. */
const placeOf = (saved: unknown): RegExpExecArray | null => /^(\d+)(\+?)(\d*)$/.exec(String(saved))

async function sweepNames(
  cache: RedisQueryCache,
  run: Run,
  before: RegExpExecArray | null,
): Promise<{ saved: string; removed: number }> {
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
  return { saved: round ? (found ? '0' : CLEAN) : cursor + (found ? '+' : ''), removed }
}

/**
 * Reads the headers of entries and removes those whose names have other versions by now: without an expiry they would stay for ever. Page by
 * page, because what is stored anew between the reading of its header and its removal is removed too: a miss for somebody.
 */
async function sweepContents(
  cache: RedisQueryCache,
  run: Run,
  before: RegExpExecArray | null,
): Promise<{ saved: string; removed: number }> {
  let cursor = before?.[1] ?? '0'
  /** Of the page at the cursor, and still there. */
  let seen = Number(before?.[3]) || 0
  let removed = 0
  for (let most = run.pageOfContents; most > 0; most = run.pageOfContents) {
    const [next, page] = await run.page(cursor, most)
    const keys = page.filter((key) => key.startsWith(cache.entryPrefix)).slice(seen)
    // A page may hold more than was asked for.
    const some = keys.slice(0, most)
    const gone = await removeDead(cache, run, some)
    removed += gone
    const whole = some.length === keys.length
    seen = whole ? 0 : seen + some.length - gone
    if (whole) cursor = next
    if ((whole && next === '0') || !run.goesOn) break
  }
  return { saved: seen > 0 ? `${cursor}+${seen}` : cursor, removed }
}

/** Returns how many of these entries an invalidation had ended. */
async function removeDead(cache: RedisQueryCache, run: Run, keys: readonly string[]): Promise<number> {
  if (keys.length === 0) return 0
  const texts = await run.send((pipeline) => {
    for (const key of keys) pipeline.getrange(key, 0, HEADER - 1)
  })
  const headers = texts.map(headerOf)
  const known = await versionsOf(
    cache,
    run,
    headers.filter((header) => !!header),
  )
  const isDead = (header: EntryHeader | null | undefined) =>
    header
      ? header.names.some((name, i) => known.get(versionKey(cache, header, name)) !== header.versions[i])
      : header !== null
  return run.remove(keys.filter((_, i) => isDead(headers[i])))
}

/** `undefined`: no entry that anybody could read. `null`: gone by now, or a header too long to be told here. */
function headerOf(text: unknown): EntryHeader | null | undefined {
  if (typeof text !== 'string' || text === '') return null
  try {
    return readHeader(text).entry
  } catch (error) {
    return error instanceof DecodeError && error.why === 'incomplete' && text.length === HEADER ? null : undefined
  }
}

const versionKey = (cache: RedisQueryCache, { database }: EntryHeader, name: string): string =>
  cache.versionKey({ key: `${database}:${name}` })

/** The versions that names have now. */
async function versionsOf(
  cache: RedisQueryCache,
  run: Run,
  headers: readonly EntryHeader[],
): Promise<ReadonlyMap<string, unknown>> {
  const keys = [...new Set(headers.flatMap((header) => header.names.map((name) => versionKey(cache, header, name))))]
  if (keys.length === 0) return new Map()
  const replies = await run.send((pipeline) => {
    for (let from = 0; from < keys.length; from += PAGE) pipeline.mget(...keys.slice(from, from + PAGE))
  })
  const values: unknown[] = replies.flat()
  if (!replies.every(Array.isArray)) throw new RedisError('refused')
  return new Map(keys.map((key, i) => [key, values[i]]))
}

/** Of this cache's own prefix, but of an older format or another generation. Other prefixes are somebody else's. */
function isForeign(cache: RedisQueryCache, key: string): boolean {
  const { epoch } = cache.config
  const own = cache.keysOf('e')
  if (!key.startsWith(own) || key.startsWith(cache.entryPrefix)) return false
  const [format, generation] = key.slice(own.length).split(':')
  const [ownFormat] = cache.entryPrefix.slice(own.length).split(':')
  // A newer format belongs to a deployment that is being rolled out.
  if (format !== ownFormat) return Number(format) < Number(ownFormat)
  // Who names no generation of his own cannot tell which one is old.
  return epoch !== '' && generation !== keySafe(epoch)
}

const globSafe = (text: string): string => text.replace(/[*?[\]\\^-]/g, '\\$&')
