/**
 * A database of one answer per SQL text, with a log and faults.
 */
import { types } from '@neondatabase/serverless'
import type { Database, DatabaseResult, Statement } from '../../src/types.js'

export class FakeDatabase implements Database {
  identity = 'fake/db/user'
  invalidationIdentity = 'fake/db'
  needsScope = false
  readonly log: string[] = []
  trips = 0
  /** The rows of a text; the default counts up, so that every database read is told from any other. */
  answer: (statement: Statement) => [string, number, string | null][][] | Promise<[string, number, string | null][][]> =
    () => [[['n', 23, String(this.log.length)]]]

  async run(statement: Statement): Promise<DatabaseResult> {
    this.trips++
    return this.#one(statement)
  }

  async transaction(statements: readonly Statement[]): Promise<DatabaseResult[]> {
    this.trips++
    const results: DatabaseResult[] = []
    for (const statement of statements) results.push(await this.#one(statement))
    return results
  }

  async #one(statement: Statement): Promise<DatabaseResult> {
    this.log.push(statement.sql)
    const rows = await this.answer(statement)
    const fields = (rows[0] ?? []).map(([name, dataTypeID]) => ({ name, dataTypeID }))
    return {
      raw: true,
      fields,
      rows: rows.map((row) => row.map(([, , text]) => text)),
      rowCount: rows.length,
      command: statement.sql.trim().split(/\s/)[0]!.toUpperCase(),
    }
  }

  parser(oid: number): (text: string) => unknown {
    return types.getTypeParser(oid) as (text: string) => unknown
  }
}
