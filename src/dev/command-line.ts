/**
 * `edge-query-cache`: the command line. Results go to stdout, everything else to stderr.
 * @module
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readCatalogs } from './dependencies/catalogs.js'
import type { Catalogs } from './dependencies/catalogs.js'
import { connect } from './dependencies/connect.js'
import { dependencyMap } from './dependencies/map.js'
import { asJson, asTypeScript } from './dependencies/print.js'

const USAGE = `Usage: edge-query-cache dependencies [options]

Prints what the text of a query does not show (views, functions, cascades, triggers, rules, partitions,
row-level security) as settings for createQueryCache({ sql }). Reads the catalogs of a live PostgreSQL,
14 or later, in one read-only transaction, and no row of any table.

  --database-url <url>     Default: DATABASE_URL. A host at Neon is asked over HTTP, any other through \`pg\`.
  --fetch-endpoint <url>   Speak Neon's protocol to this address. Default: NEON_FETCH_ENDPOINT.
  --schema <name>          Print this schema only; repeatable. Default: all but the server's own.
  --default-schema <name>  Schema of names written without one. Default: public.
  --json                   Print JSON instead of TypeScript: { sql, unknown, notes }.
  --help, --version
`

const OPTIONS = {
  'database-url': { type: 'string' },
  'fetch-endpoint': { type: 'string' },
  schema: { type: 'string', multiple: true },
  'default-schema': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

export interface Streams {
  out: (text: string) => void
  err: (text: string) => void
}

/** Runs one command line. Resolves to the exit code: 0, 1 when the database did not answer, 2 when the words make no sense. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv, { out, err }: Streams): Promise<number> {
  let given
  try {
    given = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // What parseArgs says names options and no value.
    err(`edge-query-cache: ${(error as Error).message.split('. ')[0]}\n\n${USAGE}`)
    return 2
  }
  const { values, positionals } = given
  if (values.version) return say(out, `${version()}\n`)
  if (values.help) return say(out, USAGE)
  if (positionals.length !== 1 || positionals[0] !== 'dependencies') {
    err(`edge-query-cache: ${positionals.length === 0 ? 'no command' : 'not a command'}\n\n${USAGE}`)
    return 2
  }
  const databaseUrl = values['database-url'] ?? env['DATABASE_URL']
  if (!databaseUrl) {
    err('edge-query-cache: no database: give --database-url, or set DATABASE_URL.\n')
    return 2
  }
  try {
    const schemas = values.schema ?? []
    const catalogs = await catalogsOf(
      databaseUrl,
      values['fetch-endpoint'] ?? (env['NEON_FETCH_ENDPOINT'] || undefined),
    )
    const empty = schemas.filter((schema) => !isKnown(catalogs, schema))
    if (empty.length > 0) throw new Error(`--schema ${empty.join(', ')}: nothing is in it, or it does not exist.`)
    const map = dependencyMap(catalogs, { defaultSchema: values['default-schema'] ?? 'public', schemas })
    out(values.json ? asJson(map) : asTypeScript(map))
    const unknown = [...map.dependencies, ...map.functions].filter((line) => line.unknown.length > 0).length
    if (unknown > 0) err(`edge-query-cache: ${unknown} of the lines need a look: search for UNKNOWN.\n`)
    return 0
  } catch (error) {
    err(`edge-query-cache: ${messageOf(error)}\n`)
    return 1
  }
}

async function catalogsOf(databaseUrl: string, fetchEndpoint: string | undefined): Promise<Catalogs> {
  const { database, close } = await connect(databaseUrl, fetchEndpoint)
  try {
    return await readCatalogs(database)
  } finally {
    await close()
  }
}

const isKnown = ({ relations, routines }: Catalogs, name: string): boolean =>
  [...relations, ...routines].some(({ schema }) => schema === name)

/** A connection that fails on every address of a host has its messages one level down. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function say(out: Streams['out'], text: string): number {
  out(text)
  return 0
}
