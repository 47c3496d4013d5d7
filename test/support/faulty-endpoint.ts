/** An HTTP endpoint that misbehaves on demand, in front of a real one. */
import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Fault =
  | 'none'
  | 'refuse'
  | 'hang'
  | 'html'
  | { status: number; body: string }
  /** The real reply, cut after so many bytes, with the connection closed. */
  | { cutAt: number }
  /** The real reply with a byte changed. */
  | { garbleAt: number }

export interface FaultyEndpoint {
  url: string
  fault: Fault
  requests: number
  /** Bytes of the last whole reply. */
  lastLength: number
  close(): Promise<void>
}

/** Starts a proxy of `target` on a free port. */
export async function faultyEndpoint(target: string): Promise<FaultyEndpoint> {
  const endpoint: FaultyEndpoint = { url: '', fault: 'none', requests: 0, lastLength: 0, close: async () => {} }
  const server = createServer((incoming, outgoing) => void serve(endpoint, target, incoming, outgoing))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  endpoint.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return endpoint
}

async function serve(
  endpoint: FaultyEndpoint,
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  endpoint.requests++
  const { fault } = endpoint
  if (fault === 'refuse') return void incoming.socket.resetAndDestroy()
  if (fault === 'hang') return void incoming.resume()
  if (fault === 'html')
    return void outgoing.setHeader('Content-Type', 'text/html').end('<html><body>Bad gateway</body></html>')
  if (typeof fault === 'object' && 'status' in fault) return void outgoing.writeHead(fault.status).end(fault.body)
  const reply = await forward(target, incoming)
  endpoint.lastLength = reply.body.length
  outgoing.setHeader('Content-Type', 'application/json')
  if (fault === 'none') return void outgoing.writeHead(reply.status).end(reply.body)
  if ('garbleAt' in fault) {
    reply.body[fault.garbleAt % reply.body.length]! ^= 1
    return void outgoing.writeHead(reply.status).end(reply.body)
  }
  // A length that is never reached: the client must not take the part for the whole.
  outgoing.writeHead(reply.status, { 'Content-Length': reply.body.length })
  outgoing.write(reply.body.subarray(0, fault.cutAt), () => incoming.socket.destroy())
}

function forward(target: string, incoming: IncomingMessage): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const onward = request(
      target + (incoming.url ?? '/'),
      { method: incoming.method, headers: { ...incoming.headers, host: new URL(target).host } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 500, body: Buffer.concat(chunks) }))
      },
    )
    onward.on('error', reject)
    incoming.pipe(onward)
  })
}
