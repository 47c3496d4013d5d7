/**
 * PGlite: PostgreSQL in this process, in memory or in a folder of its own.
 * @module
 */
import { mkdir } from 'node:fs/promises'
import type { PGlite } from '@electric-sql/pglite'
import { optionalPackage } from './local-stack-error.js'
import { lockFolder } from './lock-folder.js'
import { FIELD_DEFAULTS } from './local-database.js'
import type { LocalDatabase, RawQueryResult, RunStatement } from './local-database.js'

/** @throws LocalStackError when the folder is in use. */
export async function openPGlite(dataDir: string | undefined): Promise<LocalDatabase> {
  if (dataDir !== undefined) await mkdir(dataDir, { recursive: true })
  const lock = dataDir === undefined ? undefined : await lockFolder(dataDir)
  try {
    const { PGlite } = await optionalPackage('@electric-sql/pglite', () => import('@electric-sql/pglite'))
    return database(await PGlite.create(dataDir), async () => lock?.release())
  } catch (error) {
    await lock?.release()
    throw error
  }
}

function database(pglite: PGlite, release: () => Promise<void>): LocalDatabase {
  const asText = Object.fromEntries(Object.keys(pglite.parsers).map((oid) => [oid, (text: string) => text]))
  const asGiven = Object.fromEntries(Object.keys(pglite.serializers).map((oid) => [oid, (text: string) => text]))
  const run: RunStatement = async (text, params = []) => {
    const options = { rowMode: 'array', parsers: asText, serializers: asGiven } as const
    const result = await pglite.query(text, params.map(wireText), options)
    const { command = '', rowCount = null } = result as { command?: string; rowCount?: number | null }
    const fields = result.fields.map((field) => ({ ...field, ...FIELD_DEFAULTS }))
    return { command, rowCount, fields, rows: result.rows as RawQueryResult['rows'] }
  }
  // There is one connection: whoever wants it waits for those before.
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    kind: 'pglite',
    session: (work) => alone(() => work(run)),
    exec: (sql) => alone(async () => void (await pglite.exec(sql))),
    query: (text, params) => alone(() => run(text, params)),
    copy: (statement, data) => alone(() => copyInto(pglite, statement, data)),
    close: async () => {
      await alone(() => pglite.close()).catch(() => undefined)
      await release()
    },
  }
}

/** PGlite reads the data of a COPY from a file of its own name. */
async function copyInto(pglite: PGlite, statement: string, data: string | Uint8Array): Promise<void> {
  const blob = new Blob([data as string | Uint8Array<ArrayBuffer>])
  await pglite.query(statement.replace(/\bFROM\s+STDIN\b/i, "FROM '/dev/blob'"), [], { blob })
}

/** Parameters come as text; what arrives as another JSON value is written as PostgreSQL reads it. */
const wireText = (param: unknown): string | null => {
  if (param === null || param === undefined) return null
  return typeof param === 'string' ? param : JSON.stringify(param)
}
