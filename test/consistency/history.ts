/** Random requests of random isolates, aimed at one another: the same few results, read and written within milliseconds. */
import { Judge } from './judge.ts'
import type { Sources } from './load-sources.ts'
import { TABLES } from './model-postgres.ts'
import { SITES, askOf, ids } from './requests.ts'
import type { Aim, Ask, Op, Reads, Site } from './requests.ts'
import { context, useTime } from './virtual-time.ts'
import { World } from './world.ts'
import type { Isolate } from './world.ts'

const OPERATIONS = 320
/** After the last of them: long enough for every fence, retry and bound to be over. */
const CALM_MS = 30_000

export interface Told {
  operations: number
  violations: string[]
  lines: string[]
}

export class History {
  readonly world: World
  readonly judge: Judge
  readonly #open = new Set<Op>()
  #ops = 0

  constructor(seed: number, sources: typeof Sources, counts: Map<string, number>, tracing: boolean) {
    this.world = new World(seed, sources, counts, tracing)
    this.judge = new Judge(this.world)
  }

  async run(): Promise<Told> {
    const { world, judge } = this
    const { time, chance, faults, redis } = world
    useTime(time)
    let left = OPERATIONS
    const mean = chance.pick([15, 60, 150])
    const hot = chance.between(1, SITES.length)
    const some = SITES.toSorted(() => chance.next() - 0.5).slice(0, hot + 2)
    const writes = chance.pick([0.03, 0.1, 0.25])
    const step = (): void => {
      if (left <= 0) return
      left -= this.#burst(some, writes)
      this.#disturb()
      time.after(chance.of(0.03) ? chance.between(500, 7000) : Math.ceil(-Math.log(1 - chance.next()) * mean), step)
    }
    time.after(0, step)
    await time.drive(() => left <= 0)
    for (const name of Object.keys(faults) as (keyof typeof faults)[]) faults[name] = 0
    redis.full = redis.away = false
    let calm = false
    time.after(CALM_MS, () => (calm = true))
    await time.drive(() => calm)
    judge.settled([...this.#open].filter((op) => !op.dead && !op.isolate.dead))
    for (let round = 0; round < 2; round++) {
      if (round === 1) judge.repaid()
      for (const isolate of world.isolates) for (const site of some) this.#read(isolate, [site])
      let over = false
      time.after(3_000, () => (over = true))
      await time.drive(() => over)
    }
    judge.settled([...this.#open].filter((op) => !op.dead && !op.isolate.dead))
    return { operations: this.#ops, violations: judge.violations, lines: world.lines }
  }

  /** A few requests at once. Returns how many. */
  #burst(sites: Site[], writes: number): number {
    const { world } = this
    const { chance, time } = world
    const isolate = () => chance.pick(world.isolates)
    if (chance.of(0.012)) return this.#duel(chance.pick(sites))
    if (chance.of(0.008)) return this.#debt(chance.pick(sites))
    if (chance.of(writes)) {
      const site = chance.pick(sites)
      const writer = isolate()
      // Aimed: a load just before the write, in the same isolate or another, and reads just after.
      if (chance.of(0.4)) this.#read(isolate(), [site])
      this.#change(writer, site)
      // Aimed: reads elsewhere when the bound is just over.
      if (chance.of(0.4))
        for (let i = chance.between(1, 3); i > 0; i--)
          time.after(world.maxStalenessMs + chance.between(20, 300), () => this.#read(isolate(), [site]))
      if (chance.of(0.25)) this.#change(chance.of(0.5) ? writer : isolate(), site)
      for (let i = chance.between(0, 3); i > 0; i--)
        time.after(chance.between(0, 60), () => this.#read(chance.of(0.3) && !writer.dead ? writer : isolate(), [site]))
      return 2
    }
    const count = chance.of(0.1) ? 3 : 1
    for (let i = 0; i < count; i++)
      this.#read(isolate(), chance.of(0.1) ? [chance.pick(sites), chance.pick(sites)] : [chance.pick(sites)])
    return count
  }

  /** Aimed: a slow writer, a quick one on the same table, and readers all the while. */
  #duel(site: Site): number {
    const { chance, time, isolates } = this.world
    const table = chance.pick(site.tables)
    const some = () => chance.pick(isolates)
    this.#write(some(), table, [], 'slow')
    time.after(chance.between(20, 300), () => this.#write(some(), table, []))
    for (let i = 0; i < 20; i++) time.after(chance.between(0, 2500), () => this.#read(some(), [site]))
    return 10
  }

  /** Aimed: an acknowledgement that arrives after a later invalidation has failed; or one that must not pay for a fence. */
  #debt(site: Site): number {
    const { chance, time, isolates } = this.world
    const table = chance.pick(site.tables)
    const writer = chance.pick(isolates)
    const fence = chance.of(0.5)
    const write = (aim?: Aim) => () => writer.dead || this.#write(writer, table, [], aim)
    write(fence ? 'ambiguous' : 'late-reply')()
    time.after(
      fence ? chance.between(150, 500) : chance.between(40, 100),
      write(fence ? undefined : 'lost-invalidation'),
    )
    for (let i = 0; i < 20; i++)
      time.after(chance.between(0, chance.of(0.5) ? 400 : 5000), () =>
        this.#read(chance.of(0.5) && !writer.dead ? writer : chance.pick(isolates), [site]),
      )
    return 10
  }

  /** Random faults of the world. */
  #disturb(): void {
    const { world } = this
    const { chance, faults, redis, time } = world
    if (chance.of(faults.evict)) redis.lose([...redis.data.keys()].filter(() => chance.of(0.1)))
    if (chance.of(faults.flush)) {
      world.count('fault: FLUSHDB')
      world.trace(undefined, 'FLUSHDB')
      redis.lose([...redis.data.keys()])
    }
    if (!redis.full && chance.of(faults.full)) {
      redis.full = true
      time.after(chance.between(100, 4000), () => (redis.full = false))
    }
    if (!redis.away && chance.of(faults.away)) {
      redis.away = true
      time.after(chance.between(500, 4000), () => (redis.away = false))
    }
    if (chance.of(faults.isolateDies)) world.kill(chance.pick(world.isolates))
  }

  #read(isolate: Isolate, sites: Site[]): void {
    const chosen = sites.map((site) => ({ site, ask: askOf(site, isolate, this.world.chance) }))
    const batch = chosen.length > 1 && chosen.every(({ site }) => site.sql)
    const [one] = chosen as [(typeof chosen)[0]]
    const op = this.#begin(
      isolate,
      `read ${chosen.map(({ ask }) => ask.identity).join(' + ')}`,
      batch ? chosen.map(({ ask }) => ask) : [one.ask],
    )
    this.#mayDie(op)
    const { executor } = isolate
    this.#run(op, async () => {
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
  #change(isolate: Isolate, site: Site): void {
    const { chance } = this.world
    const { executor } = isolate
    const { options = {} } = site
    const table = chance.pick(site.tables)
    const key = options.cacheKey ?? site.cached?.key
    const kind = chance.next()
    const invalidate = (
      what: string,
      run: () => Promise<unknown>,
      named: { tables?: string[]; tags?: string[]; keys?: string[] },
    ) => {
      const op = this.#begin(isolate, what)
      this.#mayDie(op)
      this.judge.invalidates(op, named)
      this.#run(op, async () => (await run(), true)).then(
        (done) => done && this.judge.invalidated(op, true),
        (error: unknown) => this.judge.invalidationFailed(op, error),
      )
    }
    const sql = `UPDATE ${table} SET v = v + 1 WHERE id = $1`
    if (kind < 0.4) {
      const tags = options.tags && chance.of(0.3) ? [...options.tags] : []
      this.#write(isolate, table, tags)
    } else if (kind < 0.48) this.#writeBy(isolate, `query ${sql}`, () => executor.query(sql, [1]), [table])
    else if (kind < 0.56) {
      const other = chance.pick(TABLES)
      const statements = [
        { sql, params: [1] },
        { sql: `UPDATE ${other} SET v = 0`, params: [] },
      ]
      this.#writeBy(isolate, `transaction ${table} ${other}`, () => executor.transaction(statements), [table, other])
    } else if (kind < 0.59) this.#writeBy(isolate, 'call', () => executor.execute('CALL refresh()'), TABLES)
    else if (kind < 0.7 && options.tags) {
      const tags = [...options.tags]
      invalidate(`invalidate tags ${tags.join()}`, () => executor.invalidate({ tags }), { tags })
    } else if (kind < 0.82 && key) {
      const pattern = chance.pick([key, key.includes(':') ? `${key.split(':')[0]}:*` : key, key])
      invalidate(`invalidate key ${pattern}`, () => executor.invalidateCache(pattern), { keys: [pattern] })
    } else if (kind < 0.85) invalidate('invalidate all', () => executor.invalidateCache(), { keys: ['*'] })
    else invalidate(`invalidate ${table}`, () => executor.invalidate({ tables: [table] }), { tables: [table] })
  }

  #write(isolate: Isolate, table: string, tags: string[], aim?: Aim): void {
    const run = () => isolate.executor.execute(`UPDATE ${table} SET v = v + 1 WHERE id = $1`, [1], { tags })
    this.#writeBy(isolate, `execute ${table} ${tags.join()} ${aim ?? ''}`, run, [table], tags, aim)
  }

  #writeBy(
    isolate: Isolate,
    what: string,
    run: () => Promise<{ cache: { invalidated: boolean } } | unknown[]>,
    tables: string[],
    tags: string[] = [],
    aim?: Aim,
  ): void {
    const op = this.#begin(isolate, what, [], aim)
    this.#mayDie(op)
    this.judge.writes(op, tables, tags)
    this.#run(op, run).then(
      (result) =>
        result &&
        this.judge.written(op, Array.isArray(result) ? op.writeEvent?.invalidated === true : result.cache.invalidated),
      (error: unknown) => this.judge.writeFailed(op, error),
    )
  }

  #mayDie(op: Op): void {
    const { chance, faults, time } = this.world
    if (chance.of(faults.requestDies)) time.after(chance.between(0, 80), () => this.#die(op))
  }

  #begin(isolate: Isolate, what: string, asks: Ask[] = [], aim?: Aim): Op {
    const { time, trace } = this.world
    const op: Op = {
      id: this.#ops++,
      what,
      isolate,
      parent: isolate,
      dead: false,
      startOrder: time.mark(),
      startAt: time.now,
      asks,
      outcomes: [],
      commits: [],
      aim,
    }
    this.#open.add(op)
    trace(op, what)
    return op
  }

  /** Runs a request's code; `undefined` when it is dead when it ends. */
  async #run<T>(op: Op, code: () => Promise<T>): Promise<T | undefined> {
    const end = () => {
      this.#open.delete(op)
      op.endOrder = this.world.time.mark()
      op.endAt = this.world.time.now
    }
    try {
      const value = await context.run(op, code)
      end()
      return op.dead || op.isolate.dead ? undefined : value
    } catch (error) {
      end()
      throw error
    }
  }

  #die(op: Op): void {
    if (op.dead || op.endOrder !== undefined) return
    op.dead = true
    this.world.trace(op, 'the request DIES')
    this.world.count('request died')
  }
}
