import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Answer, Connection } from './connection.js'
import { words } from './scenario.js'
import type { Scenarios, Step } from './scenario.js'
import { bitfields } from './scenarios/bitfields.js'
import { expiry } from './scenarios/expiry.js'
import { hashes } from './scenarios/hashes.js'
import { keys } from './scenarios/keys.js'
import { lists } from './scenarios/lists.js'
import { connection, server } from './scenarios/server.js'
import { sets } from './scenarios/sets.js'
import { sortedSets } from './scenarios/sorted-sets.js'
import { strings } from './scenarios/strings.js'

const families: Record<string, Scenarios> = {
  strings,
  bitfields,
  keys,
  expiry,
  hashes,
  sets,
  sortedSets,
  lists,
  server,
}

/**
 * Registers what every store must answer. Empties the store's database before each test.
 * @param over how commands get there: by a connection of one's own, or by requests, which share one.
 */
export function conformance(
  name: string,
  connect: () => Promise<Connection>,
  over: 'a connection' | 'requests' = 'a connection',
): void {
  describe(`${name} answers as Redis does`, () => {
    let store: Connection
    beforeAll(async () => {
      store = await connect()
    })
    afterAll(() => store.close())
    beforeEach(async () => {
      expect(await store.send(['FLUSHDB'])).toBe('OK')
    })

    const shown = over === 'requests' ? families : { ...families, connection }
    for (const [family, scenarios] of Object.entries(shown))
      describe(family, () => {
        for (const [invariant, steps] of Object.entries(scenarios)) it(invariant, () => follow(store, steps))
      })
    describe('scans', () => describeScans((command) => store.send(command)))
  })
}

async function follow(store: Connection, steps: Step[]): Promise<void> {
  for (const [command, expected] of steps) {
    const answer = await store.send(words(command))
    if (typeof expected === 'function') expected(answer)
    else expect(answer, words(command).join(' ')).toEqual(expected)
  }
}

type Send = (command: string[]) => Promise<Answer>

/** Follows the cursor to its end; `between` runs after each page. */
async function scanAll(send: Send, command: (cursor: string) => string[], between?: (page: number) => Promise<void>) {
  const found: string[] = []
  let cursor = '0'
  let page = 0
  do {
    const answer = await send(command(cursor))
    if (!Array.isArray(answer)) throw new Error(`${command(cursor).join(' ')} answered ${JSON.stringify(answer)}`)
    const [next, names] = answer as [string, string[]]
    found.push(...names)
    cursor = next
    await between?.(page++)
    if (page > 5_000) throw new Error('the scan does not end')
  } while (cursor !== '0')
  return found
}

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

function describeScans(send: Send): void {
  it('returns every key that stays while others come and go', async () => {
    const staying = numbered('stay:', 300)
    await send(['MSET', ...staying.flatMap((key) => [key, '1'])])
    await send(['MSET', ...numbered('go:', 300).flatMap((key) => [key, '1'])])
    const found = await scanAll(
      send,
      (cursor) => ['SCAN', cursor, 'COUNT', '7'],
      async (page) => {
        await send(['DEL', ...numbered('go:', 300).slice(page * 20, page * 20 + 20), 'none'])
        if (page < 40) await send(['MSET', ...numbered(`come:${page}:`, 5).flatMap((key) => [key, '1'])])
        await send(['SET', `stay:${page % 300}`, '2'])
      },
    )
    const seen = new Set(found)
    expect(staying.filter((key) => !seen.has(key))).toEqual([])
  })

  it('ends and stays complete when a key is deleted and created again between pages', async () => {
    await send(['MSET', ...numbered('k:', 100).flatMap((key) => [key, '1'])])
    const found = await scanAll(
      send,
      (cursor) => ['SCAN', cursor, 'COUNT', '5'],
      async (page) => {
        if (page > 1_000) return
        await send(['DEL', 'k:50'])
        await send(['SET', 'k:50', String(page)])
      },
    )
    expect(new Set(found).size).toBeGreaterThanOrEqual(99)
  })

  it('returns only what matches the pattern and the type', async () => {
    await send([
      'MSET',
      ...numbered('a:', 40).flatMap((key) => [key, '1']),
      ...numbered('b:', 40).flatMap((k) => [k, '1']),
    ])
    await send(['SADD', 'a:set', 'x'])
    const strings = await scanAll(send, (cursor) => ['SCAN', cursor, 'MATCH', 'a:*', 'TYPE', 'string'])
    expect(new Set(strings)).toEqual(new Set(numbered('a:', 40)))
    expect(await scanAll(send, (cursor) => ['SCAN', cursor, 'TYPE', 'set', 'COUNT', '3'])).toEqual(['a:set'])
  })

  it('returns every field, member and scored member', async () => {
    const names = numbered('n', 700)
    await send(['HSET', 'h', ...names.flatMap((name) => [name, `v${name}`])])
    await send(['SADD', 's', ...names])
    await send(['ZADD', 'z', ...names.flatMap((name, i) => [String(i), name])])
    const fields = await scanAll(send, (cursor) => ['HSCAN', 'h', cursor, 'COUNT', '50'])
    expect(new Set(fields)).toEqual(new Set(names.flatMap((name) => [name, `v${name}`])))
    expect(new Set(await scanAll(send, (cursor) => ['SSCAN', 's', cursor]))).toEqual(new Set(names))
    const scored = await scanAll(send, (cursor) => ['ZSCAN', 'z', cursor, 'MATCH', 'n69?'])
    expect(new Set(scored)).toEqual(new Set(numbered('n69', 10).flatMap((name) => [name, name.slice(1)])))
  })
}
