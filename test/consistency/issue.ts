/** Issues requests: reads, writes and invalidations of one isolate, by a client or not, and tells the judge how they end. */
import type { Client } from './clients.ts'
import type { Code, Isolate } from './isolate.ts'
import { Judge } from './judge.ts'
import { TABLES } from './model-postgres.ts'
import { SITES, askOf, ids } from './requests.ts'
import type { Aim, Ask, Op, Reads, Site } from './requests.ts'
import { context } from './virtual-time.ts'
import type { World } from './world.ts'

export class Issuer {
  readonly judge: Judge
  operations = 0
  readonly #world: World
  readonly #open = new Set<Op>()

  constructor(world: World) {
    this.#world = world
    this.judge = new Judge(world)
  }

  /** Requests that have not come to an end and could. */
  pending(): Op[] {
    return [...this.#open].filter((op) => !op.dead && !op.isolate.dead && !op.disconnected)
  }

  read(isolate: Isolate, sites: Site[], client?: Client, aim?: Aim): void {
    const { chance, globalShare } = this.#world
    const chosen = sites.map((site) => ({ site, ask: askOf(site, isolate, chance, globalShare) }))
    const batch = chosen.length > 1 && chosen.every(({ site }) => site.sql)
    const [one] = chosen as [(typeof chosen)[0]]
    const what = `read ${chosen.map(({ ask }) => ask.identity).join(' + ')}`
    const { count } = this.#world
    for (const { site, ask } of chosen) {
      if (ask.sql === SITES[0]!.sql && site !== SITES[0]) count('one text, other names')
      if (site.cached?.key === 'user:7:home') count('nested cached()')
    }
    const op = this.#begin(isolate, what, { client, aim, asks: batch ? chosen.map(({ ask }) => ask) : [one.ask] })
    this.#run(op, async (executor) => {
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

  /** A write or an invalidation that concerns a site. */
  change(isolate: Isolate, site: Site, client?: Client): void {
    const { chance } = this.#world
    const { options = {} } = site
    const table = chance.pick(site.tables)
    const key = options.cacheKey ?? site.cached?.key
    const kind = chance.next()
    const invalidate = (
      what: string,
      run: Code<unknown>,
      named: { tables?: string[]; tags?: string[]; keys?: string[] },
    ) => {
      const op = this.#begin(isolate, what, { client })
      this.judge.invalidates(op, named)
      this.#run(op, async (executor) => (await run(executor), true)).then(
        (done) => done && this.judge.invalidated(op, true),
        (error: unknown) => this.judge.invalidationFailed(op, error),
      )
    }
    const sql = `UPDATE ${table} SET v = v + 1 WHERE id = $1`
    if (kind < 0.4) {
      const tags = options.tags && chance.of(0.3) ? [...options.tags] : []
      this.write(isolate, table, { tags, client })
    } else if (kind < 0.48) this.#writeBy(isolate, `query ${sql}`, (it) => it.query(sql, [1]), [table], { client })
    else if (kind < 0.56) {
      const other = chance.pick(TABLES)
      const statements = [
        { sql, params: [1] },
        { sql: `UPDATE ${other} SET v = 0`, params: [] },
      ]
      const run: Code<{ cache: { invalidated: boolean } }> = (it) => it.transaction(statements)
      this.#writeBy(isolate, `transaction ${table} ${other}`, run, [table, other], { client })
    } else if (kind < 0.59) {
      this.#world.count('write not understood')
      this.#writeBy(isolate, 'call', (it) => it.execute('CALL refresh()'), TABLES, { client })
    } else if (kind < 0.63) {
      // Two of one table in one request, one after the other or at once.
      const both: Code<unknown[]> = chance.of(0.5)
        ? async (it) => [await it.execute(sql, [1]), await it.execute(sql, [1])]
        : async (it) => Promise.all([it.execute(sql, [1]), it.execute(sql, [1])])
      this.#writeBy(isolate, `twice ${sql}`, both, [table], { client, times: 2 })
    } else if (kind < 0.7 && options.tags) {
      const tags = [...options.tags]
      invalidate(`invalidate tags ${tags.join()}`, (it) => it.invalidate({ tags }), { tags })
    } else if (kind < 0.82 && key) {
      this.#world.count('invalidated by key')
      const pattern = chance.pick([key, key.includes(':') ? `${key.split(':')[0]}:*` : key, key])
      invalidate(`invalidate key ${pattern}`, (it) => it.invalidateCache(pattern), { keys: [pattern] })
    } else if (kind < 0.85) invalidate('invalidate all', (it) => it.invalidateCache(), { keys: ['*'] })
    else invalidate(`invalidate ${table}`, (it) => it.invalidate({ tables: [table] }), { tables: [table] })
  }

  write(isolate: Isolate, table: string, given: { tags?: string[]; aim?: Aim; client?: Client } = {}): void {
    const { tags = [], aim = '' } = given
    const run: Code<{ cache: { invalidated: boolean } }> = (executor) =>
      executor.execute(`UPDATE ${table} SET v = v + 1 WHERE id = $1`, [1], { tags })
    this.#writeBy(isolate, `execute ${table} ${tags.join()} ${aim}`, run, [table], given)
  }

  #writeBy(
    isolate: Isolate,
    what: string,
    run: Code<{ cache: { invalidated: boolean } } | unknown[]>,
    tables: string[],
    { tags = [], aim, client, times = 1 }: { tags?: string[]; aim?: Aim; client?: Client; times?: number },
  ): void {
    const op = this.#begin(isolate, what, { aim, client, times })
    this.judge.writes(op, tables, tags)
    const acknowledged = (result: { cache: { invalidated: boolean } } | unknown[]) =>
      Array.isArray(result) ? op.writeEvents.every(({ invalidated }) => invalidated) : result.cache.invalidated
    this.#run(op, run).then(
      (result) => result && this.judge.written(op, acknowledged(result)),
      (error: unknown) => this.judge.writeFailed(op, error),
    )
  }

  #begin(
    isolate: Isolate,
    what: string,
    { asks = [], aim, client, times = 1 }: { asks?: Ask[]; aim?: Aim; client?: Client; times?: number },
  ): Op {
    const { time, trace } = this.#world
    const op: Op = {
      id: this.operations++,
      what: client ? `client ${client.id}: ${what}` : what,
      isolate,
      parent: isolate,
      dead: false,
      startOrder: time.mark(),
      startAt: time.now,
      asks,
      outcomes: [],
      commits: [],
      aim,
      client,
      held: 0,
      times,
      writeEvents: [],
    }
    this.#open.add(op)
    this.#mayEndEarly(op)
    trace(op, op.what)
    return op
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
        this.judge.disconnected(op)
        op.disconnected = true
        if (op.held === 0) op.dead = true
      })
  }

  /** Runs a request's code; `undefined` when nobody is there any more to be answered. */
  async #run<T>(op: Op, code: Code<T>): Promise<T | undefined> {
    const end = () => {
      this.#open.delete(op)
      op.endOrder = this.#world.time.mark()
      op.endAt = this.#world.time.now
    }
    try {
      const value = await context.run(op, () => op.isolate.run(op, code))
      end()
      return op.dead || op.isolate.dead || op.disconnected ? undefined : value
    } catch (error) {
      end()
      if (op.disconnected) return undefined
      throw error
    }
  }
}
