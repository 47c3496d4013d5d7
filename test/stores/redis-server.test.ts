import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRedis } from '../../src/dev/redis-backend.js'
import { startLocalStack } from '../../src/dev/index.js'
import type { RedisBackend } from '../../src/dev/redis-backend.js'
import { childProgram } from '../postgres/child-program.js'
import type { Program } from '../postgres/child-program.js'
import { findRedisServer } from './connection.js'

const PROGRAM = `
  import { openRedis } from './src/dev/redis-backend.ts'
  const redis = await openRedis(undefined, false)
  const { result } = await redis.run(['INFO', 'server'])
  console.log(/process_id:(\\d+)/.exec(result)[1])`

const STOPPING = `
  import { openRedis } from './src/dev/redis-backend.ts'
  const redis = await openRedis(undefined, false)
  await redis.close()
  console.log('closed')`

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 400 && isAlive(pid); attempt++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  expect(isAlive(pid)).toBe(false)
}

async function serverOf(redis: RedisBackend): Promise<number> {
  const answer = (await redis.run(['INFO', 'server'])) as { result: string }
  return Number(/process_id:(\d+)/.exec(answer.result)![1])
}

if (findRedisServer() === undefined)
  it('needs a redis-server on the PATH, where one is required', () => {
    expect(process.env['REQUIRE_REAL_BACKENDS']).not.toBe('1')
  })
else
  describe('the redis-server that is found on the PATH', () => {
    let program: Program
    beforeAll(async () => void (program = await childProgram(PROGRAM)))
    afterAll(() => program.remove())

    it('ends with the stack, which may be stopped more than once, and leaves no folder', async () => {
      const redis = await openRedis(undefined, false)
      expect(redis.kind).toBe('redis-server')
      const pid = await serverOf(redis)
      const { result } = (await redis.run(['CONFIG', 'GET', 'dir'])) as { result: [string, string] }
      expect(existsSync(result[1])).toBe(true)
      await Promise.all([redis.close(), redis.close()])
      expect(existsSync(result[1])).toBe(false)
      expect(isAlive(pid)).toBe(false)
    })

    it('is closed for a program that waits for nothing else, and goes on', async () => {
      const stopping = await childProgram(STOPPING)
      const child = stopping.start()
      await child.ended
      expect(child.lines).toEqual(['closed'])
      stopping.remove()
    })

    it.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends with a process that %s ends', async (signal) => {
      const child = program.start()
      const pid = Number(await child.line())
      expect(isAlive(pid)).toBe(true)
      await child.kill(signal)
      await untilGone(pid)
    })

    it('is one for each stack', async () => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => openRedis(undefined, false)))
      const pids = await Promise.all(stores.map(serverOf))
      expect(new Set(pids).size).toBe(4)
      await stores[0]!.run(['SET', 'k', 'v'])
      expect(await Promise.all(stores.map((store) => store.run(['GET', 'k'])))).toEqual([
        { result: 'v' },
        { result: null },
        { result: null },
        { result: null },
      ])
      await Promise.all(stores.map((store) => store.close()))
      expect(pids.filter(isAlive)).toEqual([])
    })

    it('that was killed is an error of each command, not of the process', async () => {
      const redis = await openRedis(undefined, false)
      const pid = await serverOf(redis)
      process.kill(pid, 'SIGKILL')
      await untilGone(pid)
      expect(await redis.run(['GET', 'k'])).toEqual({ error: expect.any(String) as string })
      expect(await redis.transaction([['GET', 'k']])).toEqual({ error: expect.any(String) as string })
      await redis.close()
    })
  })

it('that does not answer is said to be that of LOCAL_STACK_REDIS_URL', async () => {
  const stack = startLocalStack({ redisUrl: 'redis://127.0.0.1:1' })
  await expect(stack).rejects.toMatchObject({
    code: 'LOCAL_STACK',
    message: expect.stringContaining('LOCAL_STACK_REDIS_URL') as string,
  })
})
