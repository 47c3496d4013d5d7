/**
 * A small HTTP server on the loopback interface: JSON in, JSON out.
 * @module
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LocalStackError } from './local-stack-error.js'

export interface Endpoint {
  url: string
  close(): Promise<void>
}

export interface Answer {
  status: number
  body: unknown
  headers?: Record<string, string>
}

/** Neon's own limit for requests and answers. */
const MOST_BYTES = 64 * 1024 * 1024

/** Serves `handle` on 127.0.0.1. @throws LocalStackError when the port is taken. */
export async function serve(
  name: string,
  port: number | undefined,
  handle: (request: IncomingMessage, body: string) => Promise<Answer>,
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    void respond(request, response, handle)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE' ? `port ${port} is taken: choose another, or none for a free one` : String(cause)
      reject(new LocalStackError(`The local ${name} endpoint did not start: ${why}.`, { cause }))
    })
    server.listen(port ?? 0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: IncomingMessage, body: string) => Promise<Answer>,
): Promise<void> {
  try {
    const body = await readBody(request)
    const answer =
      body === undefined
        ? {
            status: 413,
            body: {
              error: `ERR max request size exceeded. Limit: ${MOST_BYTES} bytes`,
              message: 'request is too large',
            },
          }
        : await handle(request, body)
    send(response, answer)
  } catch (error) {
    send(response, { status: 500, body: { error: `ERR ${String(error)}`, message: String(error) } })
  }
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  // The client may have gone meanwhile.
  if (response.destroyed) return
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** `undefined`: it is too large. It is read to its end all the same, or the client would never get to the answer. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes <= MOST_BYTES) parts.push(part)
    else parts.length = 0
  }
  return bytes > MOST_BYTES ? undefined : Buffer.concat(parts).toString('utf8')
}
