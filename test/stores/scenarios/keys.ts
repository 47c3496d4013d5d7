import { arity, error, notAnInteger, syntaxError } from '../scenario.js'
import type { Scenarios } from '../scenario.js'
import { expect } from 'vitest'
import type { Answer } from '../connection.js'

const sorted = (expected: string[]) => (answer: Answer) => {
  expect([...(answer as string[])].sort()).toEqual(expected)
}

/** A pattern, what it matches and what it does not. */
const patterns: [pattern: string, matching: string[], other: string[]][] = [
  ['*', ['a', 'abc', 'é'], []],
  ['a*c', ['ac', 'abc', 'abcbc'], ['ab', 'xac']],
  ['a**c', ['ac', 'abbc'], ['a']],
  ['a?c', ['abc'], ['ac', 'abbc']],
  ['??', ['ab', 'é'], ['a', 'abc', '漢']],
  ['h[ae]llo', ['hello', 'hallo'], ['hillo']],
  ['h[^e]llo', ['hallo'], ['hello', 'hllo']],
  ['h[a-c]', ['ha', 'hc'], ['hd', 'h-']],
  ['h[c-a]', ['ha', 'hc'], ['hd']],
  ['h\\*', ['h*'], ['ha', 'h\\*']],
  ['h[\\]x]', ['h]', 'hx'], ['h\\']],
  ['h[a', ['ha'], ['h[a', 'h']],
  ['h[]a', [], ['h]a', 'ha']],
  ['h[a-]', ['ha', 'h]', 'h^'], ['hb', 'h-']],
  ['h[-a]', ['h-', 'ha'], ['hb']],
  ['h\\', ['h\\'], ['h']],
  ['[^]', ['a'], ['']],
  ['h[\\-a]', ['h-', 'ha'], ['hb']],
]

export const keys: Scenarios = {
  'deletes, tells and types keys': [
    ['MSET a 1 b 2 c 3', 'OK'],
    ['EXISTS a b none a', 3],
    ['TOUCH a none', 1],
    ['DEL a none a', 1],
    ['UNLINK b c', 2],
    ['DBSIZE', 0],
    ['SET str v', 'OK'],
    ['HSET hash f v', 1],
    ['SADD set m', 1],
    ['ZADD zset 1 m', 1],
    ['RPUSH list v', 1],
    ...['string str', 'hash hash', 'set set', 'zset zset', 'list list', 'none nothing'].map(
      (line): Scenarios[string][number] => [`TYPE ${line.split(' ')[1]}`, line.split(' ')[0] ?? ''],
    ),
    ['DBSIZE', 5],
  ],
  'renames keys with their expiry': [
    ['RENAME none x', error('ERR no such key')],
    ['RENAMENX none x', error('ERR no such key')],
    ['SET a 1 EX 100', 'OK'],
    ['SET b 2', 'OK'],
    ['RENAMENX a b', 0],
    ['RENAMENX a a', 0],
    ['RENAME a a', 'OK'],
    ['RENAME a b', 'OK'],
    ['MGET a b', [null, '1']],
    ['TTL b', 100],
    ['RENAMENX b c', 1],
    ['EXISTS b c', 1],
  ],
  'copies keys of every kind, and the copies live on their own': [
    ['COPY none x', 0],
    ['SET a 1 EX 100', 'OK'],
    ['COPY a b', 1],
    ['TTL b', 100],
    ['SET a 2', 'OK'],
    ['COPY a b', 0],
    ['GET b', '1'],
    ['COPY a b REPLACE', 1],
    ['GET b', '2'],
    ['COPY a a', error('ERR source and destination objects are the same')],
    ['COPY a b DB', syntaxError],
    ['HSET h f v', 1],
    ['COPY h h2', 1],
    ['HSET h f w', 0],
    ['HGETALL h2', ['f', 'v']],
    ['ZADD z 1 m', 1],
    ['COPY z z2', 1],
    ['ZADD z 2 m', 0],
    ['ZSCORE z2 m', '1'],
    ['RPUSH l a', 1],
    ['COPY l l2', 1],
    ['RPUSH l b', 2],
    ['LRANGE l2 0 -1', ['a']],
    ['SADD s a', 1],
    ['COPY s s2', 1],
    ['SADD s b', 1],
    ['SMEMBERS s2', ['a']],
  ],
  ...Object.fromEntries(
    patterns.map(([pattern, matching, other]) => [
      `matches ${pattern}`,
      [
        [['MSET', ...[...matching, ...other].flatMap((key) => [key, '1'])], 'OK'],
        [['KEYS', pattern], sorted([...matching].sort())],
      ] satisfies Scenarios[string],
    ]),
  ),
  'matches a hostile pattern at once': [
    [['SET', 'a'.repeat(200), '1'], 'OK'],
    [['KEYS', `${'*a'.repeat(3)}b`], []],
    [
      ['SCAN', '0', 'MATCH', `*${'a'.repeat(150)}*`, 'COUNT', '1000'],
      ['0', ['a'.repeat(200)]],
    ],
  ],
  'refuses wrong scans': [
    ['SCAN x', error('ERR invalid cursor')],
    ['SCAN 0 COUNT 0', syntaxError],
    ['SCAN 0 COUNT x', notAnInteger],
    ['SCAN 0 COUNT', syntaxError],
    ['SCAN 0 SOMETHING 1', syntaxError],
    ['HSCAN h 0 TYPE string', ['0', []]],
    ['HSCAN h x', error('ERR invalid cursor')],
    ['HSET h f v', 1],
    ['HSCAN h 0 TYPE string', syntaxError],
    ['HSCAN h 0 COUNT 0', syntaxError],
    ['DEL h', 1],
    ['SCAN', arity('scan')],
    ['HSCAN none 0', ['0', []]],
    ['SSCAN none 0', ['0', []]],
    ['ZSCAN none 0', ['0', []]],
    ['SCAN 0', ['0', []]],
  ],
  'picks a key by chance': [
    ['RANDOMKEY', null],
    ['SET only 1', 'OK'],
    ['RANDOMKEY', 'only'],
  ],
}
