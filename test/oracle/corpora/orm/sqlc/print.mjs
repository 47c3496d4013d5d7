import { readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { withDatabase } from '../database.mjs'
import { Recording } from '../record.mjs'

const read = (file) => readFileSync(path.join(import.meta.dirname, file), 'utf8')

/** What pgx sends beside the queries, for `:copyfrom` and transactions. */
const DRIVER = {
  'copyfrom CreateAuthors': 'copy "authors" ( "name", "bio" ) from stdin binary;',
  'copyfrom of a schema': 'copy "sales"."Line Items" ( "orderId", "sku", "quantity" ) from stdin binary;',
  begin: 'begin',
  'begin of a kind': 'begin isolation level serializable read only deferrable',
  commit: 'commit',
  rollback: 'rollback',
  savepoint: 'savepoint sp_1',
  release: 'release savepoint sp_1',
  'rollback to savepoint': 'rollback to savepoint sp_1',
}

/** The files hold queries in the form that sqlc writes into its code; PostgreSQL says whether they are right. */
export default async function print() {
  const recording = new Recording()
  const queries = [read('read.sql'), read('write.sql')].join('\n').split(/^(?=-- name: )/m)
  await withDatabase('sqlc', async (url) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(read('schema.sql'))
      for (const query of queries) await recordChecked(recording, client, query)
    } finally {
      await client.end()
    }
  })
  for (const [name, sql] of Object.entries(DRIVER)) await recording.of(name, () => recording.add(sql))
  return recording.statements
}

async function recordChecked(recording, client, query) {
  const [, name] = /^-- name: (.*)/.exec(query)
  const sql = `${query.trim().replace(/;$/, '')}\n`
  if (!/^--.*\n(truncate|refresh|call|lock|drop) /i.test(sql)) {
    await client.query(`prepare checked as ${sql}`).catch((cause) => {
      throw new Error(`${name} is not right: ${cause.message}`, { cause })
    })
    await client.query('deallocate checked')
  }
  await recording.of(name, () => recording.add(sql))
}
