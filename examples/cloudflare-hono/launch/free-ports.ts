/**
 * Finds free ports. Wrangler exits when the port it is told is taken, so the port is looked for first.
 * @module
 */
import { createServer } from 'node:net'
import { LaunchError } from './arguments.ts'

const TRIES = 50
/** A port is free when nobody listens on it under any address: macOS lets two listeners share one under different addresses. */
const ADDRESSES = ['127.0.0.1', '::1', '0.0.0.0', '::']

/**
 * The first `count` free ports from `from` on.
 * @throws LaunchError when there are not enough among the next 50.
 */
export async function freePorts(from: number, count: number): Promise<number[]> {
  const found: number[] = []
  const end = Math.min(from + TRIES, 65_536)
  for (let port = from; port < end && found.length < count; port += 1) {
    if (await isFree(port)) found.push(port)
  }
  if (found.length === count) return found
  throw new LaunchError(
    `No ${count} free ports from ${from} to ${end - 1}. Name another one: npm start -- --port <number>`,
  )
}

async function isFree(port: number): Promise<boolean> {
  for (const address of ADDRESSES) {
    if (!(await canListen(port, address))) return false
  }
  return true
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    // A machine without IPv6 cannot listen there, and neither can anyone else.
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'),
    )
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
