/** Stored entries that somebody else has written: other header fields, another body, and checksums that vouch for both. */
import { fromBase64, toBase64 } from '../../src/codec/base64.js'
import { checksum } from '../../src/codec/checksum.js'
import { readHeader } from '../../src/codec/encode.js'

/** The places of a header's fields. */
export const FIELD = {
  codec: 0,
  kind: 1,
  bodyLength: 2,
  bodyChecksum: 3,
  decodedBytes: 4,
  key: 5,
  readAt: 6,
  freshUntil: 7,
  staleUntil: 8,
  errorUntil: 9,
  names: 10,
  versions: 11,
  table: 12,
  database: 13,
} as const

export type Field = keyof typeof FIELD

const utf8 = (text: string) => new TextEncoder().encode(text)

/** `fields` as JSON text, so that they may be what no `JSON.stringify` writes. Lengths and the checksum of the body follow it. */
export function forge(
  text: string,
  fields: Partial<Record<Field, string>>,
  change: (body: string) => string = (body) => body,
): string {
  const { bodyAt, codec } = readHeader(text)
  const json = (JSON.parse(text.slice(text.indexOf('['), bodyAt)) as unknown[]).map((value) => JSON.stringify(value))
  const body = change(text.slice(bodyAt))
  const bytes = codec === 'plain' ? utf8(body) : fromBase64(body)
  json[FIELD.bodyLength] = String(body.length)
  json[FIELD.bodyChecksum] = JSON.stringify(checksum(bytes))
  if (codec === 'plain') json[FIELD.decodedBytes] = String(bytes.length)
  for (const [field, value] of Object.entries(fields)) json[FIELD[field as Field]] = value
  return withHeader(`[${json.join()}]`, body)
}

export const withHeader = (header: string, body: string): string =>
  `eqc2:${header.length}:${checksum(utf8(header))}:${header}${body}`

/** Changes the bytes of a body that is compressed. */
export const bytesChanged =
  (change: (bytes: Uint8Array) => Uint8Array) =>
  (body: string): string =>
    toBase64(change(Uint8Array.from(fromBase64(body))))
