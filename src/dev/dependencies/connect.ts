/**
 * A database for the command: Neon over HTTP, or any other PostgreSQL through node-postgres.
 * @module
 */
import { readConnectionString } from '../../database/connection-string.js'
import { fromPool } from '../../database/from-pool.js'
import type { Database } from '../../types.js'

export interface Connection {
  database: Database
  close: () => Promise<void>
}

/**
 * Asks nothing yet.
 * @param fetchEndpoint Where Neon's protocol is spoken, for the local stack and proxies; it is then spoken whatever the host is.
 * @throws InvalidOptionError without the address in it, or an Error that names the package to install
 */
export async function connect(databaseUrl: string, fetchEndpoint: string | undefined): Promise<Connection> {
  const { hostname } = readConnectionString(databaseUrl)
  if (fetchEndpoint !== undefined || /\.neon\.(tech|build)$/i.test(hostname)) {
    const { createConnectionPool } = await import('../../database/neon-http.js')
    return { database: createConnectionPool({ connectionString: databaseUrl, fetchEndpoint }), close: async () => {} }
  }
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new Error(
      'a database that is not at Neon is asked through the package `pg`: run `npm install --save-dev pg`',
      {
        cause,
      },
    )
  })
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  // Without a listener a connection that breaks while it is idle would end the process.
  pool.on('error', () => undefined)
  return { database: fromPool(pool, { identity: 'catalogs' }), close: () => pool.end() }
}
