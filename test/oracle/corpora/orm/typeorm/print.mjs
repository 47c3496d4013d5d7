import { DataSource } from 'typeorm'
import { withDatabase } from '../database.mjs'
import { Recording } from '../record.mjs'
import { builder, subqueries } from './builder.mjs'
import { entities } from './entities.mjs'
import { find, operators, trees } from './find.mjs'
import { writes } from './write.mjs'

export default async function print() {
  const recording = new Recording()
  const ignore = () => {}
  const logger = {
    logQuery: (sql) => recording.add(sql),
    logQueryError: ignore,
    logQuerySlow: ignore,
    logSchemaBuild: ignore,
    logMigration: ignore,
    log: ignore,
  }
  const of = (name, example) => recording.of(name, example)
  await withDatabase('typeorm', async (url) => {
    const source = new DataSource({ type: 'postgres', url, entities, logger, logging: ['query'], poolSize: 1 })
    await source.initialize()
    try {
      await source.query('CREATE SCHEMA media')
      await of('synchronize', () => source.synchronize())
      for (const part of [writes, find, operators, builder, subqueries, trees]) await part({ source, of })
    } finally {
      await source.destroy()
    }
  })
  return recording.statements
}
