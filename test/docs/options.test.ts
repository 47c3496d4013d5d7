import { queryCache } from 'edge-query-cache/hono'
import { describe, expect, test } from 'vitest'
import { DEFAULT_CACHE_CONFIGS } from '../../src/presets.js'
import { resolveConfig, readQueryOptions, readWriteOptions } from '../../src/configure.js'
import type { QueryOptions, WriteOptions } from '../../src/options.js'
import { markdown, optionRows } from './options-table.js'
import { page, tableRows } from './pages.js'

const readme = page('README.md')

const HEADINGS = {
  CacheConfig: '### Of the cache: `CacheConfig`',
  QueryOptions: '### Of a query: `QueryOptions`',
  WriteOptions: '### Of a write: `WriteOptions`',
}

/** The names that the checks of `configure.ts` know, from the error for one that they do not. */
function known(check: () => void): string[] {
  try {
    check()
  } catch (error) {
    return /Known here: (.*)\.$/
      .exec((error as Error).message)![1]!
      .split(', ')
      .sort()
  }
  throw new Error('an unknown option was accepted')
}

const names = (rows: { option: string }[], prefix = '') =>
  rows
    .map(({ option }) => option)
    .filter((option) => option.startsWith(prefix))
    .map((option) => option.slice(prefix.length))
    .filter((option) => prefix !== '' || !option.includes('.'))
    .sort()

describe('the option tables of the README', () => {
  test.each(Object.entries(HEADINGS))(
    '%s: as src/options.ts has them (node test/docs/options-table.ts)',
    (name, heading) => {
      const expected = markdown(optionRows(name))
        .split('\n')
        .slice(2)
        .map((line) => line.replace(/^\| | \|$/g, '').split(/ (?<!\\)\| /))
        .map((row) => row.map((cell) => cell.trim().replaceAll('\\|', '|')))
      expect(tableRows(readme, heading)).toEqual(expected)
    },
  )

  test('hold every option that is accepted', () => {
    const nope = (config: object) => () => void resolveConfig({ type: 'local', ...config }, () => {})
    const rows = optionRows('CacheConfig')
    const groups = ['queryCache', 'redis', 'consistency', 'sql']
    expect([...names(rows), ...groups].sort()).toEqual(known(nope({ nope: 1 })))
    for (const group of groups) expect(names(rows, `${group}.`), group).toEqual(known(nope({ [group]: { nope: 1 } })))
    expect(names(optionRows('QueryOptions'))).toEqual(known(() => readQueryOptions({ nope: 1 } as QueryOptions)))
    expect(names(optionRows('WriteOptions'))).toEqual(known(() => readWriteOptions({ nope: 1 } as WriteOptions)))
  })

  test('hold every option of the middleware', () => {
    const rows = tableRows(readme, '### Of the middleware: `queryCache(options)`')
    const options = rows.map(([option]) => option!.replaceAll('`', '')).sort()
    expect(options).toEqual(known(() => void queryCache({ nope: 1 } as never)))
  })

  test('name the defaults that the code has', () => {
    const redis = { url: 'https://redis.example', token: 'x' }
    const config = resolveConfig({ type: 'hybrid', redis }, () => {})
    const withoutLocal = resolveConfig({ type: 'redis', redis }, () => {})
    const local = resolveConfig({ type: 'local' }, () => {})
    const MIB = 1024 * 1024
    const actual: Record<string, unknown> = {
      'queryCache.enabled': config.enabled,
      'queryCache.maxSizeMB': local.l1Bytes / MIB,
      'queryCache.defaultTTL': config.defaultTtl,
      'queryCache.maxQueries': config.l1Entries,
      'queryCache.ttlJitter': config.ttlJitter,
      'queryCache.refreshAhead': config.refreshAhead,
      'queryCache.keyPrefix': config.keyPrefix,
      'redis.redisKeyPrefix': config.redisKeyPrefix,
      'redis.enableLocalCache': config.l1Bytes > 0 && withoutLocal.l1Bytes === 0,
      'redis.localCacheSizeMB': config.l1Bytes / MIB,
      'redis.enableCompression': config.compress,
      'redis.timeoutMs': config.redisTimeoutMs,
      'redis.compressAboveBytes': config.compressAboveBytes,
      'redis.maxEntryMB': config.maxEntryBytes / MIB,
      'consistency.maxStalenessSeconds': config.maxStalenessMs / 1000,
      'consistency.invalidate': config.fenced ? 'fenced' : 'after',
      'consistency.fenceSeconds': config.fenceMs / 1000,
    }
    const rows = optionRows('CacheConfig')
    const stated = (option: string) => /^`?([\w.,]+)/.exec(rows.find((row) => row.option === option)!.default)?.[1]
    for (const [option, value] of Object.entries(actual))
      expect(stated(option)?.replace(',', ''), option).toBe(String(value))
  })
})

test('the presets are as the migration page tells them', () => {
  const told = page('docs/migration.md')
    .lines.join('\n')
    .matchAll(/^\| `(\w+)` .*\| (local|hybrid), (\d+) MiB[^,]*, (\d+) s /gm)
  const actual = Object.entries(DEFAULT_CACHE_CONFIGS).map(([name, { type, queryCache, ...more }]) => {
    const redis = 'redis' in more ? more.redis : undefined
    return [name, type, redis?.localCacheSizeMB ?? queryCache.maxSizeMB, queryCache.defaultTTL].map(String)
  })
  expect([...told].map(([, ...row]) => row)).toEqual(actual)
})

test('nobody can change a preset for the others, and no two share their names in Redis', () => {
  const all = Object.values(DEFAULT_CACHE_CONFIGS)
  for (const preset of all)
    for (const part of [preset, ...Object.values(preset)]) expect(Object.isFrozen(part)).toBe(true)
  const prefixes = all.flatMap((preset) => ('redis' in preset ? [preset.redis.redisKeyPrefix] : []))
  expect(new Set(prefixes).size).toBe(prefixes.length)
  expect(new Set(all.map(({ queryCache }) => queryCache.keyPrefix)).size).toBe(all.length)
})
