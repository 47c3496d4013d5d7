/**
 * What isolate memory says of its size, beside what the heap grew by: `node --expose-gc bench/memory/heap.ts`. Through the public API, by
 * Neon's driver with a `fetch` that answers from memory, and by a pool in the shape of node-postgres.
 */
import { types } from '@neondatabase/serverless'
import type * as Package from '../../src/index.js'
import { SHAPES } from './shapes.ts'
import type { RowShape, Shape } from './shapes.ts'

const MIB = 1024 * 1024

export interface Way {
  shape: Shape
  driver: 'neon' | 'pool'
  /** How many times each query is asked. */
  asks: number
  /** Every query is another text, instead of other parameters of one. */
  ownText?: boolean
  /** Named by a key and a tag of its own. */
  named?: boolean
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

/** Live bytes: the heap, and what lies outside of it. */
export async function liveBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void }
  if (!gc) throw new Error('Start it with `node --expose-gc`.')
  for (let i = 0; i < 3; i++) {
    // Lets go of what promises of the turn still hold.
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Asks so many different queries of a memory of `megabytes`, and weighs what stays. */
export async function weigh(api: typeof Package, way: Way, queries: number, megabytes: number): Promise<Weighed> {
  const restore = serve(way.shape)
  try {
    // Compiled code, shapes and constants of the modules are there before anything is weighed.
    await ask(make(api, way, megabytes), way, 2_000, 1e9)
    const before = await liveBytes()
    const { cache, executor } = make(api, way, megabytes)
    await ask({ executor }, way, queries, 0)
    await executor.flush()
    const grown = (await liveBytes()) - before
    const stats = executor.getCacheStats()
    return {
      queries,
      entries: cache.getEntries().length,
      evictions: stats.evictions,
      counted: stats.totalSizeMB * MIB,
      grown,
    }
  } finally {
    restore()
  }
}

function make(api: typeof Package, { driver, shape }: Way, megabytes: number) {
  const queryCache = { maxSizeMB: megabytes, maxQueries: 1_000_000, defaultTTL: 3_600 }
  const cache = api.createQueryCache({ type: 'local', queryCache })
  const database =
    driver === 'neon'
      ? api.createConnectionPool('postgresql://user:password@localhost/db')
      : api.fromPool(poolOf(shape), { identity: 'bench' })
  return { cache, executor: new api.CachedQueryExecutor(database, cache) }
}

async function ask(
  { executor }: { executor: Package.CachedQueryExecutor },
  { shape, asks, ownText, named }: Way,
  queries: number,
  from: number,
): Promise<void> {
  for (let i = from; i < from + queries; i++) {
    const sql = ownText ? `SELECT * FROM items WHERE id = $1 AND ${i} = ${i}` : 'SELECT * FROM items WHERE id = $1'
    const options = named ? { cacheKey: `items:${i}`, tags: [`item:${i}`] } : undefined
    for (let time = 0; time < asks; time++)
      if (shape.kind === 'value')
        await executor.cached(`value:${i}`, () => Promise.resolve(shape.value(i)), { tables: ['items'] })
      else await executor.query(sql, [i], options)
  }
}

/** Answers what Neon's driver asks, as its endpoint would. */
function serve(shape: Shape): () => void {
  const before = globalThis.fetch
  if (shape.kind === 'value') return () => {}
  globalThis.fetch = (_url, init) => {
    const { params } = JSON.parse(String(init?.body)) as { params: string[] }
    const rows = shape.rows(Number(params[0]))
    const fields = shape.fields.map(([name, dataTypeID]) => ({ name, dataTypeID }))
    const answer = { command: 'SELECT', rowCount: rows.length, rowAsArray: true, fields, rows }
    return Promise.resolve(new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } }))
  }
  return () => void (globalThis.fetch = before)
}

/** A pool in the shape of node-postgres: texts are cut out of the bytes of a reply. */
function poolOf(shape: Shape) {
  return {
    options: { types },
    connect: () => Promise.reject(new Error('not used')),
    query: (asked: { values: string[]; types: { getTypeParser(): (text: string) => unknown } }) => {
      const { fields, rows } = shape as RowShape
      const parse = asked.types.getTypeParser()
      return Promise.resolve({
        command: 'SELECT',
        rowCount: 1,
        fields: fields.map(([name, dataTypeID]) => ({ name: copied(name), dataTypeID })),
        rows: rows(Number(asked.values[0])).map((row) => row.map((cell) => (cell === null ? null : parse(copied(cell))))),
      })
    },
  }
}

const copied = (text: string): string => Buffer.from(text).toString()

/** Every shape, by each driver, asked once and three times. */
export const WAYS: readonly Way[] = [
  ...SHAPES.flatMap((shape): Way[] =>
    shape.kind === 'value'
      ? [1, 3].map((asks) => ({ shape, driver: 'neon', asks }))
      : (['neon', 'pool'] as const).flatMap((driver) => [1, 3].map((asks) => ({ shape, driver, asks }))),
  ),
  { shape: SHAPES[0]!, driver: 'neon', asks: 1, ownText: true },
  { shape: SHAPES[0]!, driver: 'neon', asks: 2, named: true },
]

export const nameOf = ({ shape, driver, asks, ownText, named }: Way): string =>
  [
    shape.name,
    shape.kind === 'rows' && driver,
    asks > 1 && `asked ${asks} times`,
    ownText && 'a text of its own',
    named && 'a key and a tag of its own',
  ]
    .filter(Boolean)
    .join(', ')
