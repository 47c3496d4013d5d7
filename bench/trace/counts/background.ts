/** Checks of versions and statistics, under traffic at a simulated pace. */
import type { CachedQueryExecutor } from '../../../dist/index.js'
import type { Budget } from '../../lib/types.ts'
import type { Meter, Trip } from './meter.ts'
import { plural } from './operations.ts'

const TABLES = ['a', 'b', 'c', 'd', 'e']
const BOUND_MS = 2_000
const PUSH_MS = 10_000
const STATISTICS = ':n:'

/** Reads that L1 answers, five at once, `perSecond` of them for so many simulated seconds; what Redis is sent meanwhile. */
async function traffic(
  meter: Meter,
  executor: CachedQueryExecutor,
  perSecond: number,
  seconds: number,
): Promise<Trip[]> {
  await meter.costs([executor], async () => {
    for (let at = 0; at < perSecond * seconds; at += TABLES.length) {
      meter.clock.now += (1000 * TABLES.length) / perSecond
      await Promise.all(TABLES.map((table) => executor.query(`SELECT n FROM ${table} WHERE n = $1`, [at % 3])))
      await meter.settle()
    }
  })
  return meter.trips
}

/** The most of these within any span of so many milliseconds. */
function most(trips: readonly Trip[], spanMs: number): number {
  const within = trips.map(({ at }) => trips.filter((other) => other.at >= at && other.at < at + spanMs).length)
  return Math.max(0, ...within)
}

const isStatistics = ({ commands }: Trip): boolean => commands.some(([, key]) => key?.includes(STATISTICS))

export async function background(meter: Meter): Promise<Budget[]> {
  await meter.warm(TABLES)
  const executor = meter.isolate({ queryCache: { defaultTTL: 3_600 } })
  await traffic(meter, executor, 20, 20)
  const all = await traffic(meter, executor, 20, 60)
  const { mostLookups } = meter
  const checks = all.filter((trip) => !isStatistics(trip))
  const onlyMget = checks.every(({ commands }) => commands.length === 1 && commands[0]![0]!.toLowerCase() === 'mget')
  const pushes = all.filter(isStatistics)
  const busy = (await traffic(meter, executor, 200, 60)).filter(isStatistics)
  const perPush = (trips: readonly Trip[]) => Math.max(0, ...trips.map(({ commands }) => commands.length))
  meter.clock.now += 600_000
  const idle = await meter.costs([executor], async () => {})
  const mostChecks = most(checks, BOUND_MS)
  const mostPushes = most(pushes, PUSH_MS)
  return [
    {
      id: 'recheck',
      what: 'check of versions, 60 s of traffic that L1 answers',
      budget: 'at most 2 MGETs per isolate in 2 s, none when idle, never two at once',
      measured: `${plural(checks.length, 'MGET')}, at most ${mostChecks} in 2 s, ${mostLookups} at once; idle for 10 minutes: ${idle.after}`,
      met: onlyMget && checks.length > 0 && mostChecks <= 2 && mostLookups === 1 && idle.after === 0,
      stable: true,
    },
    {
      id: 'stats',
      what: 'statistics, 60 s at 20 and at 200 reads a second',
      budget: 'at most 1 trip per isolate in 10 s; commands per push independent of traffic',
      measured: `${pushes.length} and ${busy.length} trips, at most ${mostPushes} in 10 s; ${perPush(pushes)} and ${perPush(busy)} commands in a push`,
      met: pushes.length > 0 && mostPushes <= 1 && most(busy, PUSH_MS) <= 1 && perPush(busy) <= perPush(pushes),
      stable: true,
    },
  ]
}
