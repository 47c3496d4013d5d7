/** What options may be, at the edges, and in which unit they are read. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CachedQueryExecutor, createQueryCache } from '../../src/index.js'
import type { CacheConfig, QueryOptions } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'

const redis = { url: 'https://example.upstash.io', token: 'token' }
const MIB = 1024 * 1024
afterEach(() => void vi.unstubAllGlobals())

it('every option of a cache is taken, in its unit', () => {
  const { config } = createQueryCache({
    type: 'hybrid',
    queryCache: {
      enabled: false,
      maxSizeMB: 7,
      defaultTTL: 0,
      maxQueries: 5,
      ttlJitter: 0,
      refreshAhead: 0,
      keyPrefix: 'mine',
    },
    redis: {
      ...redis,
      redisKeyPrefix: 'app',
      enableLocalCache: true,
      localCacheSizeMB: 3,
      enableCompression: false,
      timeoutMs: 70,
      compressAboveBytes: 0,
      maxEntryMB: 0.5,
    },
    consistency: { maxStalenessSeconds: 0, invalidate: 'fenced', fenceSeconds: 9 },
    sql: { defaultSchema: 'app' },
    epoch: 'v2',
  })
  expect(config).toEqual({
    enabled: false,
    l1Bytes: 3 * MIB,
    l1Entries: 5,
    defaultTtl: 0,
    ttlJitter: 0,
    refreshAhead: 0,
    keyPrefix: 'mine',
    redisKeyPrefix: 'app',
    compress: false,
    compressAboveBytes: 0,
    maxEntryBytes: MIB / 2,
    redisTimeoutMs: 70,
    maxStalenessMs: 0,
    fenced: true,
    fenceMs: 9_000,
    sql: { defaultSchema: 'app' },
    epoch: 'v2',
  })
})

describe('the type decides where results are kept', () => {
  it.each<[string, CacheConfig, number]>([
    ['local', { type: 'local', queryCache: { maxSizeMB: 5 }, redis: { localCacheSizeMB: 6 } }, 5],
    ['local, whatever Redis is told', { type: 'local', redis: { enableLocalCache: false } }, 32],
    ['hybrid', { type: 'hybrid', queryCache: { maxSizeMB: 5 }, redis: { ...redis, localCacheSizeMB: 6 } }, 6],
    ['hybrid without memory', { type: 'hybrid', redis: { ...redis, enableLocalCache: false } }, 0],
    ['redis', { type: 'redis', redis: { ...redis, localCacheSizeMB: 6 } }, 0],
  ])('%s', (_name, config, megabytes) => {
    expect(createQueryCache(config).config.l1Bytes).toBe(megabytes * MIB)
  })

  it.each([64, 65, 500])('a Worker keeps 64 MB of %s, and says so once', (maxSizeMB) => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    expect(createQueryCache({ type: 'local', queryCache: { maxSizeMB } }).config.l1Bytes).toBe(64 * MIB)
    expect(warn.mock.calls).toEqual(
      maxSizeMB > 64 ? [[expect.stringContaining(`64 MB of results instead of ${maxSizeMB}`)]] : [],
    )
    warn.mockRestore()
    vi.stubGlobal('navigator', { userAgent: 'Node.js/24' })
    expect(createQueryCache({ type: 'local', queryCache: { maxSizeMB } }).config.l1Bytes).toBe(maxSizeMB * MIB)
  })
})

/** The group and name of an option, what it may be, and what not. */
const EDGES: [group: string, name: string, allowed: unknown[], refused: unknown[]][] = [
  ['queryCache', 'maxSizeMB', [0.1, 1], [0, -1, Infinity, NaN, '1', null]],
  ['queryCache', 'defaultTTL', [0, 0.5, Infinity], [-1, NaN, '1']],
  ['queryCache', 'maxQueries', [1, 10], [0, -1, 1.5, Infinity, NaN]],
  ['queryCache', 'ttlJitter', [0, 0.99], [1, -0.1, NaN]],
  ['queryCache', 'refreshAhead', [0, 0.99], [1, -0.1, NaN]],
  ['queryCache', 'keyPrefix', ['a'], ['', 1]],
  ['queryCache', 'enabled', [true, false], [0, 'true', null]],
  [
    'redis',
    'url',
    ['http://localhost:8079', 'https://a.example'],
    ['', 'https://', 'redis://a', 'rediss://a', 'a.example'],
  ],
  ['redis', 'redisKeyPrefix', ['a'], ['', 1]],
  ['redis', 'localCacheSizeMB', [0.1], [0, Infinity]],
  ['redis', 'timeoutMs', [1], [0, -1, Infinity]],
  ['redis', 'compressAboveBytes', [0, 1], [-1, Infinity, NaN]],
  ['redis', 'maxEntryMB', [0.1], [0, Infinity]],
  ['redis', 'serializationFormat', ['json', 'superjson'], ['xml']],
  ['consistency', 'maxStalenessSeconds', [0, 0.5], [-1, Infinity, NaN]],
  ['consistency', 'fenceSeconds', [0.5], [0, Infinity]],
  ['consistency', 'invalidate', ['after', 'fenced'], ['before', true]],
  ['sql', 'onUnknown', ['bypass', 'ttl-only'], ['cache']],
  ['sql', 'functions', [{ f: 'stable' }, { f: 'volatile' }, { f: 'identity' }], [{ f: 'pure' }, ['f']]],
  ['sql', 'dependencies', [{ v: 'volatile' }, { v: { writes: ['*'] } }], [{ v: 'stable' }, { v: { reads: ['*'] } }]],
  ['sql', 'rowSecurity', [[], ['a']], [[''], new Array(1), 'a']],
]

describe.each(EDGES)('%s.%s', (group, name, allowed, refused) => {
  const make = (value: unknown) => {
    const given = { type: 'hybrid', redis, [group]: { ...(group === 'redis' && redis), [name]: value } }
    return () => createQueryCache(given as CacheConfig)
  }
  it.each(allowed.map((value) => [value]))('may be %j', (value) => {
    expect(make(value)).not.toThrow()
  })
  it.each(refused.map((value) => [value]))('may not be %j', (value) => {
    expect(make(value)).toThrow(new RegExp(`\`${group}.${name}[.\`]`))
  })
})

it.each<[keyof QueryOptions, unknown[], unknown[]]>([
  ['ttl', [0, Infinity], [-1, NaN]],
  ['staleWhileRevalidate', [0, Infinity], [-1]],
  ['staleIfError', [0, Infinity], [-1]],
  ['emptyTtl', [0, Infinity], [-1]],
  ['timeoutMs', [1], [0, Infinity]],
  ['nowBucket', [1], [0, Infinity]],
  ['coalesce', ['isolate', 'global'], ['all']],
  ['cacheKey', ['a'], ['', 1]],
  ['scope', ['', 'a'], [1]],
  ['tags', [[], ['a']], [[''], 'a', [1]]],
  ['tables', [[], ['a']], [[''], 'a']],
  ['signal', [new AbortController().signal], [{}, true]],
])('a call may have %s of these, and no others', (name, allowed, refused) => {
  const executor = new CachedQueryExecutor(new FakeDatabase(), { type: 'local' })
  const ask = (value: unknown) => () => executor.explain('SELECT 1', [], { [name]: value })
  for (const value of allowed) expect(ask(value), String(value)).not.toThrow()
  for (const value of refused) expect(ask(value), String(value)).toThrow(`\`${name}\``)
})

it.each([
  ['*', true],
  ['user', true],
  ['user:*', true],
  ['user:42:*', true],
  ['user*', false],
  ['us*r:*', false],
  ['user?', false],
  ['[a]', false],
  ['', false],
  [':*', false],
])('a pattern of keys may be %j: %s', async (pattern, allowed) => {
  const executor = new CachedQueryExecutor(new FakeDatabase(), { type: 'local' })
  const refused = await executor.invalidateCache(pattern).catch(({ code }) => code as unknown)
  expect(refused === 'INVALID_OPTION').toBe(!allowed)
})

it.each<[string, object]>([
  ['waitUntil', { waitUntil: 1 }],
  ['now', { now: 1 }],
  ['random', { random: 1 }],
  ['now', { waitUntil: () => undefined, now: 1 }],
])('a runtime has functions: `%s` of %j', (name, runtime) => {
  const make = () => new CachedQueryExecutor(new FakeDatabase(), { type: 'local' }, runtime)
  expect(make).toThrow(`\`${name}\``)
})
