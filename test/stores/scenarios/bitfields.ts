import { arity, error, notAnInteger, syntaxError, wrongType } from '../scenario.js'
import type { Scenarios } from '../scenario.js'

const badType = error(
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
)
const badOffset = error('ERR bit offset is not an integer or out of range')

export const bitfields: Scenarios = {
  'adds to several integers at once': [
    ['BITFIELD k INCRBY i64 #0 5 INCRBY i64 #3 -7', [5, -7]],
    ['BITFIELD k INCRBY i64 #0 1 GET i64 #3 GET i64 #1 GET i64 #99', [6, -7, 0, 0]],
    ['STRLEN k', 32],
    ['TYPE k', 'string'],
    ['BITFIELD none GET u8 0', [0]],
    ['EXISTS none', 0],
    ['BITFIELD k', []],
  ],
  'keeps the expiry': [
    ['SET k a EXAT 9999999999', 'OK'],
    ['BITFIELD k INCRBY u8 #0 1', [98]],
    ['EXPIRETIME k', 9999999999],
    ['GET k', 'b'],
  ],
  'keeps what is no text when only the expiry changes': [
    ['BITFIELD k SET u8 0 200', [0]],
    ['EXPIREAT k 9999999999', 1],
    ['GETEX k PERSIST', '\ufffd'],
    ['BITFIELD k GET u8 0', [200]],
    ['STRLEN k', 1],
  ],
  'finds nothing after the end, however far': [
    ['BITFIELD k SET u8 0 255', [0]],
    ['BITFIELD k GET u8 2147483648 GET u40 4294967295', [0, 0]],
  ],
  'numbers bits from the highest of the first byte': [
    ['BITFIELD k SET u8 0 65 SET u8 #1 66', [0, 0]],
    ['GET k', 'AB'],
    ['BITFIELD k GET u4 0 GET u4 4 GET i3 13 GET u16 0 GET u5 6', [4, 1, 2, 16706, 10]],
    ['BITFIELD k SET u3 13 1', [2]],
    ['GET k', 'AA'],
    ['APPEND k é', 4],
    ['GETRANGE k 1 1', 'A'],
  ],
  'overflows as it is told to': [
    ['BITFIELD k INCRBY u2 0 5 INCRBY i2 #1 2', [1, -2]],
    ['BITFIELD k OVERFLOW SAT INCRBY u2 0 9 INCRBY i2 #1 -9 OVERFLOW FAIL INCRBY u2 0 1 GET u2 0', [3, -2, null, 3]],
    ['BITFIELD k SET u4 0 -1 OVERFLOW SAT SET u4 0 -1 SET i4 0 -9 OVERFLOW FAIL SET i4 0 8', [14, 15, -1, null]],
    ['BITFIELD k SET i64 0 9223372036854775807 OVERFLOW FAIL INCRBY i64 0 1', [-9223372036854775808, null]],
    ['BITFIELD k OVERFLOW FAIL INCRBY u1 #900 2', [null]],
    ['STRLEN k', 113],
  ],
  'refuses what it cannot read': [
    ['BITFIELD', arity('bitfield')],
    ['BITFIELD k GET u64 0', badType],
    ['BITFIELD k GET i65 0', badType],
    ['BITFIELD k GET x8 0', badType],
    ['BITFIELD k GET u8 -1', badOffset],
    ['BITFIELD k GET u8 #x', badOffset],
    ['BITFIELD k GET u8 4294967296', badOffset],
    ['BITFIELD k INCRBY u8 0 x', notAnInteger],
    ['BITFIELD k GET u8', syntaxError],
    ['BITFIELD k OVERFLOW never GET u8 0', error('ERR Invalid OVERFLOW type specified')],
    ['BITFIELD k SET u8 0 1 GET u9', syntaxError],
    ['EXISTS k', 0],
    ['RPUSH l a', 1],
    ['BITFIELD l GET u8 0', wrongType],
    ['BITFIELD l GET x 0', badType],
  ],
}
