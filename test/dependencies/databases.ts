/** Databases with the schema in them: PGlite, and a real PostgreSQL where there is one. */
import { PGlite } from '@electric-sql/pglite'
import { tablefunc } from '@electric-sql/pglite/contrib/tablefunc'
import pg from 'pg'
import { fromPool } from '../../src/index.js'
import type { Database } from '../../src/index.js'
import { SETUP } from './schema.js'

export interface TestDatabase {
  database: Database
  exec(sql: string): Promise<unknown>
  close(): Promise<void>
}

export async function pglite(): Promise<TestDatabase & { pglite: PGlite }> {
  const lite = await PGlite.create({ extensions: { tablefunc } })
  await lite.exec(SETUP)
  return {
    pglite: lite,
    database: fromPool(lite, { identity: 'pglite' }),
    exec: (sql) => lite.exec(sql),
    close: () => lite.close(),
  }
}

/** A database of its own on the server, which is gone afterwards. */
export async function postgres(connectionString: string): Promise<TestDatabase & { url: string }> {
  const name = `eqc_map_${process.pid}_${Math.floor(performance.now())}`
  const admin = async (sql: string) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await admin(`CREATE DATABASE ${name}`)
  const url = Object.assign(new URL(connectionString), { pathname: `/${name}` }).href
  const pool = new pg.Pool({ connectionString: url })
  const close = async () => {
    await pool.end()
    await admin(`DROP DATABASE ${name}`)
  }
  try {
    await pool.query(SETUP)
  } catch (error) {
    await close()
    throw error
  }
  return { url, database: fromPool(pool, { identity: 'postgres' }), exec: (sql) => pool.query(sql), close }
}
