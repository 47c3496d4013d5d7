/** A Worker whose requests end when the test wants it, with what they load still under way. */
import { createConnectionPool } from 'edge-query-cache'
import type { CacheConfig } from 'edge-query-cache'
import { queryCache } from 'edge-query-cache/hono'
import type { QueryCacheBindings } from 'edge-query-cache/hono'
import { Hono } from 'hono'
import type { Context } from 'hono'

type Env = { Bindings: QueryCacheBindings }

interface Asked {
  rows: unknown
  outcome: string
}

const SQL = 'SELECT $1::int AS n'
const number = (c: Context<Env>): number => Number(c.req.param('n'))
const app = new Hono<Env>()

/** Plain values, which requests may share: how many have asked for a key, and whose time has come. */
const asked = new Map<number, number>()
const released = new Set<number>()
const aborted = new Set<number>()

/** As users write it. */
app.use('/default/*', queryCache())
/** Followers wait for long, so that a slow machine makes none of them take over. */
const patient: CacheConfig = { type: 'hybrid', consistency: { maxStalenessSeconds: 25 } }
app.use('/held/*', queryCache({ cache: patient }))
/** Nobody keeps the work of these requests alive: when one ends, what it led dies with it. */
app.use('/unheld/*', queryCache({ cache: { type: 'hybrid', redis: { timeoutMs: 20_000 } }, waitUntil: () => {} }))
app.use('/unheld-patient/*', queryCache({ cache: patient, waitUntil: () => {} }))

/** One promise for all, with no protection at all: what happens to it tells which kind of workerd this is. */
const shared = new Map<number, Promise<Asked>>()

function naively(c: Context<Env>): Promise<Asked> {
  const n = number(c)
  const database = createConnectionPool({
    connectionString: c.env.DATABASE_URL!,
    fetchEndpoint: c.env.NEON_FETCH_ENDPOINT!,
  })
  const load = async () => {
    const { rows } = await database.run({ sql: SQL, params: [n] })
    return { rows, outcome: 'naive' }
  }
  const promise = shared.get(n) ?? load().finally(() => shared.delete(n))
  shared.set(n, promise)
  return promise
}

/** Joins or leads the load of a key before it returns: who is counted in `asked` waits. */
function ask(c: Context<Env>, signal?: AbortSignal): Promise<Asked> {
  const n = number(c)
  asked.set(n, (asked.get(n) ?? 0) + 1)
  if (c.req.param('how') === 'naive') return naively(c)
  return c.var.queryCache
    .queryResult(SQL, [n], { signal })
    .then(({ rows, cache }) => ({ rows, outcome: cache.outcome }))
}

/** Until the test lets this request end. */
async function release(c: Context<Env>): Promise<void> {
  while (!released.has(number(c))) await new Promise((resolve) => setTimeout(resolve, 5))
}

const nothing = () => undefined

app.get('/:how/:n/ask', async (c) => c.json(await ask(c)))

app.get('/:how/:n/at-once', (c) => {
  void ask(c).catch(nothing)
  return c.json('answered')
})
app.get('/:how/:n/answers', async (c) => {
  void ask(c).catch(nothing)
  await release(c)
  return c.json('answered')
})
app.get('/:how/:n/throws', async (c) => {
  void ask(c).catch(nothing)
  await release(c)
  throw new Error('thrown by the leader')
})
/** Gives up waiting by a signal of its own, and tells what that came to. */
app.get('/:how/:n/gives-up', async (c) => {
  const controller = new AbortController()
  const end = ask(c, controller.signal).then(
    () => 'answered',
    (error: Error) => error.message,
  )
  await release(c)
  controller.abort(new Error('no patience'))
  return c.json(await end)
})
/** Passes on the signal of the client's connection, as many handlers do. */
app.get('/:how/:n/passes-signal', async (c) => {
  const { signal } = c.req.raw
  signal.addEventListener('abort', () => void aborted.add(number(c)))
  return c.json(await ask(c, signal))
})

app.get('/asked/:n', (c) => c.json(asked.get(number(c)) ?? 0))
app.get('/aborted/:n', (c) => c.json(aborted.has(number(c))))
app.get('/release/:n', (c) => {
  released.add(number(c))
  return c.json('released')
})
app.get('/', (c) => c.json('ready'))
// What the leader throws reaches the runtime, as in a Worker without Hono.
app.onError((error, c) => {
  if (c.req.path.endsWith('/throws')) throw error
  return c.json({ error: error.message }, 500)
})

export default { fetch: app.fetch }
