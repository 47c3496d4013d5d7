/**
 * What the code blocks of the pages take for granted, so that each shows its own point only. A block that declares one of these names
 * itself gets its own.
 * @module
 */
import type { CacheConfig, CachedQueryExecutor, Database } from 'edge-query-cache'
import type { Context, Hono } from 'hono'

/** A reader's application. */
export declare const app: Hono
/** The context of a route. */
export declare const c: Context
/** A Worker's bindings. */
export declare const env: { DATABASE_URL: string; UPSTASH_REDIS_REST_URL: string; UPSTASH_REDIS_REST_TOKEN: string }
export declare const executor: CachedQueryExecutor
export declare const database: Database
export declare const config: CacheConfig
/** A query of the reader's own. */
export declare const sql: string
export declare const params: unknown[]
