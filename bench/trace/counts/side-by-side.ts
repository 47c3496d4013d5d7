/** Trips and commands of each operation, ours beside the peers'. */
import type { Row, Table } from '../../lib/types.ts'
import { Clock } from '../clock.ts'
import { NEON_HOSTS, NeonEndpoint } from '../neon-endpoint.ts'
import { Network } from '../network.ts'
import type { Isolate, Participant, World } from '../participant.ts'
import { RedisEndpoint } from '../redis-endpoint.ts'
import { query, writeOf } from '../requests.ts'
import { Shop } from '../shop.ts'

interface Step {
  label: string
  run: (a: Isolate, b: Isolate) => Promise<unknown>
}

const product = query('product', [7], 7)
const several = [8, 9, 10, 11, 12].map((id) => query('product', [id], id))

const STEPS: readonly Step[] = [
  { label: 'miss', run: (a) => a.read([product]) },
  { label: 'L1 hit', run: (a) => a.read([product]) },
  { label: 'L2 hit', run: (_, b) => b.read([product]) },
  { label: 'again on that isolate', run: (_, b) => b.read([product]) },
  { label: '5 misses of one request', run: (a) => a.read(several) },
  { label: '5 L2 hits of one request', run: (_, b) => b.read(several) },
  { label: 'write of one row', run: (a) => a.write(writeOf(0.995, 7, 0)) },
]

/** What each step sends to Redis, its background work included. */
async function steps(participant: Participant): Promise<{ trips: number; commands: number }[]> {
  const clock = new Clock()
  const redis = new RedisEndpoint(clock)
  const neon = new NeonEndpoint(new Shop(clock, 1))
  const network = new Network({ 'redis.test': redis, ...Object.fromEntries(NEON_HOSTS.map((host) => [host, neon])) })
  const restore = [clock.install(), network.install()]
  const background: Promise<unknown>[] = []
  const world: World = { clock, waitUntil: (promise) => void background.push(promise) }
  const done = async () => {
    do await Promise.all([...background.splice(0), network.settle()])
    while (background.length > 0)
  }
  try {
    const [a, b] = [participant.isolate(world), participant.isolate(world)]
    // Scripts are loaded and versions created once, whatever comes after.
    await a.write(writeOf(0.995, 1, 0))
    await done()
    await a.read([query('totals', [])])
    await done()
    const costs: { trips: number; commands: number }[] = []
    for (const { run } of STEPS) {
      const before = { trips: network.traffic.get(redis)!.trips, commands: redis.commands }
      await run(a, b)
      await done()
      costs.push({
        trips: network.traffic.get(redis)!.trips - before.trips,
        commands: redis.commands - before.commands,
      })
    }
    return costs
  } finally {
    for (const undo of restore) undo()
  }
}

export async function sideBySide(participants: readonly Participant[]): Promise<Table[]> {
  const costs = new Map<string, Awaited<ReturnType<typeof steps>>>()
  for (const participant of participants) costs.set(participant.name, await steps(participant))
  const method = `One operation after another, counted at an endpoint of Upstash's protocol with the unmodified SDKs, background work included; trips to the database are the same for all. ${participants.map(({ name, setUp }) => `${name}: ${setUp}`).join(' ')}`
  const table = (unit: 'trips' | 'commands'): Table => ({
    id: `operations-${unit}`,
    title: unit === 'trips' ? 'Trips to Redis per operation' : 'Billed commands per operation',
    unit,
    method,
    rows: STEPS.map(({ label }, at): Row => ({
      label,
      cells: Object.fromEntries([...costs].map(([name, list]) => [name, { median: list[at]![unit] }])),
    })),
  })
  return [table('trips'), table('commands')]
}
