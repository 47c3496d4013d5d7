import createKnex from 'knex'
import Postgres from 'knex/lib/dialects/postgres/index.js'
import { Recording, silentPool } from '../record.mjs'
import { joins, withs } from './compose.mjs'
import { raws, select, values, wheres } from './select.mjs'
import { raw, writes } from './write.mjs'

export default async function print() {
  const recording = new Recording()
  const connection = silentPool(recording)
  class Silent extends Postgres {
    _driver() {
      return {}
    }
    async acquireRawConnection() {
      return connection
    }
  }
  const knex = createKnex({ client: Silent, connection: {}, pool: { min: 0, max: 1 } })
  // A query runs when it is waited for, so the example may return it as it is.
  const of = (name, example) => recording.of(name, example)
  for (const part of [select, wheres, values, raws, joins, withs, writes, raw]) await part({ knex, of })
  await knex.destroy()
  return recording.statements
}
