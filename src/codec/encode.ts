/**
 * An entry <-> the text that Redis keeps: `eqc1:<header length>:<header checksum>:<header><body>`. It is no JSON, so that an SDK which parses
 * what it gets hands it over as it is; the header is ASCII and can be read without the body.
 * @module
 */
import { QueryCacheError } from '../errors.js'
import { checksum } from './checksum.js'
import { canCompress, canDecompress, deflateToBase64, inflateFromBase64 } from './compress.js'
import type { Payload } from './payload.js'

/** The version of the stored form. It is part of every entry's key too, so that two versions never meet. */
export const FORMAT = '1'

export interface EntryHeader {
  /** Digest of the key that the entry was written for. */
  key: string
  /** The names it depends on, and the version of each, captured before the database read. */
  names: string[]
  versions: string[]
  /** Epoch milliseconds, like the three below: when the database read began. */
  readAt: number
  freshUntil: number
  staleUntil: number
  errorUntil: number
}

export interface StoredEntry extends EntryHeader {
  payload: Payload
}

/** What the header says of the body. */
export interface BodyHeader {
  codec: 'plain' | 'deflate'
  kind: 'rows' | 'json' | 'superjson'
  /** UTF-16 units of the body as stored. */
  bodyLength: number
  bodyChecksum: string
  /** UTF-8 bytes of the body before compression. */
  decodedBytes: number
}

/** A stored text is not an entry of this format, or is damaged. `code` is `DECODE_FAILED`. */
export class DecodeError extends QueryCacheError {
  override readonly name = 'DecodeError'
  /** True when the text ends before the header does: a longer prefix may be readable. */
  readonly incomplete: boolean

  constructor(what: string, incomplete = false) {
    super('DECODE_FAILED', `A stored entry cannot be read: ${what}. It is a miss and gets replaced.`)
    this.incomplete = incomplete
  }
}

export interface EncodeOptions {
  compress: boolean
  /** UTF-8 bytes of the body from which on compression is tried. */
  compressAboveBytes: number
  /** UTF-8 bytes that the whole text may have. */
  maxBytes: number
}

/** The entry as text; `undefined` when it is larger than `maxBytes`. */
export async function encodeEntry(entry: StoredEntry, options: EncodeOptions): Promise<string | undefined> {
  const plain = bodyText(entry.payload)
  const bytes = new TextEncoder().encode(plain)
  let body = plain
  let codec: BodyHeader['codec'] = 'plain'
  let size = bytes.length
  if (options.compress && bytes.length > options.compressAboveBytes && canCompress()) {
    const packed = await deflateToBase64(bytes)
    if (packed.length < size) [body, codec, size] = [packed, 'deflate', packed.length]
  }
  if (size > options.maxBytes) return undefined
  const head = headText(entry, {
    codec,
    kind: kindOf(entry.payload),
    bodyLength: body.length,
    bodyChecksum: checksum(body),
    decodedBytes: bytes.length,
  })
  return head.length + size > options.maxBytes ? undefined : head + body
}

const kindOf = (payload: Payload): BodyHeader['kind'] => (payload.kind === 'rows' ? 'rows' : payload.format)

/** Column by column, so that one `JSON.parse` restores it and like stands beside like when it is compressed. */
function bodyText(payload: Payload): string {
  if (payload.kind === 'value') return payload.text
  const { fields, rowCount, command, length, columns } = payload
  return JSON.stringify([
    fields.map(({ name }) => name),
    fields.map(({ dataTypeID }) => dataTypeID),
    rowCount,
    command,
    length,
    columns,
  ])
}

function headText(entry: EntryHeader, body: BodyHeader): string {
  const { key, names, versions, readAt, freshUntil, staleUntil, errorUntil } = entry
  const { codec, kind, bodyLength, bodyChecksum, decodedBytes } = body
  const json = JSON.stringify([
    codec,
    kind,
    bodyLength,
    bodyChecksum,
    decodedBytes,
    key,
    readAt,
    freshUntil,
    staleUntil,
    errorUntil,
    names,
    versions,
  ])
  // ASCII only: a range of bytes then is a range of characters.
  const header = json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `eqc${FORMAT}:${header.length}:${checksum(header)}:${header}`
}

/** Where the body begins, beside what the header says. */
export type Header = EntryHeader & BodyHeader & { bodyAt: number }

const PREAMBLE = /^eqc1:([1-9]\d{0,8}):([0-9a-f]{8}):/

/**
 * The header of a stored text, or of a prefix of it.
 * @throws DecodeError, with `incomplete` set when the prefix may be too short
 */
export function readHeader(text: string): Header {
  const start = PREAMBLE.exec(text)
  if (!start) throw new DecodeError('it is no entry of this format', text.length < 24)
  const from = start[0].length
  const bodyAt = from + Number(start[1])
  if (text.length < bodyAt) throw new DecodeError('its header is cut', true)
  const header = text.slice(from, bodyAt)
  if (checksum(header) !== start[2]) throw new DecodeError('its header is damaged')
  return { ...headerFields(header), bodyAt }
}

type HeaderTuple = [
  BodyHeader['codec'],
  BodyHeader['kind'],
  number,
  string,
  number,
  string,
  number,
  number,
  number,
  number,
  string[],
  string[],
]

/** The checksum vouches for what stands in it. */
function headerFields(header: string): EntryHeader & BodyHeader {
  const parsed = parseJson(header) as HeaderTuple
  const [
    codec,
    kind,
    bodyLength,
    bodyChecksum,
    decodedBytes,
    key,
    readAt,
    freshUntil,
    staleUntil,
    errorUntil,
    names,
    versions,
  ] = parsed
  return {
    codec,
    kind,
    bodyLength,
    bodyChecksum,
    decodedBytes,
    key,
    readAt,
    freshUntil,
    staleUntil,
    errorUntil,
    names,
    versions,
  }
}

/**
 * The whole entry. `maxDecodedBytes`: UTF-8 bytes that the body may have when it is decompressed.
 * @throws DecodeError on anything that is not exactly what was written
 */
export async function decodeEntry(text: string, options: { maxDecodedBytes: number }): Promise<StoredEntry> {
  const header = readHeader(text)
  const { key, names, versions, readAt, freshUntil, staleUntil, errorUntil } = header
  if (text.length !== header.bodyAt + header.bodyLength) throw new DecodeError('its body is cut or too long')
  if (header.decodedBytes > options.maxDecodedBytes) throw new DecodeError('it is too large')
  const stored = text.slice(header.bodyAt)
  if (checksum(stored) !== header.bodyChecksum) throw new DecodeError('its body is damaged')
  const body = header.codec === 'plain' ? stored : await inflated(stored, header.decodedBytes)
  return { key, names, versions, readAt, freshUntil, staleUntil, errorUntil, payload: payloadOf(header.kind, body) }
}

async function inflated(stored: string, decodedBytes: number): Promise<string> {
  if (!canDecompress()) throw new DecodeError('this runtime cannot decompress it')
  try {
    return await inflateFromBase64(stored, decodedBytes)
  } catch {
    throw new DecodeError('its body cannot be decompressed')
  }
}

function payloadOf(kind: BodyHeader['kind'], body: string): Payload {
  if (kind !== 'rows') return { kind: 'value', format: kind, text: body }
  const parsed = parseJson(body) as [string[], number[], number | null, string, number, (string | null)[][]]
  const [names, oids, rowCount, command, length, columns] = parsed
  if (
    columns.length !== names.length ||
    oids.length !== names.length ||
    columns.some((column) => column.length !== length)
  )
    throw new DecodeError('its columns do not add up')
  return {
    kind: 'rows',
    fields: names.map((name, i) => ({ name, dataTypeID: oids[i]! })),
    rowCount,
    command,
    columns,
    length,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new DecodeError('it is no JSON inside')
  }
}
