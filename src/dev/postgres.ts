/**
 * The database behind the Neon endpoint: a real PostgreSQL, or PGlite.
 * @module
 */
import { LocalStackError } from './local-stack-error.js'
import type { LocalDatabase } from './local-database.js'
import { openPGlite } from './pglite.js'
import { openServer } from './postgres-server.js'

/** @throws LocalStackError */
export async function openPostgres(
  databaseUrl: string | undefined,
  dataDir: string | undefined,
): Promise<LocalDatabase> {
  const database = databaseUrl === undefined ? await openPGlite(dataDir) : await openServer(databaseUrl)
  try {
    await database.query('SELECT 1')
    return database
  } catch (cause) {
    await database.close()
    const which = databaseUrl === undefined ? 'PGlite' : 'The PostgreSQL of LOCAL_STACK_DATABASE_URL (`databaseUrl`)'
    throw new LocalStackError(
      `${which} does not answer. Check the address or the folder, or unset it to start with an empty database in memory.`,
      { cause },
    )
  }
}
