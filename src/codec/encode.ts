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
import { NotCacheableError } from './payload.js'
import type { Payload, ValuePayload } from './payload.js'
import { fromUtf8, isWellFormed, toUtf8 } from './utf8.js'

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

  constructor({ incomplete = false, elsewhere = false } = {}) {
    super('DECODE_FAILED', 'A stored entry cannot be read. It is a miss and gets replaced.')
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

/**
 * The entry as text; `undefined` when it is larger than `maxBytes`.
 * @throws NotCacheableError for text that UTF-8 does not restore
 */
export async function encodeEntry(entry: StoredEntry, options: EncodeOptions): Promise<string | undefined> {
  const { payload } = entry
  const { bytes, table, text } =
    payload.kind === 'rows' ? columnsToBytes(payload) : { bytes: toUtf8(payload.text), table: 0, text: payload.text }
  if (!isWellFormed(text)) throw new NotCacheableError()
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

/** In this order. */
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

/** What each of them is, by `kindOf`. */
const KINDS = 'ttntntnnnnllnt'

const CODED = /^(plain|deflate|zstd),(rows|json|tagged)$/

const kindOf = (value: unknown): string => {
  if (typeof value === 'string') return 't'
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? 'l' : ''
  return Number.isFinite(value) && (value as number) >= 0 ? 'n' : ''
}

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

const PREAMBLE = new RegExp(`^eqc${FORMAT}:([1-9]\\d{0,8}):([0-9a-f]+):`)

/**
 * The header of a stored text, or of a prefix of it.
 * @throws DecodeError, with `incomplete` set when the prefix may be too short, or what made a forged one unreadable
 */
export function readHeader(text: string): Header {
  const start = PREAMBLE.exec(text)
  if (!start) throw new DecodeError({ incomplete: text.length < 24 })
  const from = start[0].length
  const bodyAt = from + Number(start[1])
  if (text.length < bodyAt) throw new DecodeError({ incomplete: true })
  const header = text.slice(from, bodyAt)
  if (checksum(toUtf8(header)) !== start[2]) throw new DecodeError()
  // The checksum vouches for what was written, and not for who wrote it.
  const values = JSON.parse(header) as unknown[]
  if (values.map(kindOf).join('') !== KINDS || !CODED.test(values.slice(0, 2).join())) throw new DecodeError()
  const fields: Partial<Record<keyof Header, unknown>> = { bodyAt }
  FIELDS.forEach((field, i) => (fields[field] = values[i]))
  return fields as Header
}

/**
 * The whole entry. `maxDecodedBytes`: UTF-8 bytes that the body may have when it is decompressed.
 * @throws DecodeError on anything that is not exactly what was written
 */
export async function decodeEntry(stored: string, options: { maxDecodedBytes: number }): Promise<StoredEntry> {
  try {
    const header = readHeader(stored)
    const { key, names, versions, database, readAt, freshUntil, staleUntil, errorUntil } = header
    const tooLarge = header.decodedBytes > options.maxDecodedBytes
    if (tooLarge || stored.length !== header.bodyAt + header.bodyLength) throw new DecodeError()
    const payload = await payloadOf(stored.slice(header.bodyAt), header)
    return { key, names, versions, database, readAt, freshUntil, staleUntil, errorUntil, payload }
  } catch (error) {
    throw error instanceof DecodeError ? error : new DecodeError()
  }
}

async function payloadOf(
  body: string,
  { codec, kind, bodyChecksum, decodedBytes, table }: BodyHeader,
): Promise<Payload> {
  const packed = codec === 'plain' ? toUtf8(body) : fromBase64(body)
  // UTF-8 has one form for all halves of pairs.
  if (checksum(packed) !== bodyChecksum || !isWellFormed(body)) throw new DecodeError()
  const bytes = codec === 'plain' ? packed : await decompress(codec, packed, decodedBytes)
  if (!bytes) throw new DecodeError({ elsewhere: true })
  const text = bytes === packed && !table ? body : fromUtf8(bytes.subarray(table))
  if (kind !== 'rows') return { kind: 'value', format: kind, text }
  const rows = columnsFrom(bytes.subarray(0, table), text)
  if (!rows) throw new DecodeError()
  return rows
}
