/** CPU time of operations, measured in interleaved rounds so that what the machine does meanwhile falls on everyone alike. */
import type { Cell } from './types.ts'

export interface Contender {
  name: string
  /** Does the operation `times` times, one after another. */
  run(times: number): unknown
}

export interface Rounds {
  rounds: number
  /** Roughly how long one contender works in one round, in milliseconds. */
  roundMs: number
  /** How long each works before anything is measured, so that V8 has compiled it. Default: five rounds. */
  warmMs?: number
}

/** Median and quartiles of the CPU time per operation, in microseconds, by contender. */
export async function measure(contenders: readonly Contender[], settings: Rounds): Promise<Record<string, Cell>> {
  const times = new Map<Contender, number>()
  for (const contender of contenders) times.set(contender, await calibrate(contender, settings))
  const samples = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < settings.rounds; round++)
    for (const contender of rotated(contenders, round))
      samples.get(contender)!.push(await cpuOf(contender, times.get(contender)!))
  return Object.fromEntries(contenders.map((contender) => [contender.name, cellOf(samples.get(contender)!)]))
}

/** How many operations fill a round, found while warming up. */
export async function calibrate(
  { run }: Pick<Contender, 'run'>,
  { roundMs, warmMs = 5 * roundMs }: Rounds,
): Promise<number> {
  const startedAt = performance.now()
  let times = 1
  for (;;) {
    const before = performance.now()
    await run(times)
    const now = performance.now()
    const took = Math.max(now - before, 0.001)
    if (now - startedAt >= warmMs && took >= roundMs / 4) return Math.max(1, Math.round((times * roundMs) / took))
    times = Math.ceil(times * Math.min(4, Math.max(1, roundMs / took)))
  }
}

/** Microseconds of this process's CPU per operation, all threads; the garbage of whoever ran before is collected first. */
export async function cpuOf({ run }: Pick<Contender, 'run'>, times: number): Promise<number> {
  globalThis.gc?.()
  const before = process.cpuUsage()
  await run(times)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

/** The median of some samples and their quartiles. */
export function cellOf(samples: readonly number[]): Cell {
  return { median: quantile(samples, 0.5), spread: [quantile(samples, 0.25), quantile(samples, 0.75)] }
}

/** One beside another, round by round: what the machine does for longer than a round, it does to both. */
export const ratioOf = (one: readonly number[], other: readonly number[]): Cell =>
  cellOf(one.map((took, round) => took / other[round]!))

export function quantile(samples: readonly number[], at: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const place = (sorted.length - 1) * at
  const low = sorted[Math.floor(place)]!
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place))
}

/** Nobody is always first. */
export const rotated = <T>(list: readonly T[], by: number): T[] => {
  const at = by % Math.max(1, list.length)
  return [...list.slice(at), ...list.slice(0, at)]
}
