/** Knows every commit and invalidation, and refuses answers that the contract does not allow. */
import type { Ask, Op } from './requests.ts'
import type { Commit, DatabaseRead } from './model-postgres.ts'
import type { World } from './world.ts'

interface Named {
  tables?: string[]
  tags?: string[]
  keys?: string[]
}

interface Change {
  op: Op
  named: Named
  write: boolean
  /** `acknowledged` and `own` (known to its isolate only) have resolved; `unknown` is a write that may commit later, `open` a request with one under way. */
  end?: { kind: 'acknowledged' | 'own' | 'failed' | 'unknown' | 'unknown-own' | 'open'; order: number; at: number }
}

/** From when on a change must be seen. `asking`: by reads that ask Redis; `own`: by any read of its isolate. */
interface Duty {
  clause: string
  order: number
  at: number
  everyone: boolean
  ownAtOnce: boolean
  commits: Commit[] | undefined
}

/** What a session lasts at the least, where a response sets no cookie. */
const LEAST_SESSION_MS = 10_000
/** Clocks of two isolates differ by this much at most. */
const SKEW_MS = 700

export class Judge {
  readonly violations: string[] = []
  readonly #world: World
  readonly #changes: Change[] = []

  constructor(world: World) {
    this.#world = world
  }

  writes(op: Op, tables: string[], tags: string[]): void {
    this.#changes.push({ op, named: { tables, tags }, write: true })
  }

  invalidates(op: Op, named: Named): void {
    this.#changes.push({ op, named, write: false })
  }

  invalidated(op: Op, acknowledged: boolean): void {
    this.#end(op, acknowledged ? 'acknowledged' : 'own')
  }

  invalidationFailed(op: Op, error: unknown): void {
    if ((error as Error).name !== 'InvalidationError')
      this.#violation(op, 'F4', `an invalidation failed with ${String(error)}`)
    this.#world.count('invalidation not acknowledged')
    this.#end(op, 'own')
  }

  written(op: Op, acknowledged: boolean): void {
    if (op.sent !== op.times) this.#violation(op, 'F4', `${op.times} writes were sent ${op.sent ?? 0} times`)
    this.#end(op, acknowledged ? 'acknowledged' : 'own')
  }

  writeFailed(op: Op, error: unknown): void {
    if (op.sent === undefined || op.sent > op.times)
      this.#violation(op, 'F4', `${op.times} writes were sent ${op.sent ?? 0} times`)
    if (!(error as { model?: boolean }).model || (op.databaseAnswered && op.times === 1))
      this.#violation(op, 'F4', `a write failed because of the cache: ${String(error)}`)
    const events = op.writeEvents
    if (events.some(({ outcome }) => outcome === 'failed') && !op.refused)
      this.#violation(op, 'F4', 'a write that may still commit was taken for one that failed')
    if (events.length < op.times) return this.#end(op, 'open')
    if (events.every(({ outcome }) => outcome === 'failed')) return this.#end(op, 'failed')
    this.#end(op, events.every(({ invalidated }) => invalidated) ? 'unknown' : 'unknown-own')
  }

  readFailed(op: Op, error: unknown): void {
    this.#world.count('read failed with the database')
    if (!(error as { model?: boolean }).model)
      this.#violation(op, 'F10', `a read failed because of the cache: ${(error as Error).stack ?? String(error)}`)
  }

  /** What had to come to an end and has not. */
  settled(open: readonly Op[]): void {
    for (const op of open) this.#violation(op, 'F10', 'never came to an end')
  }

  /** Calm has lasted: what Redis had not acknowledged has been repeated, where its isolate lives. */
  repaid(): void {
    const { time, maxStalenessMs } = this.#world
    for (const { op, end } of this.#changes) {
      if (!end || op.isolate.dead || (end.kind !== 'own' && end.kind !== 'unknown-own')) continue
      end.kind = end.kind === 'own' ? 'acknowledged' : 'unknown'
      end.order = time.mark()
      end.at = time.now - maxStalenessMs - this.#world.lagMs - 1
    }
  }

  answered(op: Op, answers: readonly (number[] | Error)[]): void {
    answers.forEach((answer, i) => {
      if (!Array.isArray(answer)) {
        this.readFailed(op, answer)
        return
      }
      const outcome = answers.length === 1 ? op.outcomes.at(-1)! : op.outcomes[i]!
      const reads = answer.map((id) => this.#world.postgres.reads[id]!)
      this.#world.count(`outcome ${outcome}`)
      this.#world.trace(op, `${outcome} -> ${reads.map(({ id }) => `#${id}`).join(' ')}`)
      this.#answer(op, op.asks[i]!, outcome, reads)
    })
  }

  #answer(op: Op, ask: Ask, outcome: string, reads: readonly DatabaseRead[]): void {
    if (reads.length === 0 || reads.some((read) => !read)) return this.#violation(op, 'F8', 'rows that no read brought')
    const foreign = reads.find((read) => !read.op.asks.some(({ identity }) => identity === ask.identity))
    if (
      foreign ||
      (ask.sql !== undefined && (reads[0]!.sql !== ask.sql || String(reads[0]!.params) !== String(ask.params)))
    )
      this.#violation(op, 'F8', `rows of another question: ${(foreign ?? reads[0]!).op.what}`)
    if ((outcome === 'miss' || outcome === 'bypass') && reads.some((read) => read.op !== op))
      this.#violation(op, 'F8', `a ${outcome} that brought the rows of another request`)
    this.#age(op, ask, outcome, reads)
    for (const change of this.#changes) {
      if (change.op.startOrder > op.startOrder || !concerns(change.named, ask)) continue
      for (const duty of this.#duties(change)) this.#duty(op, change, duty, outcome, reads)
      this.#session(op, change, outcome, reads)
    }
    // A replica may not know yet what was renewed.
    if (outcome === 'l2' && this.#world.lagMs === 0) this.#renewals(op, ask, reads)
    if (ask.sql !== undefined) this.#future(op, outcome, reads)
  }

  #duties({ op, write, end, named }: Change): Duty[] {
    const duties: Duty[] = []
    const commits = write ? op.commits : undefined
    if (end?.kind === 'acknowledged' || end?.kind === 'own')
      duties.push({
        clause: end.kind === 'own' ? 'F4 own' : 'F1/F2',
        order: end.order,
        at: end.at,
        everyone: end.kind === 'acknowledged' && !this.#world.local,
        ownAtOnce: true,
        commits,
      })
    if (end?.kind === 'unknown' || end?.kind === 'unknown-own')
      for (const commit of op.commits) {
        if (this.#fenceLost(op, named, commit)) continue
        const [order, at] = [Math.max(end.order, commit.order), Math.max(end.at, commit.at)]
        duties.push({
          clause: 'F4 ambiguous',
          order,
          at,
          everyone: end.kind === 'unknown' && !this.#world.local,
          ownAtOnce: false,
          commits: [commit],
        })
      }
    if (op.fencedBeforeSend)
      for (const commit of op.commits)
        if (!this.#fenceLost(op, named, commit))
          duties.push({
            clause: 'F4 fenced',
            order: commit.order,
            at: commit.at,
            everyone: true,
            ownAtOnce: false,
            commits: [commit],
          })
    return duties
  }

  /** A fence that is lost before the write commits cannot tell of it. */
  #fenceLost(op: Op, named: Named, commit: Commit): boolean {
    return this.#world.redis.store.lostFences.some(
      ({ order, key }) =>
        order > op.startOrder &&
        order < commit.order &&
        (named.tables ?? []).some((table) => key.includes(`:t:public.${table}:`) || key.includes(':*:')),
    )
  }

  #duty(op: Op, change: Change, duty: Duty, outcome: string, reads: readonly DatabaseRead[]): void {
    const own = change.op.isolate === op.isolate
    if (!own && !duty.everyone) return
    const { maxStalenessMs, lagMs, count } = this.#world
    const asking =
      outcome === 'l2' ||
      outcome === 'miss' ||
      outcome === 'bypass' ||
      // In a batch another question may have asked.
      (outcome === 'stale' && op.asks.length === 1 && op.askedL2 !== undefined)
    const atOnce = (duty.everyone && asking) || (own && duty.ownAtOnce)
    // Not less on its own isolate: a reply that arrives late sets the client's sync token back, and memory believes what a replica said.
    const remembered = lagMs > 0 && !asking
    const due =
      atOnce && lagMs === 0
        ? op.startOrder > duty.order
        : op.startAt > duty.at + lagMs + (atOnce && !remembered ? 0 : maxStalenessMs)
    if (!due) return
    if (outcome !== 'miss')
      count(`judged: ${duty.clause}, ${own ? 'own isolate' : 'other isolate'}, ${asking ? 'asked L2' : outcome}`)
    const old = reads.find((read) => isOlder(read, change, duty))
    if (!old) return
    const when = atOnce ? 'at once' : `within ${maxStalenessMs} ms`
    const changed = `op ${change.op.id} on isolate ${change.op.isolate.id} (${change.op.what})`
    this.#violation(
      op,
      duty.clause,
      `${outcome} returned #${old.id}, read at ${this.#at(old.sentAt)}, older than ${changed} that was over at ${this.#at(duty.at)} and had to be seen ${when}`,
    )
  }

  /** F5: a client whose session lasts sees what it wrote, on any isolate, whatever Redis knows of it. */
  #session(op: Op, { op: by, write, end }: Change, outcome: string, reads: readonly DatabaseRead[]): void {
    if (!op.client || op.client !== by.client || !end || end.kind === 'failed') return
    if (op.startOrder < end.order || op.startAt >= (by.cookieUntil ?? end.at + LEAST_SESSION_MS)) return
    const where = by.isolate === op.isolate ? 'own isolate' : 'other isolate'
    if (outcome !== 'miss') this.#world.count(`judged: F5, ${where}, ${outcome}`)
    const commits = by.commits.filter(({ order }) => order < op.startOrder)
    const old = write
      ? reads.find((read) => commits.some((commit) => read.snapshotOrder < commit.order))
      : reads.find((read) => read.sentOrder < by.startOrder)
    if (old)
      this.#violation(
        op,
        'F5',
        `${outcome} returned #${old.id}, older than what its client did in op ${by.id} (${by.what})`,
      )
  }

  /** Rule 17: rows from the future of the reader's clock are of no known age. */
  #future(op: Op, outcome: string, reads: readonly DatabaseRead[]): void {
    if (outcome === 'miss' || outcome === 'bypass' || outcome === 'coalesced') return
    const now = op.endAt! + op.isolate.skew
    if (reads.some((read) => read.op.isolate.skew > op.isolate.skew && op.endAt! - read.sentAt < SKEW_MS))
      this.#world.count('young result of another clock')
    // What a batch asks again, one by one, is as old as the batch.
    const early = reads.find((read) => read.op.asks.length === 1 && read.sentAt + read.op.isolate.skew > now)
    if (early) this.#violation(op, 'rule 17', `${outcome} returned #${early.id}, read in the future of its clock`)
  }

  /** A client that goes does not end a write that was sent: the whole of it was handed to `waitUntil`. */
  disconnected(op: Op): void {
    const change = this.#changes.find((one) => one.op === op)
    if (change?.write && op.sent !== undefined && op.held === 0)
      this.#violation(op, 'rule 14', 'the client has gone, and nothing keeps the write alive until it is invalidated')
  }

  /** Whatever was acknowledged: what Redis had executed before a read began decides what it may find there. */
  #renewals(op: Op, ask: Ask, reads: readonly DatabaseRead[]): void {
    for (const { order, keys } of this.#world.redis.store.renewals) {
      if (order > op.startOrder) return
      const hit = [...keys].some(
        (key) => key.endsWith(':*') || ask.tables.some((table) => key.endsWith(`:t:public.${table}`)),
      )
      const old = hit && reads.find((read) => read.sentOrder < order)
      if (old) return this.#violation(op, 'F3', `l2 returned #${old.id}, read before a new version of its names`)
    }
  }

  #age(op: Op, ask: Ask, outcome: string, reads: readonly DatabaseRead[]): void {
    const { ttl = 3600, staleWhileRevalidate = 0, staleIfError = 0 } = ask.options
    const extra = {
      l1: 0,
      l2: 0,
      stale: staleWhileRevalidate,
      'stale-if-error': Math.max(staleIfError, staleWhileRevalidate),
    }[outcome]
    if (extra === undefined) return
    const age = op.startAt - Math.min(...reads.map(({ sentAt }) => sentAt))
    if (age > (ttl + extra) * 1000 + SKEW_MS) this.#violation(op, 'TTL', `${outcome} after ${age} ms`)
  }

  #end(op: Op, kind: NonNullable<Change['end']>['kind']): void {
    const change = this.#changes.find((one) => one.op === op)!
    change.end = { kind, order: op.endOrder!, at: op.endAt! }
    this.#world.trace(op, `${change.write ? 'write' : 'invalidation'} ended: ${kind}`)
  }

  #at(time: number): string {
    return String(time - this.#world.time.startedAt)
  }

  #violation(op: Op, clause: string, what: string): void {
    const told = `${clause}: op ${op.id} on isolate ${op.isolate.id} at ${this.#at(op.startAt)} (${op.what}): ${what}`
    this.#world.trace(op, `VIOLATION ${told}`)
    this.violations.push(told)
  }
}

function concerns({ tables = [], tags = [], keys = [] }: Named, ask: Ask): boolean {
  return (
    tables.some((table) => ask.tables.includes(table)) ||
    tags.some((tag) => ask.tags.includes(tag)) ||
    keys.some((key) => key === '*' || (ask.key !== undefined && covers(key, ask.key)))
  )
}

const covers = (pattern: string, key: string): boolean =>
  pattern.endsWith(':*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern || key.startsWith(`${pattern}:`)

function isOlder(read: DatabaseRead, change: Change, { commits }: Duty): boolean {
  if (commits === undefined) return read.sentOrder < change.op.startOrder
  return commits.some((commit) => read.snapshotOrder < commit.order)
}
