/** F12: what Redis holds is a miss and is removed when it is no answer to the question, whoever wrote it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { forge } from '../support/forge.js'
import { SQL, World } from '../support/isolates.js'
import { until } from '../support/until.js'

let world: World
beforeEach(() => void (world = new World()))

const storedKey = () => [...world.redis.data.keys()].find((key) => key.includes(':e:'))!

/** Changes the one stored entry. */
function change(fields: Parameters<typeof forge>[1], body?: (before: string) => string): void {
  const key = storedKey()
  world.redis.data.set(key, forge(world.redis.data.get(key) as string, fields, body))
}

const UNDECODABLE = { type: 'entry-rejected', reason: 'undecodable' }

describe('an entry of a query', () => {
  it.each<[string, Parameters<typeof change>]>([
    ['a value of cached()', [{ kind: '"json"' }, () => '{"n":1}']],
    ['a value of a type that is not here', [{ kind: '"tagged"' }, () => '"~BNope:AAAA"']],
    ['nothing', [{ kind: '"json"' }, () => 'null']],
    ['rows that are no lists', [{ kind: '"json"' }, () => '{"fields":[{"name":"n"}],"rows":[null],"rowCount":1}']],
    ['fields that are none', [{ kind: '"json"' }, () => '{"fields":[null],"rows":[[1]],"rowCount":1}']],
    ['a thousand million rows', [{}, () => '|SELECT|1|1000000000|25.1|n']],
    ['a thousand million rows without columns', [{}, () => '|SELECT|1|1000000000||']],
    ['a type that no driver has', [{}, (body) => body.replace('|23|', '|-1|')]],
    ['versions that are no texts', [{ versions: '[1]' }]],
    ['a time that is none', [{ readAt: '"1700000000000"' }]],
    ['a size that is none', [{ decodedBytes: 'null' }]],
    [
      'more cells than characters',
      [
        { kind: '"json"' },
        () => `{"fields":[{"name":"n"}${',{"name":"n"}'.repeat(299)}],"rows":[[]${',[]'.repeat(299)}],"rowCount":300}`,
      ],
    ],
    ['a time before all others', [{ readAt: '-1' }]],
    [
      'a body of a kind that is not here',
      [
        { kind: '"other"' },
        () => '{"fields":[{"name":"n","dataTypeID":23}],"rows":[[1]],"rowCount":1,"command":"SELECT"}',
      ],
    ],
  ])('that holds %s is a miss and is replaced', async (_, [fields, body]) => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    change(fields, body)
    expect(await world.outcome(b)).toBe('miss')
    expect(world.events).toContainEqual(UNDECODABLE)
    expect(await world.outcome(world.isolate())).toBe('l2')
  })

  it.each([
    ['an invalidation has ended', () => world.isolate().invalidate({ tables: ['users'] })],
    [
      'a fence hides',
      () => void world.isolate({ consistency: { invalidate: 'fenced' } }).execute('UPDATE users SET n = 1'),
    ],
  ])('that %s is not said to be garbage, and no trip removes it', async (_name, end) => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    const { answer } = world.database
    world.database.answer = () => new Promise(() => undefined)
    await end()
    await until('the new version', () => world.redis.trips.at(-1)!.commands.some(([name]) => name === 'mset'))
    world.database.answer = answer
    world.redis.reset()
    expect(await world.outcome(b)).toBe('miss')
    expect(world.events.filter(({ type }) => type === 'entry-rejected')).toEqual([])
    expect(world.redis.trips.flatMap(({ commands }) => commands.map(([name]) => name))).not.toContain('del')
  })

  it('is removed when the database fails too, and its error is the driver’s own', async () => {
    const [a, b] = [world.isolate(), world.isolate()]
    await world.warm(a)
    await world.outcome(a)
    change({ kind: '"json"' }, () => '[]')
    const down = new Error('down')
    world.database.answer = () => Promise.reject(down)
    await expect(b.query(SQL, [1], { staleIfError: 60 })).rejects.toBe(down)
    await b.flush()
    expect(world.redis.data.has(storedKey())).toBe(false)
  })
})

it('an entry of a loader that holds rows is a miss and is replaced', async () => {
  const [a, b] = [world.isolate(), world.isolate()]
  await world.warm(a, [], [], ['sum', 'sum:*'])
  let calls = 0
  const load = async () => ({ calls: ++calls })
  await a.cached('sum', load)
  await a.flush()
  change({ kind: '"rows"' }, () => '|SELECT|1|1|25|n|x')
  expect(await b.cached('sum', load)).toEqual({ calls: 2 })
  expect(world.events).toContainEqual(UNDECODABLE)
})

describe('rows whose text UTF-8 does not restore', () => {
  it('are given as they are and not stored, and keep nothing else from being stored', async () => {
    const a = world.isolate()
    await world.warm(a)
    world.database.answer = ({ params }) => [[['t', 25, params[0] === 1 ? 'half \ud800' : 'whole']]]
    const rows = await Promise.all([a.query(SQL, [1]), a.query(SQL, [2])])
    await a.flush()
    expect(rows).toEqual([[{ t: 'half \ud800' }], [{ t: 'whole' }]])
    expect(await a.query(SQL, [1])).toEqual([{ t: 'half \ud800' }])
    expect(world.events).toContainEqual({ type: 'not-stored', reason: 'not-serialisable' })
    const b = world.isolate()
    expect(await world.outcome(b, {}, [2])).toBe('l2')
    expect(await world.outcome(b, {}, [1])).toBe('miss')
  })
})
