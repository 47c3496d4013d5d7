import { Kysely, PostgresDialect } from 'kysely'
import { Recording, silentPool } from '../record.mjs'
import { joins, merges, sets, withs } from './compose.mjs'
import { orders, select } from './select.mjs'
import { locks, values } from './values.mjs'
import { inserts, raw, updates } from './write.mjs'

export default async function print() {
  const recording = new Recording()
  const db = new Kysely({ dialect: new PostgresDialect({ pool: silentPool(recording) }) })
  const of = (name, example) => recording.of(name, example)
  for (const part of [select, orders, values, locks, joins, withs, sets, merges, inserts, updates, raw])
    await part({ db, of })
  return recording.statements
}
