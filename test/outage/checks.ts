/** What must hold of a run. */
import type { Load, Sample } from './load.ts'
import { PROBES_WHILE_OPEN } from './phases.ts'
import type { Phase } from './phases.ts'
import { longest, quantile } from './report.ts'
import type { Check, Row } from './report.ts'
import { TIMEOUT_MS } from './settings.ts'
import type { WorkerStats } from './stats.ts'

const ms = (value: number) => `${value.toFixed(0)} ms`

export function rowOf(phase: Phase, load: Load): Row {
  const samples = within(load.samples, phase).filter(({ kind }) => kind !== 'direct')
  return {
    name: phase.name,
    samples,
    failed: failures(load, phase),
    trips: phase.after.trips - phase.before.trips,
    seconds: (phase.to - phase.from) / 1000,
  }
}

export function checksOf(phases: readonly Phase[], load: Load): Check[] {
  const [healthy] = phases
  if (!healthy) return []
  const checks = phases.flatMap((phase) => checksOfPhase(phase, healthy, load))
  const all = load.samples.length
  checks.push({
    what: 'every request of the run was answered',
    figures: `${all} answered, ${load.errors.length} failed, ${load.lost} lost`,
    ok: all > 0 && load.errors.length + load.lost === 0 && load.samples.every(({ ok }) => ok),
  })
  return checks
}

function checksOfPhase(phase: Phase, healthy: Phase, load: Load): Check[] {
  const { name, fault, open } = phase
  const samples = within(load.samples, phase)
  const failed = failures(load, phase)
  const checks: Check[] = [
    {
      what: `${name}: no request fails`,
      figures: `${failed} of ${samples.length}`,
      ok: samples.length > 0 && failed === 0,
    },
    writesSay(phase, samples),
  ]
  if (fault) checks.push(bounded(phase, healthy, load))
  if (open) checks.push(...whileOpen(phase, open, healthy, load))
  else if (fault) checks.push(reallyHappened(phase))
  if (!fault && phase !== healthy) checks.push(recovers(phase))
  return checks
}

const within = (samples: readonly Sample[], { from, to }: { from: number; to: number }): Sample[] =>
  samples.filter(({ sentAt }) => sentAt >= from && sentAt < to)

const failures = (load: Load, phase: Phase): number =>
  within(load.samples, phase).filter(({ ok }) => !ok).length +
  load.errors.filter((at) => at >= phase.from && at < phase.to).length

const of = (samples: readonly Sample[], kind: Sample['kind']): Sample[] => samples.filter((one) => one.kind === kind)

/**
 * A write whose invalidation Redis did not acknowledge within `redis.timeoutMs` says so, without a fault too: a busy machine may make a
 * few wait so long. Each of them must be one that the cache has told of, and they must be few.
 */
function writesSay({ name, acknowledges, before, after }: Phase, samples: readonly Sample[]): Check {
  const writes = of(samples, 'write')
  const succeeded = writes.filter(({ ok, invalidated }) => ok && invalidated !== undefined).length
  const saying = writes.filter(({ ok, invalidated }) => ok && invalidated === acknowledges).length
  const late = acknowledges ? eventsBetween(before, after, 'invalidate-timeout') : 0
  const others = succeeded - saying
  return {
    what: `${name}: writes succeed and say \`invalidated: ${acknowledges}\``,
    figures: `${saying} of ${writes.length}, ${late} acknowledged too late`,
    ok: saying > 0 && succeeded === writes.length && others <= Math.min(late, writes.length / 4),
  }
}

const eventsBetween = (before: WorkerStats, after: WorkerStats, name: string): number =>
  (after.events[name] ?? 0) - (before.events[name] ?? 0)

/**
 * The longest request of a fault waits for Redis once, and is otherwise as long as when all is well. The machine is not the same all the
 * time: load, Worker, Postgres and Redis share two cores here. How slow it was in this very phase is told by the same query past the
 * cache, asked beside the others all the time: its longest answer is what is allowed on top, up to one more `redis.timeoutMs`.
 */
function bounded(phase: Phase, healthy: Phase, load: Load): Check {
  const cached = (samples: readonly Sample[]) => longest(samples.filter(({ kind }) => kind !== 'direct'))
  const usual = cached(within(load.samples, healthy))
  const during = within(load.samples, phase)
  const direct = longest(of(during, 'direct'))
  const allowance = Math.min(direct, TIMEOUT_MS)
  const bound = usual + TIMEOUT_MS + allowance
  return {
    what: `${phase.name}: a request takes \`redis.timeoutMs\` longer at most`,
    figures: `${ms(cached(during))}; bound ${ms(bound)} = healthy ${ms(usual)} + ${TIMEOUT_MS} + past the cache ${ms(allowance)}`,
    ok: during.length > 0 && cached(during) <= bound,
  }
}

function whileOpen(phase: Phase, open: NonNullable<Phase['open']>, healthy: Phase, load: Load): Check[] {
  const trips = open.after.trips - open.before.trips
  const reads = of(within(load.samples, open), 'read')
  const now = quantile(reads, 0.99)
  const usual = quantile(of(within(load.samples, healthy), 'read'), 0.99)
  // Of the reads past the cache: what the machine did meanwhile.
  const direct = quantile(of(within(load.samples, open), 'direct'), 0.99)
  return [
    {
      what: `${phase.name}: with the breaker open only probes ask Redis`,
      figures: `${trips} trips, ${PROBES_WHILE_OPEN} probe due, ${reads.length} reads, ${reads.filter(({ outcome }) => outcome === 'miss').length} of them misses`,
      // That a probe is sent at all is shown by the recovery.
      ok: reads.length > 0 && trips <= PROBES_WHILE_OPEN,
    },
    {
      what: `${phase.name}: with the breaker open reads are as fast as before`,
      figures: `p99 ${ms(now)}; healthy ${ms(usual)}, past the cache ${ms(direct)}`,
      ok: reads.length > 0 && now <= usual + direct,
    },
  ]
}

/** A fault without effect would prove nothing. */
function reallyHappened({ name, before, after }: Phase): Check {
  const kind = name === 'filled' ? 'store-full' : 'not-stored-versions-missing'
  const happened = eventsBetween(before, after, kind)
  return { what: `${name}: it was`, figures: `\`${kind}\` ${happened} times`, ok: happened > 0 }
}

function recovers({ name, recoveredAfter }: Phase): Check {
  return {
    what: `${name}: Redis answers again`,
    figures: recoveredAfter === undefined ? 'it does not' : `first \`l2\` after ${ms(recoveredAfter)}`,
    ok: recoveredAfter !== undefined,
  }
}
