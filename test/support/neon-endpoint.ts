/** An endpoint of Neon's HTTP protocol that answers what a test tells it to. */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface NeonRequest {
  headers: IncomingHttpHeaders
  body: { query?: string; params?: unknown[]; queries?: { query: string; params: unknown[] }[] }
  /** Its client has gone away, and had no answer. */
  abandoned: boolean
}

/** Body of the answer, or status and body; a promise that never settles hangs the request. */
export type Answer = (request: NeonRequest) => unknown

export interface NeonEndpoint {
  url: string
  requests: NeonRequest[]
  answer: Answer
  close(): Promise<void>
}

export const answerOf = (fields: [string, number][], rows: (string | null)[][], command = 'SELECT') => ({
  command,
  rowCount: rows.length,
  rowAsArray: true,
  fields: fields.map(([name, dataTypeID]) => ({
    name,
    dataTypeID,
    tableID: 0,
    columnID: 0,
    dataTypeSize: -1,
    dataTypeModifier: -1,
    format: 'text',
  })),
  rows,
})

export async function neonEndpoint(answer: Answer): Promise<NeonEndpoint> {
  const endpoint: NeonEndpoint = { url: '', requests: [], answer, close: () => Promise.resolve() }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const asked = {
        headers: request.headers,
        body: JSON.parse(Buffer.concat(parts).toString()) as NeonRequest['body'],
        abandoned: false,
      }
      response.on('close', () => (asked.abandoned = !response.writableFinished))
      endpoint.requests.push(asked)
      void Promise.resolve(endpoint.answer(asked)).then((body) => {
        const { status = 200, ...rest } = body as { status?: number }
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(rest))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sql`
  endpoint.close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  return endpoint
}
