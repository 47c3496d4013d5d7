/**
 * PGlite: PostgreSQL in this process, in memory or in a folder of its own.
 * @module
 */
import { mkdir } from 'node:fs/promises'
import type { PGlite, protocol } from '@electric-sql/pglite'
import { optionalPackage } from './local-stack-error.js'
import { lockFolder } from './lock-folder.js'
import { wireText } from './local-database.js'
import type { LocalDatabase, RawQueryResult, RunStatement } from './local-database.js'

type Serialize = typeof protocol.serialize
type Message = InstanceType<typeof protocol.messages.DataRowMessage> | { name: string }

/** @throws LocalStackError when the folder is in use. */
export async function openPGlite(dataDir: string | undefined): Promise<LocalDatabase> {
  if (dataDir !== undefined) await mkdir(dataDir, { recursive: true })
  const lock = dataDir === undefined ? undefined : await lockFolder(dataDir)
  try {
    const { PGlite, protocol } = await optionalPackage('@electric-sql/pglite', () => import('@electric-sql/pglite'))
    return database(await PGlite.create(dataDir), protocol.serialize, async () => lock?.release())
  } catch (error) {
    await lock?.release()
    throw error
  }
}

function database(pglite: PGlite, serialize: Serialize, release: () => Promise<void>): LocalDatabase {
  const connection = connect(pglite, serialize)
  // There is one connection: whoever wants it waits for those before.
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const session: LocalDatabase['session'] = (work) =>
    alone(async () => {
      try {
        return await work(connection.run)
      } finally {
        await connection.reset()
      }
    })
  return {
    kind: 'pglite',
    session,
    exec: (sql) => session(async () => void (await pglite.exec(sql))),
    query: (text, params) => session((run) => run(text, params)),
    copy: (statement, data) => session(() => connection.copy(statement, data)),
    close: async () => {
      await alone(() => pglite.close()).catch(() => undefined)
      await release()
    },
  }
}

/** PostgreSQL's own protocol: rows come as the text that PostgreSQL wrote, and fields with all their properties. */
function connect(pglite: PGlite, serialize: Serialize) {
  let status = 'I'
  const send = async (...parts: Uint8Array[]): Promise<RawQueryResult> => {
    const { messages } = await pglite.execProtocol(Buffer.concat(parts), { throwOnError: false })
    for (const message of messages)
      if (message.name === 'readyForQuery') ({ status } = message as unknown as { status: string })
    return resultOf(messages)
  }
  const prepared = (text: string, values: (string | null)[]): Uint8Array[] => [
    serialize.parse({ text }),
    serialize.bind({ values }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
  ]
  const run: RunStatement = (text, params = []) =>
    // PGlite would wait for ever for the data of a COPY; every other statement ignores that there is none.
    send(
      ...prepared(text, params.map(wireText)),
      serialize.copyFail('COPY needs a connection of its own'),
      serialize.sync(),
    )
  return {
    run,
    copy: async (statement: string, data: string | Uint8Array): Promise<void> => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      const copied = Array.from({ length: Math.ceil(bytes.length / COPY_PART_BYTES) }, (_, i) =>
        // The serializer takes the whole buffer behind a view, so every part is one of its own.
        serialize.copyData(Uint8Array.from(bytes.subarray(i * COPY_PART_BYTES, (i + 1) * COPY_PART_BYTES)).buffer),
      )
      await send(...prepared(statement, []), ...copied, serialize.copyDone(), serialize.sync())
    },
    reset: async (): Promise<void> => {
      if (status !== 'I') await run('ROLLBACK')
      await run('DISCARD ALL')
    },
  }
}

const COPY_PART_BYTES = 1024 * 1024

function resultOf(messages: readonly Message[]): RawQueryResult {
  const result: RawQueryResult = { command: '', rowCount: null, fields: [], rows: [] }
  for (const message of messages) {
    if (message instanceof Error) throw message
    if (message.name === 'rowDescription')
      result.fields = (message as unknown as RawQueryResult).fields.map((field) => ({ ...field, format: 'text' }))
    else if (message.name === 'dataRow') result.rows.push((message as unknown as { fields: (string | null)[] }).fields)
    else if (message.name === 'commandComplete')
      Object.assign(result, commandOf((message as unknown as { text: string }).text))
  }
  return result
}

/** `INSERT 0 3`, `SELECT 3`, `CREATE TABLE`: the first word, and the last if it is a number. */
function commandOf(tag: string): Pick<RawQueryResult, 'command' | 'rowCount'> {
  const words = tag.split(' ')
  const last = words.at(-1)!
  return { command: words[0]!, rowCount: /^\d+$/.test(last) ? Number(last) : null }
}
