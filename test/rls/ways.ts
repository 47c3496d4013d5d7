/** The ways in which a person's queries reach the database, each with executors on isolates that share one Redis. */
import { Hono } from 'hono'
import pg from 'pg'
import { CachedQueryExecutor, createConnectionPool, fromPool } from '../../src/index.js'
import type { QueryCache } from '../../src/index.js'
import { queryCache } from '../../src/hono/index.js'
import type { Chance } from '../consistency/virtual-time.js'
import type { RoleEndpoint } from '../support/neon-with-roles.js'
import { other, settingsOf } from './database.js'
import type { Person, SecuredDatabase } from './database.js'

export const WAYS = [
  'role-http',
  'role-pool',
  'token',
  'token-function',
  'session-here',
  'session-before',
  'middleware',
] as const
export type WayName = (typeof WAYS)[number]

/** A person's executor for a moment. `enter` is called right before each call of it. */
export type Work<T> = (executor: CachedQueryExecutor, enter: () => void) => Promise<T>

/** Runs work as a person; `scope`: whose rows the request says these are, where the way takes it from the request. */
export type Way = <T>(person: Person, scope: string | undefined, work: Work<T>) => Promise<T>

export interface Grounds {
  database: SecuredDatabase
  endpoint: RoleEndpoint
  chance: Chance
  /** While true, pools and connections fail. The endpoint has a switch of its own. */
  failing: () => boolean
  /** Called with what must be closed at the end. */
  closing: (close: () => Promise<unknown>) => void
}

/** Neon's host and the pools' `database` name the same: a write by one way is seen by the others. */
const HOST = 'secured.invalid'

export async function waysOf(grounds: Grounds, cache: QueryCache): Promise<Record<WayName, Way>> {
  const { database, endpoint } = grounds
  const http = (who: 'alice' | 'bob' | 'login') => ({
    connectionString: `postgres://${database.roles[who]}:secret@${HOST}/${database.name}`,
    fetchEndpoint: endpoint.url,
  })
  const each = (make: (person: Person) => CachedQueryExecutor): Way => {
    const executors = { alice: make('alice'), bob: make('bob') }
    return (person, _scope, work) => work(executors[person], () => undefined)
  }
  const before = { alice: await sessionBefore(grounds, 'alice'), bob: await sessionBefore(grounds, 'bob') }
  return {
    'role-http': each((person) => new CachedQueryExecutor(createConnectionPool(http(person)), cache)),
    'role-pool': each((person) => new CachedQueryExecutor(rolePool(grounds, person), cache)),
    token: each(
      (person) => new CachedQueryExecutor(createConnectionPool({ ...http('login'), authToken: person }), cache),
    ),
    'token-function': tokenFunction(http('login'), cache),
    'session-here': await sessionHere(grounds, cache),
    'session-before': each((person) => new CachedQueryExecutor(before[person], cache)),
    middleware: middleware(grounds, http('login'), cache),
  }
}

interface Login {
  connectionString: string
  fetchEndpoint: string
}

const nameOf = ({ database }: Grounds) => `${HOST}/${database.name}`

function rolePool(grounds: Grounds, person: Person) {
  const pool = new pg.Pool({ connectionString: grounds.database.connectionOf(person), max: 2 })
  grounds.closing(() => pool.end())
  return fromPool(breakable(pool, grounds), { identity: `main:${person}`, database: nameOf(grounds) })
}

/** One database for both; whose token it is, is decided at each query. */
function tokenFunction(login: Login, cache: QueryCache): Way {
  let current: Person | undefined
  const authToken = () => current ?? ''
  const executor = new CachedQueryExecutor(createConnectionPool({ ...login, authToken }), cache)
  return (person, _scope, work) => work(executor, () => void (current = person))
}

async function connected(grounds: Grounds): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: grounds.database.connectionOf('login') })
  await client.connect()
  grounds.closing(() => client.end())
  return client
}

const becoming = ({ database }: Grounds, person: Person) => [
  `SET ROLE ${database.roles[person]}`,
  ...settingsOf(person).map((set) => `SET ${set}`),
]

/** A connection that was made a person's before the cache got it: only the scope can tell. */
async function sessionBefore(grounds: Grounds, person: Person) {
  const client = await connected(grounds)
  for (const statement of becoming(grounds, person)) await client.query(statement)
  return fromPool(breakable(client, grounds), {
    identity: 'main:login',
    database: nameOf(grounds),
    scope: `session:${person}`,
  })
}

/** One connection that becomes one person after the other, through the executor. Nobody else asks meanwhile, except in the background. */
async function sessionHere(grounds: Grounds, cache: QueryCache): Promise<Way> {
  const client = breakable(await connected(grounds), grounds)
  const executor = new CachedQueryExecutor(
    fromPool(client, { identity: 'main:login', database: nameOf(grounds) }),
    cache,
  )
  let current: Person | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const become = async (person: Person) => {
    if (current === person) return
    current = undefined
    for (const change of changes(grounds, person)) await change(executor)
    current = person
  }
  return (person, _scope, work) => {
    const mine = turn.then(async () => {
      await become(person)
      return work(executor, () => undefined)
    })
    turn = mine.catch(() => undefined)
    return mine
  }
}

type Change = (executor: CachedQueryExecutor) => Promise<unknown>

/** Every way to change a session that the executor can see. */
function changes(grounds: Grounds, person: Person): Change[] {
  const { chance, database } = grounds
  const role = database.roles[person]
  const settings = { role, 'app.user_id': person, 'request.jwt.claims': JSON.stringify({ sub: person }) }
  const texts = becoming(grounds, person)
  const configs = Object.entries(settings)
  const each = (sqls: readonly string[], how: 'execute' | 'query'): Change[] =>
    sqls.map((sql) => (executor) => executor[how](sql))
  const plain: Change[][] = [
    each(texts, 'execute'),
    each(texts, 'query'),
    [(executor) => executor.transaction(texts.map((sql) => ({ sql })))],
    [(executor) => executor.queryBatch(texts.map((sql) => ({ sql })))],
    configs.map((params) => (executor) => executor.query('SELECT pg_catalog.set_config($1, $2, false)', params)),
  ]
  // What nobody can read may have changed everything: the caches are empty after these.
  const block = configs.map(([name, value]) => `PERFORM set_config('${name}', '${value}', false);`).join(' ')
  const opaque = [each([`DO $do$ BEGIN ${block} END $do$`], 'execute'), each([texts.join('; ')], 'query')]
  const reset = chance.pick(['RESET ALL', 'DISCARD ALL', 'RESET ROLE'])
  return [...(chance.of(0.3) ? each([reset], 'query') : []), ...chance.pick(chance.of(0.05) ? opaque : plain)]
}

/** Token, scope and cookies come with the request; a cookie may be somebody else's. */
function middleware(grounds: Grounds, login: Login, cache: QueryCache): Way {
  const works = new Map<string, (executor: CachedQueryExecutor) => Promise<void>>()
  const jars = { alice: new Map<string, string>(), bob: new Map<string, string>() }
  const app = new Hono()
  app.use(
    queryCache({
      cache,
      authToken: (c) => c.req.header('X-Person'),
      scope: async (c) =>
        (await Promise.resolve(c.req.header('X-Scope'))) && decodeURIComponent(c.req.header('X-Scope')!),
    }),
  )
  app.get('/', async (c) => {
    await works.get(c.req.header('X-Work')!)!(c.var.queryCache)
    return c.body(null)
  })
  const env = { DATABASE_URL: login.connectionString, NEON_FETCH_ENDPOINT: login.fetchEndpoint }
  let requests = 0
  return async <T>(person: Person, scope: string | undefined, work: Work<T>): Promise<T> => {
    const id = String(requests++)
    let end: Promise<T> | undefined
    works.set(id, async (executor) => void (await (end = work(executor, () => undefined)).catch(() => undefined)))
    const jar = jars[grounds.chance.of(0.1) ? other(person) : person]
    const headers: Record<string, string> = { 'X-Person': person, 'X-Work': id }
    if (scope !== undefined) headers['X-Scope'] = encodeURIComponent(scope)
    if (jar.size > 0) headers['Cookie'] = [...jar].map((pair) => pair.join('=')).join('; ')
    const response = await app.request('/', { headers }, env)
    works.delete(id)
    keep(response, jars[person])
    if (!end) throw new Error(`the middleware answered ${response.status}: ${await response.text()}`)
    return end
  }
}

function keep(response: Response, jar: Map<string, string>): void {
  for (const cookie of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
    if (value === '' || /max-age=0/i.test(cookie)) jar.delete(name!)
    else jar.set(name!, value!)
  }
}

/** The same pool or client, whose queries fail while the grounds say so. */
function breakable<T extends pg.Pool | pg.Client>(real: T, { failing }: Grounds): T {
  const away = () => Promise.reject(Object.assign(new Error('the server is away'), { code: 'ECONNREFUSED' }))
  return new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if ((name === 'query' || name === 'connect') && failing()) return away
      return name === 'Client' ? value : (value.bind(target) as unknown)
    },
  })
}
