import { word } from './command.js'
import type { CommandTable } from './command.js'
import type { Keyspace } from './keyspace.js'
import { parseInt64 } from './numbers.js'
import { refuse, text } from './reply.js'
import type { Reply } from './reply.js'

const maxBits = 2n ** 32n
const badType = 'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.'
const badOffset = 'ERR bit offset is not an integer or out of range'

type Overflow = 'wrap' | 'sat' | 'fail'

/** `bits` from bit `at`, the highest first, as Redis counts them. */
interface Field {
  signed: boolean
  bits: number
  at: number
}

interface Operation extends Field {
  name: 'get' | 'set' | 'incrby'
  value: bigint
  overflow: Overflow
}

function parseField(type: string, offset: string): Field {
  const [, sign = '', digits = ''] = /^([iu])([1-9]\d?)$/.exec(type) ?? []
  const bits = Number(digits)
  if (bits === 0 || bits > (sign === 'i' ? 64 : 63)) return refuse(badType)
  const counted = offset.startsWith('#')
  const at = parseInt64(counted ? offset.slice(1) : offset, badOffset) * (counted ? BigInt(bits) : 1n)
  if (at < 0n || at >= maxBits) return refuse(badOffset)
  return { signed: sign === 'i', bits, at: Number(at) }
}

function parse(words: readonly string[]): Operation[] {
  const operations: Operation[] = []
  let overflow: Overflow = 'wrap'
  for (let i = 0; i < words.length;) {
    const name = word(words, i).toLowerCase()
    const left = words.length - i - 1
    if (name === 'overflow' && left >= 1) {
      const kind = word(words, i + 1).toLowerCase()
      if (kind !== 'wrap' && kind !== 'sat' && kind !== 'fail') return refuse('ERR Invalid OVERFLOW type specified')
      overflow = kind
      i += 2
    } else if (name === 'get' && left >= 2) {
      operations.push({ name, ...parseField(word(words, i + 1), word(words, i + 2)), value: 0n, overflow })
      i += 3
    } else if ((name === 'set' || name === 'incrby') && left >= 3) {
      const field = parseField(word(words, i + 1), word(words, i + 2))
      operations.push({ name, ...field, value: parseInt64(word(words, i + 3)), overflow })
      i += 4
    } else return refuse(text.syntax)
  }
  return operations
}

/** Not by a shift: it would take an offset of 32 bits for a negative one. */
const byteOf = (bit: number): number => Math.floor(bit / 8)

function read(bytes: Buffer, { signed, bits, at }: Field): bigint {
  let value = 0n
  for (let bit = at; bit < at + bits; bit++)
    value = (value << 1n) | BigInt(((bytes[byteOf(bit)] ?? 0) >> (7 - (bit & 7))) & 1)
  return signed ? BigInt.asIntN(bits, value) : value
}

function write(bytes: Buffer, { bits, at }: Field, value: bigint): void {
  let rest = BigInt.asUintN(bits, value)
  for (let bit = at + bits - 1; bit >= at; bit--, rest >>= 1n) {
    const mask = 0x80 >> (bit & 7)
    const byte = byteOf(bit)
    bytes[byte] = rest & 1n ? bytes[byte]! | mask : bytes[byte]! & ~mask
  }
}

/** What a field takes for `value`; `undefined` where it does not fit and must not be written. */
function fitting({ signed, bits, overflow }: Operation, value: bigint): bigint | undefined {
  const width = BigInt(bits)
  const [min, max] = signed ? [-(2n ** (width - 1n)), 2n ** (width - 1n) - 1n] : [0n, 2n ** width - 1n]
  if (value >= min && value <= max) return value
  if (overflow === 'fail') return undefined
  if (overflow === 'sat') return value > max ? max : min
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
}

function run(bytes: Buffer, operation: Operation): Reply {
  const before = read(bytes, operation)
  if (operation.name === 'get') return Number(before)
  const { name, signed } = operation
  // Redis takes the number as one without a sign: -1 is the largest.
  const given = name === 'set' && !signed ? BigInt.asUintN(64, operation.value) : operation.value
  const after = fitting(operation, name === 'set' ? given : before + given)
  if (after === undefined) return null
  write(bytes, operation, after)
  return Number(name === 'set' ? before : after)
}

function bitfield(keyspace: Keyspace, args: readonly string[]): Reply {
  const operations = parse(args.slice(1))
  const bytes = keyspace.readBytes(word(args, 0)) ?? Buffer.alloc(0)
  const writes = operations.filter(({ name }) => name !== 'get')
  if (writes.length === 0) return operations.map((operation) => run(bytes, operation))
  const length = Math.max(bytes.length, ...writes.map(({ at, bits }) => Math.ceil((at + bits) / 8)))
  const grown = Buffer.concat([bytes], length)
  const replies = operations.map((operation) => run(grown, operation))
  keyspace.putBytes(word(args, 0), grown)
  return replies
}

export const bitfields: CommandTable = { bitfield: { arity: -2, run: bitfield } }
