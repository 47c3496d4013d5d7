/**
 * Neon's HTTP endpoint before a real PostgreSQL, with what the local stack leaves out: it asks as the role of the connection string, and
 * with a token as the person that the token names (here its text is a person's name, signed by nobody).
 */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'

interface Query {
  query: string
  params: unknown[]
}

export interface RoleEndpoint {
  url: string
  /** Answers 503 to everything. */
  failing: boolean
  requests: number
  close(): Promise<void>
}

/**
 * @param connect the database as the role that a connection string names
 * @param become the statements that make a transaction the caller's, from his token
 */
export async function neonWithRoles(
  connect: (role: string) => pg.Pool,
  become: (token: string) => string[],
): Promise<RoleEndpoint> {
  const pools = new Map<string, pg.Pool>()
  const poolOf = (role: string) => {
    let pool = pools.get(role)
    if (!pool) pools.set(role, (pool = connect(role)))
    return pool
  }
  const endpoint: RoleEndpoint = { url: '', failing: false, requests: 0, close: () => Promise.resolve() }
  const answer = async (headers: IncomingHttpHeaders, text: string): Promise<{ status: number; body: unknown }> => {
    endpoint.requests++
    if (endpoint.failing) return { status: 503, body: { message: 'the compute is away' } }
    const body = JSON.parse(text) as Query | { queries: Query[] }
    const role = decodeURIComponent(new URL(String(headers['neon-connection-string'])).username)
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    const batch = 'queries' in body
    const client = await poolOf(role).connect()
    try {
      await client.query('BEGIN')
      for (const statement of token === undefined ? [] : become(token)) await client.query(statement)
      const results: unknown[] = []
      for (const query of batch ? body.queries : [body]) results.push(await ask(client, query))
      await client.query('COMMIT')
      return { status: 200, body: batch ? { results } : results[0] }
    } catch (error) {
      await client.query('ROLLBACK')
      const { message, code, severity } = error as pg.DatabaseError
      return { status: 400, body: { message, code, severity } }
    } finally {
      client.release()
    }
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      void answer(request.headers, Buffer.concat(parts).toString()).then(({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sql`
  endpoint.close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await Promise.all([...pools.values()].map((pool) => pool.end()))
  }
  return endpoint
}

async function ask(client: pg.PoolClient, { query, params }: Query): Promise<unknown> {
  const config = { text: query, values: params, rowMode: 'array' as const, types: { getTypeParser: () => String } }
  const { command, rowCount, fields, rows } = await client.query(config)
  return { command, rowCount, rowAsArray: true, fields, rows }
}
