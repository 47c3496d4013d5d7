/** `node --expose-gc bench/codec/text-encodings.ts`: how compressed bytes travel to Redis as text. Counts what is on the wire and in Redis, and the time. */
import { fromBase64, toBase64 } from '../../dist/codec/base64.js'
import { compress } from '../../dist/codec/compress.js'
import { columnsToText } from '../../dist/codec/columns.js'
import { packResult } from '../../dist/codec/payload.js'
import type { RowsPayload } from '../../dist/codec/payload.js'
import { measure } from '../lib/measure.ts'
import { workload } from './workloads.ts'

interface Encoding {
  name: string
  encode: (bytes: Uint8Array) => string
  decode: (text: string) => Uint8Array
}

const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
/** Four bytes in five of 85 characters; the last group is filled up. */
const z85: Encoding = {
  name: 'base85 (Z85)',
  encode: (bytes) => {
    const units = new Uint8Array(Math.ceil(bytes.length / 4) * 5)
    for (let i = 0, to = 0; i < bytes.length; i += 4, to += 5) {
      let word = bytes[i]! * 2 ** 24 + ((bytes[i + 1] ?? 0) << 16) + ((bytes[i + 2] ?? 0) << 8) + (bytes[i + 3] ?? 0)
      for (let digit = 4; digit >= 0; digit--, word = Math.floor(word / 85))
        units[to + digit] = Z85.charCodeAt(word % 85)
    }
    return new TextDecoder().decode(units)
  },
  decode: (text) => {
    const bytes = new Uint8Array((text.length / 5) * 4)
    for (let i = 0, to = 0; i < text.length; i += 5, to += 4) {
      let word = 0
      for (let digit = 0; digit < 5; digit++) word = word * 85 + Z85_VALUE[text.charCodeAt(i + digit)]!
      bytes[to] = word / 2 ** 24
      bytes[to + 1] = word >>> 16
      bytes[to + 2] = word >>> 8
      bytes[to + 3] = word
    }
    return bytes
  },
}
const Z85_VALUE = new Uint8Array(128)
for (let i = 0; i < 85; i++) Z85_VALUE[Z85.charCodeAt(i)] = i

/** 91 characters that JSON need not escape, two for thirteen or fourteen bits. */
const ALPHABET = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))
  .filter((one) => !'"\\\''.includes(one))
  .join('')
const VALUE = new Uint8Array(128)
for (let i = 0; i < 91; i++) VALUE[ALPHABET.charCodeAt(i)] = i
const base91: Encoding = {
  name: 'base91',
  encode: (bytes) => {
    const units = new Uint8Array(Math.ceil(bytes.length * 1.24) + 2)
    let bits = 0
    let held = 0
    let to = 0
    const put = (value: number) => {
      units[to++] = ALPHABET.charCodeAt(value % 91)
      units[to++] = ALPHABET.charCodeAt(Math.floor(value / 91))
    }
    for (const byte of bytes) {
      held |= byte << bits
      bits += 8
      if (bits <= 13) continue
      let value = held & 8191
      const taken = value > 88 ? 13 : 14
      if (taken === 14) value = held & 16383
      held >>= taken
      bits -= taken
      put(value)
    }
    if (bits > 0) put(held)
    return new TextDecoder().decode(units.subarray(0, to))
  },
  decode: (text) => {
    const bytes = new Uint8Array(Math.ceil((text.length / 2) * 1.75))
    let bits = 0
    let held = 0
    let to = 0
    for (let i = 0; i < text.length; i += 2) {
      const value = VALUE[text.charCodeAt(i)]! + VALUE[text.charCodeAt(i + 1)]! * 91
      held |= value << bits
      bits += (value & 8191) > 88 ? 13 : 14
      for (; bits >= 8; bits -= 8, held >>= 8) bytes[to++] = held
    }
    return bytes.subarray(0, to)
  },
}

/** Fifteen bits in a character of three bytes of UTF-8. */
const base32768: Encoding = {
  name: 'base32768',
  encode: (bytes) => {
    let text = ''
    let bits = 0
    let held = 0
    for (const byte of bytes) {
      held = (held << 8) | byte
      bits += 8
      if (bits < 15) continue
      bits -= 15
      text += String.fromCharCode(0x4000 + (held >> bits))
      held &= (1 << bits) - 1
    }
    return text + String.fromCharCode(0x4000 + (held << (15 - bits)))
  },
  decode: (text) => {
    const bytes = new Uint8Array(Math.floor((text.length * 15) / 8))
    let bits = 0
    let held = 0
    let to = 0
    for (let i = 0; i < text.length; i++) {
      held = (held << 15) | (text.charCodeAt(i) - 0x4000)
      for (bits += 15; bits >= 8; bits -= 8) bytes[to++] = held >> (bits - 8)
      held &= (1 << bits) - 1
    }
    return bytes
  },
}

/** A character for each byte: above 127 it takes two in UTF-8, below 32 JSON takes six. */
const latin1: Encoding = {
  name: 'a character a byte',
  encode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'),
  decode: (text) => Buffer.from(text, 'latin1'),
}

const ENCODINGS: Encoding[] = [{ name: 'base64', encode: toBase64, decode: fromBase64 }, z85, base91, base32768, latin1]

const { fields, wire } = workload('typed', 500, 7)
const raw = { raw: true as const, fields: [...fields], rowCount: wire.length, command: 'SELECT', rows: wire }
const { table, text: others } = columnsToText(packResult(raw) as RowsPayload, true)
const { packed } = (await compress(Buffer.concat([table, Buffer.from(others)])))!
const texts = new Map(ENCODINGS.map((one) => [one, one.encode(packed)]))
for (const [{ name, decode }, text] of texts) {
  const back = decode(text)
  if (packed.some((byte, i) => byte !== back[i])) throw new Error(`${name} gives other bytes back`)
}
const pace = { rounds: 11, roundMs: 10 }
const run = (work: (one: Encoding) => unknown) =>
  measure(
    ENCODINGS.map((one) => ({
      name: one.name,
      run: (times: number) => {
        for (let i = 0; i < times; i++) work(one)
      },
    })),
    pace,
  )
const encoding = await run((one) => one.encode(packed))
const decoding = await run((one) => one.decode(texts.get(one)!))
console.log(`${packed.length} bytes\n`)
console.log('| | in the JSON of a request, and of an answer | in Redis | answer in base64 | encode, µs | decode, µs |')
console.log('| --- | --- | --- | --- | --- | --- |')
for (const [{ name }, text] of texts) {
  const stored = Buffer.byteLength(text)
  const cells = [Buffer.byteLength(JSON.stringify(text)), stored, Math.ceil(stored / 3) * 4 + 2]
  const times = [encoding, decoding].map((cells) => cells[name]!.median.toFixed(1))
  console.log(`| ${[name, ...cells.map((cell) => cell.toLocaleString('en-US')), ...times].join(' | ')} |`)
}
