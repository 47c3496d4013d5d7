import { expect } from 'vitest'
import { arity, error, syntaxError } from '../scenario.js'
import type { Scenarios } from '../scenario.js'

export const server: Scenarios = {
  'answers and echoes': [
    ['PING', 'PONG'],
    ['PING hello', 'hello'],
    ['PING a b', arity('ping')],
    ['ECHO hello', 'hello'],
  ],
  'tells the memory of a key': [
    ['SET k hello', 'OK'],
    ['MEMORY USAGE k', (answer) => expect(answer).toBeGreaterThan(5)],
    ['memory usage k samples 0', (answer) => expect(answer).toBeGreaterThan(5)],
    ['MEMORY USAGE absent', null],
    ['MEMORY USAGE', arity('memory|usage')],
    ['MEMORY', arity('memory')],
    ['MEMORY USAGE k SAMPLES', syntaxError],
    ['MEMORY USAGE k SAMPLES -1', syntaxError],
    ['MEMORY USAGE k SAMPLES x', error('ERR value is not an integer or out of range')],
    ['MEMORY NOPE k', error("ERR unknown subcommand 'NOPE'. Try MEMORY HELP.")],
  ],
  'refuses what it does not know with the words it was given': [
    ['FOO a b', error("ERR unknown command 'FOO', with args beginning with: 'a' 'b' ")],
    ['foo', error("ERR unknown command 'foo', with args beginning with: ")],
    [['foo', 'a\r\nb'], error("ERR unknown command 'foo', with args beginning with: 'a  b' ")],
    [
      ['foo', 'x'.repeat(100), 'y'.repeat(100), 'z'],
      error(`ERR unknown command 'foo', with args beginning with: '${'x'.repeat(100)}' '${'y'.repeat(25)}' `),
    ],
    [['f'.repeat(200)], error(`ERR unknown command '${'f'.repeat(128)}', with args beginning with: `)],
  ],
  'refuses a wrong number of words': [
    ['GET', arity('get')],
    ['get a b', arity('get')],
    ['SET k', arity('set')],
    ['DEL', arity('del')],
    ['HGET h', arity('hget')],
    ['ZADD z 1', arity('zadd')],
    ['DBSIZE x', arity('dbsize')],
  ],
  'empties itself': [
    ['MSET a 1 b 2', 'OK'],
    ['FLUSHDB ASYNC', 'OK'],
    ['DBSIZE', 0],
    ['MSET a 1 b 2', 'OK'],
    ['FLUSHALL', 'OK'],
    ['DBSIZE', 0],
    ['FLUSHALL NOW', syntaxError],
  ],
  'tells its memory, version and keys': [
    ['SET a 1', 'OK'],
    ['SET b 1 EX 100', 'OK'],
    [
      'INFO',
      (answer) => {
        expect(answer).toMatch(/^redis_version:\d+\.\d+\.\d+\r$/m)
        expect(answer).toMatch(/^# Memory\r\nused_memory:\d+\r\nused_memory_human:[\d.]+[BKMG]\r$/m)
        expect(answer).toMatch(/^db0:keys=2,expires=1,avg_ttl=\d+\r$/m)
      },
    ],
    [
      'INFO memory',
      (answer) => {
        expect(answer).toMatch(/^# Memory\r\nused_memory:\d+\r\n/)
        expect(answer).not.toContain('# Keyspace')
      },
    ],
  ],
  'tells the time in seconds and microseconds': [
    [
      'TIME',
      (answer) => {
        const [seconds, microseconds] = answer as [string, string]
        expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60)
        expect(microseconds).toMatch(/^\d{1,6}$/)
      },
    ],
  ],
}

/** Of a connection of one's own. */
export const connection: Scenarios = {
  'has a database 0': [
    ['SELECT 0', 'OK'],
    ['SELECT 99', error('ERR DB index is out of range')],
  ],
}
