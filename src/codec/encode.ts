/**
 * An entry <-> the text that Redis keeps: `eqc5:<checksum of what follows>:<header length>:<header><body>`. It is no JSON, so that an SDK which
 * parses what it gets hands it over as it is; the header is ASCII and can be read without the body.
 * @module
 */
import { columnsFrom, columnsToText } from './columns.js'
import { fromUtf8, isWellFormed, toUtf8 } from './utf8.js'
import { checksum } from './checksum.js'
import { NotCacheableError } from './payload.js'
import type { Payload, RowsBody, RowsPayload, ValuePayload } from './payload.js'
import { base64Units, fromBase64, toBase64 } from './base64.js'
import { compress, decompress, joined } from './compress.js'
import { own } from '../key.js'
import type { Packing } from './compress.js'

/** The version of the stored form. It is part of every entry's key too, so that two versions never meet. */
export const FORMAT = '5'

export interface EntryHeader {
  /** Digest of the key that the entry was written for. */
  key: string
  /** The names it depends on, and the version of each, captured before the database read. */
  names: readonly string[]
  versions: readonly string[]
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
  /** UTF-8 bytes of the body before compression; 0 of one that is plain. */
  decodedBytes: number
  /** Those at its beginning that are columns, turned. */
  table: number
}

/** A stored text is not an entry of this format, or is damaged. It is met inside: the entry is a miss, and gets replaced. */
export class DecodeError extends Error {
  /** `incomplete`: the text ends before the header does, and a longer prefix may be readable. `elsewhere`: another platform could read it. */
  readonly why: 'incomplete' | 'elsewhere' | undefined

  constructor(why?: DecodeError['why']) {
    super()
    this.why = why
  }
}

export interface EncodeOptions {
  compress: boolean
  /** UTF-8 bytes of the body from which on compression is tried. */
  compressAboveBytes: number
  /** UTF-8 bytes that the whole text may have. */
  maxEntryBytes: number
}

export interface Written {
  text: string
  body: RowsBody
}

/**
 * The entry as text, and what of it is its rows; `undefined` when it is larger than `maxEntryBytes`.
 * @throws NotCacheableError for text that UTF-8 does not restore
 */
export async function encodeEntry(entry: StoredEntry, options: EncodeOptions): Promise<Written | undefined> {
  const { payload } = entry
  const { compressAboveBytes, maxEntryBytes } = options
  const { table, text } =
    payload.kind === 'rows'
      ? columnsToText(payload, options.compress && unitsOf(payload) > compressAboveBytes)
      : { table: NOTHING, text: payload.text }
  if (!isWellFormed(text)) throw new NotCacheableError()
  // A unit is three bytes at most: what is short needs no counting.
  const mayBeLong = table.length + text.length * 3 > Math.min(compressAboveBytes, maxEntryBytes)
  const utf8 = mayBeLong ? toUtf8(text) : NOTHING
  const decodedBytes = mayBeLong ? table.length + utf8.length : text.length * 3
  const large = options.compress && decodedBytes > compressAboveBytes
  const whole = large ? (table.length > 0 ? joined([table, utf8], decodedBytes) : utf8) : undefined
  const smaller = whole && (await compress(whole))
  const pays = smaller && base64Units(smaller.packed) < decodedBytes
  const { packing: codec, packed } = pays ? smaller : { packing: 'plain' as const, packed: NOTHING }
  // What nobody would unpack again.
  if ((base64Units(packed) || decodedBytes) > maxEntryBytes || decodedBytes > MOST_DECODED_BYTES) return undefined
  const head = headText(entry, {
    codec,
    kind: payload.kind === 'rows' ? 'rows' : payload.format,
    decodedBytes: pays ? decodedBytes : 0,
    table: table.length,
  })
  // Joined in one piece: V8 reads each character of a text that was added up at twice the price.
  const summed = pays ? head : [head, fromUtf8(table), text].join('')
  const stored = [`eqc${FORMAT}:${checksum(summed, packed)}:`, summed, toBase64(packed)].join('')
  if (stored.length * 3 > maxEntryBytes && toUtf8(stored).length > maxEntryBytes) return undefined
  return { text: stored, body: whole ? viewsOf(whole, table.length) : { table: table.length ? table : NOTHING, text } }
}

const NOTHING = new Uint8Array()

/** UTF-16 units of all cells. */
function unitsOf({ columns }: RowsPayload): number {
  let units = 0
  for (const column of columns) for (const text of column) if (text) units += text.length
  return units
}

/** Neon answers with 64 MB at most; nothing that is stored can be larger when it is unpacked. */
export const MOST_DECODED_BYTES = 64 * 1024 * 1024

/** In the order in which they stand in the text. */
type HeaderValues = [
  codec: BodyHeader['codec'],
  kind: BodyHeader['kind'],
  decodedBytes: number,
  table: number,
  key: string,
  readAt: number,
  freshUntil: number,
  staleUntil: number,
  errorUntil: number,
  names: readonly string[],
  versions: readonly string[],
  database: string,
]

function headText(entry: EntryHeader, { codec, kind, decodedBytes, table }: BodyHeader): string {
  const { key, readAt, freshUntil, staleUntil, errorUntil, names, versions, database } = entry
  const values: HeaderValues = [
    codec,
    kind,
    decodedBytes,
    table,
    key,
    readAt,
    freshUntil,
    staleUntil,
    errorUntil,
    names,
    versions,
    database,
  ]
  // ASCII only: a range of bytes then is a range of characters.
  const header = JSON.stringify(values).replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${header.length}:${header}`
}

/** What the header says, the checksum, from where on it counts, and where the body begins. */
export type Header = BodyHeader & { entry: EntryHeader; sum: string; sumAt: number; bodyAt: number }

const PREAMBLE = new RegExp(`^eqc${FORMAT}:[0-9a-f]{1,8}:[1-9]\\d{0,8}:`)
/** Where the checksum stands. */
const SUM_AT = `eqc${FORMAT}:`.length

/**
 * The header of a stored text, or of a prefix of it, as it stands there: only the whole text can be checked.
 * @throws DecodeError, with `incomplete` set when the prefix may be too short
 */
export function readHeader(text: string): Header {
  if (!PREAMBLE.test(text)) throw new DecodeError(text.length < 24 ? 'incomplete' : undefined)
  const sumAt = text.indexOf(':', SUM_AT) + 1
  const headerAt = text.indexOf(':', sumAt) + 1
  const bodyAt = headerAt + parseInt(text.slice(sumAt, headerAt))
  if (text.length < bodyAt) throw new DecodeError('incomplete')
  // Taken apart one by one: as a list each of them is a call until V8 has compiled this, and a new isolate's hits come before.
  const values = valuesOf(text.slice(headerAt, bodyAt))
  return {
    codec: values[0],
    kind: values[1],
    decodedBytes: values[2],
    table: values[3],
    entry: {
      key: values[4],
      readAt: values[5],
      freshUntil: values[6],
      staleUntil: values[7],
      errorUntil: values[8],
      names: values[9],
      versions: values[10],
      database: values[11],
    },
    sum: text.slice(SUM_AT, sumAt - 1),
    sumAt,
    bodyAt,
  }
}

/** What each value of a header is: a text, a number, or a list of texts. */
const KINDS = 'ttnntnnnnllt'

const CODECS: readonly BodyHeader['codec'][] = ['plain', 'deflate', 'zstd']
const BODIES: readonly BodyHeader['kind'][] = ['rows', 'json', 'tagged']

const isText = (value: unknown): boolean => typeof value === 'string'

/** The checksum vouches for what was written, and not for who wrote it. */
function valuesOf(header: string): HeaderValues {
  try {
    const values = JSON.parse(header) as HeaderValues
    let kinds = ''
    // So many and no more, whatever a damaged header says of its length.
    for (let i = 0; i < KINDS.length; i++) {
      const value: unknown = values[i]
      if (typeof value === 'string') kinds += 't'
      else if (typeof value === 'number') kinds += value >= 0 && value < Infinity ? 'n' : ''
      else if (Array.isArray(value) && value.every(isText)) kinds += 'l'
    }
    const fits = Array.isArray(values) && values.length === KINDS.length && kinds === KINDS
    if (fits && CODECS.includes(values[0]) && BODIES.includes(values[1])) return values
  } catch {
    // Damaged.
  }
  throw new DecodeError()
}

/**
 * The whole entry, at once unless the platform decompresses by streams only. `maxDecodedBytes`: UTF-8 bytes that the body may have when it is
 * decompressed.
 * @throws DecodeError on anything that is not exactly what was written
 */
export function decodeEntry(stored: string, options: { maxDecodedBytes: number }): StoredEntry | Promise<StoredEntry> {
  try {
    const decoded = decode(stored, options)
    return decoded instanceof Promise ? decoded.catch(refuse) : decoded
  } catch (error) {
    return refuse(error)
  }
}

function refuse(error: unknown): never {
  throw error instanceof DecodeError ? error : new DecodeError()
}

function decode(stored: string, { maxDecodedBytes }: { maxDecodedBytes: number }): StoredEntry | Promise<StoredEntry> {
  const header = readHeader(stored)
  const { codec, table, decodedBytes, sum, sumAt, bodyAt } = header
  const body = stored.slice(bodyAt)
  const plain = codec === 'plain'
  // Of what is packed the bytes are summed, which are fewer. Node reads base64 up to what is none.
  const packed = plain ? NOTHING : fromBase64(body)
  if (
    (plain ? body.length : decodedBytes) > maxDecodedBytes ||
    (!plain && base64Units(packed) !== body.length) ||
    // UTF-8 has one form for all halves of surrogate pairs.
    !isWellFormed(stored) ||
    checksum(stored.slice(sumAt, plain ? undefined : bodyAt), packed) !== sum
  )
    throw new DecodeError()
  if (plain)
    return restored(header, {
      table: table ? toUtf8(body.slice(0, table)) : NOTHING,
      text: own(table ? body.slice(table) : body),
    })
  const unpacked = (bytes: Uint8Array | undefined): StoredEntry => {
    if (!bytes) throw new DecodeError('elsewhere')
    // Without the room that was made for it.
    return restored(header, viewsOf(new Uint8Array(bytes), table))
  }
  const bytes = decompress(codec, packed, decodedBytes)
  return bytes instanceof Promise ? bytes.then(unpacked) : unpacked(bytes)
}

function restored({ entry, kind }: Header, body: RowsBody): StoredEntry {
  const { text } = body
  const payload: Payload =
    kind === 'rows'
      ? rowsOf(body)
      : { kind: 'value', format: kind, text: typeof text === 'string' ? text : fromUtf8(text) }
  return { ...entry, payload }
}

const viewsOf = (whole: Uint8Array, table: number): RowsBody => ({
  table: whole.subarray(0, table),
  text: whole.subarray(table),
})

function rowsOf(body: RowsBody): RowsPayload {
  const payload = columnsFrom(body)
  if (!payload) throw new DecodeError()
  return { ...payload, body }
}
