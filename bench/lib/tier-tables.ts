/** The tables of the tiers, wherever the participants live. */
import { ABSENT, BY_HAND, PARTICIPANTS } from '../peers/index.ts'
import type { Participant } from '../peers/index.ts'
import { cellOf, rotated } from './measure.ts'
import { tierBudgets } from './tier-budgets.ts'
import type { Samples } from './tier-budgets.ts'
import type { Done, Tier, Work } from './tiers.ts'
import type { Cell, Report, Row, Table } from './types.ts'

export interface Sample extends Done {
  /** CPU of all of its threads while it worked. */
  cpuMs: number
}

/** Where participants live. */
export interface Place {
  name: string
  sample(participant: Participant, work: Work): Promise<Sample>
  /** True where they live in processes of their own, so that several may make ready at once. */
  together: boolean
  /** Why one cannot play here. */
  absent?: Record<string, string>
  stop(): Promise<void>
}

export interface Pace {
  rounds: number
  /** Roughly how long one works in one round, in milliseconds. */
  roundMs: number
  /** How many times `WARM_UP` each works before anything is measured. */
  warm: number
  /** How many operations with one row each does at least before L2 hits and misses are measured. */
  warmOperations: number
  /** How many parameters, by number of rows. */
  keys: ReadonlyMap<number, number>
  /** Whether those take part that go through superjson, which costs them most of the run. */
  typed: boolean
  /** Default: all three. */
  tiers?: readonly Tier[]
  /** Names of those who take part. Default: everybody. */
  players?: readonly string[]
}

const TIERS: readonly Tier[] = ['l1', 'l2', 'miss']
const TITLES: Record<Tier, string> = { l1: 'L1 hit', l2: 'L2 hit', miss: 'Miss' }
const LEAST = `"${BY_HAND}" is no cache, but the least over the two SDKs that answers this one query from Redis as safely (bench/peers/by-hand.ts).`
const METHODS: Record<Tier, string> = {
  l1: 'The isolate has every result in its memory.',
  l2: `A new isolate with empty memory beside a Redis that has every result: each operation is the first of its parameter, and fills the memory. ${LEAST}`,
  miss: `A new isolate beside an empty Redis: each operation asks Redis and the database, and stores, which is waited for and counted. ${LEAST}`,
}

export async function tierReport(place: Place, pace: Pace): Promise<Report> {
  const { tiers = TIERS } = pace
  const samples: Samples = new Map()
  try {
    // One number of rows after the other, so that no more than one fills the memory.
    for (const rows of pace.keys.keys()) {
      if (place.together) await fill(place, pace, rows)
      for (const tier of tiers) samples.set(`${tier} ${rows}`, await measureTier(place, pace, tier, rows))
    }
  } finally {
    await place.stop()
  }
  const tables = tiers.map((tier) => tableOf(place, pace, tier, samples))
  return { tables, budgets: tierBudgets(place.name, tables, samples) }
}

const takesPart = (pace: Pace, { name, typed }: Participant): boolean =>
  (pace.players?.includes(name) ?? true) && (pace.typed || !typed)

const playing = (place: Place, pace: Pace, tier: Tier): Participant[] =>
  PARTICIPANTS.filter((one) => one.tiers.includes(tier) && !place.absent?.[one.name] && takesPart(pace, one))

/** Everybody's memory and Redis, before anything is measured. */
async function fill(place: Place, pace: Pace, rows: number): Promise<void> {
  const work = { rows, keys: pace.keys.get(rows)!, safe: false, times: 0 }
  const fillers = PARTICIPANTS.filter((one) => !one.safe && takesPart(pace, one))
  await Promise.all(
    fillers.map((filler) => place.sample(filler, { ...work, tier: filler.tiers[0]!, typed: filler.typed === true })),
  )
}

/** Microseconds per operation, by name; everybody's in the order of the rounds. */
async function measureTier(place: Place, pace: Pace, tier: Tier, rows: number): Promise<Map<string, number[]>> {
  const keys = pace.keys.get(rows)!
  const players = playing(place, pace, tier)
  const works = new Map<Participant, Work>()
  for (const player of players) works.set(player, await calibrate(place, pace, player, { tier, rows, keys }))
  const samples = new Map<string, number[]>(players.map(({ name }) => [name, []]))
  for (let round = 0; round < pace.rounds; round++)
    for (const player of rotated(players, round)) {
      const work = works.get(player)!
      const sample = await place.sample(player, work)
      checkTrips(player, work, sample)
      samples.get(player.name)!.push(perOperation(sample, work))
    }
  return samples
}

const perOperation = ({ cpuMs }: Sample, { times }: Work): number => (cpuMs * 1000) / times

/** What takes little needs tens of thousands of operations until all of it is compiled, however few are measured. */
const warmUp = ({ tier, rows }: Pick<Work, 'tier' | 'rows'>, { warm }: Pace): number =>
  warm * (WARM_UP[tier][rows] ?? 40)

/** Milliseconds of CPU by number of rows; 40 for the others. */
const WARM_UP: Record<Tier, Record<number, number>> = { l1: { 1: 350, 50: 200 }, l2: { 1: 120 }, miss: { 1: 120 } }

/** How many operations fill a round, found while warming up. */
async function calibrate(
  place: Place,
  pace: Pace,
  player: Participant,
  about: Pick<Work, 'tier' | 'rows' | 'keys'>,
): Promise<Work> {
  // A new isolate is good for each parameter once; a handful of operations would be measured with cold caches of the processor.
  const most = about.tier === 'l1' ? Infinity : about.keys
  const least = Math.min(most, Math.ceil(200 / about.rows))
  const work: Work = { ...about, safe: player.safe === true, typed: player.typed === true, times: least }
  // The same number for everybody: in the same time whoever is quicker would be compiled further.
  const operations = about.tier === 'l1' || about.rows > 1 ? 0 : pace.warmOperations
  let spentMs = 0
  let done = 0
  for (;;) {
    const { cpuMs } = await place.sample(player, work)
    spentMs += cpuMs
    done += work.times
    const wanted = work.times * Math.min(10, Math.max(0.1, pace.roundMs / Math.max(cpuMs, 0.01)))
    work.times = Math.max(least, Math.min(most, Math.round(wanted)))
    if (spentMs >= warmUp(about, pace) && done >= operations) return work
  }
}

/** A participant that does other work than it is measured for must not have a figure. */
function checkTrips({ name }: Participant, { tier, rows, times }: Work, { databaseTrips, redisTrips }: Sample): void {
  const right =
    tier === 'l1'
      ? databaseTrips === 0 && redisTrips < Math.max(20, times / 100)
      : redisTrips >= times && databaseTrips === (tier === 'l2' ? 0 : times)
  if (!right)
    throw new Error(
      `${name}, ${tier}, ${rows} rows: ${redisTrips} trips to Redis and ${databaseTrips} to the database in ${times}`,
    )
}

function tableOf(place: Place, pace: Pace, tier: Tier, samples: Samples): Table {
  const { keys, rounds } = pace
  const rowsOf = (rows: number): Row => ({
    label: rows === 1 ? '1 row' : `${rows} rows`,
    cells: Object.fromEntries(
      playing(place, pace, tier).map(({ name, note = {} }): [string, Cell] => [
        name,
        { ...cellOf(samples.get(`${tier} ${rows}`)!.get(name)!), ...(note[tier] && { note: note[tier] }) },
      ]),
    ),
  })
  const parameters = [...keys]
    .map(([rows, count]) => `${count.toLocaleString('en-US')} parameters at ${rows}`)
    .join(', ')
  return {
    id: `${tier}-${place.name.toLowerCase()}`,
    title: `${TITLES[tier]}, CPU per operation in ${place.name}`,
    unit: 'µs',
    method:
      `${METHODS[tier]} Rows of eight typed columns, ${parameters}. Every value of every row is read. The real SDKs of Neon and Upstash over a ` +
      `\`fetch\` that answers at once from memory. CPU of all threads, medians of ${rounds} interleaved rounds, each participant ` +
      `in ${place.name === 'Node' ? 'a process' : 'an isolate'} of its own.`,
    rows: [...keys.keys()].map(rowsOf),
    absent: { ...ABSENT[tier], ...place.absent },
    references: PARTICIPANTS.filter(({ reference }) => reference).map(({ name }) => name),
    chart: true,
  }
}
