/**
 * An entry <-> the text that Redis keeps: `eqc2:<header length>:<header checksum>:<header><body>`. It is no JSON, so that an SDK which parses
 * what it gets hands it over as it is; the header is ASCII and can be read without the body.
 * @module
 */
import { QueryCacheError } from '../errors.js'
import { fromBase64, toBase64 } from './base64.js'
import { checksum } from './checksum.js'
import { columnsFrom, columnsToBytes } from './columns.js'
import { compress, decompress } from './compress.js'
import type { Packing } from './compress.js'
import type { Payload, ValuePayload } from './payload.js'
import { fromUtf8, toUtf8 } from './utf8.js'

/** The version of the stored form. It is part of every entry's key too, so that two versions never meet. */
export const FORMAT = '2'

export interface EntryHeader {
  /** Digest of the key that the entry was written for. */
  key: string
  /** The names it depends on, and the version of each, captured before the database read. */
  names: string[]
  versions: string[]
  /** The part of the version keys that says whose names they are. */
  database: string
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
  codec: 'plain' | Packing
  kind: 'rows' | ValuePayload['format']
  /** UTF-16 units of the body as stored. */
  bodyLength: number
  /** Of the bytes that the body holds, compressed or not. */
  bodyChecksum: string
  /** UTF-8 bytes of the body before compression. */
  decodedBytes: number
  /** Those of them that are columns, turned. */
  table: number
}

/** A stored text is not an entry of this format, or is damaged. `code` is `DECODE_FAILED`. */
export class DecodeError extends QueryCacheError {
  override readonly name = 'DecodeError'
  /** True when the text ends before the header does: a longer prefix may be readable. */
  readonly incomplete: boolean
  /** True when another platform could read it: it is no garbage. */
  readonly elsewhere: boolean

  constructor(what: string, { incomplete = false, elsewhere = false } = {}) {
    super('DECODE_FAILED', `A stored entry cannot be read: ${what}. It is a miss and gets replaced.`)
    this.incomplete = incomplete
    this.elsewhere = elsewhere
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
  const { payload } = entry
  const { bytes, table, text } =
    payload.kind === 'rows' ? columnsToBytes(payload) : { bytes: toUtf8(payload.text), table: 0, text: payload.text }
  const smaller = options.compress && bytes.length > options.compressAboveBytes ? await compress(bytes) : undefined
  // Four characters of base64 hold three bytes.
  const pays = smaller && Math.ceil(smaller.packed.length / 3) * 4 < bytes.length ? smaller : undefined
  const size = pays ? Math.ceil(pays.packed.length / 3) * 4 : bytes.length
  // What nobody would unpack again.
  if (size > options.maxBytes || bytes.length > MOST_DECODED_BYTES) return undefined
  const body = pays ? toBase64(pays.packed) : table ? fromUtf8(bytes) : text
  const head = headText(entry, {
    codec: pays ? pays.packing : 'plain',
    kind: payload.kind === 'rows' ? 'rows' : payload.format,
    bodyLength: body.length,
    bodyChecksum: checksum(pays ? pays.packed : bytes),
    decodedBytes: bytes.length,
    table,
  })
  return head.length + size > options.maxBytes ? undefined : head + body
}

/** Neon answers with 64 MB at most; nothing that is stored can be larger when it is unpacked. */
export const MOST_DECODED_BYTES = 64 * 1024 * 1024

const FIELDS = [
  'codec',
  'kind',
  'bodyLength',
  'bodyChecksum',
  'decodedBytes',
  'key',
  'readAt',
  'freshUntil',
  'staleUntil',
  'errorUntil',
  'names',
  'versions',
  'table',
  'database',
] as const satisfies readonly (keyof (EntryHeader & BodyHeader))[]

function headText(entry: EntryHeader, body: BodyHeader): string {
  const all = { ...entry, ...body }
  // ASCII only: a range of bytes then is a range of characters.
  const header = JSON.stringify(FIELDS.map((field) => all[field])).replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `eqc${FORMAT}:${header.length}:${checksum(toUtf8(header))}:${header}`
}

/** Where the body begins, beside what the header says. */
export type Header = EntryHeader & BodyHeader & { bodyAt: number }

const areTexts = (list: unknown): boolean => Array.isArray(list) && list.every((item) => typeof item === 'string')

const PREAMBLE = new RegExp(`^eqc${FORMAT}:([1-9]\\d{0,8}):([0-9a-f]+):`)

/**
 * The header of a stored text, or of a prefix of it.
 * @throws DecodeError, with `incomplete` set when the prefix may be too short
 */
export function readHeader(text: string): Header {
  const start = PREAMBLE.exec(text)
  if (!start) throw new DecodeError('it is no entry of this format', { incomplete: text.length < 24 })
  const from = start[0].length
  const bodyAt = from + Number(start[1])
  if (text.length < bodyAt) throw new DecodeError('its header is cut', { incomplete: true })
  const header = text.slice(from, bodyAt)
  if (checksum(toUtf8(header)) !== start[2]) throw new DecodeError('its header is damaged')
  // The checksum vouches for what stands in it.
  const values = JSON.parse(header) as unknown[]
  const fields: Partial<Record<keyof Header, unknown>> = {}
  FIELDS.forEach((field, i) => (fields[field] = values[i]))
  fields.bodyAt = bodyAt
  const { names, versions, table, decodedBytes } = fields as Header
  const sizes = table >= 0 && decodedBytes >= 0
  if (!sizes || !areTexts(names) || !areTexts(versions)) throw new DecodeError('its header is none')
  return fields as Header
}

/**
 * The whole entry. `maxDecodedBytes`: UTF-8 bytes that the body may have when it is decompressed.
 * @throws DecodeError on anything that is not exactly what was written
 */
export async function decodeEntry(stored: string, options: { maxDecodedBytes: number }): Promise<StoredEntry> {
  const header = readHeader(stored)
  const { key, names, versions, database, readAt, freshUntil, staleUntil, errorUntil } = header
  if (stored.length !== header.bodyAt + header.bodyLength) throw new DecodeError('its body is cut or too long')
  if (header.decodedBytes > options.maxDecodedBytes) throw new DecodeError('it is too large')
  const payload = await payloadOf(stored.slice(header.bodyAt), header)
  return { key, names, versions, database, readAt, freshUntil, staleUntil, errorUntil, payload }
}

async function payloadOf(
  body: string,
  { codec, kind, bodyChecksum, decodedBytes, table }: BodyHeader,
): Promise<Payload> {
  const packed = codec === 'plain' ? toUtf8(body) : binary(body)
  if (checksum(packed) !== bodyChecksum) throw new DecodeError('its body is damaged')
  const bytes = codec === 'plain' ? packed : await unpacked(codec, packed, decodedBytes)
  const text = bytes === packed && !table ? body : fromUtf8(bytes.subarray(table))
  if (kind !== 'rows') return { kind: 'value', format: kind, text }
  const rows = columnsFrom(bytes.subarray(0, table), text)
  if (!rows) throw new DecodeError('its columns do not add up')
  return rows
}

function binary(base64: string): Uint8Array {
  try {
    return fromBase64(base64)
  } catch {
    throw new DecodeError('its body is damaged')
  }
}

async function unpacked(codec: Packing, packed: Uint8Array, size: number): Promise<Uint8Array> {
  const bytes = await decompress(codec, packed, size).catch(() => {
    throw new DecodeError('its body cannot be decompressed')
  })
  if (!bytes) throw new DecodeError('this runtime cannot decompress it', { elsewhere: true })
  return bytes
}
