/** Gap N3 where a client has written more than once: in one request, and in requests beside and after one another. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { CachedQueryExecutor } from '../../src/index.js'
import { FakeRedis } from '../support/fake-redis.js'
import { SQL } from '../support/isolates.js'
import { Client, Site } from '../support/site.js'
import type { App } from '../support/site.js'
import { until } from '../support/until.js'

const FIRST = 'UPDATE users SET n = 1'
const SECOND = 'UPDATE users SET n = 2'
/** Redis is waited for as long as a test holds its reply. */
const PATIENT = { redis: { timeoutMs: 10_000 } }

let site: Site
let a: App
let b: App
let client: Client
/** What is yet to commit, or to be let go on. */
let waiting: (() => void)[]
beforeEach(async () => {
  site = new Site()
  client = new Client()
  waiting = []
  a = site.isolate({}, PATIENT)
  b = site.isolate({}, PATIENT)
  await site.warm(a, b)
})

const pause = () => new Promise<void>((resolve) => waiting.push(resolve))
const goOn = () => waiting.splice(0).forEach((resume) => resume())

/** The database does this with the second of two writes. */
function second(does: () => ReturnType<typeof site.database.answer>): void {
  const { answer } = site.database
  site.database.answer = (statement) => (statement.sql === SECOND ? does() : answer(statement))
}

/** One request of the client that does this. */
async function request(run: (executor: CachedQueryExecutor) => unknown): Promise<void> {
  site.run = run
  await client.ask(a, '/run', 'POST')
}

const refused = () => Promise.reject(Object.assign(new Error('duplicate key'), { code: '23505' }))
const lost = () => Promise.reject(new Error('the reply was lost'))
const clearFences = () => {
  for (const key of site.redis.data.keys()) if (key.includes(':f:')) site.redis.data.delete(key)
}

/** Nothing that is kept will do for the client's read, however often it asks. */
async function expectTheDatabase(app: App): Promise<void> {
  for (let i = 0; i < 3; i++) {
    expect(await client.ask(app)).toBe('miss')
    await site.flushed()
  }
}

describe('two writes of one request', () => {
  it('are unknown when the first of them may still commit, though the second is acknowledged', async () => {
    const { answer } = site.database
    await request(async (executor) => {
      site.database.answer = lost
      await executor.execute(FIRST).catch(() => undefined)
      site.database.answer = answer
      await executor.execute(SECOND)
    })
    clearFences()
    expect(client.last[0]).toContain('Max-Age=60')
    await expectTheDatabase(b)
  })

  it('leave no version that vouches for both when they were under way at once', async () => {
    await request((executor) => Promise.all([executor.execute(FIRST), executor.execute(SECOND)]))
    expect(client.last[0]).toContain('Max-Age=60')
    await expectTheDatabase(b)
  })

  it('leave the version of the second when one followed the other: what was read after it will do', async () => {
    await request(async (executor) => {
      await executor.execute(FIRST)
      await executor.execute(SECOND)
    })
    expect(client.last[0]).toContain('Max-Age=10;')
    expect(await client.ask(b)).toBe('miss')
    await site.flushed()
    expect(await client.ask(b)).not.toBe('miss')
  })

  it('are unknown when the response begins before the second has ended', async () => {
    second(async () => {
      await pause()
      return []
    })
    await request(async (executor) => {
      await executor.execute(FIRST)
      void executor.execute(SECOND)
    })
    await until('the second write', () => waiting.length === 1)
    expect(client.last[0]).toContain('Max-Age=60')
    // Captured between the two, with the version of the first.
    const between = site.isolate()
    for (const outcome of ['miss', 'l1'])
      await until(outcome, async () => (await new Client().ask(between)) === outcome)
    expect(await client.ask(between)).toBe('miss')
    goOn()
    await site.flushed()
  })

  it('are in the cookie by the first when the database refused the second', async () => {
    second(refused)
    await request(async (executor) => {
      await executor.execute(FIRST)
      await executor.execute(SECOND).catch(() => undefined)
    })
    expect(client.jar.size).toBe(1)
    expect(await client.ask(b)).toBe('miss')
  })

  it('are in it by the second when the database refused the first', async () => {
    second(refused)
    await request(async (executor) => {
      await executor.execute(SECOND).catch(() => undefined)
      await executor.execute(FIRST)
    })
    expect(client.last[0]).toContain('Max-Age=10;')
    expect(await client.ask(b)).toBe('miss')
    await site.flushed()
    expect(await client.ask(b)).not.toBe('miss')
  })
})

describe('three writes of one request', () => {
  it('are all in its cookie: the names of one version, and other versions', async () => {
    const another = site.isolate({}, PATIENT)
    await site.warm(another)
    await request(async (executor) => {
      await executor.transaction([{ sql: 'UPDATE orders SET n = 1' }, { sql: FIRST }])
      await executor.execute('UPDATE posts SET n = 1')
    })
    expect(client.jar.size).toBe(1)
    // Each by an isolate that has heard of neither.
    expect(await client.ask(b, '/')).toBe('miss')
    expect(await client.ask(another, '/posts')).toBe('miss')
  })
})

describe('a client that has written', () => {
  it('is answered by no older rows when neither Redis nor the database answers', async () => {
    site.run = (executor) => executor.query(SQL, [1], { ttl: 0.001, staleIfError: 600 })
    await client.ask(b, '/run')
    await site.flushed()
    await client.ask(a, '/', 'POST')
    await new Promise((resolve) => setTimeout(resolve, 5))
    site.redis.before = () => Promise.reject(new Error('away'))
    site.database.answer = () => Promise.reject(new Error('down'))
    expect(await new Client().ask(b, '/run')).toBe('stale-if-error')
    expect(await client.ask(b, '/run')).toBe('miss')
  })
})

describe('a write inside the loader of cached()', () => {
  it('is one of the client', async () => {
    await request((executor) => executor.cached('report', async (inner) => (await inner.execute(FIRST)).rowCount))
    expect(await client.ask(b)).toBe('miss')
  })
})

describe('two cookies', () => {
  it('with other versions of one name ask for both writes: neither version vouches for them', async () => {
    const lagging = async () => {
      const replica = new FakeRedis()
      for (const [key, value] of site.redis.data) replica.data.set(key, value)
      const app = site.isolate({}, { redis: { client: replica.sdk } })
      await site.warm(app)
      return app
    }
    const [one, other] = [new Client(), new Client()]
    await one.ask(a, '/', 'POST')
    const afterOne = await lagging()
    await other.ask(b, '/', 'POST')
    const afterBoth = await lagging()
    // The order in which a browser sends them is his own.
    for (const jars of [
      [one, other],
      [other, one],
    ]) {
      client.jar = new Map(jars.flatMap(({ jar }) => [...jar]))
      for (const app of [afterOne, afterBoth]) expect(await client.ask(app)).toBe('miss')
      await site.flushed()
    }
    client.jar = one.jar
    expect(await client.ask(afterOne)).not.toBe('miss')
  })

  it('stay two where the earlier is of a write that may still commit', async () => {
    const { answer } = site.database
    site.database.answer = lost
    await client.ask(a, '/', 'POST')
    site.database.answer = answer
    await client.ask(a, '/', 'POST')
    expect(client.jar.size).toBe(2)
    clearFences()
    await expectTheDatabase(b)
  })

  it('stay two where the later covers some of the names only', async () => {
    await request((executor) => executor.transaction([{ sql: FIRST }, { sql: 'UPDATE posts SET n = 1' }]))
    await client.ask(a, '/', 'POST')
    expect(client.jar.size).toBe(2)
    expect(await client.ask(b, '/posts')).toBe('miss')
  })
})

describe('the cookie that means everything', () => {
  beforeEach(async () => {
    await Promise.all(Array.from({ length: 9 }, () => client.ask(a, '/', 'POST')))
    await client.ask(a, '/posts', 'POST')
    expect([...client.jar.keys()]).toEqual(['eqc-session-all'])
  })

  it('means what the cookies meant that it took the place of', async () => {
    expect(await client.ask(b)).toBe('miss')
  })

  it('lasts as long as any of those', () => {
    const [line] = client.last.filter((cookie) => cookie.startsWith('eqc-session-all'))
    expect(line).toContain('Max-Age=60;')
  })

  it('lets a read join no load from before its request', async () => {
    const { answer } = site.database
    site.database.answer = async (statement) => {
      const rows = await answer(statement)
      if (site.database.trips === before + 1) await pause()
      return rows
    }
    const before = site.database.trips
    const fresh = site.isolate({}, PATIENT)
    const others = new Client().ask(fresh)
    await until('the load of somebody else', () => waiting.length === 1)
    let asked = false
    site.run = async (executor) => {
      const rows = executor.query(SQL, [1])
      asked = true
      await rows
    }
    const own = client.ask(fresh, '/run')
    await until('a read of its own', () => asked)
    goOn()
    expect([await others, await own]).toEqual(['miss', 'miss'])
  })

  it('is not taken back after a write to one table', async () => {
    await client.ask(a, '/posts', 'POST')
    expect(client.jar.has('eqc-session-all')).toBe(true)
    expect(await client.ask(b)).toBe('miss')
  })
})

describe('a read of who has written', () => {
  it('is answered by the database as long as the cookie of a failed invalidation lasts, on a clock that is ahead', async () => {
    site.redis.before = () => Promise.reject(new Error('away'))
    await client.ask(a, '/', 'POST')
    site.redis.before = () => {}
    const { now } = Date
    try {
      // The browser has it for 60 seconds.
      Date.now = () => now() + 63_000
      await site.warm(b)
      expect(await client.ask(b)).toBe('miss')
    } finally {
      Date.now = now
    }
  })

  it('takes nothing from a load it joined that Redis answered with what is older than the write', async () => {
    site.redis.before = () => Promise.reject(new Error('away'))
    await client.ask(a, '/', 'POST')
    site.redis.before = () => {}
    const fresh = site.isolate({}, PATIENT)
    let joined = false
    site.run = async (executor) => {
      await pause()
      const rows = executor.query(SQL, [1])
      joined = true
      await rows
    }
    const own = client.ask(fresh, '/run')
    await until('the request of the session', () => waiting.length === 1)
    let reply!: () => void
    site.redis.before = () => new Promise((resolve) => (reply = resolve))
    const others = new Client().ask(fresh)
    await until('the load of somebody else', () => reply !== undefined)
    goOn()
    await until('the read that joins it', () => joined)
    site.redis.before = () => {}
    reply()
    expect(await others).toBe('l2')
    expect(await own).toBe('miss')
  })

  it('shares no check of versions that was sent before its request', async () => {
    await client.ask(a, '/', 'POST')
    expect(await client.ask(b)).toBe('miss')
    await site.flushed()
    const { now } = Date
    try {
      Date.now = () => now() + 3_000
      let reply!: () => void
      site.redis.before = () => new Promise((resolve) => (reply = resolve))
      const others = new Client().ask(b)
      await until('the check of somebody else', () => reply !== undefined)
      site.redis.before = () => {}
      expect(await client.ask(b)).toBe('l2')
      reply()
      expect(await others).toBe('l2')
    } finally {
      Date.now = now
    }
  })
})
