/** A process that writes one answer, which it is sent, for every piece it reads: what a load generator can drive at most. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

process.once('message', (answer: string) => {
  const bytes = Buffer.from(answer)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    // A request of the generator is one piece.
    socket.on('data', () => socket.write(bytes))
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
})
process.on('disconnect', () => process.exit(0))
