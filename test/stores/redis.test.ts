import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conformance } from './conformance.js'
import { connectEmbedded, findRedisServer, startRedisServer } from './connection.js'
import type { RedisServer } from './connection.js'
import { differential } from './differential.js'

const executable = findRedisServer()

if (executable === undefined)
  it('is answered for by the embedded store alone, where no real one is required', async () => {
    expect(process.env.REQUIRE_REAL_BACKENDS, 'REQUIRE_REAL_BACKENDS=1 needs redis-server on the PATH').not.toBe('1')
    expect(await connectEmbedded().send(['PING'])).toBe('PONG')
  })
else
  describe('a real redis-server', () => {
    let server: RedisServer
    beforeAll(async () => {
      server = await startRedisServer(executable)
    })
    afterAll(() => server.stop())

    conformance('redis-server', () => server.connect())
    differential(
      'the embedded store',
      () => Promise.resolve(connectEmbedded()),
      () => server.connect(),
    )
  })
