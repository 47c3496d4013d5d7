/** Random requests of two people, aimed at the same few results on the same isolates, and what is to be seen of the answers. */
import type { CachedQueryExecutor, QueryOptions } from '../../src/index.js'
import type { Chance } from '../consistency/virtual-time.js'
import { EVERYBODY, PEOPLE } from './database.js'
import type { Person } from './database.js'
import { randomRead, randomWrite } from './statements.js'
import type { Text } from './statements.js'
import { WAYS } from './ways.js'
import type { Way, WayName } from './ways.js'

type Row = Record<string, unknown>

export interface Stage {
  chance: Chance
  /** Of each isolate. */
  isolates: readonly Record<WayName, Way>[]
  /** What the database itself says to a person, past the cache. */
  direct: (person: Person, text: Text) => Promise<Row[]>
  /** Lets the clock jump. */
  advance: (ms: number) => void
  /** Makes the database fail, or answer again. */
  fail: (failing: boolean) => void
  /** For a trial that must find leaks: both people have the same scope. */
  sameScope?: boolean
}

export const BOUND_SECONDS = 2
/** A text that is asked for now, and the options that it mostly has. */
type Hot = Text & { usual: QueryOptions }

/** Texts that are asked at a time, so that most of them are hits. */
const HOT = 8
/** Pairs of scopes that a careless key would mix up. */
const SCOPES: readonly Record<Person, string>[] = [
  { alice: 'alice', bob: 'bob' },
  { alice: 'u:1', bob: 'u:10' },
  { alice: '1|a;', bob: '1|a' },
  { alice: '-', bob: '!5:alice' },
  { alice: '\u0000', bob: '\uffff' },
]

export class Trial {
  readonly leaks: string[] = []
  readonly wrong: string[] = []
  /** `way outcome` and `reason`, counted. */
  readonly seen = new Map<string, number>()
  asked = 0
  #hot: Hot[] = []
  /** Whether what the database says may change under the answers. */
  #writing = false
  #failing = false
  readonly #said = new Map<string, Promise<Row[]>>()
  readonly #stage: Stage

  constructor(stage: Stage) {
    this.#stage = stage
  }

  async run(queries: number): Promise<this> {
    const { chance, advance, fail } = this.#stage
    while (this.asked < queries) {
      if (this.#hot.length < HOT || chance.of(0.12)) this.#hot.push({ ...randomRead(chance), usual: this.#options() })
      if (this.#hot.length > HOT) this.#hot.splice(chance.between(0, HOT - 1), 1)
      const fate = chance.next()
      if (fate < 0.03) await this.#write([])
      else if (fate < 0.05) await this.#write([this.#visit(), this.#visit()])
      else if (fate < 0.06) await this.#invalidate()
      else if (fate < 0.14) advance(chance.pick([500, 2_100, 5_500, 5_500, 70_000]))
      else if (fate < 0.2) {
        await this.#burst()
        if (chance.of(0.8)) advance(chance.pick([5_500, 40_000]))
        fail((this.#failing = true))
        for (let bursts = 0; bursts < 2; bursts++) await this.#burst()
        fail((this.#failing = false))
      } else await this.#burst()
    }
    return this
  }

  /** Some requests at once, often for the same, and often by one way on one isolate. */
  async #burst(): Promise<void> {
    const { chance, isolates } = this.#stage
    const aim = chance.of(0.4) ? { way: chance.pick(WAYS), isolate: chance.pick(isolates) } : {}
    const visits = Array.from({ length: chance.pick([2, 3, 5, 8]) }, () => this.#visit(aim))
    await Promise.all(visits.map((visit) => visit()))
  }

  /** One request of one person: a few queries on one isolate, one after another. Everything random is decided here. */
  #visit(aim: { way?: WayName; isolate?: Record<WayName, Way> } = {}): () => Promise<void> {
    const { chance, isolates } = this.#stage
    const person = chance.pick(PEOPLE)
    const { way: name = chance.pick(WAYS), isolate = chance.pick(isolates) } = aim
    const hottest = chance.of(0.6) ? this.#hot.slice(0, 2) : this.#hot
    const calls = Array.from({ length: chance.between(1, 4) }, () => this.#call(person, name, hottest))
    const scope = chance.of(0.8) ? this.#scopeOf(person) : undefined
    // A connection that fails between the two would stay in it.
    const inTransaction = name === 'session-here' && !this.#failing && chance.of(0.08)
    return () =>
      isolate[name](person, scope, async (executor, enter) => {
        if (inTransaction) await executor.execute('BEGIN')
        for (const call of calls) await call(executor, enter)
        if (inTransaction) await executor.execute('COMMIT')
      }).catch((error: unknown) => {
        if (!this.#failing) throw error
      })
  }

  #scopeOf(person: Person): string {
    const { chance, sameScope } = this.#stage
    const scope = (chance.of(0.9) ? SCOPES[0]! : chance.pick(SCOPES))[person]
    return sameScope ? 'everybody' : scope
  }

  #call(
    person: Person,
    way: WayName,
    texts: readonly Hot[],
  ): (executor: CachedQueryExecutor, enter: () => void) => Promise<void> {
    const { chance } = this.#stage
    const text = chance.pick(texts)
    const options = this.#optionsOf(person, text)
    const judged = (asked: Text, rows: readonly Row[]) => this.#judge(person, way, asked, rows)
    switch (chance.pick(['result', 'result', 'result', 'query', 'batch', 'settled', 'cached'] as const)) {
      case 'result':
        return this.#counted(1, async (executor) => {
          const { rows, cache } = await executor.queryResult(text.sql, text.params, options)
          this.#count(`${way} ${cache.outcome}`)
          if (cache.reason) this.#count(cache.reason)
          await judged(text, rows)
        })
      case 'query':
        return this.#counted(1, async (executor) => judged(text, await executor.query(text.sql, text.params, options)))
      case 'cached':
        return this.#counted(1, async (executor) => {
          const load = (inner: CachedQueryExecutor) => inner.query(text.sql, text.params)
          const named = { ...options, cacheKey: undefined, tables: tablesOf(text) }
          await judged(text, await executor.cached(`dash:${text.sql} ${text.params.join()}`, load, named))
        })
      default: {
        const queries = Array.from({ length: chance.between(2, 4) }, () => {
          const { sql, params, usual } = chance.pick(texts)
          return { sql, params, options: this.#optionsOf(person, { sql, params, usual }) }
        })
        const settles = chance.of(0.5)
        return this.#counted(queries.length, async (executor) => {
          const ends = settles
            ? await executor.queryBatchSettled(queries)
            : (await executor.queryBatch(queries)).map((value) => ({ status: 'fulfilled' as const, value }))
          for (const [i, end] of ends.entries()) {
            if (end.status === 'fulfilled') await judged(queries[i]!, end.value)
            else if (!this.#failing) throw end.reason
          }
        })
      }
    }
  }

  /** A call that may fail while the database does. */
  #counted(queries: number, call: (executor: CachedQueryExecutor) => Promise<void>) {
    return async (executor: CachedQueryExecutor, enter: () => void): Promise<void> => {
      this.asked += queries
      enter()
      await call(executor).catch((error: unknown) => {
        if (!this.#failing) throw error
        this.#count('failed')
      })
    }
  }

  /** Mostly the text's usual options, and mostly with the person's scope. */
  #optionsOf(person: Person, { usual }: Hot): QueryOptions {
    const { chance } = this.#stage
    const scope = chance.of(0.85) ? this.#scopeOf(person) : undefined
    return { ...(chance.of(0.75) ? usual : this.#options()), scope }
  }

  #options(): QueryOptions {
    const { chance } = this.#stage
    const maybe = <T>(probability: number, value: T): T | undefined => (chance.of(probability) ? value : undefined)
    return {
      ttl: chance.pick([undefined, 5, 5, 5, 60]),
      staleWhileRevalidate: maybe(0.5, 30),
      staleIfError: maybe(0.8, 600),
      emptyTtl: maybe(0.2, 60),
      tags: maybe(0.1, ['tag']),
      tables: maybe(0.05, ['products']),
      cacheKey: maybe(0.1, chance.pick(['dash:1', 'dash:2', 'me'])),
      refreshCache: maybe(0.05, true),
      skipCache: maybe(0.03, true),
      coalesce: maybe(0.2, 'global' as const),
      timeoutMs: maybe(0.1, 60_000),
    }
  }

  async #write(alongside: readonly (() => Promise<void>)[]): Promise<void> {
    const { chance, isolates, advance } = this.#stage
    const person = chance.pick(PEOPLE)
    const { sql, params } = randomWrite(chance, person)
    const how = chance.pick(['execute', 'query', 'transaction', 'batch'] as const)
    this.#writing = true
    const write = chance.pick(isolates)[chance.pick(WAYS)](person, this.#scopeOf(person), async (executor, enter) => {
      enter()
      if (how === 'transaction') await executor.transaction([{ sql, params }])
      else if (how === 'batch') await executor.queryBatch([{ sql, params }])
      else if (how === 'query') this.#leaks(person, 'write', sql, await executor.query(sql, params))
      else if (!(await executor.execute(sql, params)).cache.invalidated) this.wrong.push(`not invalidated: ${sql}`)
    })
    await Promise.all([write, ...alongside.map((visit) => visit())])
    this.#said.clear()
    this.#writing = false
    this.#count('write')
    advance(BOUND_SECONDS * 1000 + 1)
  }

  async #invalidate(): Promise<void> {
    const { chance, isolates } = this.#stage
    const person = chance.pick(PEOPLE)
    const named = chance.pick([{ tables: ['orders'] }, { tags: ['tag'] }, { keys: ['dash:*'] }, { keys: ['me'] }])
    const way = chance.pick(isolates)[chance.pick(WAYS)]
    await way(person, this.#scopeOf(person), (executor) => executor.invalidate(named))
  }

  async #judge(person: Person, way: WayName, text: Text, rows: readonly Row[]): Promise<void> {
    this.#leaks(person, way, text.sql, rows)
    if (this.#writing) return
    const key = JSON.stringify([person, text.sql, text.params])
    let said = this.#said.get(key)
    if (!said) this.#said.set(key, (said = this.#stage.direct(person, text)))
    if (sorted(rows) !== sorted(await said))
      this.wrong.push(`${person} by ${way}: ${key} gave ${sorted(rows)}, not ${sorted(await said)}`)
  }

  #leaks(person: Person, way: string, sql: string, rows: readonly Row[]): void {
    for (const row of rows)
      for (const whose of [row['whose'], row['whose2']])
        if (whose !== undefined && whose !== person && whose !== EVERYBODY)
          this.leaks.push(`${person} by ${way} saw a row of ${JSON.stringify(whose)}: ${sql}`)
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }
}

/** As a user of `cached()` would name them. */
const tablesOf = ({ sql }: Text): string[] =>
  ['products', 'notes', 'orders', 'messages', 'ledger'].filter((table) =>
    new RegExp(`${table}|my_|everybodys`).test(sql),
  )

const sorted = (rows: readonly Row[]): string => JSON.stringify(rows.map((row) => JSON.stringify(row)).sort())
