/**
 * What isolate memory says of its size, beside what the heap grew by, through the public API: by Neon's driver with a `fetch` that answers
 * from memory, and by a pool in the shape of node-postgres. `node --expose-gc --no-flush-bytecode bench/memory/weigh.ts` prints it.
 */
import { types } from '@neondatabase/serverless'
import type * as Package from '../../src/index.js'
import { UPSTASH } from '../lib/endpoints.ts'
import { SHAPES } from './shapes.ts'
import type { RowShape, Shape } from './shapes.ts'

const MIB = 1024 * 1024
/** Queries between two looks at how far it is. */
const STEP = 500

export interface Way {
  /** Query number `i` has the shape number `i`, and so on from the first. */
  shapes: readonly Shape[]
  driver: 'neon' | 'pool'
  /** How many times each query is asked. */
  asks: number
  /** Results are written to Redis, or another isolate has asked before, and they come from there. */
  redis?: 'to' | 'from'
  /** Every query is another text, instead of other parameters of one. */
  ownText?: boolean
  /** The columns of every answer have other names. */
  ownColumns?: boolean
  /** Named by a key and a tag of its own. */
  named?: boolean
  /** Parameters and names are cut out of longer texts, as they come out of a request. */
  cut?: boolean
}

export interface Weighed {
  queries: number
  entries: number
  evictions: number
  /** Bytes of the entries, as the cache counts them. */
  counted: number
  /** Bytes by which the heap grew. */
  grown: number
}

/** Live bytes: the heap, and what lies outside of it, once two collections in a row have found the same. */
export async function liveBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void }
  if (!gc) throw new Error('Start it with `node --expose-gc`.')
  let before = Infinity
  for (let turns = 0; ; turns++) {
    // Lets go of what promises of the turn still hold; buffers are freed by another thread, which a busy machine may not have run yet.
    await new Promise((resolve) => setTimeout(resolve, 10))
    gc()
    const { heapUsed, external } = process.memoryUsage()
    const live = heapUsed + external
    if ((turns >= 3 && Math.abs(live - before) < live / 1000) || turns === 50) return live
    before = live
  }
}

/**
 * Asks different queries of a memory of `megabytes`, and weighs what stays: so many (a multiple of 500), or with `full` until a quarter of what was stored has been
 * thrown out again.
 */
export async function weigh(
  api: typeof Package,
  way: Way,
  queries: number | 'full',
  megabytes: number,
): Promise<Weighed> {
  const redis = new Redis()
  const restore = serve(way, redis)
  try {
    // Compiled code, shapes and constants of the modules are there before anything is weighed.
    const other = way.redis ? make(api, way, megabytes, 'redis').executor : undefined
    // The first read of a table gives it its version.
    if (other) {
      await ask({ executor: other }, { ...way, asks: 1 }, 2e9, 1)
      await other.flush()
    }
    const askBoth = async (executor: Package.CachedQueryExecutor, from: number, count: number) => {
      if (other && way.redis === 'from') {
        await ask({ executor: other }, { ...way, asks: 1 }, from, count)
        await other.flush()
      }
      await ask({ executor }, way, from, count)
      await executor.flush()
      redis.forgetEntries()
    }
    await askBoth(make(api, way, megabytes).executor, 1e9, 1_000)
    const before = await liveBytes()
    const { cache, executor } = make(api, way, megabytes)
    const isOver = (asked: number) =>
      queries === 'full' ? executor.getCacheStats().evictions > asked / 4 : asked >= queries
    let asked = 0
    for (; !isOver(asked); asked += STEP) await askBoth(executor, asked, STEP)
    const { l2Hits } = executor.getCacheStats()
    if (way.redis && l2Hits !== (way.redis === 'from' ? asked : 0))
      throw new Error(`${l2Hits} of ${asked} results came from Redis`)
    const grown = (await liveBytes()) - before
    const { totalSizeMB, evictions } = executor.getCacheStats()
    const entries = cache.getEntries().length
    return { queries: asked, entries, evictions, counted: totalSizeMB * MIB, grown }
  } finally {
    restore()
  }
}

function make(
  api: typeof Package,
  { driver, shapes, ownColumns, redis }: Way,
  megabytes: number,
  type: 'local' | 'hybrid' | 'redis' = redis ? 'hybrid' : 'local',
) {
  const queryCache = { maxSizeMB: megabytes, maxQueries: 1_000_000, defaultTTL: 3_600 }
  const settings = { ...UPSTASH, localCacheSizeMB: megabytes }
  const cache =
    type === 'local'
      ? api.createQueryCache({ type, queryCache })
      : api.createQueryCache({ type, queryCache, redis: settings })
  const database =
    driver === 'neon'
      ? api.createConnectionPool('postgresql://user:password@localhost/db')
      : api.fromPool(poolOf(shapes, ownColumns), { identity: 'bench' })
  return { cache, executor: new api.CachedQueryExecutor(database, cache) }
}

async function ask(
  { executor }: { executor: Package.CachedQueryExecutor },
  { shapes, asks, ownText, named, cut }: Way,
  from: number,
  queries: number,
): Promise<void> {
  for (let i = from; i < from + queries; i++) {
    const sql = ownText ? `SELECT * FROM items WHERE id = $1 AND ${i} = ${i}` : 'SELECT * FROM items WHERE id = $1'
    const shape = shapes[i % shapes.length]!
    const param = cut ? cutOut(String(i).padStart(20, '0')) : i
    const options = cut
      ? { cacheKey: cutOut(`items of number ${i}`), tags: [cutOut(`item of number ${i}`)] }
      : named
        ? { cacheKey: `items:${i}`, tags: [`item:${i}`] }
        : undefined
    for (let time = 0; time < asks; time++)
      if (shape.kind === 'value')
        await executor.cached(`value:${i}`, () => Promise.resolve(shape.value(i)), { tables: ['items'] })
      else await executor.query(sql, [param], options)
  }
}

const REQUEST = 'of a long request, '.repeat(200)
const cutOut = (text: string): string => (text + REQUEST).slice(0, text.length)

/** As much of Redis as results need that are read once. */
class Redis {
  readonly #values = new Map<string, string>()

  answer(body: string): unknown {
    const given = JSON.parse(body) as [string, ...string[]] | [string, ...string[]][]
    return Array.isArray(given[0])
      ? (given as [string, ...string[]][]).map((command) => ({ result: this.#run(command) }))
      : { result: this.#run(given as [string, ...string[]]) }
  }

  /** What was read takes no memory any more; versions stay. */
  forgetEntries(): void {
    for (const key of this.#values.keys()) if (key.includes(':e:')) this.#values.delete(key)
  }

  #run([name, ...args]: [string, ...string[]]): unknown {
    switch (name.toLowerCase()) {
      case 'mget':
        return args.map((key) => this.#values.get(key) ?? null)
      case 'set':
        this.#values.set(args[0]!, args[1]!)
        return 'OK'
      case 'msetnx':
        for (let at = 0; at < args.length; at += 2) this.#values.set(args[at]!, args[at + 1]!)
        return 1
      default:
        return 1
    }
  }
}

/** Answers what the drivers of Neon and Upstash ask, as their endpoints would. */
function serve({ shapes }: Way, redis: Redis): () => void {
  const before = globalThis.fetch
  const answered = (answer: unknown) =>
    Promise.resolve(new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } }))
  globalThis.fetch = (url, init) => {
    if ((url as string).startsWith(UPSTASH.url)) return answered(redis.answer(init!.body as string))
    const { params } = JSON.parse(init!.body as string) as { params: string[] }
    const shape = shapes[Number(params[0]) % shapes.length] as RowShape
    const rows = shape.rows(Number(params[0]))
    const fields = shape.fields.map(([name, dataTypeID]) => ({ name, dataTypeID }))
    const answer = { command: 'SELECT', rowCount: rows.length, rowAsArray: true, fields, rows }
    return answered(answer)
  }
  return () => void (globalThis.fetch = before)
}

/** A pool in the shape of node-postgres: texts are cut out of the bytes of a reply. */
function poolOf(shapes: readonly Shape[], ownColumns = false) {
  return {
    options: { types },
    connect: () => Promise.reject(new Error('not used')),
    query: (asked: { values: string[]; types: { getTypeParser(): (text: string) => unknown } }) => {
      const shape = shapes[Number(asked.values[0]) % shapes.length] as RowShape
      const parse = asked.types.getTypeParser()
      return Promise.resolve({
        command: 'SELECT',
        rowCount: 1,
        fields: shape.fields.map(([name, dataTypeID]) => ({
          name: copied(ownColumns ? `${name}_${asked.values[0]}` : name),
          dataTypeID,
        })),
        rows: shape
          .rows(Number(asked.values[0]))
          .map((row) => row.map((cell) => (cell === null ? null : parse(copied(cell))))),
      })
    },
  }
}

const copied = (text: string): string => Buffer.from(text).toString()

const [SMALL, TYPED, TEXTS, NUMBERS, NESTED, JSON_VALUE, RICH_VALUE] = SHAPES as Shape[] & { length: 7 }

/** What an application asks: mostly single rows, some lists, some values. */
export const MIXED: Way = {
  shapes: [...Array.from({ length: 14 }, () => SMALL!), JSON_VALUE!, TYPED!, SMALL!, TEXTS!, JSON_VALUE!, NUMBERS!],
  driver: 'pool',
  asks: 1,
}

export const WAYS: readonly Way[] = [
  ...[SMALL!, TYPED!, TEXTS!, NUMBERS!, NESTED!].flatMap((shape): Way[] => [
    { shapes: [shape], driver: 'neon', asks: 1 },
    { shapes: [shape], driver: 'pool', asks: 3 },
    { shapes: [shape], driver: 'pool', asks: 1, redis: 'from' },
    { shapes: [shape], driver: 'neon', asks: 1, redis: 'to' },
    { shapes: [shape], driver: 'pool', asks: 3, redis: 'from' },
  ]),
  { shapes: [JSON_VALUE!], driver: 'pool', asks: 1 },
  { shapes: [RICH_VALUE!], driver: 'pool', asks: 3 },
  { shapes: [SMALL!, TYPED!, TEXTS!, NUMBERS!], driver: 'pool', asks: 2, redis: 'from' },
  { shapes: [SMALL!], driver: 'pool', asks: 1, ownText: true },
  { shapes: [SMALL!], driver: 'pool', asks: 2, ownText: true, ownColumns: true },
  { shapes: [SMALL!], driver: 'pool', asks: 2, named: true },
  { shapes: [SMALL!], driver: 'pool', asks: 1, cut: true },
]

export const nameOf = ({ shapes, driver, asks, redis, ownText, ownColumns, named, cut }: Way): string =>
  [
    shapes.length > 1 ? 'all shapes' : shapes[0]!.name,
    shapes[0]!.kind === 'rows' && driver,
    asks > 1 && `asked ${asks} times`,
    redis && `${redis} Redis`,
    ownText && 'a text of its own',
    ownColumns && 'columns of its own',
    named && 'a key and a tag of its own',
    cut && 'parameters and names cut out of longer texts',
  ]
    .filter(Boolean)
    .join(', ')

/** What is wrong with the figures; '' when nothing is. The process stays in its limit, and the cache knows what it takes, both to 15 percent. */
export function judge({ counted, grown }: Weighed, megabytes: number): string {
  const off = counted / grown - 1
  if (Math.abs(off) > 0.15) return `counts ${(off * 100).toFixed(1)}% beside the heap`
  return grown > megabytes * MIB * 1.15 ? `takes ${(grown / MIB).toFixed(1)} MB` : ''
}
