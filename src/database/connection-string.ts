/**
 * A connection string -> who answers, as whom. No message made here contains the string: it holds a password.
 * @module
 */
import { InvalidOptionError } from '../errors.js'

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

const EXAMPLE =
  'Give a Postgres URL such as `postgresql://user:password@ep-name-123.eu-central-1.aws.neon.tech/neondb?sslmode=require`.'

const invalid = (what: string): InvalidOptionError => new InvalidOptionError('connectionString', what, EXAMPLE)

/** Parameters of the transport, which change no row. */
const TRANSPORT = new Set(
  (
    'sslmode sslnegotiation sslrootcert sslcert channel_binding gssencmode connect_timeout pool_timeout ' +
    'application_name fallback_application_name pgbouncer connection_limit keepalives keepalives_idle'
  ).split(' '),
)
const SECRET = /pass|secret|token|key/i

/** @throws InvalidOptionError */
export function readConnectionString(given: unknown): Target {
  if (given === undefined || given === null || given === '')
    throw new InvalidOptionError(
      'connectionString',
      given === '' ? 'empty' : 'not set',
      `Is DATABASE_URL missing? ${EXAMPLE}`,
    )
  if (typeof given !== 'string') throw invalid(`of type ${typeof given}`)
  const scheme = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase()
  if (scheme === undefined) throw invalid('not a URL: it does not begin with `postgresql://`')
  if (scheme === 'redis' || scheme === 'rediss') throw invalid(`a Redis address (\`${scheme}://\`), not a Postgres one`)
  if (scheme === 'http' || scheme === 'https')
    throw invalid(
      `a web address (\`${scheme}://\`), not a Postgres one; an HTTP endpoint of one's own goes into \`fetchEndpoint\``,
    )
  if (scheme !== 'postgres' && scheme !== 'postgresql') throw invalid(`a \`${scheme}://\` address, not a Postgres one`)
  return readTarget(given)
}

function readTarget(given: string): Target {
  let url: URL
  try {
    // The same reading as the driver's: only special schemes have a host and a port that are normalised.
    url = new URL(given.trim().replace(/^[a-z]+:/i, 'http:'))
  } catch {
    throw invalid('not a valid URL: special characters in user name or password must be percent-encoded')
  }
  const user = decoded(url.username)
  const database = decoded(url.pathname.slice(1))
  if (!user) throw invalid('without a user name')
  if (!url.hostname || url.hostname === '-') throw invalid('without a host')
  if (!database) throw invalid('without a database name')
  const settings = [...url.searchParams].filter(([name]) => !TRANSPORT.has(name.toLowerCase()) && !SECRET.test(name))
  settings.sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
  return { hostname: url.hostname, port: givenPort(given, url), database, user, settings }
}

/** `http:` hides its own default port, which for Postgres is a port like others. */
function givenPort(given: string, url: URL): string {
  return url.port || (/:0*80(?=[/?#]|$)/.test(given.slice(given.lastIndexOf('@'))) ? '80' : '')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid('not a valid URL: a `%` is not followed by two hexadecimal digits')
  }
}

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
