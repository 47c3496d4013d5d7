/** Issues requests to isolates, by a client or not, and tells the judge how they and their parts end. */
import type { CachedQueryExecutor } from '../../src/index.js'
import type { Client } from './clients.ts'
import type { Code, Isolate } from './isolate.ts'
import { Judge } from './judge.ts'
import type { Aim, Ask, Op } from './requests.ts'
import { SITES, TWINS, askOf, ids } from './sites.ts'
import type { Reads, Site } from './sites.ts'
import { alive, context } from './virtual-time.ts'
import type { World } from './world.ts'
import { partFor, writeTo } from './writes.ts'
import type { Part } from './writes.ts'

/** How the parts of a request follow each other. `left open`: the response does not wait for the last of them. */
export type Manner = 'in turn' | 'at once' | 'left open'

interface Given {
  asks?: Ask[]
  aim?: Aim
  takesMs?: number
  client?: Client
  request?: Op
  hot?: boolean
}

export class Issuer {
  readonly judge: Judge
  operations = 0
  readonly #world: World
  readonly #open = new Set<Op>()

  constructor(world: World) {
    this.#world = world
    this.judge = new Judge(world)
  }

  /** Requests and parts that have not come to an end and could. */
  pending(): Op[] {
    return [...this.#open].filter((op) => alive(op) && !op.disconnected)
  }

  /** `pauseMs`: milliseconds that the handler does something else before it asks. `hot`: always the same question. */
  read(
    isolate: Isolate,
    sites: Site[],
    given: { client?: Client; aim?: Aim; pauseMs?: number; hot?: boolean } = {},
  ): void {
    const { chance, globalShare, roleShare, count } = this.#world
    const { client, aim, pauseMs = 0, hot = false } = given
    const database = isolate.databases[!hot && chance.of(roleShare) ? 1 : 0]!
    const chosen = sites.map((site) => ({ site, ask: askOf(site, isolate, database.identity, chance, globalShare) }))
    const batch = chosen.length > 1 && chosen.every(({ site }) => site.sql)
    const [one] = chosen as [(typeof chosen)[0]]
    const what = `read ${chosen.map(({ ask }) => ask.identity).join(' + ')}`
    for (const { site, ask } of chosen) {
      if (ask.sql === SITES[0]!.sql && site !== SITES[0]) count('one text, other names')
      if (site.cached?.key === 'user:7:home') count('nested cached()')
      if (site.cached?.key === TWINS[1]) count('two custom keys in one bucket')
    }
    const asks = batch ? chosen.map(({ ask }) => ask) : [one.ask]
    const op = this.#request(isolate, what, { client, aim, asks, hot }, database)
    this.#run(op, async (executor) => {
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      if (batch)
        return (
          await executor.queryBatchSettled(
            chosen.map(({ ask }) => ({ sql: ask.sql!, params: ask.params, options: ask.options })),
          )
        ).map((end) => (end.status === 'fulfilled' ? ids(end.value as Reads) : (end.reason as Error)))
      const { ask, site } = one
      if (site.cached) return [await executor.cached(site.cached.key, site.cached.load, ask.options)]
      return [ids((await executor.queryResult<{ read: number }>(ask.sql!, ask.params, ask.options)).rows)]
    }).then(
      (answers) => answers && this.judge.answered(op, answers),
      (error: unknown) => this.judge.readFailed(op, error),
    )
  }

  /** Something that concerns a site changes. */
  change(isolate: Isolate, site: Site, client?: Client): void {
    const { chance } = this.#world
    if (chance.of(0.1)) this.changes(isolate, [partFor(site, this.#world), partFor(site, this.#world)], { client })
    else this.changes(isolate, [partFor(site, this.#world)], { client })
  }

  write(isolate: Isolate, table: string, given: { aim?: Aim; takesMs?: number; client?: Client } = {}): void {
    this.changes(isolate, [writeTo(table, given)], given)
  }

  /** One request with these parts. Its handler passes some failures on. */
  changes(isolate: Isolate, parts: readonly Part[], given: { client?: Client; manner?: Manner } = {}): void {
    const { chance, count, roleShare } = this.#world
    const { client, manner = chance.pick<Manner>(['in turn', 'at once', parts.length > 1 ? 'left open' : 'in turn']) } =
      given
    const passesOn = chance.of(0.2)
    if (parts.length > 1 || manner === 'left open') count(`several writes of one request: ${manner}`)
    const what = `${manner}: ${parts.map((part) => part.what).join(' + ')}`
    const database = isolate.databases[chance.of(roleShare) ? 1 : 0]!
    const op = this.#request(isolate, what, { client }, database)
    const ends = this.#run(op, async (executor) => {
      const run = (part: Part) => this.#part(op, executor, part)
      const failures: unknown[] = []
      if (manner === 'at once') failures.push(...(await Promise.all(parts.map(run))))
      else
        for (const [i, part] of parts.entries()) {
          const end = run(part)
          const waits = manner !== 'left open' || i < parts.length - 1 || part.beginsLate
          if (waits) failures.push(await end)
        }
      const failure = failures.find((one) => one !== undefined)
      if (failure !== undefined && passesOn) throw failure
      return true
    })
    // Each part is judged for itself.
    ends.catch(() => undefined)
  }

  /** Runs one part. Resolves to its failure. */
  async #part(request: Op, executor: CachedQueryExecutor, part: Part): Promise<unknown> {
    const { aim, takesMs, write, named, run, what } = part
    const { isolate, client, database } = request
    const op = this.#begin(
      isolate,
      `${client ? `client ${client.id}: ` : ''}${what}`,
      { aim, takesMs, client, request },
      database,
    )
    const { judge } = this
    judge.begins(op, named, write)
    try {
      const result = await context.run(op, () => run(executor))
      this.#end(op)
      if (alive(op)) judge.changed(op, write, result)
      return undefined
    } catch (error) {
      this.#end(op)
      if (alive(op)) judge.changeFailed(op, write, error)
      return error
    }
  }

  #request(isolate: Isolate, what: string, given: Given, database: Op['database']): Op {
    const { client } = given
    const op = this.#begin(isolate, client ? `client ${client.id}: ${what}` : what, given, database)
    this.#mayEndEarly(op)
    return op
  }

  #begin(isolate: Isolate, what: string, given: Given, database: Op['database']): Op {
    const { time, trace } = this.#world
    const { asks = [], request, ...rest } = given
    const op: Op = {
      id: this.operations++,
      what,
      isolate,
      database,
      request,
      parent: request ?? isolate,
      dead: false,
      startOrder: time.mark(),
      startAt: time.now,
      asks,
      outcomes: [],
      commits: [],
      held: 0,
      writeEvents: [],
      ...rest,
    }
    this.#open.add(op)
    trace(op, op.what)
    return op
  }

  #end(op: Op): void {
    this.#open.delete(op)
    op.endOrder = this.#world.time.mark()
    op.endAt = this.#world.time.now
  }

  /** Its request may die with everything it does, or its client may go. */
  #mayEndEarly(op: Op): void {
    const { chance, faults, time, trace, count } = this.#world
    if (chance.of(faults.requestDies))
      time.after(chance.between(0, 80), () => {
        if (op.dead || op.endOrder !== undefined) return
        op.dead = true
        trace(op, 'the request DIES')
        count('request died')
      })
    else if (chance.of(faults.disconnects))
      time.after(chance.between(0, 80), () => {
        if (op.dead || op.endOrder !== undefined) return
        trace(op, 'the client has GONE')
        count(op.held > 0 ? 'client gone, the work goes on' : 'client gone, the request died')
        op.disconnected = true
        this.#leave(op)
      })
  }

  /** From now on only what was handed to `waitUntil` goes on. */
  #leave(op: Op): void {
    this.judge.left(op)
    if (op.held === 0) op.dead = true
  }

  /** Runs a request's code; `undefined` when nobody is there any more to be answered. */
  async #run<T>(op: Op, code: Code<T>): Promise<T | undefined> {
    const end = (): boolean => {
      this.#end(op)
      const answers = alive(op) && !op.disconnected
      if (op.cookieUntil !== undefined) this.judge.responded(op, op.cookieUntil)
      if (answers && op.isolate.endsRequests) {
        op.over = true
        this.#leave(op)
      }
      return answers
    }
    try {
      const value = await context.run(op, () => op.isolate.run(op, code))
      return end() ? value : undefined
    } catch (error) {
      if (!end()) return undefined
      throw error
    }
  }
}
