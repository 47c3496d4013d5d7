/**
 * A folder for one process of this machine. Who wants it listens on a socket of its own beside the folder and looks for others: the
 * system closes a socket when its process ends, however it ends, so nothing is guessed from times or process numbers.
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, realpath, rename, rmdir, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LocalStackError } from './local-stack-error.js'

export interface FolderLock {
  release(): Promise<void>
}

/** A process that wants the folder. Names are never used twice, so that removing a dead one's socket cannot hit a living one. */
interface Asker {
  name: string
  pid: string
  holds: boolean
}

interface Own extends FolderLock {
  name: string
  holds: boolean
}

/** Socket paths are limited: 104 bytes with the closing zero on macOS, 108 on Linux. */
const LONGEST_SOCKET_PATH = 100
const NAME = /^[0-9a-f]{8}-(\d+)$/
const LONGEST_NAME = '01234567-1234567890'.length
/** A process that is busy does not answer for a while, but its socket takes the connection. */
const ANSWER_MS = 2_000
const LONGEST_WAIT_MS = 10_000

/** @throws LocalStackError naming the process that holds the folder. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const place = await placeFor(folder)
  if (process.platform === 'win32') return lockPipe(place, folder)
  const deadline = Date.now() + LONGEST_WAIT_MS
  let own = await ask(place)
  for (;;) {
    const others = await living(place, own.name)
    const holder = others.find(({ holds }) => holds)
    if (holder) {
      await own.release()
      throw new LocalStackError(inUse(folder, holder.pid))
    }
    if (others.length === 0) {
      own.holds = true
      return own
    }
    // Several ask at once. Each has seen another or is seen by it, so: the first by name waits until the others have gone or hold.
    const gives = others.some(({ name }) => name < own.name)
    if (gives || Date.now() > deadline) await own.release()
    if (Date.now() > deadline) throw new LocalStackError(inUse(folder, others[0]!.pid))
    await new Promise((resolve) => setTimeout(resolve, gives ? 50 : 10))
    if (gives) own = await ask(place)
  }
}

const inUse = (folder: string, pid: string): string =>
  `The data folder ${folder} is in use by process ${pid}: two processes on one folder lose rows. Stop that process (\`kill ${pid}\`), or choose another folder with \`dataDir\`.`

/** The folder for the sockets; on Windows, where a name ends with its process, the one name there is. */
async function placeFor(folder: string): Promise<string> {
  const real = await realpath(folder)
  const beside = `${real}.lock`
  const fits = Buffer.byteLength(beside) + 1 + LONGEST_NAME <= LONGEST_SOCKET_PATH
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 16)
  const place = fits ? beside : path.join(tmpdir(), `edge-query-cache-${hash}.lock`)
  return process.platform === 'win32' ? `\\\\.\\pipe\\edge-query-cache-${hash}` : place
}

/** Listens under a new name. It is seen by others only when it takes connections, or they would believe it dead. */
async function ask(place: string): Promise<Own> {
  const name = `${randomBytes(4).toString('hex')}-${process.pid}`
  const hidden = path.join(place, `.${name}`)
  const seen = path.join(place, name)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(own.holds ? 'holds' : 'asks')
  })
  const own: Own = {
    name,
    holds: false,
    release: async () => {
      await unlink(seen).catch(() => undefined)
      await new Promise((resolve) => void server.close(resolve))
      // Whoever asks meanwhile keeps it, or makes it again.
      await rmdir(place).catch(() => undefined)
    },
  }
  for (let attempt = 0; ; attempt++) {
    await mkdir(place, { recursive: true })
    const failed = await listening(server, hidden)
    if (!failed) break
    if (attempt === 10) throw failed
  }
  await rename(hidden, seen)
  return own
}

/** Listens on a name that nobody else has. The error if it cannot. */
function listening(server: Server, address: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    server.unref()
    server.once('error', resolve)
    server.listen(address, () => resolve(undefined))
  })
}

async function lockPipe(address: string, folder: string): Promise<FolderLock> {
  const server = createServer((socket) => void socket.on('error', () => undefined).end('holds'))
  if (await listening(server, address))
    throw new LocalStackError(
      `The data folder ${folder} is in use by another process: two processes on one folder lose rows. Stop it, or choose another folder with \`dataDir\`.`,
    )
  return { release: () => new Promise((resolve) => void server.close(() => resolve())) }
}

/** The others that live. What dead ones left is removed. */
async function living(place: string, ownName: string): Promise<Asker[]> {
  const names = (await readdir(place)).filter((name) => NAME.test(name) && name !== ownName)
  const states = await Promise.all(names.map((name) => stateOf(path.join(place, name))))
  const others: Asker[] = []
  for (const [i, name] of names.entries()) {
    const state = states[i]!
    if (state === 'dead') await unlink(path.join(place, name)).catch(() => undefined)
    else others.push({ name, pid: NAME.exec(name)![1]!, holds: state === 'holds' })
  }
  return others
}

/** Whoever takes the connection lives; whoever then keeps silent is busy with its database, so it holds. */
function stateOf(address: string): Promise<'holds' | 'asks' | 'dead'> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(address)
    const timer = setTimeout(() => end('holds'), ANSWER_MS)
    const end = (state: 'holds' | 'asks' | 'dead') => {
      clearTimeout(timer)
      socket.destroy()
      resolve(state)
    }
    socket.setEncoding('utf8')
    socket.on('data', (part) => (text += String(part)))
    socket.on('end', () => end(text === 'holds' ? 'holds' : 'asks'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') end('dead')
      // It gave way at this moment, and may ask again.
      else end(code === 'ECONNRESET' || code === 'EPIPE' ? 'asks' : 'holds')
    })
  })
}
