import { Redis } from '@upstash/redis'
import { afterAll, beforeAll, describe } from 'vitest'
import { openRedis } from '../../src/dev/redis-backend.js'
import type { RedisBackend } from '../../src/dev/redis-backend.js'
import type { Endpoint } from '../../src/dev/serve.js'
import { serveUpstash } from '../../src/dev/upstash.js'
import { conformance } from './conformance.js'
import { findRedisServer } from './connection.js'
import type { Answer, Connection } from './connection.js'

const TOKEN = 'a token of this test'
const kinds = ['embedded', ...(findRedisServer() === undefined ? [] : ['redis-server'])]

describe.each(kinds)("through Upstash's protocol and its unmodified client, in front of %s", (kind) => {
  let backend: RedisBackend
  let endpoint: Endpoint
  beforeAll(async () => {
    backend = await openRedis(undefined, kind === 'embedded')
    endpoint = await serveUpstash(backend, TOKEN, undefined, () => undefined)
  })
  afterAll(async () => {
    await endpoint.close()
    await backend.close()
  })

  const connect = (responseEncoding: 'base64' | false, asPipeline: boolean) => async (): Promise<Connection> => {
    const redis = new Redis({
      url: endpoint.url,
      token: TOKEN,
      automaticDeserialization: false,
      responseEncoding,
      enableTelemetry: false,
      retry: false,
    })
    const one = (command: string[]) => redis.exec<Answer>(command as [string, ...string[]])
    return {
      send: async (command) => {
        try {
          return asPipeline ? await inPipeline(endpoint.url, command) : await one(command)
        } catch (error) {
          return { error: (error as Error).message.replace(/, command was: .*$/s, '') }
        }
      },
      close: async () => undefined,
    }
  }

  conformance('with answers in base64', connect('base64', false), 'requests')
  conformance('with plain answers', connect(false, false), 'requests')
  conformance('in a pipeline', connect(false, true), 'requests')
})

async function inPipeline(url: string, command: string[]): Promise<Answer> {
  const response = await fetch(`${url}/pipeline`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify([['ECHO', 'first'], command, ['ECHO', 'last']]),
  })
  const [, answer] = (await response.json()) as [unknown, { result: Answer } | { error: string }]
  return 'error' in answer ? { error: answer.error } : answer.result
}
