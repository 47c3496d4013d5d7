/**
 * Neon's SQL over HTTP: `POST /sql` with one query or a batch, raw text out, PostgreSQL's own errors as HTTP 400.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { wireText } from './local-database.js'
import type { LocalDatabase, RawQueryResult, RunStatement } from './local-database.js'
import { serve } from './serve.js'
import type { Answer, Endpoint } from './serve.js'

interface Query {
  query: string
  params?: unknown[]
}

/** The fields of PostgreSQL's error that Neon's driver copies. */
const ERROR_FIELDS = [
  'severity', 'code', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where', 'schema', 'table', 'column', 'dataType',
  'constraint', 'file', 'line', 'routine',
] as const // prettier-ignore

const ISOLATION: Readonly<Record<string, string>> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
}

export function serveNeon(
  database: LocalDatabase,
  port: number | undefined,
  count: (statements: string[]) => void,
): Promise<Endpoint> {
  return serve('Neon', port, (request, body) => answer(database, request, body, count))
}

async function answer(
  database: LocalDatabase,
  request: IncomingMessage,
  text: string,
  count: (statements: string[]) => void,
): Promise<Answer> {
  if (request.method !== 'POST' || !/^\/sql\/?(\?|$)/.test(request.url ?? ''))
    return failed(404, 'not found: Neon answers at POST /sql')
  const refused = refusedConnection(header(request, 'neon-connection-string'))
  if (refused !== undefined) return failed(400, refused)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return failed(400, 'failed to parse the request body as JSON')
  }
  const batched = isObject(body) && Array.isArray(body['queries'])
  const queries: unknown[] = batched ? (body as { queries: unknown[] }).queries : [body]
  if (!queries.every(isQuery)) return failed(400, 'expected `query`, a string, and `params`, an array')
  const isolation = header(request, 'neon-batch-isolation-level')
  if (isolation !== undefined && !(isolation in ISOLATION)) return failed(400, 'invalid `Neon-Batch-Isolation-Level`')
  count(queries.map(({ query }) => firstWord(query)))
  const arrays = header(request, 'neon-array-mode') === 'true'
  try {
    const results = await database.session((run) => (batched ? batch(run, request, queries) : all(run, queries)))
    const shaped = results.map((result) => shape(result, arrays))
    return { status: 200, body: batched ? { results: shaped } : shaped[0] }
  } catch (error) {
    return sqlError(error)
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isQuery = (value: unknown): value is Query =>
  isObject(value) &&
  typeof value['query'] === 'string' &&
  (value['params'] === undefined || Array.isArray(value['params']))

async function all(run: RunStatement, queries: readonly Query[]): Promise<RawQueryResult[]> {
  const results: RawQueryResult[] = []
  for (const { query, params = [] } of queries) {
    // On the wire a zero ends a text: the rest of it would be read as something else.
    if (query.includes('\0')) throw Object.assign(new Error(ZERO.message), ZERO)
    results.push(await run(query, params.map(wireText)))
  }
  return results
}

const ZERO = { message: 'invalid byte sequence for encoding "UTF8": 0x00', severity: 'ERROR', code: '22021' }

async function batch(
  run: RunStatement,
  request: IncomingMessage,
  queries: readonly Query[],
): Promise<RawQueryResult[]> {
  const isolation = ISOLATION[header(request, 'neon-batch-isolation-level') ?? '']
  const modes = [
    isolation ? `ISOLATION LEVEL ${isolation}` : '',
    header(request, 'neon-batch-read-only') === 'true' ? 'READ ONLY' : '',
    header(request, 'neon-batch-deferrable') === 'true' ? 'DEFERRABLE' : '',
  ].filter((mode) => mode !== '')
  await run(`BEGIN ${modes.join(' ')}`)
  try {
    const results = await all(run, queries)
    await run('COMMIT')
    return results
  } catch (error) {
    // Without a connection there is nothing left to roll back; the first error is the one to tell.
    await run('ROLLBACK').catch(() => undefined)
    throw error
  }
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function refusedConnection(connectionString: string | undefined): string | undefined {
  if (connectionString === undefined)
    return 'connection string is missing: the header `Neon-Connection-String` is required'
  try {
    const { protocol, username, hostname, pathname } = new URL(connectionString)
    if (/^postgres(ql)?:$/.test(protocol) && username && hostname && pathname.length > 1) return undefined
  } catch {
    // Said below.
  }
  return 'connection string is not valid: expected postgresql://user:password@host/database'
}

function shape({ command, rowCount, fields, rows }: RawQueryResult, arrays: boolean) {
  const names = fields.map(({ name }) => name)
  return {
    command,
    rowCount,
    rowAsArray: arrays,
    fields,
    rows: arrays ? rows : rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? null]))),
  }
}

/** An SQL error as Neon sends it. Anything else is not the statement's fault. */
function sqlError(error: unknown): Answer {
  const fields = error as Record<string, unknown>
  if (!(error instanceof Error) || typeof fields['severity'] !== 'string')
    return failed(500, `the database does not answer: ${String(error)}`)
  return {
    status: 400,
    body: { message: error.message, ...Object.fromEntries(ERROR_FIELDS.map((name) => [name, fields[name] ?? null])) },
  }
}

const failed = (status: number, message: string): Answer => ({ status, body: { message } })

const firstWord = (sql: string): string => /^\s*(\w+)/.exec(sql)?.[1]?.toLowerCase() ?? ''
