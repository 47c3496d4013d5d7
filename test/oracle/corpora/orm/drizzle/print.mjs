import { drizzle } from 'drizzle-orm/node-postgres'
import { Recording, silentPool } from '../record.mjs'
import { aggregates, joins, subqueries } from './joins.mjs'
import { relational } from './relational.mjs'
import * as schema from './schema.mjs'
import { select, sets } from './select.mjs'
import { inserts, raw, updates } from './write.mjs'

export default async function print() {
  const recording = new Recording()
  const db = drizzle(silentPool(recording), { schema })
  const of = (name, example) => recording.of(name, example)
  for (const part of [select, sets, joins, aggregates, subqueries, relational, inserts, updates, raw])
    await part({ db, of })
  return recording.statements
}
