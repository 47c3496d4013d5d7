/** Who turns an entry into text and back: its rows, and what every cache must keep with them. */
import * as devalue from 'devalue'
import { pack, unpack } from 'msgpackr'
import { SuperJSON } from 'superjson'
import { fromBase64, toBase64 } from '../../dist/codec/base64.js'
import { compress, decompress } from '../../dist/codec/compress.js'
import { decodeEntry, encodeEntry } from '../../dist/codec/encode.js'
import { packResult } from '../../dist/codec/payload.js'
import { Shapes, WireRows } from '../../dist/codec/rows.js'
import { OWN } from '../lib/types.ts'
import { parser } from './workloads.ts'
import type { Typed, Workload } from './workloads.ts'

export interface Codec {
  name: string
  /** What a cache gets: the driver's rows; ours gets them before the driver's parsers ran. */
  encode: (workload: Workload) => Promise<string>
  decode: (text: string) => Promise<Typed[]>
}

/** What is stored beside the rows: whose they are, what they depend on, how long they are good. */
const HEAD = {
  key: '5e884898da28047151d0e56f8dc62927',
  names: ['t:public.products'],
  database: 'db',
  versions: ['v3b241101-e2bb-4255-8caf-4136c566a962'],
  readAt: 1_790_000_000_000,
  freshUntil: 1_790_000_060_000,
  staleUntil: 1_790_000_120_000,
  errorUntil: 1_790_000_120_000,
}
/** Our default. */
export const COMPRESS_ABOVE = 8192
const LIMITS = { compress: true, compressAboveBytes: COMPRESS_ABOVE, maxEntryBytes: 1e9 }

/** As a cache has them. */
const shapes = new Shapes(65_536)

const own: Codec = {
  name: OWN,
  encode: async ({ fields, wire }) => {
    const result = { raw: true as const, fields: [...fields], rowCount: wire.length, command: 'SELECT', rows: wire }
    return (await encodeEntry({ ...HEAD, payload: packResult(result) }, LIMITS))!.text
  },
  decode: async (text) => {
    const { payload } = await decodeEntry(text, { maxDecodedBytes: 1e9 })
    if (payload.kind !== 'rows') throw new Error('expected rows')
    return new WireRows(payload, { parser }, shapes.of(payload.fields)).rows()
  },
}

/** A serializer with our compression, at our threshold, in base64: `<size>:<packing>:<text>`. */
function peer(
  name: string,
  write: (value: unknown) => string | Uint8Array,
  read: (bytes: Uint8Array) => unknown,
): Codec {
  return {
    name,
    encode: async ({ typed }) => {
      const written = write({ ...HEAD, rows: typed })
      const bytes = typeof written === 'string' ? new TextEncoder().encode(written) : written
      const smaller = bytes.length > COMPRESS_ABOVE ? await compress(bytes) : undefined
      if (smaller) return `${bytes.length}:${smaller.packing}:${toBase64(smaller.packed)}`
      return `${bytes.length}::${typeof written === 'string' ? written : toBase64(bytes)}`
    },
    decode: async (text) => {
      const [size, packing, body] = split(text)
      const bytes = packing
        ? (await decompress(packing as 'zstd', fromBase64(body), size))!
        : name === 'msgpackr'
          ? fromBase64(body)
          : new TextEncoder().encode(body)
      return (read(bytes) as { rows: Typed[] }).rows
    },
  }
}

function split(text: string): [number, string, string] {
  const first = text.indexOf(':')
  const second = text.indexOf(':', first + 1)
  return [Number(text.slice(0, first)), text.slice(first + 1, second), text.slice(second + 1)]
}

const superjson = new SuperJSON()
const decoder = new TextDecoder()
const text = (bytes: Uint8Array) => decoder.decode(bytes)

export const CODECS: readonly Codec[] = [
  own,
  peer(
    'superjson',
    (value) => superjson.stringify(value),
    (bytes) => superjson.parse(text(bytes)),
  ),
  peer(
    'JSON',
    (value) => JSON.stringify(value),
    (bytes) => JSON.parse(text(bytes)) as unknown,
  ),
  peer('msgpackr', pack, unpack),
  peer(
    'devalue',
    (value) => devalue.stringify(value),
    (bytes) => devalue.parse(text(bytes)) as unknown,
  ),
]
