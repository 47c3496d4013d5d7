/** Whatever is given for an option, it works or is refused by its name: nothing else is thrown, and no name is ignored. */
import fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { cronRoute, scheduledCleanup } from '../../src/cron/index.js'
import { queryCache } from '../../src/hono/index.js'
import {
  CacheInvalidationService,
  CacheMonitoringService,
  CachedQueryExecutor,
  QueryCache,
  QueryCacheUtils,
  RedisQueryCache,
  createConnectionPool,
  createQueryCache,
  fromPool,
  setupCachedQueryExecutor,
} from '../../src/index.js'
import { FakeDatabase } from '../support/fake-database.js'
import { SQL, World } from '../support/isolates.js'

const SECRET = 'hunter2'
const UPDATE = 'UPDATE users SET n = 1'
const world = new World()
const executor = world.isolate()
const database = new FakeDatabase()
const local = { type: 'local' } as const
const pool = { query() {}, connect() {} }
const service = () => new CacheInvalidationService(executor)

type Call = (given: never) => unknown
type Names = Record<string, readonly string[]>

const READS = [
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'emptyTtl',
  'tables',
  'tags',
  'tagsOnly',
  'cacheKey',
].concat(['scope', 'skipCache', 'refreshCache', 'coalesce', 'nowBucket', 'timeoutMs', 'signal'])
const WRITES = ['tables', 'tags', 'timeoutMs', 'signal']
const GROUPS: Names = {
  queryCache: ['enabled', 'maxSizeMB', 'defaultTTL', 'maxQueries', 'ttlJitter', 'refreshAhead', 'keyPrefix'],
  redis: [
    'url',
    'token',
    'client',
    'redisKeyPrefix',
    'enableLocalCache',
    'localCacheSizeMB',
    'enableCompression',
  ].concat(['serializationFormat', 'timeoutMs', 'compressAboveBytes', 'maxEntryMB']),
  consistency: ['maxStalenessSeconds', 'invalidate', 'fenceSeconds'],
  sql: ['defaultSchema', 'dependencies', 'functions', 'rowSecurity', 'onUnknown'],
}
const CONFIG = ['type', 'epoch', 'debug', 'onEvent', ...Object.keys(GROUPS)]
const CRON = ['database', 'cache', 'onCleanup', 'maxCommands', 'maxMs']

/** A call that is given options, what the whole is called, and their names. */
const CALLS: [name: string, call: Call, whole: string, options: readonly string[], path?: string][] = [
  ['query', (given) => executor.query(SQL, [1], given), 'options', READS],
  ['query of a write', (given) => executor.query(UPDATE, [], given), 'options', READS],
  ['queryResult', (given) => executor.queryResult(SQL, [1], given), 'options', READS],
  ['queryResult of a write', (given) => executor.queryResult(UPDATE, [], given), 'options', READS],
  ['queryBatch', (options) => executor.queryBatch([{ sql: SQL, params: [1], options }]), 'options', READS],
  ['explain', (given) => executor.explain(SQL, [1], given), 'options', READS],
  ['cached', (given) => executor.cached('k', async () => 1, given), 'options', READS],
  ['execute', (given) => executor.execute(UPDATE, [], given), 'options', WRITES],
  [
    'transaction',
    (given) => executor.transaction([{ sql: UPDATE }], given),
    'options',
    [...WRITES, 'isolationLevel', 'readOnly', 'deferrable'],
  ],
  ['a statement', (given) => executor.transaction([given]), 'statements', ['sql', 'params']],
  ['a query of a batch', (given) => executor.queryBatch([given]), 'queries', ['sql', 'params', 'options']],
  ['invalidate', (given) => executor.invalidate(given), 'named', ['tables', 'tags', 'keys']],
  [
    'a rule',
    (given) =>
      service()
        .on('x', () => given)
        .emit('x', 1),
    'named',
    ['tables', 'tags', 'keys'],
  ],
  ['cleanupCache', (given) => executor.cleanupCache(given), 'options', ['maxCommands', 'maxMs']],
  ['getGlobalStats', (given) => executor.getGlobalStats(given), 'range', ['since', 'until']],
  [
    'getGlobalStats without Redis',
    (given) => new CachedQueryExecutor(database, local).getGlobalStats(given),
    'range',
    ['since', 'until'],
  ],
  ['bind', (given) => executor.bind(given), 'runtime', ['waitUntil', 'now', 'random']],
  [
    'a new executor',
    (given) => new CachedQueryExecutor(database, local, given),
    'runtime',
    ['waitUntil', 'now', 'random'],
  ],
  ['its cache', (given) => new CachedQueryExecutor(database, given), 'config', CONFIG],
  ['createQueryCache', (given) => createQueryCache(given), 'config', CONFIG],
  ['QueryCache', (given) => new QueryCache(given), 'config', CONFIG],
  ['RedisQueryCache', (given) => new RedisQueryCache(given), 'config', CONFIG],
  ['setupCachedQueryExecutor', (given) => setupCachedQueryExecutor(database, 'test', given), 'overrides', CONFIG],
  ...Object.entries(GROUPS).flatMap(([group, names]): typeof CALLS => [
    [group, (given) => createQueryCache({ ...local, [group]: given }), group, names, `${group}.`],
    [
      `${group} of setup`,
      (given) => setupCachedQueryExecutor(database, 'test', { [group]: given }),
      group,
      names,
      `${group}.`,
    ],
    [
      `${group} of the middleware`,
      (given) => queryCache({ cache: { ...local, [group]: given } }),
      group,
      names,
      `${group}.`,
    ],
  ]),
  [
    'queryCache',
    (given) => queryCache(given),
    'options',
    ['database', 'cache', 'scope', 'authToken', 'waitUntil', 'session', 'headers'],
  ],
  [
    'the session of queryCache',
    (session) => queryCache({ session }),
    'session',
    ['name', 'maxAge', 'path', 'domain', 'sameSite', 'secure'],
    'session.',
  ],
  ['scheduledCleanup', (given) => scheduledCleanup(given), 'options', CRON],
  ['cronRoute', (given) => cronRoute(given), 'options', [...CRON, 'secretVariable', 'waitUntil']],
  ['fromPool', (given) => fromPool(pool, given), 'options', ['identity', 'database', 'scope']],
  [
    'createConnectionPool',
    (given) => createConnectionPool(given),
    'connectionString',
    ['connectionString', 'fetchEndpoint', 'authToken', 'timeoutMs', 'scope'],
  ],
]

/** What a call needs besides the option that is looked at. */
const NEEDED: Record<string, object> = {
  'a statement': { sql: UPDATE },
  'a query of a batch': { sql: SQL },
  'its cache': local,
  createQueryCache: local,
  QueryCache: local,
  RedisQueryCache: { type: 'redis', redis: { client: world.redis.sdk } },
  fromPool: { identity: 'a' },
  createConnectionPool: { connectionString: 'postgresql://u:p@db.example.com/app' },
}

/** Arguments that are no options, each of a call of its own. */
const ARGUMENTS: [name: string, call: Call][] = [
  ['sql', (given) => executor.query(given)],
  ['sql', (given) => executor.queryResult(given)],
  ['sql', (given) => executor.execute(given)],
  ['sql', (given) => executor.explain(given)],
  ['params', (given) => executor.query(SQL, given)],
  ['params', (given) => executor.query(UPDATE, given)],
  ['params', (given) => executor.queryResult(SQL, given)],
  ['params', (given) => executor.queryBatch([{ sql: SQL, params: given }])],
  ['params', (given) => executor.execute(UPDATE, given)],
  ['params', (given) => executor.explain(SQL, given)],
  ['statements', (given) => executor.transaction(given)],
  ['queries', (given) => executor.queryBatch(given)],
  ['queries', (given) => executor.queryBatchSettled(given)],
  ['key', (given) => executor.cached(given, async () => 1)],
  ['loader', (given) => executor.cached('k', given)],
  ['pattern', (given) => executor.invalidateCache(given)],
  ['database', (given) => new CachedQueryExecutor(given, local)],
  ['environment', (given) => setupCachedQueryExecutor(database, given)],
  ['pool', (given) => fromPool(given, { identity: 'a' })],
  ['executor', (given) => new CacheInvalidationService(given)],
  ['executor', (given) => new CacheMonitoringService(given)],
  ['rule', (given) => service().on('x', given)],
  ['id', (given) => service().onUserUpdate(given)],
  ['id', (given) => service().emit('user:update', given)],
  ['tags', (tags) => service().onNewAuditEvent({ tags })],
  ['tags', (given) => service().emit('audit:new', given)],
  ['table', (given) => QueryCacheUtils.createTableCacheKey(given)],
  ['filters', (given) => QueryCacheUtils.createTableCacheKey('t', given)],
  ['filters', (given) => QueryCacheUtils.createTableCacheKey('t', { a: given })],
  ['aggregation', (given) => QueryCacheUtils.createAggregationCacheKey('t', given)],
  ['groupBy', (given) => QueryCacheUtils.createAggregationCacheKey('t', 'a', given)],
  ['groupBy', (given) => QueryCacheUtils.createAggregationCacheKey('t', 'a', [given])],
  ['timeColumn', (given) => QueryCacheUtils.createTimeSeriesCacheKey('t', given, new Date(0), new Date(0), 'h')],
  ['from', (given) => QueryCacheUtils.createTimeSeriesCacheKey('t', 'c', given, new Date(0), 'h')],
  ['to', (given) => QueryCacheUtils.createTimeSeriesCacheKey('t', 'c', new Date(0), given, 'h')],
  ['interval', (given) => QueryCacheUtils.createTimeSeriesCacheKey('t', 'c', new Date(0), new Date(0), given)],
]

const cycle: Record<string, unknown> = { [SECRET]: 1 }
cycle.self = cycle
const ODD: unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -1,
  5,
  1e308,
  5e-324,
  NaN,
  Infinity,
  5n,
  '',
  SECRET,
  Symbol(SECRET),
  () => SECRET,
  [],
  [5],
  [null],
  // eslint-disable-next-line no-sparse-arrays
  [, SECRET],
  {},
  cycle,
  new Date(0),
  new Date(NaN),
  new Map([[SECRET, SECRET]]),
  new (class {
    readonly #secret = SECRET
    get value() {
      return this.#secret
    }
  })(),
  Object.create(null),
  new Uint8Array(2),
  /x/,
]

/** How a call with an odd value ends; `undefined`: it works. */
async function failure(call: () => unknown): Promise<Error | undefined> {
  try {
    await call()
    await executor.flush()
    return undefined
  } catch (error) {
    return error as Error
  }
}

async function works(call: () => unknown, names: readonly string[]): Promise<boolean> {
  const error = await failure(call)
  if (!error) return true
  expect(error, error.stack).toMatchObject({ name: 'InvalidOptionError', code: 'INVALID_OPTION' })
  expect(
    names.some((name) => error.message.startsWith(`\`${name}`)),
    `${names.join()}: ${error.message}`,
  ).toBe(true)
  expect(error.message.replace(/^`[^`]*`/, ''), names.join()).not.toContain(SECRET)
  return false
}

/** Words of a choice are repeated to whoever has misspelt one. */
const CHOICES = ['type', 'coalesce', 'isolationLevel', 'serializationFormat', 'invalidate', 'onUnknown', 'sameSite']
const oddFor = (option: string) => ODD.filter((value) => value !== SECRET || !CHOICES.includes(option))

describe('an odd value', () => {
  it.each(CALLS)('in the place of the options of %s', async (_name, call, whole) => {
    const missing = ['config', 'connectionString', 'identity', 'sql', 'type', 'redis', 'keys']
    for (const value of ODD) await works(() => call(value as never), [whole, SECRET, 'self', '0', '1', ...missing])
  })

  it.each(CALLS)('of each option of %s', async (name, call, whole, options, path = '') => {
    for (const option of options)
      for (const value of oddFor(option)) {
        const mates = { tagsOnly: ['tags'], url: ['token'], client: ['url'], type: ['redis'] }[option] ?? []
        const names = [
          path + option,
          ...mates,
          option,
          SECRET,
          'self',
          '0',
          '1',
          ...(whole === 'redis' ? ['redis'] : []),
        ]
        await works(() => call({ ...NEEDED[name], [option]: value } as never), names)
      }
  })

  it.each(ARGUMENTS)('of `%s`', async (name, call) => {
    for (const value of name === 'environment' ? oddFor('type') : ODD)
      await works(() => call(value as never), [name, 'sql', 'statements', 'queries'])
  })

  it.each(CALLS)('of any kind, in %s', async (name, call, _whole, options, path = '') => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...options),
        fc.anything({ withBigInt: true, withDate: true }),
        async (option, value) => {
          const error = await failure(() => call({ ...NEEDED[name], [option]: value } as never))
          if (error) expect(error, `${option}: ${error.stack}`).toMatchObject({ code: 'INVALID_OPTION' })
          if (error) expect(error.message).toMatch(new RegExp(`^\`(${path})?`))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a name that is no option', () => {
  it.each(CALLS)('is refused by %s', async (name, call, _whole, _options, path = '') => {
    const error = await failure(() => call({ ...NEEDED[name], nope: 1 } as never))
    expect(error?.message).toMatch(new RegExp(`^\`${path}nope\` is not an option\\. Known here: `))
    expect(await failure(() => call({ ...NEEDED[name], nope: undefined } as never))).toSatisfy(
      (other: Error | undefined) => !other?.message.includes('nope'),
    )
  })
})

describe('what has to be refused', () => {
  it.each<[string, () => unknown]>([
    ['signal', () => executor.execute(UPDATE, [], { signal: {} as never })],
    ['signal', () => executor.transaction([{ sql: UPDATE }], { signal: {} as never })],
    ['signal', () => executor.query(UPDATE, [], { signal: {} as never })],
    ['isolationLevel', () => executor.transaction([{ sql: UPDATE }], { isolationLevel: 'Serialisable' as never })],
    ['readOnly', () => executor.transaction([{ sql: UPDATE }], { readOnly: 'no' as never })],
    ['sql', () => executor.transaction([{ sql: UPDATE }, {} as never])],
    ['param', () => executor.transaction([{ sql: UPDATE, param: [1] } as never])],
    ['sql', () => executor.queryBatch([{ sql: UPDATE }, {} as never])],
    ['since', () => executor.getGlobalStats({ since: 'x' as never })],
    ['until', () => executor.getGlobalStats({ until: new Date(NaN) })],
    ['since', () => executor.getGlobalStats({ since: 2, until: new Date(1) })],
    ['named', () => executor.invalidate(undefined as never)],
    ['named', () => executor.invalidate([] as never)],
    ['named', () => executor.invalidate('users' as never)],
    ['pattern', () => executor.invalidateCache(null as never)],
    ['waituntil', () => executor.bind({ waituntil: () => {} } as never)],
    ['options', () => queryCache('x' as never)],
    ['session.secure', () => queryCache({ session: { secure: 'yes' as never } })],
    ['session.domain', () => queryCache({ session: { domain: 'a; Secure' } })],
    ['type', () => queryCache({ cache: { type: 'memory' as never } })],
    ['redis.timeoutMs', () => scheduledCleanup({ cache: { type: 'hybrid', redis: { timeoutMs: 0 } } })],
    ['maxMs', () => cronRoute({ maxMs: '5' as never })],
    ['queryCache', () => setupCachedQueryExecutor(database, 'test', { queryCache: 5 as never })],
  ])('`%s`, before anything is asked', async (option, call) => {
    const trips = [world.database.trips, world.redis.trips]
    const error = await failure(call)
    expect(error?.message).toMatch(new RegExp(`^\`${option}\` is `))
    expect([world.database.trips, world.redis.trips]).toEqual(trips)
  })
})

describe('a number in the place of a list or an object', () => {
  const ONE = 123_456_789 as never
  it.each<[string, () => unknown]>([
    ['params', () => executor.query(SQL, ONE)],
    ['params', () => executor.execute(UPDATE, 123_456_789n as never)],
    ['params', () => executor.transaction([{ sql: UPDATE, params: ONE }])],
    ['params', () => executor.queryBatch([{ sql: SQL, params: ONE }])],
    ['params', () => executor.explain(SQL, ONE)],
    ['options', () => executor.query(SQL, [], ONE)],
    ['tags', () => executor.query(SQL, [], { tags: ONE })],
    ['keys', () => executor.invalidate({ keys: ONE })],
    ['filters', () => QueryCacheUtils.createTableCacheKey('users', ONE)],
  ])('is not repeated: it may be a parameter (`%s`)', async (option, call) => {
    expect((await failure(call))?.message).toMatch(new RegExp(`^\`${option}\` is of type (number|bigint)\\. `))
  })
})

describe('what has to work', () => {
  it('is a context of the platform, whatever else it has', async () => {
    const held: unknown[] = []
    class Context {
      #held = held
      readonly props = {}
      get waitUntil() {
        return (promise: Promise<unknown>) => void this.#held.push(promise)
      }
      passThroughOnException() {}
    }
    await executor.bind(new Context()).query('SELECT n FROM elsewhere', [])
    await executor.bind({ waitUntil: (p: Promise<unknown>) => void held.push(p), more: 1 } as never).query(UPDATE)
    await executor.bind({}).query(SQL, [1])
    expect(held.length).toBeGreaterThan(1)
  })

  it('is null in the place of the options of a read or a write, as none', async () => {
    const none = null as never
    await executor.query(SQL, [1], none)
    await executor.queryBatch([{ sql: SQL, params: [1], options: none }])
    await executor.execute(UPDATE, [], none)
    await executor.transaction([{ sql: UPDATE }], none)
    await executor.cached('k', async () => 1, none)
    expect(executor.explain(SQL, [1], none).cacheable).toBe(true)
  })

  it.each([
    ['undefined', undefined, 'shared'],
    ['null', null, 'shared'],
    ['an empty text', '', 'nobody’s'],
  ])('is a token of the middleware that is %s', async (_name, token, whose) => {
    const app = new Hono()
    app.use(queryCache({ cache: local, authToken: () => token }))
    app.get('/', (c) => c.text(c.var.queryCache.explain(SQL, [1]).reason ?? 'shared'))
    const response = await app.request('/', {}, { DATABASE_URL: 'postgresql://u:p@db.example.com/app' })
    expect(await response.text()).toBe(whose === 'shared' ? 'shared' : 'scope-required')
  })
})
