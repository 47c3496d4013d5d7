import { describe, expect, it } from 'vitest'
import { scheduledCleanup } from '../../src/cron/index.js'
import {
  CachedQueryExecutor,
  DEFAULT_CACHE_CONFIGS,
  createConnectionPool,
  createQueryCache,
  fromPool,
} from '../../src/index.js'
import type { CacheConfig } from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'

const redis = { url: 'https://example.upstash.io', token: 'token-that-must-not-leak' }

describe('options', () => {
  it.each<[string, unknown, RegExp]>([
    ['type', { type: 'memory' }, /`type` is 'memory'\. Allowed: 'local', 'redis', 'hybrid'/],
    ['type missing', {}, /`type` is missing/],
    ['sizes', { type: 'local', queryCache: { maxSizeMB: -1 } }, /`queryCache.maxSizeMB` is -1\. Allowed: mebibytes/],
    ['ttl', { type: 'local', queryCache: { defaultTTL: NaN } }, /`queryCache.defaultTTL` is NaN/],
    [
      'unknown',
      { type: 'local', queryCache: { maxsize: 1 } },
      /`queryCache.maxsize` is not an option\. Known here: enabled, maxSizeMB/,
    ],
    [
      'tcp url',
      { type: 'redis', redis: { ...redis, url: 'rediss://:password@host:6379' } },
      /UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN/,
    ],
    ['no credentials', { type: 'hybrid' }, /`redis.url` is missing.*UPSTASH_REDIS_REST_URL/],
    ['no token', { type: 'hybrid', redis: { url: redis.url } }, /`redis.token` is missing/],
    [
      'format',
      { type: 'redis', redis: { ...redis, serializationFormat: 'xml' } },
      /`redis.serializationFormat`.*'json', 'superjson'/,
    ],
    [
      'bound',
      { type: 'local', consistency: { maxStalenessSeconds: Infinity } },
      /`consistency.maxStalenessSeconds` is Infinity/,
    ],
  ])('refuses at construction and names the option: %s', (_name, config, message) => {
    expect(() => createQueryCache(config as CacheConfig)).toThrow(message)
    expect(() => createQueryCache(config as CacheConfig)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('never repeats a text that was given', () => {
    try {
      createQueryCache({ type: 'redis', redis: { url: 'redis://secret-host', token: 'secret-token' } })
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain('secret')
    }
  })

  it('takes explicit undefined for not set, everywhere', () => {
    const cache = createQueryCache({
      type: 'local',
      queryCache: { enabled: undefined, maxSizeMB: undefined, defaultTTL: undefined },
      redis: undefined,
      epoch: undefined,
      sql: {
        defaultSchema: undefined,
        dependencies: { a: undefined, b: { reads: undefined, writes: ['c'], volatile: undefined } },
        functions: { f: undefined, g: { reads: undefined } },
        rowSecurity: undefined,
        onUnknown: undefined,
      },
    })
    expect(cache.config).toMatchObject({ enabled: true, l1Bytes: 32 * 1024 * 1024, defaultTtl: 300 })
  })

  it.each([
    ['a client that speaks TCP', { mget: () => [], duplicate: () => ({}) }],
    ['of type object', { mGet: () => [] }],
    ['of type string', 'https://eu1.upstash.io'],
  ])('refuses a client of Redis that is %s', (what, client) => {
    expect(() => createQueryCache({ type: 'redis', redis: { client: client as never } })).toThrow(
      `\`redis.client\` is ${what}. Allowed: a client of @upstash/redis`,
    )
  })

  it('refuses an option of a call that cannot be meant, before anything is asked', async () => {
    const database = new FakeDatabase()
    const executor = new CachedQueryExecutor(database, { type: 'local' })
    await expect(executor.query('SELECT 1', [], { ttl: -5 })).rejects.toThrow(
      '`ttl` is -5. Allowed: seconds, 0 or more',
    )
    await expect(executor.query('SELECT 1', [], { tags: [''] })).rejects.toThrow('`tags`')
    await expect(executor.query('SELECT 1', [], { tll: 5 } as object)).rejects.toThrow('`tll` is not an option')
    expect(database.trips).toBe(0)
  })

  it("accepts the predecessor's production configuration, with credentials added", () => {
    const cache = createQueryCache({
      type: 'hybrid',
      queryCache: { enabled: true, maxSizeMB: 500, defaultTTL: 900, maxQueries: 10000, keyPrefix: 'prod_audit' },
      redis: {
        redisKeyPrefix: 'prod_audit_cache',
        enableLocalCache: true,
        localCacheSizeMB: 100,
        enableCompression: true,
        serializationFormat: 'json',
        ...redis,
      },
    } satisfies CacheConfig)
    expect(cache.config.defaultTtl).toBe(900)
  })

  it('makes `redis` of `hybrid` without a local cache', () => {
    expect(createQueryCache({ type: 'hybrid', redis: { ...redis, enableLocalCache: false } }).config).toMatchObject({
      l1Bytes: 0,
    })
  })

  it('has presets that fit a 128 MB isolate', () => {
    for (const preset of Object.values(DEFAULT_CACHE_CONFIGS)) {
      const mb = 'redis' in preset ? preset.redis.localCacheSizeMB : preset.queryCache.maxSizeMB
      expect(mb).toBeLessThanOrEqual(32)
    }
  })

  it.each<[string, () => unknown, RegExp]>([
    ['no configuration', () => createQueryCache(undefined as never), /`config` is/],
    [
      'a pool instead of a database',
      () => new CachedQueryExecutor({ query() {} } as never, { type: 'local' }),
      /`database` is not a database.*fromPool\(pool/,
    ],
    ['no database', () => new CachedQueryExecutor(undefined as never, { type: 'local' }), /`database` is missing/],
    [
      'a misspelt declaration',
      () => createQueryCache({ type: 'local', sql: { functions: { f: 'stabel' as 'stable' } } }),
      /`sql.functions.f` is of type string\. Allowed: 'stable', 'volatile', 'identity', or an object of reads, writes, /,
    ],
    [
      'a misspelt part',
      () => createQueryCache({ type: 'local', sql: { functions: { f: { raeds: ['t'] } as object } } }),
      /`sql.functions.f.raeds` is not an option\. Known here: reads, writes, identity, volatile/,
    ],
    [
      'a dependency that is no list',
      () => createQueryCache({ type: 'local', sql: { dependencies: { v: 't' as never } } }),
      /`sql.dependencies.v` is of type string\. Allowed: 'volatile', or an array/,
    ],
    [
      'a direction that does not exist',
      () => createQueryCache({ type: 'local', sql: { dependencies: { ok: ['t'], v: { raeds: ['t'] } as object } } }),
      /`sql.dependencies.v.raeds` is not an option\. Known here: reads, writes, volatile/,
    ],
    [
      'reading everything',
      () => createQueryCache({ type: 'local', sql: { dependencies: { v: ['*'] } } }),
      /`sql.dependencies.v` is an array\. .*'\*' in `writes` alone/,
    ],
    [
      'a function that is no declaration',
      () => createQueryCache({ type: 'local', sql: { functions: { f: { writes: ['t', ''] } } } }),
      /`sql.functions.f.writes` is an array with an element that is empty\. Allowed: an array, each a text/,
    ],
    [
      'a volatile function that is neither',
      () => createQueryCache({ type: 'local', sql: { functions: { f: { volatile: 'yes' as never } } } }),
      /`sql.functions.f.volatile` is of type string\. Allowed: true or false/,
    ],
    [
      'row security that is no list',
      () => createQueryCache({ type: 'local', sql: { rowSecurity: 'accounts' as never } }),
      /`sql.rowSecurity` is of type string\. Allowed: an array, each a text/,
    ],
    [
      'a list with something else in it',
      () =>
        new CachedQueryExecutor(new FakeDatabase(), { type: 'local' }).explain('SELECT 1', [], {
          tables: ['a', 1 as never],
        }),
      /`tables` is an array with an element that is of type number\. Allowed: an array, each a text/,
    ],
    [
      'a text that is no address',
      () => createQueryCache({ type: 'redis', redis: { ...redis, url: 'example.upstash.io' } }),
      /`redis.url` is a text of another form\. Allowed: the https:\/\/ address/,
    ],
    [
      'a list in the place of a text',
      () => createQueryCache({ type: 'local', epoch: ['a'] as never }),
      /`epoch` is an array\. Allowed: a text/,
    ],
    [
      'an option of a TCP pool',
      () => createConnectionPool({ connectionString: 'postgres://u:p@h/d', max: 20 } as never),
      /`max` is not an option/,
    ],
    [
      'a misspelt option of fromPool',
      () => fromPool({ query() {} }, { identity: 'a', databse: 'b' } as never),
      /`databse` is not an option/,
    ],
    ['a misspelt option of cron', () => scheduledCleanup({ maxCommand: 1 } as never), /`maxCommand` is not an option/],
  ])('says what to do about %s', (_name, make, message) => {
    expect(make).toThrow(message)
  })
  it('says which query of a batch is none', async () => {
    const executor = new CachedQueryExecutor(new FakeDatabase(), { type: 'local' })
    const batch = executor.queryBatch([{ sql: 'SELECT 1' }, 'SELECT 2' as never])
    await expect(batch).rejects.toThrow('`queries[1]` is of type string. Allowed: an object.')
  })
})
