/** Explicit `undefined` means "not set": also to the compiler of a user who has `exactOptionalPropertyTypes`. */
import { expect, it } from 'vitest'
import { complaints } from '../docs/compile-blocks.js'

const OPTIONS = {
  'edge-query-cache':
    'CacheConfig CleanupOptions ConnectionConfig ConsistencySettings FromPoolOptions Named QueryCacheSettings QueryOptions RedisSettings ' +
    'Runtime SqlSettings StatsRange WriteOptions',
  'edge-query-cache/hono': 'QueryCacheBindings QueryCacheOptions SessionCookieOptions',
  'edge-query-cache/cron': 'CronOptions CronRouteOptions',
  'edge-query-cache/dev': 'LocalStackOptions',
}

it('takes undefined for every option that may be left out', async () => {
  const code = [
    'type Optional<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T]',
    'type NotSet<T> = Record<Optional<T>, undefined>',
    'type Options<T> = Pick<T, Optional<T>>',
  ]
  for (const [from, names] of Object.entries(OPTIONS)) {
    code.push(`import type { ${names.replaceAll(' ', ', ')} } from '${from}'`)
    for (const name of names.split(' ')) code.push(`export const of${name}: Options<${name}> = {} as NotSet<${name}>`)
  }
  code.push(
    "import { createQueryCache } from 'edge-query-cache'",
    "import type { CachedQueryExecutor } from 'edge-query-cache'",
    "type TransactionOptions = NonNullable<Parameters<CachedQueryExecutor['transaction']>[1]>",
    'export const ofTransaction: Options<TransactionOptions> = {} as NotSet<TransactionOptions>',
    "import type { BatchQuery, FunctionDeclaration, RelationDeclaration } from 'edge-query-cache'",
    "const config = { type: 'hybrid', redis: { url: process.env['A'], token: process.env['B'] } } satisfies CacheConfig",
    'export const cache = createQueryCache(config)',
    "export const query: BatchQuery = { sql: '', params: undefined, options: undefined }",
    'export const f: FunctionDeclaration = { reads: undefined, writes: undefined, identity: undefined, volatile: undefined }',
    'export const r: RelationDeclaration = { reads: undefined, writes: undefined, volatile: undefined }',
  )
  const block = { file: 'options', line: 1, language: 'ts', code }
  expect(await complaints([block], { exactOptionalPropertyTypes: true })).toEqual([])
}, 120_000)
