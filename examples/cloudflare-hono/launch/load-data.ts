/**
 * Fills the database on the first start.
 * @module
 */
import { LaunchError } from './arguments.ts'
import { AUDIT_COLUMNS, auditRows } from './audit-rows.ts'
import { CITY_COLUMNS, cityRows } from './city-rows.ts'
import { copyText, type Cell } from './copy-text.ts'
import { startProgress } from './progress.ts'
import { INDEXES, TABLES, TABLE_NAMES, type TableName } from './schema.ts'

/** The database as the load needs it: the stack's own, past its endpoint. */
export interface LoadTarget {
  exec(sql: string): Promise<void>
  query(sql: string): Promise<{ rows: readonly unknown[] }>
  /** Runs a `COPY ... FROM STDIN` with the text that follows it. */
  copy(statement: string, text: string): Promise<void>
}

/** Counts up with every change of the tables or rows, so that older folders are loaded anew. */
const DATA_VERSION = 1
/** It says that the tables are this example's own, and, once `finished` is set, that all rows are there. */
const MARKER = 'edge_query_cache_example'
const ROWS_PER_COPY = 10_000

/**
 * Loads unless an earlier start did. A load that was interrupted begins again.
 * @returns whether there was anything to load.
 * @throws LaunchError rather than touch tables that are not the example's own.
 */
export async function loadData(target: LoadTarget, show = startProgress): Promise<boolean> {
  const exists = async (table: string) =>
    (await target.query(`select 1 from pg_tables where schemaname = 'public' and tablename = '${table}'`)).rows.length >
    0
  if (await exists(MARKER)) {
    const finished = await target.query(`select 1 from ${MARKER} where finished and version = ${DATA_VERSION}`)
    if (finished.rows.length > 0) return false
  } else {
    for (const table of TABLE_NAMES) {
      if (await exists(table))
        throw new LaunchError(
          `The database has a table \`${table}\` that this example did not make. Name an empty database in LOCAL_STACK_DATABASE_URL.`,
        )
    }
  }
  await makeTables(target)
  const { users, orders, audit_events } = auditRows()
  const fill = filler(target, show)
  await fill('cities', CITY_COLUMNS, cityRows())
  await fill('users', AUDIT_COLUMNS.users, users)
  await fill('orders', AUDIT_COLUMNS.orders, orders)
  await fill('audit_events', AUDIT_COLUMNS.audit_events, audit_events)
  for (const sql of INDEXES) await target.exec(sql)
  await target.exec(`update ${MARKER} set finished = true`)
  return true
}

async function makeTables(target: LoadTarget): Promise<void> {
  // The marker first: an interrupted load leaves tables that the next one knows as its own.
  await target.exec(`create table if not exists ${MARKER} (version integer not null, finished boolean not null)`)
  await target.exec(`delete from ${MARKER}`)
  await target.exec(`insert into ${MARKER} values (${DATA_VERSION}, false)`)
  for (const table of TABLE_NAMES.toReversed()) await target.exec(`drop table if exists ${table}`)
  for (const table of TABLE_NAMES) await target.exec(TABLES[table])
}

function filler(target: LoadTarget, show: typeof startProgress) {
  return async (table: TableName, columns: string, rows: readonly Cell[][]): Promise<void> => {
    const progress = show(table, rows.length)
    try {
      for (let start = 0; start < rows.length; start += ROWS_PER_COPY) {
        const part = rows.slice(start, start + ROWS_PER_COPY)
        await target.copy(`copy ${table} (${columns}) from stdin`, copyText(part))
        progress.advance(part.length)
      }
    } finally {
      progress.end()
    }
  }
}
