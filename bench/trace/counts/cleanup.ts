/** Cleaning up: of what a key's name tells, and of what only the entry's header does. */
import type { CachedQueryExecutor } from '../../../dist/index.js'
import type { Budget } from '../../lib/types.ts'
import type { Meter } from './meter.ts'
import { plural } from './operations.ts'

/** Runs of one clean-up. */
interface Sweep {
  runs: number
  removed: number
  /** What was sent, in each run. */
  sent: string[][][]
  commands: number
  mostCommands: number
}

const MOST_RUNS = 20
const MOST_COMMANDS = 1_000
const PER_COMMAND = 500
/** More in one command would not be what "bounded memory" means. */
const MOST_WORDS = 2_000

/** Run after run, as a cron trigger would, until `wanted` are removed. */
async function sweep(
  meter: Meter,
  executor: CachedQueryExecutor,
  wanted: number,
  maxCommands?: number,
): Promise<Sweep> {
  const done: Sweep = { runs: 0, removed: 0, sent: [], commands: 0, mostCommands: 0 }
  while (done.removed < wanted && done.runs < MOST_RUNS) {
    const before = meter.redis.commands
    await meter.costs([executor], async () => void (done.removed += await executor.cleanupCache({ maxCommands })))
    done.runs++
    done.sent.push(meter.trips.flatMap(({ commands }) => commands))
    const used = meter.redis.commands - before
    done.commands += used
    done.mostCommands = Math.max(done.mostCommands, used)
  }
  return done
}

const KEYS = 100_000

/** Whatever is stored under it: the name is enough. */
export async function byName(meter: Meter): Promise<Budget> {
  await meter.warm(['a', 'b'])
  const versions = meter.keys('eqc:v:*')
  const executor = meter.isolate({ epoch: 'now' })
  await meter.costs([executor], () => executor.query('SELECT n FROM a'))
  const format = Number(/:(\d+):now:/.exec(meter.keys('eqc:e:*')[0]!)![1])
  for (let at = 0; at < KEYS - versions.length - 1; at++) {
    const generation = [`${format - 1}:now`, `${format}:before`, `${format}:earlier`][at % 5] ?? `${format}:now`
    meter.redis.store.run(['set', `eqc:e:query:${generation}:${at}`, 'x'])
  }
  const current = meter.keys(`eqc:e:query:${format}:now:*`)
  const old = KEYS - versions.length - current.length
  const { runs, removed, commands, sent } = await sweep(meter, executor, old, 150)
  const longest = Math.max(...sent.flat().map((command) => command.length))
  const allowed = Math.ceil(KEYS / PER_COMMAND) + Math.ceil(old / PER_COMMAND)
  return {
    id: 'cleanup-names',
    what: `clean-up by name of ${plural(KEYS, 'key')}, ${old.toLocaleString('en-US')} of them old, 150 commands a run`,
    budget: `at most 1 command per 500 keys examined and 1 per 500 removed, ${allowed}; bounded memory; resumes`,
    measured: `${plural(commands, 'command')} in ${plural(runs, 'run')}, ${plural(removed, 'key')} removed, at most ${plural(longest, 'word')} in a command`,
    met:
      commands <= allowed &&
      removed === old &&
      runs > 1 &&
      longest <= MOST_WORDS &&
      meter.keys('eqc:e:*').join() === current.join() &&
      meter.keys('eqc:v:*').join() === versions.join(),
    stable: true,
  }
}

const ENTRIES = 3_000

/** Dead by version, and without an expiry: only the entry itself tells. */
export async function byContent(meter: Meter): Promise<Budget> {
  await meter.warm(['a', 'b'])
  const endless = { queryCache: { defaultTTL: Infinity } }
  const writer = meter.isolate(endless)
  for (let at = 0; at < ENTRIES; at += 2) {
    await writer.queryBatch(['a', 'b'].map((table) => ({ sql: `SELECT n FROM ${table} WHERE n = $1`, params: [at] })))
    await writer.flush()
  }
  await writer.invalidate({ tables: ['b'] })
  const versions = meter.keys('eqc:v:*')
  const entries = meter.keys('eqc:e:*').length
  // Another isolate: what the writer's memory holds is not what is counted.
  const { runs, removed, commands, mostCommands, sent } = await sweep(meter, meter.isolate(endless), ENTRIES / 2)
  const asked = sent.flat().map(([name, key = '']) => ({ name: name!.toLowerCase(), key }))
  const headers = asked.filter(({ name, key }) => name === 'getrange' && key.startsWith('eqc:e:')).length
  const wholes = asked.filter(({ name, key }) => /^m?get$/.test(name) && key.startsWith('eqc:e:')).length
  const left = meter.keys('eqc:e:*').length
  return {
    id: 'cleanup-content',
    what: `clean-up of ${ENTRIES.toLocaleString('en-US')} entries without a TTL, half of them dead by version`,
    budget: `1 command per entry examined, reading only its header; at most ${plural(MOST_COMMANDS, 'command')} a run; version keys are never touched`,
    measured: `${removed.toLocaleString('en-US')} removed, ${plural(headers, 'header')} read, ${plural(commands, 'command')} in ${plural(runs, 'run')}, at most ${mostCommands.toLocaleString('en-US')} in one`,
    met:
      entries === ENTRIES &&
      removed === ENTRIES / 2 &&
      left === ENTRIES / 2 &&
      wholes === 0 &&
      headers <= ENTRIES &&
      mostCommands <= MOST_COMMANDS &&
      meter.keys('eqc:v:*').join() === versions.join(),
    stable: true,
  }
}
