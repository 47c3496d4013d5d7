/** `setupCachedQueryExecutor`: a preset, what is given over it, and where the credentials come from. */
import { afterEach, expect, it, vi } from 'vitest'
import { DEFAULT_CACHE_CONFIGS, setupCachedQueryExecutor } from '../../src/index.js'
import type { CacheOverrides } from '../../src/setup.js'
import { isRedisCache } from '../../src/l2.js'
import { FakeDatabase } from '../support/fake-database.js'

const VARIABLES = {
  UPSTASH_REDIS_REST_URL: 'https://upstash.example',
  UPSTASH_REDIS_REST_TOKEN: 'of-upstash',
  KV_REST_API_URL: 'https://kv.example',
  KV_REST_API_TOKEN: 'of-kv',
}
const MIB = 1024 * 1024
afterEach(() => void vi.unstubAllGlobals())

const setup = (
  environment: keyof typeof DEFAULT_CACHE_CONFIGS,
  overrides?: CacheOverrides,
  env: object = VARIABLES,
) => {
  vi.stubGlobal('process', { env })
  return setupCachedQueryExecutor(new FakeDatabase(), environment, overrides).core.cache
}
/** Where it would ask, and with which token. */
async function asks(overrides?: CacheOverrides, env?: object): Promise<unknown[]> {
  const cache = setup('production', overrides, env)
  const asked: unknown[] = []
  vi.stubGlobal('fetch', (url: string, { headers }: RequestInit) => {
    asked.push(new URL(url).origin, new Headers(headers).get('authorization'))
    return Promise.reject(new TypeError('fetch failed'))
  })
  if (isRedisCache(cache)) await cache.link.mget({}, ['a'], 'read').catch(() => undefined)
  return asked
}

it.each(['development', 'staging', 'production', 'test'] as const)('%s is the preset of that name', (name) => {
  const { type, queryCache, ...more } = DEFAULT_CACHE_CONFIGS[name]
  const cache = setup(name)
  expect(isRedisCache(cache)).toBe(type === 'hybrid')
  expect(cache.config).toMatchObject({
    enabled: true,
    l1Bytes: queryCache.maxSizeMB * MIB,
    l1Entries: queryCache.maxQueries,
    defaultTtl: queryCache.defaultTTL,
    keyPrefix: queryCache.keyPrefix,
    ...('redis' in more && { redisKeyPrefix: more.redis.redisKeyPrefix }),
  })
})

it('what is given stands over the preset, group by group, and what is not stays', () => {
  const { config } = setup('production', {
    queryCache: { defaultTTL: 5, maxQueries: undefined },
    redis: { timeoutMs: 70 },
    epoch: 'v2',
  })
  const { queryCache, redis } = DEFAULT_CACHE_CONFIGS.production
  expect(config).toMatchObject({
    defaultTtl: 5,
    l1Entries: queryCache.maxQueries,
    keyPrefix: queryCache.keyPrefix,
    redisTimeoutMs: 70,
    redisKeyPrefix: redis.redisKeyPrefix,
    l1Bytes: redis.localCacheSizeMB * MIB,
    epoch: 'v2',
  })
  expect(isRedisCache(setup('production', { type: 'local' }))).toBe(false)
})

it("the credentials are those given, else Upstash's variables, else Vercel KV's; an empty one is none", async () => {
  const own = { url: 'https://own.example', token: 'own' }
  expect(await asks({ redis: own })).toEqual(['https://own.example', 'Bearer own'])
  expect(await asks()).toEqual(['https://upstash.example', 'Bearer of-upstash'])
  const { KV_REST_API_URL, KV_REST_API_TOKEN } = VARIABLES
  const empty = { UPSTASH_REDIS_REST_URL: '', UPSTASH_REDIS_REST_TOKEN: '' }
  for (const env of [
    { KV_REST_API_URL, KV_REST_API_TOKEN },
    { ...VARIABLES, ...empty },
  ])
    expect(await asks(undefined, env)).toEqual(['https://kv.example', 'Bearer of-kv'])
  expect(() => setup('production', {}, {})).toThrow('`redis.url`')
  expect(() => setup('production', {}, { KV_REST_API_URL })).toThrow('`redis.token`')
})
