/**
 * The database behind the Neon endpoint: PGlite, or a real PostgreSQL. Both are spoken to through node-postgres, so that there is one
 * way for both.
 * @module
 */
import { mkdir } from 'node:fs/promises'
import type { Pool, PoolClient, PoolConfig, QueryArrayConfig, QueryArrayResult } from 'pg'
import { lockFolder } from './lock-folder.js'
import { LocalStackError, optionalPackage } from './local-stack-error.js'

export interface RawQueryResult {
  command: string
  rowCount: number | null
  fields: Record<string, unknown>[]
  rows: (string | null)[][]
}

export interface LocalDatabase {
  readonly kind: 'pglite' | 'postgres'
  /** Runs any number of statements without parameters. */
  exec(sql: string): Promise<void>
  /** Rows as wire text. */
  query(sql: string, params?: readonly unknown[]): Promise<RawQueryResult>
  /** Runs a `COPY ... FROM STDIN` with this data. */
  copy(statement: string, data: string | Uint8Array): Promise<void>
  /** @internal Runs `work` on a connection of its own. */
  withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
  /** @internal */
  close(): Promise<void>
}

interface Opened {
  kind: LocalDatabase['kind']
  config: PoolConfig
  close(): Promise<void>
}

/** @throws LocalStackError */
export async function openPostgres(
  databaseUrl: string | undefined,
  dataDir: string | undefined,
): Promise<LocalDatabase> {
  const { default: pg } = await optionalPackage('pg', () => import('pg'))
  const opened = databaseUrl === undefined ? await openPGlite(dataDir) : await openServer(databaseUrl)
  const pool: Pool = new pg.Pool(opened.config)
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined)
  const withClient = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  }
  await withClient((client) => client.query('SELECT 1')).catch(async (cause: unknown) => {
    await opened.close()
    throw new LocalStackError(
      'The PostgreSQL of LOCAL_STACK_DATABASE_URL (`databaseUrl`) does not answer. Check the address, or unset it to use PGlite.',
      { cause },
    )
  })
  return {
    kind: opened.kind,
    withClient,
    exec: (sql) => withClient(async (client) => void (await client.query(sql))),
    query: (sql, params = []) => withClient((client) => rawQuery(client, sql, params)),
    copy: (statement, data) => withClient((client) => copyInto(client, statement, data)),
    close: async () => {
      await pool.end().catch(() => undefined)
      await opened.close()
    },
  }
}

/** One prepared statement over the extended protocol, as Neon runs it: rows as PostgreSQL wrote them. */
export async function rawQuery(client: PoolClient, text: string, values: readonly unknown[]): Promise<RawQueryResult> {
  const query: QueryArrayConfig & { queryMode: 'extended' } = {
    text,
    values: [...values],
    rowMode: 'array',
    queryMode: 'extended',
    types: { getTypeParser: () => (value: string) => value },
  }
  const result = (await client.query(query)) as QueryArrayResult<(string | null)[]>
  const fields = result.fields.map((field) => ({ ...field })) as unknown as Record<string, unknown>[]
  return { command: result.command ?? '', rowCount: result.rowCount, fields, rows: result.rows }
}

async function copyInto(client: PoolClient, statement: string, data: string | Uint8Array): Promise<void> {
  const { from } = await optionalPackage('pg-copy-streams', () => import('pg-copy-streams'))
  const { pipeline } = await import('node:stream/promises')
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += COPY_PART) parts.push(bytes.subarray(at, at + COPY_PART))
  await pipeline(parts, client.query(from(statement)))
}

const COPY_PART = 64 * 1024

async function openServer(connectionString: string): Promise<Opened> {
  return { kind: 'postgres', config: { connectionString, max: 8 }, close: async () => {} }
}

async function openPGlite(dataDir: string | undefined): Promise<Opened> {
  if (dataDir !== undefined) await mkdir(dataDir, { recursive: true })
  const lock = dataDir === undefined ? undefined : await lockFolder(dataDir)
  try {
    const { PGlite } = await optionalPackage('@electric-sql/pglite', () => import('@electric-sql/pglite'))
    const { createPgConfig } = await import('@electric-sql/pglite/node-postgres')
    const pglite = await PGlite.create(dataDir)
    const close = async () => {
      await pglite.close().catch(() => undefined)
      await lock?.release()
    }
    return { kind: 'pglite', config: { ...createPgConfig(pglite), max: 1 } as unknown as PoolConfig, close }
  } catch (error) {
    await lock?.release()
    throw error
  }
}
