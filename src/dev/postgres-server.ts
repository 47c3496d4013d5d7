/**
 * A real PostgreSQL, through node-postgres.
 * @module
 */
import type { PoolClient, QueryArrayConfig } from 'pg'
import { optionalPackage } from './local-stack-error.js'
import type { LocalDatabase, RawQueryResult } from './local-database.js'

const COPY_PART_BYTES = 64 * 1024

export async function openServer(connectionString: string): Promise<LocalDatabase> {
  const { default: pg } = await optionalPackage('pg', () => import('pg'))
  const pool = new pg.Pool({ connectionString, max: 8 })
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined)
  const withClient = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let failure: unknown
    try {
      return await work(client)
    } catch (error) {
      failure = error
      throw error
    } finally {
      client.release(!(await reset(client, failure)))
    }
  }
  return {
    kind: 'postgres',
    session: (work) => withClient((client) => work((text, params = []) => rawQuery(client, text, params))),
    exec: (sql) => withClient(async (client) => void (await client.query(sql))),
    query: (text, params = []) => withClient((client) => rawQuery(client, text, params)),
    copy: (statement, data) => withClient((client) => copyInto(client, statement, data)),
    close: () => pool.end().catch(() => undefined),
  }
}

/** Whether the connection can be given to the next. */
async function reset(client: PoolClient, failure: unknown): Promise<boolean> {
  // After a COPY without data node-postgres waits for ever to be told that the server is ready.
  if ((failure as { code?: unknown } | undefined)?.code === QUERY_CANCELED) return false
  try {
    // Older node-postgres does not tell; outside a transaction a ROLLBACK is but a warning.
    const { getTransactionStatus } = client as { getTransactionStatus?: () => string | null }
    if (getTransactionStatus?.call(client) !== 'I') await client.query('ROLLBACK')
    await client.query('DISCARD ALL')
    return true
  } catch {
    return false
  }
}

const QUERY_CANCELED = '57014'

/** Over the extended protocol also without parameters, as Neon does: several statements in one text are an error. */
async function rawQuery(client: PoolClient, text: string, values: readonly unknown[]): Promise<RawQueryResult> {
  const query: QueryArrayConfig & { queryMode: 'extended' } = {
    text,
    values: [...values],
    rowMode: 'array',
    queryMode: 'extended',
    types: { getTypeParser: () => (value: string) => value },
  }
  const { command, rowCount, fields, rows } = await client.query<(string | null)[]>(query)
  return { command: command ?? '', rowCount, fields: fields.map((field) => ({ ...field })), rows }
}

async function copyInto(client: PoolClient, statement: string, data: string | Uint8Array): Promise<void> {
  const { from } = await optionalPackage('pg-copy-streams', () => import('pg-copy-streams'))
  const { pipeline } = await import('node:stream/promises')
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += COPY_PART_BYTES) parts.push(bytes.subarray(at, at + COPY_PART_BYTES))
  await pipeline(parts, client.query(from(statement)))
}
