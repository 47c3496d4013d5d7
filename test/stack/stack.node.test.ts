import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from '@upstash/redis'
import { neon, neonConfig } from '@neondatabase/serverless'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startLocalStack } from '../../src/dev/index.js'
import { InvalidOptionError } from '../../src/index.js'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'eqc-stack-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('startLocalStack', () => {
  it('keeps the data of a folder, and stops more than once', async () => {
    const first = await startLocalStack({ embedded: true, dataDir: path.join(folder, 'data') })
    await first.database.exec('CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await Promise.all([first.stop(), first.stop()])
    const second = await startLocalStack({ embedded: true, dataDir: path.join(folder, 'data') })
    expect((await second.database.query('SELECT n FROM kept')).rows).toEqual([['7']])
    expect(second.backends).toEqual({ postgres: 'pglite', redis: 'embedded' })
    await second.stop()
  })

  it('refuses a second process on one folder and says who holds it', async () => {
    const first = await startLocalStack({ embedded: true, dataDir: folder })
    await expect(startLocalStack({ embedded: true, dataDir: folder })).rejects.toThrow(
      `in use by process ${process.pid}`,
    )
    await first.stop()
    await (await startLocalStack({ embedded: true, dataDir: folder })).stop()
  })

  it('says which port is taken', async () => {
    const first = await startLocalStack({ embedded: true })
    const port = Number(new URL(first.upstash.url).port)
    await expect(startLocalStack({ embedded: true, upstashPort: port })).rejects.toThrow(`port ${port} is taken`)
    await first.stop()
  })

  it.each([
    [{ neonPort: -1 }, 'neonPort'],
    [{ upstashPort: 65_536 }, 'upstashPort'],
    [{ upstashPort: '5' }, 'upstashPort'],
    [{ databaseUrl: 'hunter2' }, 'databaseUrl'],
    [{ redisUrl: 'http://:hunter2@localhost' }, 'redisUrl'],
    [{ token: 'hunter2 hunter2' }, 'token'],
    [{ dataDir: '' }, 'dataDir'],
    [{ embedded: 'yes' }, 'embedded'],
    [{ datadir: 'data' }, 'datadir'],
    [5, 'options'],
  ])('refuses %j before it starts anything', async (options, name) => {
    const failure = await startLocalStack(options as never).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(InvalidOptionError)
    expect((failure as Error).message).toContain(`\`${name}\``)
    expect((failure as Error).message).not.toContain('hunter2')
  })

  it("never reads production's variables", async () => {
    const before = { ...process.env }
    Object.assign(process.env, {
      DATABASE_URL: 'postgres://production.invalid/db',
      REDIS_URL: 'redis://production.invalid:6379',
    })
    try {
      const stack = await startLocalStack({ embedded: true })
      expect((await stack.database.query('SELECT 1')).rows).toEqual([['1']])
      await stack.stop()
    } finally {
      process.env = before
    }
  })
})

describe.each(process.env['TEST_BACKENDS'] === 'real' ? ['embedded', 'redis-server'] : ['embedded'])(
  "Upstash's protocol on %s, with the unmodified client",
  (kind) => {
    it('speaks commands, pipelines, transactions, encodings and errors', async () => {
      const stack = await startLocalStack(
        kind === 'embedded' ? { embedded: true } : { databaseUrl: process.env['TEST_DATABASE_URL'] },
      )
      expect(stack.backends.redis).toBe(kind)
      try {
        for (const responseEncoding of ['base64', false] as const) {
          const redis = new Redis({ ...stack.upstash, responseEncoding, retry: { retries: 0 }, enableTelemetry: false })
          const key = `stack-${String(responseEncoding)}`
          expect(await redis.set(key, { a: [1, 'ü🦊', null] }, { ex: 100 })).toBe('OK')
          expect(await redis.get(key)).toEqual({ a: [1, 'ü🦊', null] })
          expect(await redis.ttl(key)).toBeGreaterThan(90)
          expect(
            await redis
              .pipeline()
              .incr(`${key}:n`)
              .hset(`${key}:h`, { x: 1, y: 'two' })
              .hgetall(`${key}:h`)
              .mget(key, 'absent')
              .exec(),
          ).toEqual([1, 2, { x: 1, y: 'two' }, [{ a: [1, 'ü🦊', null] }, null]])
          expect(await redis.multi().set(`${key}:m`, 'OK').get(`${key}:m`).exec()).toEqual(['OK', 'OK'])
          await expect(redis.hget(key, 'x')).rejects.toThrow('WRONGTYPE')
          const [good, bad] = await redis.pipeline().get(`${key}:m`).hget(key, 'x').exec({ keepErrors: true })
          expect([good.result, bad.error]).toEqual(['OK', expect.stringContaining('WRONGTYPE')])
          const [cursor, keys] = await redis.scan(0, { match: `${key}*`, count: 1000 })
          expect([cursor, keys.toSorted()]).toEqual(['0', [key, `${key}:h`, `${key}:m`, `${key}:n`]])
        }
        const stranger = new Redis({
          url: stack.upstash.url,
          token: 'wrong',
          retry: { retries: 0 },
          enableTelemetry: false,
        })
        await expect(stranger.get('x')).rejects.toThrow('WRONGPASS')
        const raw = async (path: string, init: RequestInit = {}) => {
          const response = await fetch(stack.upstash.url + path, {
            ...init,
            headers: { Authorization: `Bearer ${stack.upstash.token}` },
          })
          return [response.status, await response.json()] as const
        }
        expect(await raw('/set/by-path/a%2Fb?EX=50')).toEqual([200, { result: 'OK' }])
        expect(await raw('/get/by-path')).toEqual([200, { result: 'a/b' }])
        expect(await raw('/set/by-body', { method: 'POST', body: 'the body' })).toEqual([200, { result: 'OK' }])
        expect((await raw('/', { method: 'POST', body: 'not json' }))[0]).toBe(400)
        expect(await raw('/', { method: 'POST', body: '["NOSUCH","a"]' })).toEqual([
          400,
          { error: "ERR unknown command 'NOSUCH', with args beginning with: 'a' " },
        ])
        expect((await raw('/', { method: 'POST', body: '["SUBSCRIBE","a"]' }))[0]).toBe(400)
        const aborted = await raw('/multi-exec', { method: 'POST', body: '[["SET","never-set","1"],["NOSUCH"]]' })
        expect(aborted).toEqual([400, { error: expect.stringContaining('EXECABORT') }])
        expect(await raw('/get/never-set')).toEqual([200, { result: null }])
      } finally {
        await stack.stop()
      }
    })
  },
)

it("tells Neon's driver by a connection string alone where `fetchEndpoint` is set", async () => {
  const stack = await startLocalStack({ embedded: true })
  const before = neonConfig.fetchEndpoint
  neonConfig.fetchEndpoint = stack.neon.fetchEndpoint
  try {
    expect(await neon(stack.neon.connectionString)`SELECT version() LIKE 'PostgreSQL%' AS ok`).toEqual([{ ok: true }])
  } finally {
    neonConfig.fetchEndpoint = before
    await stack.stop()
  }
})
