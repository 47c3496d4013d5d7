/**
 * A folder for one process. The lock is a listening socket beside the folder: the system closes it when the process dies, however it
 * dies, so that nothing has to be guessed from times or process numbers.
 * @module
 */
import { createHash } from 'node:crypto'
import { realpath, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LocalStackError } from './local-stack-error.js'

export interface FolderLock {
  release(): Promise<void>
}

/** Socket paths are limited: 104 bytes with the closing zero on macOS, 108 on Linux. */
const LONGEST_SOCKET_PATH = 100

/** @throws LocalStackError naming the process that holds the folder. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const address = await socketPath(folder)
  for (let attempt = 0; attempt < 5; attempt++) {
    const server = await listen(address)
    if (server && (await isStillMine(address)))
      return { release: () => new Promise((resolve) => void server.close(() => resolve())) }
    server?.close()
    const holder = await holderOf(address)
    if (holder !== undefined)
      throw new LocalStackError(
        `The data folder ${folder} is in use by process ${holder}: two processes on one folder lose rows. Stop that process (\`kill ${holder}\`), or choose another folder with \`dataDir\`.`,
      )
    // Nobody listens: the holder was killed and could not remove its socket.
    await unlink(address).catch(() => undefined)
  }
  throw new LocalStackError(
    `The data folder ${folder} could not be locked: others start on it at this moment. Try again.`,
  )
}

async function socketPath(folder: string): Promise<string> {
  const real = await realpath(folder)
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\edge-query-cache-${hash}`
  const beside = `${real}.lock`
  return Buffer.byteLength(beside) <= LONGEST_SOCKET_PATH
    ? beside
    : path.join(tmpdir(), `edge-query-cache-${hash}.lock`)
}

/** Of two that remove a dead holder's socket at once, the later one takes the earlier one's away: who is not there any more gives up. */
async function isStillMine(address: string): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return (await holderOf(address)) === String(process.pid)
}

/** Listens and tells whoever connects the number of this process. `undefined`: the address is taken. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(String(process.pid))
    })
    server.unref()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(address, () => resolve(server))
  })
}

/** The process that listens; `undefined` when none does. */
function holderOf(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(address)
    socket.setEncoding('utf8')
    socket.on('data', (part) => (text += String(part)))
    socket.on('error', () => resolve(undefined))
    socket.on('end', () => resolve(text))
  })
}
