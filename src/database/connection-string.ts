/**
 * A connection string -> who answers, as whom. No message made here contains the string: it holds a password.
 * @module
 */
import { InvalidOptionError } from '../errors.js'
import { described } from '../rules.js'

/** What a connection string says, without the password. */
export interface Target {
  /** As the driver hands it to `fetchEndpoint`. */
  hostname: string
  /** '' when the string names none. */
  port: string
  database: string
  user: string
  /** Parameters that may change what is seen, sorted: `search_path`, `options`, ... */
  settings: [string, string][]
}

const invalid = (what: string): InvalidOptionError =>
  new InvalidOptionError(
    'connectionString',
    what,
    'Give the URL of a Postgres database (DATABASE_URL): `postgresql://user:password@host/database`.',
  )

/** Parameters of the transport, which change no row, and secrets. */
const LEFT_OUT = /^(ssl|gss|channel_|connect|pool_|pgbouncer|keepalives|(fallback_)?application)|pass|secret|token|key/i

/** @throws InvalidOptionError */
export function readConnectionString(given: unknown): Target {
  if (typeof given !== 'string' || given === '') throw invalid(described(given))
  const scheme = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]
  if (!scheme) throw invalid('not a URL')
  if (!/^postgres(ql)?$/i.test(scheme)) throw invalid(`a ${scheme}:// address`)
  let url: URL
  let user: string
  let database: string
  try {
    // The same reading as the driver's: only special schemes have a host and a port that are normalised.
    url = readAs('http', given)
    user = decodeURIComponent(url.username)
    database = decodeURIComponent(url.pathname.slice(1))
  } catch {
    throw invalid('not a valid URL: user name and password must be percent-encoded')
  }
  const host = url.hostname !== '-' && url.hostname
  if (!user || !host || !database) throw invalid(`without a ${!user ? 'user name' : host ? 'database name' : 'host'}`)
  url.searchParams.sort()
  const settings = [...url.searchParams].filter(([name]) => !LEFT_OUT.test(name))
  // Each of the two hides its own default port, which for Postgres is a port like others.
  return { hostname: url.hostname, port: url.port || readAs('https', given).port, database, user, settings }
}

const readAs = (scheme: string, given: string): URL => new URL(given.trim().replace(/^[a-z]+:/i, `${scheme}:`))

const hostOf = ({ hostname, port }: Target): string =>
  hostname.toLowerCase().replace(/\.$/, '') + (port === '' || port === '5432' ? '' : `:${port}`)

/** Who answers, as whom, with which settings. Written so that no two targets meet. */
export function identityOf(target: Target, fetchEndpoint: string | undefined): string {
  return JSON.stringify([
    'postgres',
    hostOf(target),
    target.database,
    target.user,
    target.settings,
    fetchEndpoint ?? null,
  ])
}

/** What a write changes, whoever wrote it and by whichever of Neon's two host names. */
export function invalidationIdentityOf(target: Target): string {
  return `${hostOf(target).replace(/^([^.:]+)-pooler(?=[.:]|$)/, '$1')}/${target.database}`
}
