/** Reads and writes: the rows of the budget that are counted for each operation. */
import type { Budget } from '../../lib/types.ts'
import type { Costs, Meter } from './meter.ts'

const TABLES = ['a', 'b', 'c', 'd', 'e']
const WIDE = `SELECT count(*) AS n FROM ${TABLES.join(', ')}`
const MANY = 20

const budget = (id: string, what: string, wanted: string, measured: string, met: boolean): Budget => ({
  id,
  what,
  budget: wanted,
  measured,
  met,
  stable: true,
})

const told = ({ waited, commands, after, commandsAfter }: Costs): string => {
  const way = waited.length === 0 ? 'nothing' : waited.join(', ')
  return `${way}, ${plural(commands, 'command')}; after it ${plural(after, 'trip')}, ${plural(commandsAfter, 'command')}`
}
export const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`

const is = ({ waited }: Costs, ...way: Costs['waited']): boolean => waited.join() === way.join()

export async function operations(meter: Meter): Promise<Budget[]> {
  await meter.warm(TABLES, ['x', 'y', 'z'])
  const [a, b, fenced] = [meter.isolate(), meter.isolate(), meter.isolate({ consistency: { invalidate: 'fenced' } })]
  const miss = await meter.costs([a], () => a.query(WIDE))
  const l1 = await meter.costs([a], () => a.query(WIDE))
  const l2 = await meter.costs([b], () => b.query(WIDE))
  const batch = Array.from({ length: MANY }, (_, at) => ({
    sql: `SELECT n FROM ${TABLES[at % 5]} WHERE n = $1`,
    params: [at],
  }))
  const cold = await meter.costs([a], () => a.queryBatch(batch))
  const warm = await meter.costs([b], () => b.queryBatch(batch))
  const names = { tables: TABLES, tags: ['x', 'y', 'z'] }
  const write = await meter.costs([a], () => a.execute('INSERT INTO a VALUES (1)', [], names))
  const inFences = await meter.costs([fenced], () => fenced.execute('INSERT INTO a VALUES (1)', [], names))
  const none = (costs: Costs) => costs.after === 0 && costs.commandsAfter === 0
  return [
    budget('l1-hit', 'L1 hit', 'no trip', told(l1), is(l1) && none(l1)),
    budget(
      'l2-hit',
      `L2 hit, ${TABLES.length} tables`,
      '1 trip, 1 command, any number of tables',
      told(l2),
      is(l2, 'redis') && l2.commands === 1 && none(l2) && l2.queries === 0,
    ),
    budget(
      'miss',
      `miss, ${TABLES.length} tables`,
      '1 trip to L2, then 1 to Postgres; after the answer 1 trip, at most 2 commands',
      told(miss),
      is(miss, 'redis', 'database') && miss.commands === 1 && miss.after === 1 && miss.commandsAfter <= 2,
    ),
    budget(
      'batch',
      `queryBatch of ${MANY}`,
      '1 MGET; 1 trip to Postgres',
      `${told(cold)}; when L2 has all: ${told(warm)}`,
      is(cold, 'redis', 'database') &&
        cold.commands === 1 &&
        cold.after === 1 &&
        is(warm, 'redis') &&
        warm.commands === 1,
    ),
    budget(
      'write',
      'write and invalidation of 5 tables and 3 tags',
      'the database trip, then 1 trip, 1 command; fenced: 1 trip more before',
      `${told(write)}; fenced: ${told(inFences)}`,
      is(write, 'database', 'redis') &&
        write.commands === 1 &&
        none(write) &&
        is(inFences, 'redis', 'database', 'redis') &&
        none(inFences),
    ),
  ]
}
