import { expect } from 'vitest'
import type { Answer } from '../connection.js'
import { error, notAnInteger, syntaxError, wrongType } from '../scenario.js'
import type { Scenarios } from '../scenario.js'

const unordered =
  (...expected: string[]) =>
  (answer: Answer) => {
    expect([...(answer as string[])].sort()).toEqual([...expected].sort())
  }
/** That many of the members, all different. */
const someOf =
  (count: number, ...members: string[]) =>
  (answer: Answer) => {
    const given = new Set(answer as string[])
    expect([given.size, (answer as string[]).length]).toEqual([count, count])
    expect([...given].filter((member) => !members.includes(member))).toEqual([])
  }
const notPositive = error('ERR value is out of range, must be positive')

export const sets: Scenarios = {
  'holds members once': [
    ['SADD s a b a', 2],
    ['SADD s b c', 1],
    ['SCARD s', 3],
    ['SMEMBERS s', unordered('a', 'b', 'c')],
    ['SISMEMBER s a', 1],
    ['SISMEMBER s none', 0],
    ['SMISMEMBER s a none c', [1, 0, 1]],
    ['SMISMEMBER none a b', [0, 0]],
    ['SMEMBERS none', []],
    ['SREM s a none', 1],
    ['SREM s b c', 2],
    ['EXISTS s', 0],
    ['SREM s a', 0],
  ],
  'combines sets': [
    ['SADD a 1 2 3 x', 4],
    ['SADD b 2 3 4', 3],
    ['SADD c 3', 1],
    ['SUNION a b none', unordered('1', '2', '3', '4', 'x')],
    ['SINTER a b', unordered('2', '3')],
    ['SINTER a b c', ['3']],
    ['SINTER a none', []],
    ['SDIFF a b', unordered('1', 'x')],
    ['SDIFF a', unordered('1', '2', '3', 'x')],
    ['SDIFF none a', []],
  ],
  'takes members by chance': [
    ['SADD s a b c d', 4],
    ['SRANDMEMBER s 2', someOf(2, 'a', 'b', 'c', 'd')],
    ['SRANDMEMBER s 9', unordered('a', 'b', 'c', 'd')],
    ['SRANDMEMBER s -9', (answer) => expect(answer).toHaveLength(9)],
    ['SRANDMEMBER s 0', []],
    ['SRANDMEMBER none', null],
    ['SRANDMEMBER none 2', []],
    ['SRANDMEMBER s x', notAnInteger],
    ['SRANDMEMBER s 1 2', syntaxError],
    ['SPOP s 3', someOf(3, 'a', 'b', 'c', 'd')],
    ['SCARD s', 1],
    ['SPOP s 0', []],
    ['SPOP s -1', notPositive],
    ['SPOP s', (answer) => expect(['a', 'b', 'c', 'd']).toContain(answer)],
    ['EXISTS s', 0],
    ['SPOP s', null],
    ['SPOP s 2', []],
  ],
  'refuses other kinds': [
    ['SADD a 1', 1],
    ['SET s v', 'OK'],
    ...[
      'SADD s a',
      'SREM s a',
      'SMEMBERS s',
      'SISMEMBER s a',
      'SMISMEMBER s a',
      'SCARD s',
      'SPOP s',
      'SRANDMEMBER s',
      'SUNION a s',
      'SINTER a s',
      'SDIFF a s',
      'SSCAN s 0',
    ].map((command): Scenarios[string][number] => [command, wrongType]),
  ],
}
