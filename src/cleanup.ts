/**
 * Sweeps: expired results from isolate memory, and from Redis the entries that their names tell to be of another format or generation.
 * Version keys are never touched.
 * @module
 */
import type { Call, Core } from './ask.js'
import { isRedisCache } from './l2.js'
import type { RedisQueryCache } from './l2.js'
import { number, validate } from './configure.js'
import type { Rule } from './configure.js'
import { keySafe } from './key.js'
import { RedisError } from './redis.js'
import { clock } from './runtime.js'

export interface CleanupOptions {
  /** Redis commands that one run may use. Default 1,000. */
  maxCommands?: number
  /** Milliseconds that one run may take. Default 20,000. */
  maxMs?: number
}

const above0 = number('a number above 0', (value) => value > 0)
const RULES: Record<keyof CleanupOptions, Rule> = { maxCommands: above0, maxMs: above0 }

/** Keys that one SCAN looks at, and that one UNLINK removes at most. */
const PAGE = 500

/** Returns the entries removed, from memory and from Redis. Resumes where the last run stopped. Rejects when Redis gave no answer. */
export async function cleanup(core: Core, call: Call, options: CleanupOptions): Promise<number> {
  validate(options, RULES)
  const { maxCommands = 1_000, maxMs = 20_000 } = options
  const now = clock(call.runtime)
  const { cache } = core
  const fromMemory = cache.dropWhere(
    (entry) =>
      (now > entry.provisionalUntil && !entry.versions) ||
      now >= Math.max(entry.freshUntil, entry.staleUntil, entry.errorUntil),
  )
  return isRedisCache(cache) ? fromMemory + (await sweep(cache, call, maxCommands, now + maxMs)) : fromMemory
}

async function sweep(cache: RedisQueryCache, call: Call, maxCommands: number, deadline: number): Promise<number> {
  const { redisKeyPrefix } = cache.config
  const cursorKey = `${redisKeyPrefix}:c:cursor`
  const [saved] = await cache.link.pipeline('cleanup', (pipeline) => pipeline.get(cursorKey))
  let cursor = /^\d+$/.exec(String(saved!.result))?.[0] ?? '0'
  // The cursor's GET and SET are commands too.
  let commands = 2
  let removed = 0
  do {
    const scan = cursor
    const [page] = await cache.link.pipeline('cleanup', (pipeline) =>
      pipeline.scan(scan, { match: `${globSafe(redisKeyPrefix)}:e:*`, count: PAGE }),
    )
    commands++
    if (!Array.isArray(page!.result)) throw new RedisError('refused')
    const [next, keys] = page!.result as [string | number, string[]]
    const dead = keys.filter((key) => isForeign(cache, key))
    for (let from = 0; from < dead.length; from += PAGE) {
      const [reply] = await cache.link.pipeline('cleanup', (pipeline) =>
        pipeline.unlink(...dead.slice(from, from + PAGE)),
      )
      removed += Number(reply!.result) || 0
      commands++
    }
    cursor = String(next)
  } while (cursor !== '0' && commands + 2 <= maxCommands && clock(call.runtime) < deadline)
  await cache.link.pipeline('cleanup', (pipeline) => pipeline.set(cursorKey, cursor))
  return removed
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
