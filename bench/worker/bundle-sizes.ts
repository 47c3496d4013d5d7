/** Bytes of what a Worker is made of, minified and compressed. */
import { figure } from '../lib/cells.ts'
import { OWN } from '../lib/types.ts'
import type { Budget, Cell, Row, Table } from '../lib/types.ts'
import { bundle, gzipBytes } from './bundle.ts'
import { NO_CACHE, SOURCES } from './contestants.ts'

/** Not part of the package, nor of its budget. */
export const SDKS = ['@upstash/redis', '@upstash/redis/*', '@neondatabase/serverless', 'hono', 'hono/*']
const BUDGET = 14 * 1024
/** What every change has to stay below while the budget is out of reach. */
const REACHED = 53_870

const core = "'../../dist/index.js'"
const hono = "'../../dist/hono/index.js'"
const cron = "'../../dist/cron/index.js'"
export const EVERYTHING = `export * from ${core}\nexport * from ${hono}\nexport * from ${cron}`
/** What examples/cloudflare-hono imports; the rest is left out of its bundle. */
const TYPICAL = `export { isQueryCacheError } from ${core}\nexport { queryCache } from ${hono}\nexport { scheduledCleanup } from ${cron}`

/** What each peer's own module imports. */
const IMPORTS: Readonly<Record<string, string>> = {
  '@unkey/cache': `export { createCache, Namespace } from '@unkey/cache'\nexport { MemoryStore, UpstashRedisStore } from '@unkey/cache/stores'`,
  'cachified + lru-cache': `export { cachified } from '@epic-web/cachified'\nexport { LRUCache } from 'lru-cache'`,
  ocache: `export { composeStorage, createMemoryStorage, defineCachedFunction } from 'ocache'`,
  bentocache: `export { BentoCache, bentostore } from 'bentocache'\nexport { memoryDriver } from 'bentocache/drivers/memory'`,
  'drizzle upstashCache': `export { upstashCache } from 'drizzle-orm/cache/upstash'`,
}
const NOTES: Readonly<Record<string, string>> = {
  'cachified + lru-cache': 'without the store over @upstash/redis that its user writes',
  ocache: 'without the store over @upstash/redis that its user writes',
  bentocache: 'without the driver over @upstash/redis that its user writes',
  'drizzle upstashCache': 'its cache alone, without drizzle-orm',
}

const bytesOf = async (text: string, external: readonly string[] = SDKS): Promise<number> =>
  gzipBytes((await bundle({ text }, { external: [...external] })).code)

export async function bundleSizes(): Promise<{ tables: Table[]; budgets: Budget[] }> {
  const own = async (label: string, text: string): Promise<Row> => ({
    label,
    cells: { [OWN]: { median: await bytesOf(text) } },
  })
  const subpaths = [
    await own('edge-query-cache', `export * from ${core}`),
    await own('edge-query-cache/hono', `export * from ${hono}`),
    await own('edge-query-cache/cron', `export * from ${cron}`),
    await own('all three', EVERYTHING),
  ]
  const typical = await own('what a Worker takes of it, without the SDKs and Hono', TYPICAL)
  for (const [name, text] of Object.entries(IMPORTS)) typical.cells[name] = noted(name, await bytesOf(text))
  const whole: Row = { label: 'a whole Worker: Hono, one route, the driver, the SDK of Redis and the cache', cells: {} }
  for (const [name, text] of SOURCES) whole.cells[name] = { median: await bytesOf(text, []) }
  const all = subpaths.at(-1)!.cells[OWN]!.median
  return {
    tables: [
      {
        id: 'bundle-subpaths',
        title: 'Bytes per subpath, minified and gzipped',
        unit: 'bytes',
        method: `esbuild as wrangler runs it (esm, minified, conditions workerd, worker, browser), gzip level 9; everything that a subpath exports, without ${SDKS.filter((name) => !name.endsWith('*')).join(', ')}.`,
        rows: subpaths,
      },
      {
        id: 'bundle-worker',
        title: 'Bytes in a Worker, minified and gzipped',
        unit: 'bytes',
        method:
          'The same command, what is not imported left out. First the packages alone, then Workers that do the same: one route with one query, with everything they need.',
        rows: [typical, whole],
        references: [NO_CACHE],
        chart: true,
      },
    ],
    budgets: [
      {
        id: 'bundle',
        what: 'Core, hono and cron, minified and gzipped, without the two SDKs and hono',
        budget: `at most ${figure(BUDGET)} bytes`,
        measured: `${figure(all)} bytes`,
        met: all <= BUDGET,
        stable: true,
        reached: { bound: `${figure(REACHED)} bytes`, held: all <= REACHED },
      },
    ],
  }
}

function noted(name: string, median: number): Cell {
  const note = NOTES[name]
  return note === undefined ? { median } : { median, note }
}
