/**
 * Anything node-postgres shaped -> a Database. The shape is looked at, no driver is imported.
 * @module
 */
import { clientDatabase } from './pg-client.js'
import { InvalidOptionError } from '../errors.js'
import type { Database } from '../types.js'
import { pgliteDatabase } from './pglite.js'
import type { PGliteLike } from './pglite.js'
import { check, readOptions, text } from '../rules.js'
import type { Rules } from '../rules.js'
import { poolDatabase } from './pg-pool.js'
import type { PgClient, PgPool } from './pg-result.js'

/** A `pg` Pool or Client (Hyperdrive), a Pool or Client of `@neondatabase/serverless`, or a PGlite. */
export interface PoolLike {
  query(...args: never[]): unknown
}

export interface FromPoolOptions {
  /**
   * A name for the database and the role that asks it. Two databases with one identity share cache entries, in memory with what one of them has
   * parsed: a pool with other `types` needs a name of its own.
   */
  identity: string
  /**
   * A name for the database alone: what a write changes, whoever wrote it. Give the same one to every role and pool of a database, or
   * they do not see each other's writes. Where Neon over HTTP is used beside it: `<host without -pooler>/<database>`. Default: `identity`.
   */
  database?: string | undefined
  /** Whose rows these are, for every query that names no scope of its own. */
  scope?: string | undefined
}

const OPTIONS: Rules<FromPoolOptions> = {
  identity: [text[0], 'a name for database and role, such as `main:app_user`'],
  database: text,
  scope: text,
}
const SHAPES = 'Give a Pool or Client of `pg` or `@neondatabase/serverless`, or a PGlite.'

/**
 * A database behind a pool, a client or a PGlite of the user's own. Rows are parsed by that driver's own parsers: set them on the driver's
 * `types` or in the pool's options, not on single clients of a pool.
 * @throws InvalidOptionError
 */
export function fromPool(pool: PoolLike, options: FromPoolOptions): Database {
  const { identity, scope, database } = readOptions(options, OPTIONS) as FromPoolOptions
  check('identity', identity, OPTIONS.identity)
  const shape = pool as
    | { query?: unknown; connect?: unknown; transaction?: unknown; exec?: unknown; getTypeParser?: unknown }
    | null
    | undefined
  const about = { identity, invalidationIdentity: database ?? identity, ...(scope !== undefined && { scope }) }
  if (typeof shape?.query === 'function') {
    if (typeof shape.transaction === 'function' && typeof shape.exec === 'function')
      return pgliteDatabase(pool as unknown as PGliteLike, about)
    if (typeof shape.getTypeParser === 'function') return clientDatabase(pool as unknown as PgClient, about)
    if (typeof shape.connect === 'function') return poolDatabase(pool as unknown as PgPool, about)
  }
  throw new InvalidOptionError('pool', 'neither a pool nor a client', SHAPES)
}
