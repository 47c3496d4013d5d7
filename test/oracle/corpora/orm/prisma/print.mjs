import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { withDatabase } from '../database.mjs'
import { Recording } from '../record.mjs'

/** Generates the client into node_modules. Its engine for migrations is a download that nothing here runs: any program stands in for it. */
function generateClient() {
  const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
  const config = path.join(import.meta.dirname, 'prisma.config.mjs')
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  execFileSync(process.execPath, [cli, 'generate', '--config', config, '--no-hints'], {
    cwd: path.join(import.meta.dirname, '..'),
    env,
    stdio: 'pipe',
  })
}

export default async function print() {
  generateClient()
  const { PrismaClient } = await import('@prisma/client')
  const { aggregates, reads, relations } = await import('./read.mjs')
  const { raw, writes } = await import('./write.mjs')
  const recording = new Recording()
  class RecordedClient extends pg.Client {
    query(query, ...rest) {
      recording.add(typeof query === 'string' ? query : query.text)
      return super.query(query, ...rest)
    }
  }
  await withDatabase('prisma', async (url) => {
    const admin = new pg.Client({ connectionString: url })
    await admin.connect()
    await admin.query(readFileSync(path.join(import.meta.dirname, 'schema.sql'), 'utf8'))
    await admin.end()
    // One connection, so that statements come in one order.
    const pool = new pg.Pool({ connectionString: url, max: 1, Client: RecordedClient })
    const db = new PrismaClient({ adapter: new PrismaPg(pool) })
    const of = (name, example) => recording.of(name, example)
    try {
      for (const part of [reads, relations, aggregates, writes, raw]) await part({ db, of })
    } finally {
      await db.$disconnect()
      await pool.end()
    }
  })
  return recording.statements
}
