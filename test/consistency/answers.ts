/** What an answer must be, whatever has changed meanwhile: the question's own rows, of its age, from where it asked. */
import type { DatabaseRead } from './model-postgres.ts'
import type { Ask, Op } from './requests.ts'
import { MOST_SKEW_MS } from './world.ts'
import type { World } from './world.ts'

type Fault = readonly [clause: string, what: string]

export function faultsOf(world: World, op: Op, ask: Ask, outcome: string, reads: readonly DatabaseRead[]): Fault[] {
  return [foreign(op, ask, outcome, reads), anew(world, op, ask, outcome, reads), age(op, ask, outcome, reads)].filter(
    (fault) => fault !== undefined,
  )
}

/** F8: rows of this very question, by this very role. */
function foreign(op: Op, ask: Ask, outcome: string, reads: readonly DatabaseRead[]): Fault | undefined {
  const other = reads.find((read) => !read.op.asks.some(({ identity }) => identity === ask.identity))
  if (
    other ||
    (ask.sql !== undefined && (reads[0]!.sql !== ask.sql || String(reads[0]!.params) !== String(ask.params)))
  )
    return ['F8', `rows of another question: ${(other ?? reads[0]!).op.what}`]
  if ((outcome === 'miss' || outcome === 'bypass') && reads.some((read) => read.op !== op))
    return ['F8', `a ${outcome} that brought the rows of another request`]
  return undefined
}

/** `refreshCache` is answered by the database, and joins no load. */
function anew(
  { count }: World,
  op: Op,
  { options }: Ask,
  outcome: string,
  reads: readonly DatabaseRead[],
): Fault | undefined {
  if (!options.refreshCache) return undefined
  count('judged: refreshCache')
  const old = reads.find((read) => read.sentOrder < op.startOrder)
  if (outcome === 'miss' && !old) return undefined
  return ['refreshCache', `${outcome} instead of the database's own answer to this request`]
}

function age(op: Op, ask: Ask, outcome: string, reads: readonly DatabaseRead[]): Fault | undefined {
  const { ttl = 3600, staleWhileRevalidate = 0, staleIfError = 0 } = ask.options
  const extra = {
    l1: 0,
    l2: 0,
    stale: staleWhileRevalidate,
    'stale-if-error': Math.max(staleIfError, staleWhileRevalidate),
  }[outcome]
  if (extra === undefined) return undefined
  const ms = op.startAt - Math.min(...reads.map(({ sentAt }) => sentAt))
  return ms > (ttl + extra) * 1000 + MOST_SKEW_MS ? ['TTL', `${outcome} after ${ms} ms`] : undefined
}

/** Rule 17: rows from the future of the reader's clock are of no known age. */
export function future(world: World, op: Op, outcome: string, reads: readonly DatabaseRead[]): Fault | undefined {
  if (outcome === 'miss' || outcome === 'bypass' || outcome === 'coalesced') return undefined
  const now = op.endAt! + op.isolate.skew
  if (reads.some((read) => read.op.isolate.skew > op.isolate.skew && op.endAt! - read.sentAt < MOST_SKEW_MS))
    world.count('young result of another clock')
  // What a batch asks again, one by one, is as old as the batch.
  const early = reads.find((read) => read.op.asks.length === 1 && read.sentAt + read.op.isolate.skew > now)
  return early && ['rule 17', `${outcome} returned #${early.id}, read in the future of its clock`]
}
