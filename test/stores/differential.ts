import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Answer, Connection } from './connection.js'

const key = fc.constantFrom('a', 'b', 'c', 'd')
/** Keys whose strings stay ASCII: overwriting half of a character makes bytes that are no text. */
const asciiKey = fc.constantFrom('p', 'q')
const name = fc.constantFrom('x', 'y', 'é', '😀', '', '12', 'long name')
const integer = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -7, max: 7 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('9223372036854775807', '-9223372036854775808', '01', 'x', '', '1.5', '+1') },
)
/** Their sums are exact in any binary format, and print alike in every version of Redis. */
const score = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -16, max: 16 }).map((eighths) => String(eighths / 8)) },
  { weight: 1, arbitrary: fc.constantFrom('inf', '-inf', 'nan', '1e3', 'x', '', '+2', '0x10') },
)
const decimal = fc.constantFrom('0.1', '-0.25', '3.14', '1e3', '100000.1', '.5', '5.', 'x', 'inf', '1e-10', '7e15')
const bound = fc.tuple(fc.constantFrom('', '('), score).map((parts) => parts.join(''))
/** Long past or far ahead, so that no answer depends on when it is asked. */
const deadline = fc.constantFrom('1', '-1', '0', '9999999999', '9999999998', 'x', '9223372036854775807')
const pattern = fc.constantFrom('*', '?', '[a-c]', '[^a]', 'x*', '*\\', '[', '??', '*é')

const choose = (...names: string[]) => fc.constantFrom(...names).map((option) => [option])
const some = (words: fc.Arbitrary<string>, max = 3) => fc.array(words, { minLength: 1, maxLength: max })
const maybe = (words: fc.Arbitrary<string[]>) => fc.oneof(fc.constant<string[]>([]), words)
const flat = (...groups: fc.Arbitrary<string[]>[]) => fc.tuple(...groups).map((found) => found.flat())
const one = (word: fc.Arbitrary<string>) => word.map((value) => [value])
/** A command: one of the names, then the words of the groups. */
const command = (names: string, ...groups: fc.Arbitrary<string[]>[]) => flat(choose(...names.split(' ')), ...groups)
const couples = (a: fc.Arbitrary<string>, b: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(a, b), { minLength: 1, maxLength: 3 }).map((found) => found.flat())

const setOptions = fc.array(
  fc.oneof(choose('NX', 'XX', 'GET', 'KEEPTTL'), flat(choose('EXAT', 'PXAT'), one(deadline))),
  { maxLength: 2 },
)
const limit = flat(choose('LIMIT'), one(integer), one(integer))
const rangeOptions = fc.array(fc.oneof(choose('WITHSCORES', 'REV', 'BYSCORE'), limit), { maxLength: 3 })

const field = flat(
  one(fc.constantFrom('u1', 'i1', 'u3', 'i7', 'u8', 'u31', 'i33', 'u63', 'i64', 'u64', 'i0')),
  one(fc.constantFrom('0', '1', '5', '13', '64', '#0', '#1', '#3', '-1', '4294967296')),
)
const bits = fc.oneof(
  flat(choose('GET'), field),
  flat(choose('SET', 'INCRBY'), field, one(fc.oneof(integer, fc.constantFrom('300', '-300', '4294967296')))),
  flat(choose('OVERFLOW'), choose('WRAP', 'SAT', 'FAIL', 'x')),
)

const commands = fc.oneof(
  command(
    'SET',
    one(key),
    one(fc.oneof(name, integer)),
    setOptions.map((found) => found.flat()),
  ),
  command('GET GETDEL STRLEN INCR DECR TYPE TTL EXPIRETIME PEXPIRETIME PERSIST LLEN SCARD HLEN ZCARD', one(key)),
  command('HGETALL HKEYS HVALS SMEMBERS LPOP RPOP ZPOPMIN ZPOPMAX', one(key)),
  command('SETNX GETSET APPEND HGET HEXISTS SISMEMBER ZSCORE ZRANK ZREVRANK', one(key), one(name)),
  command('INCRBY DECRBY LINDEX LPOP RPOP ZPOPMIN ZPOPMAX', one(key), one(integer)),
  command('INCRBYFLOAT', one(key), one(decimal)),
  command('GETRANGE LRANGE LTRIM ZREMRANGEBYRANK', one(key), one(integer), one(integer)),
  command('LSET LREM', one(key), one(integer), one(fc.constantFrom('x', 'y', ''))),
  command(
    'BITFIELD',
    one(fc.constantFrom('m', 'n', 'a')),
    fc.array(bits, { maxLength: 4 }).map((found) => found.flat()),
  ),
  command('STRLEN TYPE DEL', one(fc.constantFrom('m', 'n'))),
  command('SETRANGE', one(asciiKey), one(integer), one(fc.constantFrom('x', 'yz', ''))),
  command('GETRANGE', one(asciiKey), one(integer), one(integer)),
  command('GETEX', one(key), maybe(fc.oneof(choose('PERSIST'), flat(choose('EXAT'), one(deadline))))),
  command(
    'EXPIREAT PEXPIREAT',
    one(key),
    one(deadline),
    fc.array(fc.constantFrom('NX', 'XX', 'GT', 'LT'), { maxLength: 2 }),
  ),
  command('SETEX PSETEX', one(key), one(fc.constantFrom('0', '-1', 'x', '9223372036854775807')), one(name)),
  command('MGET DEL UNLINK EXISTS TOUCH SUNION SINTER SDIFF', some(key)),
  command('MSET MSETNX', couples(key, name)),
  command('RENAME RENAMENX COPY', one(key), one(key)),
  command('COPY', one(key), one(key), choose('REPLACE')),
  command('HSET HMSET', one(key), couples(name, fc.oneof(name, integer))),
  command('HSETNX', one(key), one(name), one(name)),
  command('HMGET HDEL SADD SREM SMISMEMBER ZREM ZMSCORE LPUSH RPUSH LPUSHX RPUSHX', one(key), some(name)),
  command('HINCRBY', one(key), one(name), one(integer)),
  command('HINCRBYFLOAT', one(key), one(name), one(decimal)),
  command('ZADD', one(key), couples(score, name)),
  command(
    'ZADD',
    one(key),
    fc.array(fc.constantFrom('NX', 'XX', 'GT', 'LT', 'CH', 'INCR'), { maxLength: 2 }),
    couples(score, name),
  ),
  command('ZINCRBY', one(key), one(score), one(name)),
  command('ZCOUNT ZREMRANGEBYSCORE', one(key), one(bound), one(bound)),
  command(
    'ZRANGEBYSCORE ZREVRANGEBYSCORE',
    one(key),
    one(bound),
    one(bound),
    maybe(fc.oneof(limit, choose('WITHSCORES'))),
  ),
  command(
    'ZRANGE',
    one(key),
    one(integer),
    one(integer),
    rangeOptions.map((found) => found.flat()),
  ),
  command(
    'ZRANGE',
    one(key),
    one(bound),
    one(bound),
    choose('BYSCORE'),
    rangeOptions.map((found) => found.flat()),
  ),
  command('ZREVRANGE', one(key), one(integer), one(integer), maybe(choose('WITHSCORES'))),
  command('KEYS', one(pattern)),
  command('HSCAN SSCAN ZSCAN', one(key), one(fc.constant('0')), choose('COUNT'), one(fc.constant('100'))),
  command(
    'SCAN',
    one(fc.constantFrom('0', 'x')),
    choose('MATCH'),
    one(pattern),
    choose('COUNT'),
    one(fc.constantFrom('100', '0')),
  ),
  command('FLUSHDB PING'),
  command('GET SET HSET ZADD LPUSH EXPIRE nonsense', fc.array(name, { maxLength: 4 })),
)

/** Answers whose order a Redis does not promise. */
const unordered = new Set(['KEYS', 'SMEMBERS', 'SUNION', 'SINTER', 'SDIFF', 'HKEYS', 'HVALS'])

function comparable([first = '', ...rest]: string[], answer: Answer): unknown {
  // The client reads integers beyond 2^53 with errors of its own.
  if (typeof answer === 'number' && !Number.isSafeInteger(answer)) return answer.toPrecision(12)
  if (first === 'BITFIELD' && Array.isArray(answer)) return answer.map((one) => comparable([], one))
  if (first.endsWith('SCAN') && Array.isArray(answer)) {
    const [cursor, names] = answer as [string, string[]]
    return [cursor, sorted(/^[HZ]/.test(first) ? coupled(names) : names)]
  }
  if (!Array.isArray(answer) || rest.length === 0) return answer
  if (first === 'HGETALL') return sorted(coupled(answer as string[]))
  return unordered.has(first) ? sorted(answer as string[]) : answer
}

function coupled(names: string[]): string[] {
  return names.flatMap((field, i) => (i % 2 === 0 ? [JSON.stringify([field, names[i + 1]])] : []))
}

function sorted(names: string[]): string[] {
  return [...names].sort()
}

/** Registers that two stores give equal answers to the same commands, whatever these are. */
export function differential(
  name: string,
  connect: () => Promise<Connection>,
  connectReal: () => Promise<Connection>,
): void {
  const stores: Connection[] = []
  beforeAll(async () => {
    stores.push(await connect(), await connectReal())
  })
  afterAll(() => Promise.all(stores.map((store) => store.close())))

  it(`${name} and a real one answer the same commands alike`, async () => {
    const sequences = fc.array(commands, { minLength: 20, maxLength: 60 })
    const runs = Number(process.env.DIFFERENTIAL_RUNS ?? 150)
    await fc.assert(
      fc.asyncProperty(sequences, async (sequence) => {
        const everything = [['FLUSHDB'], ...sequence]
        const [given, wanted] = await Promise.all(stores.map((store) => answers(store, everything)))
        expect(given).toEqual(wanted)
      }),
      { numRuns: runs, seed: Number(process.env.DIFFERENTIAL_SEED ?? 20_260_601) },
    )
  })
}

async function answers(store: Connection, sequence: string[][]): Promise<unknown[]> {
  const given = await Promise.all(sequence.map((words) => store.send(words)))
  return sequence.map((words, i) => [words.join(' '), comparable(words, given[i] ?? null)])
}
