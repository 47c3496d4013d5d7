/**
 * Neon over HTTP: one request for each query or transaction, rows as raw wire text.
 * @module
 */
import { neon, neonConfig, types } from '@neondatabase/serverless'
import { InvalidOptionError } from '../errors.js'
import {
  anyText,
  anything,
  check,
  described,
  isObject,
  ofAnotherForm,
  orFunction,
  positive,
  readOptions,
  text,
} from '../rules.js'
import type { Rule, Rules } from '../rules.js'
import { identityOf, invalidationIdentityOf, readConnectionString } from './connection-string.js'
import type { Target } from './connection-string.js'
import type { Database, RawResult, Statement } from '../types.js'
import { withDeadline } from './deadline.js'
import { shapeOf } from './pg-result.js'
import type { PgAnswer } from './pg-result.js'

export interface ConnectionConfig {
  /** `postgresql://user:password@host/database`, as Neon shows it. */
  connectionString: string
  /**
   * The URL that queries are posted to, or a function that makes it from host and port, called once. For local development and proxies.
   * Default: the driver's own. Other clients of the driver do not see it.
   */
  fetchEndpoint?: string | ((host: string, port: string) => string) | undefined
  /** A JWT for Neon's row-level security, or what gets one for each query. With it nothing is shared unless a `scope` is given. */
  authToken?: string | (() => string | Promise<string>) | undefined
  /** Milliseconds after which a query is given up. Default: no limit. */
  timeoutMs?: number | undefined
  /** Whose rows these are, for every query that names no scope of its own. */
  scope?: string | undefined
}

const OPTIONS: Rules<ConnectionConfig> = {
  connectionString: anything,
  fetchEndpoint: anything,
  authToken: orFunction([anyText[0], 'a JWT']),
  timeoutMs: positive('milliseconds'),
  scope: text,
}

const CONFIG: Rule = [
  (value) => !isObject(value) || typeof value['query'] !== 'function',
  'a connection string, or an object with one; a pool goes to fromPool(pool, { identity })',
  () => 'a pool',
]

const ENDPOINT: Rule = [
  (value) => {
    try {
      const { protocol, username, password } = new URL(value as string)
      return /^https?:$/.test(protocol) && !username && !password
    } catch {
      return false
    }
  },
  'a URL such as `http://localhost:4444/sql`, without user name and password',
  ofAnotherForm,
]

/** Keeps Postgres' own text: it is parsed when a row is handed out. */
const RAW = { getTypeParser: () => (text: string) => text }

/**
 * A database that is asked through Neon's HTTP protocol. Does nothing until the first query, so it may stand at module scope.
 * @throws InvalidOptionError, which never contains the connection string
 */
export function createConnectionPool(config: string | ConnectionConfig): Database {
  check('config', config, CONFIG)
  const given = isObject(config) ? config : { connectionString: config }
  const { connectionString, fetchEndpoint, authToken, timeoutMs, scope } = readOptions(
    given,
    OPTIONS,
  ) as ConnectionConfig
  const target = readConnectionString(connectionString)
  const endpoint = readEndpoint(fetchEndpoint, target)
  const who = identityOf(target, endpoint)
  const about = {
    // The driver leaves an empty token out and asks as the role of the connection string, which sees other rows than a caller.
    identity: authToken === '' ? `${who} without a token` : who,
    invalidationIdentity: invalidationIdentityOf(target),
    needsScope: authToken !== undefined,
    ...(scope !== undefined && { scope }),
  }
  const asks = (token: Way['authToken']) =>
    overHttp(connectionString.trim(), { about, endpoint, timeoutMs, authToken: token })
  if (typeof authToken !== 'function') return asks(authToken)
  return { ...asks(() => tokenOf(authToken)), pinned: () => asks(atThisMoment(authToken)) }
}

interface Way {
  about: Pick<Database, 'identity' | 'invalidationIdentity' | 'needsScope' | 'scope'>
  endpoint: string | undefined
  timeoutMs: number | undefined
  authToken: string | (() => Promise<string>) | undefined
}

/** Asked for at once, however late it is sent: by then it may be another caller's. */
function atThisMoment(authToken: () => string | Promise<string>): () => Promise<string> {
  const token = tokenOf(authToken)
  // Whoever sends it is told; nobody may.
  token.catch(() => undefined)
  return () => token
}

/** Without a token the driver would ask as the role of the connection string, and its rows would be taken for the caller's. */
async function tokenOf(authToken: () => string | Promise<string>): Promise<string> {
  const token: unknown = await authToken()
  if (typeof token === 'string' && token !== '') return token
  throw new InvalidOptionError(
    'authToken',
    described(token),
    'Give the JWT, or leave `authToken` out to ask as the role of the connection string.',
  )
}

function overHttp(connectionString: string, { about, endpoint, timeoutMs, authToken }: Way): Database {
  const sql = neon(connectionString, {
    arrayMode: true,
    fullResults: true,
    ...(authToken !== undefined && { authToken }),
  })
  return {
    ...about,
    parser: (oid) => types.getTypeParser(oid) as (text: string) => unknown,
    run: (statement, options) =>
      withDeadline(options?.timeoutMs ?? timeoutMs, async (signal) => {
        const answer = await atEndpoint(endpoint, [statement], ([one]) =>
          sql.query(one!.sql, one!.params as unknown[], { types: RAW, ...(signal && { fetchOptions: { signal } }) }),
        )
        return rawResult(answer)
      }),
    transaction: (statements, options = {}) =>
      withDeadline(options.timeoutMs ?? timeoutMs, async (signal) => {
        if (statements.length === 0) return []
        const { isolationLevel, readOnly, deferrable } = options
        const answers = await atEndpoint(endpoint, statements, (list) =>
          sql.transaction(
            list.map((one) => sql.query(one.sql, one.params as unknown[], { types: RAW })),
            { isolationLevel, readOnly, deferrable, ...(signal && { fetchOptions: { signal } }) },
          ),
        )
        return answers.map(rawResult)
      }),
  }
}

/**
 * Sends a request to an endpoint of this client's own. The driver only has a global setting for it, which it reads synchronously, first
 * thing after `then`: so the setting is changed and put back within one synchronous step, and before any code of a parameter's runs.
 */
function atEndpoint<T>(
  endpoint: string | undefined,
  statements: readonly Statement[],
  request: (statements: readonly Statement[]) => PromiseLike<T>,
): Promise<T> {
  const ask = (list: readonly Statement[]) =>
    new Promise<T>((resolve, reject) => void request(list).then(resolve, reject))
  if (endpoint === undefined) return ask(statements)
  const before = neonConfig.fetchEndpoint
  const restore = () => (neonConfig.fetchEndpoint = before)
  neonConfig.fetchEndpoint = endpoint
  try {
    return ask(restoringFirst(statements, restore))
  } finally {
    restore()
  }
}

/** The first parameter's conversion, which the driver runs right after it has read the setting, puts the setting back. */
function restoringFirst(statements: readonly Statement[], restore: () => void): Statement[] {
  const first = statements.findIndex(({ params }) => params.length > 0)
  return statements.map(({ sql, params }, i) => {
    if (i !== first) return { sql, params }
    const toPostgres = () => {
      restore()
      return params[0]
    }
    return { sql, params: [{ toPostgres }, ...params.slice(1)] }
  })
}

function readEndpoint(given: unknown, target: Target): string | undefined {
  if (given === undefined) return undefined
  const endpoint: unknown =
    typeof given === 'function'
      ? (given as (host: string, port: string) => unknown)(target.hostname, target.port)
      : given
  check('fetchEndpoint', endpoint, ENDPOINT)
  return endpoint as string
}

const rawResult = (answer: PgAnswer): RawResult => ({
  ...shapeOf(answer),
  raw: true,
  rows: answer.rows as (string | null)[][],
})
