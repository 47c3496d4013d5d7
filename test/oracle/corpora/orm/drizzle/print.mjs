import { drizzle } from 'drizzle-orm/node-postgres'
import { Recording, silentPool } from '../record.mjs'
import { aggregates, joins } from './joins.mjs'
import { relational } from './relational.mjs'
import * as schema from './schema.mjs'
import { orders, select, sets, sources } from './select.mjs'
import { subqueries } from './subqueries.mjs'
import { inserts, raw, updates } from './write.mjs'

export default async function print() {
  const recording = new Recording()
  const db = drizzle(silentPool(recording), { schema })
  const of = (name, example) => recording.of(name, example)
  for (const part of [select, orders, sources, sets, joins, aggregates, subqueries, relational, inserts, updates, raw])
    await part({ db, of })
  return recording.statements
}
