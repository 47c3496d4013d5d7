/** An HTTP client that costs next to nothing: one GET after the other on a kept connection. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface Reply {
  status: number
  body: string
  /** Milliseconds from the last byte sent to the last one received. */
  ms: number
}

interface Asked {
  path: string
  sentAt: number
  resolve: (reply: Reply) => void
  reject: (error: Error) => void
  /** On a new connection: the server may close a kept one at any time. */
  again: boolean
}

const HEAD_END = '\r\n\r\n'

export class Connection {
  readonly #port: number
  #socket: Socket
  #received: Buffer[] = []
  #length = 0
  /** Of the whole answer, once its head has been read. */
  #expected = Infinity
  #asked: Asked | undefined

  constructor(port: number) {
    this.#port = port
    this.#socket = this.#connected()
  }

  get(path: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#asked = { path, sentAt: performance.now(), resolve, reject, again: false }
      if (this.#socket.destroyed) this.#socket = this.#connected()
      this.#send()
    })
  }

  /** Resets it; who waits for an answer on it waits for ever. */
  close(): void {
    this.#asked = undefined
    this.#socket.resetAndDestroy()
  }

  #connected(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    socket.on('data', (chunk) => this.#read(chunk))
    // Told by `close`, which follows.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed())
    return socket
  }

  #send(): void {
    this.#received = []
    this.#length = 0
    this.#expected = Infinity
    this.#socket.write(`GET ${this.#asked!.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 'latin1')
  }

  #closed(): void {
    const asked = this.#asked
    if (!asked) return
    if (asked.again) return asked.reject(new Error('the connection was closed, and a new one too'))
    asked.again = true
    this.#socket = this.#connected()
    this.#send()
  }

  #read(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#length += chunk.length
    if (this.#expected === Infinity) {
      const text = Buffer.concat(this.#received).toString('latin1')
      const end = text.indexOf(HEAD_END)
      if (end === -1) return
      const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
      if (length === undefined) return this.#asked?.reject(new Error('an answer without its length'))
      this.#expected = end + HEAD_END.length + Number(length)
    }
    if (this.#length < this.#expected) return
    const asked = this.#asked
    if (!asked) return
    this.#asked = undefined
    const whole = Buffer.concat(this.#received)
    const status = Number(whole.toString('latin1', 9, 12))
    const body = whole.toString('utf8', whole.indexOf(HEAD_END) + HEAD_END.length)
    asked.resolve({ status, body, ms: performance.now() - asked.sentAt })
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
