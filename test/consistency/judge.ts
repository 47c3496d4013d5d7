/** Knows every commit and invalidation, and refuses answers that the contract does not allow. */
import { faultsOf, future } from './answers.ts'
import { concerns, dutiesOf, isOlder, versionsOf } from './changes.ts'
import type { Change, Duty } from './changes.ts'
import type { Ask, Op } from './requests.ts'
import type { DatabaseRead } from './model-postgres.ts'
import type { World } from './world.ts'
import type { Named } from './writes.ts'

/** A session looks after what a request wrote for so long after its response. */
const SESSION_MS = 10_000
/** Beyond `fenceSeconds`, where the end of a write was not known then, or Redis did not know of it. */
const UNKNOWN_SESSION_MS = 30_000

interface Result {
  cache?: { invalidated?: boolean; fenced?: boolean }
}

export class Judge {
  readonly violations: string[] = []
  /** From then on nothing changes, Redis is well, and one question is asked again and again. */
  hotFrom = Infinity
  readonly #world: World
  readonly #changes: Change[] = []
  /** When an isolate's last load of a question was sent. */
  readonly #loaded = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** A part of a request begins. */
  begins(op: Op, named: Named, write: boolean): void {
    this.#changes.push({ op, named, write })
  }

  changed(op: Op, write: boolean, result: unknown): void {
    if (!write) return this.#end(op, 'acknowledged')
    if (op.sent !== 1) this.#violation(op, 'F4', `a write was sent ${op.sent ?? 0} times`)
    const { invalidated, fenced } = (result as Result | undefined)?.cache ?? {}
    const told = op.writeEvents.every((event) => event.invalidated)
    if (invalidated !== undefined && invalidated !== told)
      this.#violation(op, 'F4', `told invalidated: ${String(invalidated)}, and in the event the contrary`)
    if (fenced && !op.fencedBeforeSend) this.#violation(op, 'F4', 'told of a fence that Redis had not acknowledged')
    if (fenced === false) this.#world.count('a write without its fence')
    this.#end(op, told ? 'acknowledged' : 'own')
  }

  changeFailed(op: Op, write: boolean, error: unknown): void {
    if (!write) {
      if ((error as Error).name !== 'InvalidationError')
        this.#violation(op, 'F4', `an invalidation failed with ${String(error)}`)
      this.#world.count('invalidation not acknowledged')
      return this.#end(op, 'own')
    }
    if (op.sent !== 1) this.#violation(op, 'F4', `a write was sent ${op.sent ?? 0} times`)
    if (!this.#isDatabases(error) || op.databaseAnswered)
      this.#violation(op, 'F4', `a write failed because of the cache: ${String(error)}`)
    const events = op.writeEvents
    if (events.some(({ outcome }) => outcome === 'failed') && !op.refused)
      this.#violation(op, 'F4', 'a write that may still commit was taken for one that failed')
    if (events.every(({ outcome }) => outcome === 'failed')) return this.#end(op, 'failed')
    this.#end(op, events.every(({ invalidated }) => invalidated) ? 'unknown' : 'unknown-own')
  }

  readFailed(op: Op, error: unknown): void {
    const { count } = this.#world
    count('read failed with the database')
    if (!this.#isDatabases(error))
      this.#violation(op, 'F10', `a read failed because of the cache: ${(error as Error).stack ?? String(error)}`)
    const ask = op.asks[0]!
    if (op.asks.length > 1 || op.client || ask.options.refreshCache || ask.options.staleIfError === undefined) return
    const { vouched } = op
    const now = op.endAt! + op.isolate.skew
    if (vouched && now <= vouched.errorUntil && !this.#touched(op, ask))
      this.#violation(op, 'F11', 'failed, although Redis vouched for a result that staleIfError allows')
    else if (this.#remembers(op, ask))
      this.#violation(op, 'F11', 'failed, although memory vouched for a result that staleIfError allows')
  }

  /** This isolate has loaded it within the bound, and nothing has happened to what it depends on. */
  #remembers(op: Op, ask: Ask): boolean {
    const { maxStalenessMs, redis, fenceMs, lagMs } = this.#world
    const loadedAt = this.#loaded.get(`${op.isolate.id} ${ask.identity}`)
    // What the isolate knows of the versions is older than the load by a lookup's time at the most.
    if (loadedAt === undefined || op.endAt! > loadedAt + maxStalenessMs - 300 || !op.isolate.remembers) return false
    if (redis.store.lostVersionAt > loadedAt - 300 || lagMs > 0) return false
    return !this.#changes.some(({ op: by, named, end }) => {
      if (!concerns(named, ask)) return false
      if (end?.kind === 'acknowledged' || end?.kind === 'failed') return end.at > loadedAt - 300
      // A fence may stand, or an invalidation be repeated.
      return by.isolate === op.isolate || (end?.at ?? by.startAt) > loadedAt - 6 * fenceMs
    })
  }

  /** The driver's own error, unchanged. */
  #isDatabases(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#world.postgres.errors.has(error)
  }

  /** This isolate's own invalidations leave it nothing to trust. */
  #touched(op: Op, ask: Ask): boolean {
    return this.#changes.some(
      ({ op: by, named, end }) =>
        by.isolate === op.isolate &&
        concerns(named, ask) &&
        (!end || end.kind === 'own' || end.kind === 'unknown-own' || end.order > op.startOrder),
    )
  }

  /** A response has come, and what it set lasts until then: the session must last as long as what it looks after needs. */
  responded(op: Op, cookieUntil: number): void {
    const parts = this.#changes.filter(({ op: by, end }) => by.request === op && end?.kind !== 'failed')
    if (parts.length === 0) return
    const needed = Math.max(...parts.map((part) => this.#sessionUntil(part, op.answered!)))
    this.#world.count('judged: F5, the life of a session')
    if (cookieUntil < needed) this.#violation(op, 'F5', `a session of ${cookieUntil - op.answered!.at} ms`)
  }

  #sessionUntil({ op, end }: Change, { order, at }: NonNullable<Op['answered']>): number {
    // A procedure that was refused is over, whatever it has committed.
    const over = end?.kind === 'acknowledged' || (end?.kind === 'unknown' && op.refused)
    const known = over && end.order < order
    return at + (known ? SESSION_MS : Math.max(SESSION_MS, this.#world.fenceMs + UNKNOWN_SESSION_MS))
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
    for (const fault of faultsOf(this.#world, op, ask, outcome, reads)) this.#violation(op, ...fault)
    for (const change of this.#changes) {
      if (change.op.startOrder > op.startOrder || !concerns(change.named, ask)) continue
      if (ask.options.tagsOnly) this.#world.count(`judged: by tags alone, ${outcome}`)
      for (const duty of dutiesOf(change, ask, this.#world)) this.#duty(op, ask, change, duty, outcome, reads)
      this.#session(op, change, outcome, reads)
    }
    // A replica may not know yet what was renewed.
    if (outcome === 'l2' && this.#world.lagMs === 0) this.#renewals(op, ask, reads)
    const early = ask.sql === undefined ? undefined : future(this.#world, op, outcome, reads)
    if (early) this.#violation(op, ...early)
    if (outcome === 'stale-if-error')
      this.#world.count(`judged: F11, vouched for by ${op.vouched ? 'Redis' : 'memory'}`)
    if (outcome === 'miss' && op.asks.length === 1)
      this.#loaded.set(`${op.isolate.id} ${ask.identity}`, Math.min(...reads.map(({ sentAt }) => sentAt)))
    if (!op.hot || op.startAt < this.hotFrom) return
    this.#world.count(`judged: hot, ${outcome}`)
    if (outcome === 'miss') this.#violation(op, 'hot', 'a hot result was asked of the database again')
  }

  #duty(op: Op, ask: Ask, change: Change, duty: Duty, outcome: string, reads: readonly DatabaseRead[]): void {
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
    // What a write owed was repaid so lately that a replica need not show it, as it need not right after a write that was acknowledged.
    if (own && !duty.everyone && this.#repaidSince(op.startAt - lagMs, op, ask)) return
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

  /** Only where replicas lag, and by its own isolate, which repeats what it owes. */
  #repaidSince(at: number, op: Op, ask: Ask): boolean {
    const { lagMs, redis } = this.#world
    if (lagMs === 0) return false
    const ends = Object.values(versionsOf(ask)).flat()
    const renews = (keys: readonly string[]) => keys.some((key) => ends.some((end) => key.endsWith(end)))
    return redis.store.renewals.some((one) => one.at > at && one.isolate === op.isolate && renews(one.keys))
  }

  /** F5: a client sees what it wrote for as long as is promised, on any isolate, whatever Redis knows of it. */
  #session(op: Op, change: Change, outcome: string, reads: readonly DatabaseRead[]): void {
    const { op: by, write, end } = change
    const answered = by.request?.answered
    if (!op.client || op.client !== by.client || !answered || end?.kind === 'failed') return
    if (op.startOrder < answered.order || op.startAt >= this.#sessionUntil(change, answered)) return
    const { count } = this.#world
    if (outcome !== 'miss')
      count(`judged: F5, ${by.isolate === op.isolate ? 'own isolate' : 'other isolate'}, ${outcome}`)
    if (op.startAt > answered.at + SESSION_MS + 5_000) count('judged: F5, late in a long session')
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

  /** The client is gone or has its answer: a write that was sent was handed to `waitUntil` as a whole. */
  left(op: Op): void {
    const writes = this.#changes.filter(({ op: by, write }) => by.request === op && write && by.sent !== undefined)
    const open = writes.filter(({ op: by }) => by.endOrder === undefined)
    if (open.length === 0) return
    this.#world.count(op.disconnected ? 'client gone, its write goes on' : 'answered, its write goes on')
    if (op.held === 0)
      this.#violation(op, 'rule 14', 'the client has gone, and nothing keeps the write alive until it is invalidated')
  }

  /** Whatever was acknowledged: what Redis had executed before a read began decides what it may find there. */
  #renewals(op: Op, ask: Ask, reads: readonly DatabaseRead[]): void {
    const names = Object.entries(versionsOf(ask)) as ['table' | 'tag' | 'key', string[]][]
    const sent = Math.min(...reads.map(({ sentOrder }) => sentOrder))
    const { renewals } = this.#world.redis.store
    for (let i = renewals.length - 1, looked = 0; i >= 0 && (looked < 20 || renewals[i]!.order > sent); i--) {
      const { order, keys } = renewals[i]!
      if (order > op.startOrder) continue
      looked++
      const kind = names.find(([, ends]) => ends.some((end) => keys.some((key) => key.endsWith(end))))?.[0]
      if (kind) this.#world.count(`judged: F3, ${kind}`)
      if (kind && order > sent)
        return this.#violation(op, 'F3', `l2 returned an answer from before a new version of its ${kind}`)
    }
  }

  #end(op: Op, kind: NonNullable<Change['end']>['kind']): void {
    const change = this.#changes.find((one) => one.op === op)!
    change.end = { kind, order: op.endOrder!, at: op.endAt!, owed: kind === 'unknown-own' }
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
