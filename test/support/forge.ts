/** Stored entries that somebody else has written: other header fields, another body, and checksums that vouch for both. */
import { fromBase64, toBase64 } from '../../src/codec/base64.js'
import { checksum } from '../../src/codec/checksum.js'
import { FORMAT, readHeader } from '../../src/codec/encode.js'

/** The places of a header's fields. */
export const FIELD = {
  codec: 0,
  kind: 1,
  decodedBytes: 2,
  table: 3,
  key: 4,
  readAt: 5,
  freshUntil: 6,
  staleUntil: 7,
  errorUntil: 8,
  names: 9,
  versions: 10,
  database: 11,
} as const

export type Field = keyof typeof FIELD

/** `fields` as JSON text, so that they may be what no `JSON.stringify` writes. The checksum follows. */
export function forge(
  text: string,
  fields: Partial<Record<Field, string>>,
  change: (body: string) => string = (body) => body,
): string {
  const { bodyAt } = readHeader(text)
  const json = (JSON.parse(text.slice(text.indexOf('['), bodyAt)) as unknown[]).map((value) => JSON.stringify(value))
  for (const [field, value] of Object.entries(fields)) json[FIELD[field as Field]] = value
  return withHeader(`[${json.join()}]`, change(text.slice(bodyAt)))
}

export function withHeader(header: string, body: string): string {
  const head = `${header.length}:${header}`
  return `eqc${FORMAT}:${sumOf(head, body, !/^(\[|\{"0":)"plain"/.test(header))}:${head}${body}`
}

function sumOf(head: string, body: string, packed: boolean): string {
  if (!packed) return checksum(head + body, new Uint8Array())
  try {
    return checksum(head, fromBase64(body))
  } catch {
    // What is no base64 has no right one.
    return '0'
  }
}

/** Changes the bytes of a body that is compressed. */
export const bytesChanged =
  (change: (bytes: Uint8Array) => Uint8Array) =>
  (body: string): string =>
    toBase64(change(Uint8Array.from(fromBase64(body))))
