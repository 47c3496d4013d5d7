/** Neon and Upstash as a Worker meets them: over HTTP, each as far away as it is told. */
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Endpoints, UPSTASH } from '../lib/endpoints.ts'

export interface DelayedEndpoints {
  /** Of 127.0.0.1. The host of a request tells whether it is for Redis. */
  readonly port: number
  readonly endpoints: Endpoints
  redisMs: number
  databaseMs: number
  close(): Promise<void>
}

export async function delayedEndpoints(rows: number, parameters: number): Promise<DelayedEndpoints> {
  const endpoints = new Endpoints(rows, parameters)
  const server = createServer((request, response) => {
    answer(request).then(
      ({ text, ms }) => {
        const send = () => response.writeHead(200, { 'content-type': 'application/json' }).end(text)
        if (ms === 0) send()
        else setTimeout(send, ms)
      },
      // A Worker that was stopped, or whose client went away, has cut its request off; anything else it shall see.
      (error: unknown) => (request.complete ? response.writeHead(500).end(String(error)) : undefined),
    )
  })
  server.keepAliveTimeout = 60_000

  async function answer(request: IncomingMessage): Promise<{ text: string; ms: number }> {
    const body = await bodyOf(request)
    const headers = request.headers as Record<string, string>
    const forRedis = headers['host'] === new URL(UPSTASH.url).host
    const url = forRedis ? UPSTASH.url + request.url! : `https://${headers['host']}${request.url!}`
    // What is deleted here has just expired.
    if (forRedis && /^\[+"del"/i.test(body)) return { text: '{"result":0}', ms: delayed.redisMs }
    const answer = await endpoints.fetch(url, { body, headers })
    return { text: await answer.text(), ms: forRedis ? delayed.redisMs : delayed.databaseMs }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const delayed: DelayedEndpoints = {
    port: (server.address() as AddressInfo).port,
    endpoints,
    redisMs: 0,
    databaseMs: 0,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return delayed
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString()
}
