/** An HTTP client that costs next to nothing: one GET after the other on a kept connection. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface Reply {
  status: number
  body: string
  /** Milliseconds from the last byte sent to the last one received. */
  ms: number
}

const HEAD_END = '\r\n\r\n'

export class Connection {
  readonly #socket: Socket
  #received: Buffer[] = []
  #length = 0
  /** Of the whole answer, once its head has been read. */
  #expected = Infinity
  #sentAt = 0
  #settle: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#settle?.reject(error))
    this.#socket.on('close', () => this.#settle?.reject(new Error('the connection was closed')))
  }

  get(path: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection was closed'))
      this.#settle = { resolve, reject }
      this.#sentAt = performance.now()
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 'latin1')
    })
  }

  /** Who waits for an answer on it waits for ever. */
  close(): void {
    this.#settle = undefined
    this.#socket.resetAndDestroy()
  }

  #read(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#length += chunk.length
    if (this.#expected === Infinity) {
      const text = Buffer.concat(this.#received).toString('latin1')
      const end = text.indexOf(HEAD_END)
      if (end === -1) return
      const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
      if (length === undefined) return this.#settle?.reject(new Error('an answer without its length'))
      this.#expected = end + HEAD_END.length + Number(length)
    }
    if (this.#length < this.#expected) return
    const ms = performance.now() - this.#sentAt
    const whole = Buffer.concat(this.#received)
    const status = Number(whole.toString('latin1', 9, 12))
    const body = whole.toString('utf8', whole.indexOf(HEAD_END) + HEAD_END.length)
    this.#received = []
    this.#length = 0
    this.#expected = Infinity
    this.#settle?.resolve({ status, body, ms })
  }
}

export const connections = (port: number, count: number): Connection[] =>
  Array.from({ length: count }, () => new Connection(port))

/** Asks for all paths, each as soon as a connection is free, and hands every answer over. */
export async function drive(
  over: readonly Connection[],
  paths: readonly string[],
  see: (reply: Reply, path: string) => void,
): Promise<void> {
  let at = 0
  await Promise.all(
    over.map(async (connection) => {
      while (at < paths.length) {
        const path = paths[at++]!
        see(await connection.get(path), path)
      }
    }),
  )
}
