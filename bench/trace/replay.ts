/** One participant through the trace: what it used, and what it answered. */
import { Clock } from './clock.ts'
import { NEON_HOSTS, NeonEndpoint } from './neon-endpoint.ts'
import { Network } from './network.ts'
import type { Isolate, Participant, Row } from './participant.ts'
import { dollars } from './prices.ts'
import { RedisEndpoint } from './redis-endpoint.ts'
import { ISOLATES, requests } from './requests.ts'
import type { Query } from './requests.ts'
import { REV, Shop } from './shop.ts'

export interface Outcome {
  trips: number
  commands: number
  redisMB: number
  neonTrips: number
  neonMB: number
  queries: number
  usd: number
  stale: number
  staleLong: number
  wrongRows: number
}

const SEED = 20_260_105
const BOUND_MS = 2_000

/** What the trace came to after its first `warmUp` requests, scaled to a million. */
export async function replay(
  { isolate }: Participant,
  { warmUp, counted }: { warmUp: number; counted: number },
): Promise<Outcome> {
  const clock = new Clock()
  const startedAt = clock.now
  const shop = new Shop(clock, SEED)
  const [redis, neon] = [new RedisEndpoint(clock), new NeonEndpoint(shop)]
  const network = new Network({ 'redis.test': redis, ...Object.fromEntries(NEON_HOSTS.map((host) => [host, neon])) })
  const restore = [clock.install(), network.install()]
  const background: Promise<unknown>[] = []
  const waitUntil = (promise: Promise<unknown>) => void background.push(promise)
  const isolates: Isolate[] = Array.from({ length: ISOLATES }, () => isolate({ clock, waitUntil }))
  const judged = { stale: 0, staleLong: 0, wrongRows: 0 }
  const used = (): Outcome => {
    const [ofRedis, ofNeon] = [network.traffic.get(redis)!, network.traffic.get(neon)!]
    const { commands } = redis
    const { queries, busyMs } = neon
    return {
      usd: dollars({ commands, redisBytes: ofRedis.sent + ofRedis.received, neonBytes: ofNeon.received, busyMs }),
      trips: ofRedis.trips,
      commands,
      redisMB: (ofRedis.sent + ofRedis.received) / 1e6,
      neonTrips: ofNeon.trips,
      neonMB: (ofNeon.sent + ofNeon.received) / 1e6,
      queries,
      ...judged,
    }
  }
  let warm: Outcome | undefined
  let made = 0
  try {
    for (const request of requests(warmUp + counted, SEED)) {
      if (made++ === warmUp) warm = used()
      clock.now = startedAt + request.at
      const asked = isolates[request.isolate]!
      if (request.write) await asked.write(request.write)
      else {
        const answers = await asked.read(request.reads)
        request.reads.forEach((query, at) => judge(shop, query, answers[at]!, clock.now, judged))
      }
      do await Promise.all([...background.splice(0), network.settle()])
      while (background.length > 0)
    }
  } finally {
    for (const undo of restore) undo()
  }
  const scaled = Object.entries(used()).map(([name, value]) => [
    name,
    ((value - warm![name as keyof Outcome]) * 1e6) / counted,
  ])
  return Object.fromEntries(scaled) as Outcome
}

/** Stale: a write that had committed when the read began is missing from the rows. */
function judge(
  shop: Shop,
  { read, of, user }: Query,
  rows: readonly Row[],
  now: number,
  judged: Pick<Outcome, 'stale' | 'staleLong' | 'wrongRows'>,
): void {
  if (rows.length === 0) throw new Error(`no rows for ${read} ${of}`)
  const wrong = user === undefined ? 0 : rows.filter((row) => row['user_id'] !== user).length
  judged.wrongRows += wrong
  if (wrong > 0) return
  const changes = shop.changes(read, of)
  const missed = changes[Math.min(...rows.map((row) => Number(row[REV[read]])))]
  if (missed === undefined) return
  judged.stale++
  if (now - missed > BOUND_MS) judged.staleLong++
}
