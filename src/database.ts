/**
 * Where rows come from: Neon over HTTP, or anything node-postgres shaped.
 * @module
 */
export { createConnectionPool } from './database/neon-http.js'
export type { ConnectionConfig } from './database/neon-http.js'
export { fromPool } from './database/from-pool.js'
export type { FromPoolOptions, PoolLike } from './database/from-pool.js'
export { DatabaseTimeoutError } from './database/deadline.js'
